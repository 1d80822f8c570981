/** The one layout of the shopper's pages, and the headers that belong to it. */
import type { FastifyReply } from 'fastify';
import type { Look } from '../../core/merchant/look.ts';
import type { Mode } from '../../dialects/dialect.ts';
import { accentAddress, fileAddress, type PageFile } from './assets.ts';
import { defaultAccent } from './colors.ts';
import { attributes, type Html, html } from './html.ts';
import type { Language } from './language.ts';

/** What every page needs to know of where it is shown. */
export interface PageSetting {
  readonly language: Language;
  readonly look: Look;
  /** As shoppers know the merchant. */
  readonly merchantName: string;
  /** Whether simulators answer: the page says so. */
  readonly isTest: boolean;
  /** Whose pages may show this one in a frame, as the Content-Security-Policy writes it: anybody's, in live mode over HTTPS only. */
  readonly framedBy: string;
  /** In a frame of the merchant's page: no header, no margins. */
  readonly embedded?: boolean;
  /** Path of the merchant's own style sheet. */
  readonly sheet?: string;
}

export interface PageContent {
  readonly status?: number;
  readonly title: string;
  readonly body: Html;
  /** Beside the body on wide screens, above it on narrow ones. */
  readonly aside?: Html;
  readonly scripts?: readonly PageFile[];
  /** Where to look again, and when. */
  readonly refresh?: { readonly afterSeconds: number; readonly address: string };
  /** Go on to this address at once. */
  readonly forward?: string;
  readonly policy?: Partial<Policy>;
}

/** Sources as the Content-Security-Policy writes them. */
export interface Policy {
  readonly formTargets: string;
  readonly frames: string;
  readonly framedBy: string;
}

export interface RenderedPage {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly html: string;
}

/** Frames of pages that nobody has encrypted could be changed on the way: in live mode they show nothing. */
export function framedBy(mode: Mode): string {
  return mode === 'live' ? 'https:' : 'http: https:';
}

/** A whole page: markup and headers. */
export function renderPage(setting: PageSetting, content: PageContent): RenderedPage {
  return {
    status: content.status ?? 200,
    headers: { ...pageHeaders(content.policy ?? {}), ...refreshHeader(content) },
    html: `<!doctype html>\n${documentOf(setting, content)}\n`,
  };
}

export function sendPage(reply: FastifyReply, { status, headers, html: text }: RenderedPage): FastifyReply {
  return reply.code(status).headers(headers).send(text);
}

/**
 * Scripts and styles come from files of this gateway alone, so that nothing which slips into a page can run. Pages are never kept by a browser,
 * and their addresses, which are secrets, are never told to the next site.
 */
function pageHeaders({ formTargets = "'self'", frames = "'none'", framedBy = "'none'" }: Partial<Policy>): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `form-action ${formTargets}`,
    `frame-src ${frames}`,
    `frame-ancestors ${framedBy}`,
    "base-uri 'none'",
  ].join('; ');
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(framedBy === "'none'" ? { 'x-frame-options': 'DENY' } : {}),
  };
}

/** A header works with scripts and without, and the address keeps a page that answers a form from being sent again. */
function refreshHeader({ refresh }: PageContent): Record<string, string> {
  return refresh === undefined ? {} : { refresh: `${refresh.afterSeconds}; url=${refresh.address}` };
}

function documentOf(setting: PageSetting, content: PageContent): Html {
  const { language, look, isTest, embedded = false, sheet } = setting;
  const { title, body, aside, scripts = [], forward } = content;
  const layout = embedded ? 'embedded' : aside === undefined ? 'single' : 'split';
  return html`<html lang="${language.code}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
${forward !== undefined && html`<meta http-equiv="refresh" content="0;url=${forward}">\n`}<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${fileAddress('page.css')}">
<link rel="stylesheet" href="${accentAddress(look.accent ?? defaultAccent)}">
${sheet !== undefined && html`<link rel="stylesheet" href="${sheet}">\n`}${scripts.map((name) => html`<script type="module" src="${fileAddress(name)}"></script>\n`)}</head>
<body class="${layout}">
${isTest && html`<aside class="test-mode">${language.texts.testMode}</aside>\n`}<div class="shell">
${!embedded && merchantHeader(setting)}
${aside !== undefined && html`<aside class="summary" aria-label="${language.texts.orderSummary}">${aside}</aside>\n`}<main>
${body}
</main>
</div>
</body>
</html>`;
}

function merchantHeader({ look, merchantName }: PageSetting): Html {
  const logo = look.logo === undefined ? undefined : html`<img${attributes({ class: 'logo', src: look.logo, alt: merchantName })}>`;
  return html`<header class="merchant">${logo ?? html`<span class="monogram" aria-hidden="true">${initialOf(merchantName)}</span><span>${merchantName}</span>`}</header>`;
}

function initialOf(name: string): string {
  return ([...name.trim()][0] ?? '·').toUpperCase();
}
