/** A browser without scripts: follows redirects, reads the forms of a page, fills them in and presses their buttons. */

import assert from 'node:assert/strict';

/** A form as it stands in a page. */
export interface PageForm {
  readonly action: string;
  /** Names and values of its inputs. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A page that was answered. */
export interface BrowserPage {
  readonly status: number;
  readonly headers: Headers;
  readonly url: string;
  readonly html: string;
  readonly forms: readonly PageForm[];
}

/** Posts a form and follows where it leads. */
export async function postForm(url: string, fields: Readonly<Record<string, string>>): Promise<BrowserPage> {
  return pageOf(await fetch(url, { method: 'POST', body: new URLSearchParams(fields) }));
}

/** Opens an address. */
export async function openPage(url: string): Promise<BrowserPage> {
  return pageOf(await fetch(url));
}

/** Sends the only form of a page, with what the shopper typed and the button pressed. */
export async function submit(page: BrowserPage, typed: Readonly<Record<string, string>> = {}): Promise<BrowserPage> {
  const [form, ...others] = page.forms;
  assert.ok(form !== undefined && others.length === 0, `expected one form in ${page.html}`);
  return postForm(form.action, { ...form.fields, ...typed });
}

/** What a shopper reads: the text without tags, styles and scripts. */
export function textOf({ html }: BrowserPage): string {
  const text = html.replace(/<(style|script|head)[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]*>/g, ' ');
  return unescaped(text).replace(/\s+/g, ' ').trim();
}

async function pageOf(response: Response): Promise<BrowserPage> {
  const html = await response.text();
  const forms = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = '', inside = '']) => ({
    action: new URL(attribute(head, 'action') ?? '', response.url).href,
    fields: Object.fromEntries(
      [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']),
    ),
  }));
  return { status: response.status, headers: response.headers, url: response.url, html, forms };
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : unescaped(value);
}

const unescaped = (text: string): string => text.replace(/&#([0-9]+);/g, (_whole, code: string) => String.fromCharCode(Number(code)));
