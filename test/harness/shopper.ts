/** A shopper for tests: a browser without scripts that follows the redirect of a payment, runs the issuer's page, types the code, and comes home. */
import assert from 'node:assert/strict';
import { type BrowserPage, openPage, type PageForm, postForm, submit } from './form-browser.ts';
import type { Parameters, Reply } from './opp.ts';
import { eventually } from './processes.ts';

/** A browser as a shop describes it. */
export const browserData: Parameters = {
  'customer.browser.acceptHeader': 'text/html',
  'customer.browser.language': 'en-GB',
  'customer.browser.screenHeight': '1080',
  'customer.browser.screenWidth': '1920',
  'customer.browser.timezone': '-60',
  'customer.browser.userAgent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'customer.browser.javaEnabled': 'false',
  'customer.browser.javascriptEnabled': 'true',
  'customer.browser.screenColorDepth': '24',
  'customer.browser.challengeWindow': '5',
  'customer.ip': '192.0.2.7',
};

/** Where a merchant is told to send the shopper's browser, and with which form. */
export interface Redirect {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
}

/** The redirect of an OPP answer. */
export function redirectOf({ body }: Pick<Reply, 'body'>): Redirect {
  const { url = '', method = 'POST', parameters = [] } = body.redirect as unknown as Partial<Redirect>;
  return { url, method, parameters };
}

/** Goes where a merchant sends the browser. */
export async function sendShopper({ url, method, parameters }: Redirect): Promise<BrowserPage> {
  const fields = Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
  if (method === 'POST') return postForm(url, fields);
  const query = new URLSearchParams(fields).toString();
  return openPage(query === '' ? url : `${url}?${query}`);
}

/** Follows the redirect as the shop's page does. */
export function followRedirect(reply: Reply): Promise<BrowserPage> {
  return sendShopper(redirectOf(reply));
}

const formWith = ({ forms }: BrowserPage, field: string): PageForm | undefined => forms.find(({ fields }) => field in fields);

/** Runs the issuer's page as a hidden frame would, to the address that it reports to. */
export async function runMethod(page: BrowserPage): Promise<void> {
  const form = formWith(page, 'threeDSMethodData');
  assert.ok(form !== undefined, `expected the form of a 3DS Method in ${page.html}`);
  const answered = await postForm(form.action, form.fields);
  const reported = await submit(answered);
  assert.equal(reported.status, 200);
}

/** Goes on without waiting for the issuer's page. */
export async function goOn(page: BrowserPage): Promise<BrowserPage> {
  const form = formWith(page, 'event');
  assert.ok(form !== undefined, `expected a way on in ${page.html}`);
  return settled(await postForm(form.action, form.fields));
}

/** Opens the issuer's challenge. */
export async function openChallenge(page: BrowserPage): Promise<BrowserPage> {
  const form = formWith(page, 'creq');
  assert.ok(form !== undefined, `expected the way to a challenge in ${page.html}`);
  return postForm(form.action, form.fields);
}

/** Types a code, or calls it off, and goes back where the issuer sends the browser. */
export async function answerChallenge(challenge: BrowserPage, typed: Readonly<Record<string, string>>): Promise<BrowserPage> {
  return settled(await submit(await submit(challenge, typed)));
}

/** Looks again for as long as the page asks for it. */
export async function settled(page: BrowserPage): Promise<BrowserPage> {
  let now = page;
  await eventually(async () => {
    if (now.headers.get('refresh') === null) return true;
    now = await openPage(now.url);
    return now.headers.get('refresh') === null;
  }, 'the page to know how it goes on');
  return now;
}

/** All the way, typing this code; whatever the issuer wants is done. */
export function authenticate(reply: Reply, code = '1234'): Promise<BrowserPage> {
  return authenticateAt(redirectOf(reply), { code, act: 'confirm' });
}

/** All the way from a merchant's redirect; `typed` is what the issuer's page gets, should it ask. */
export async function authenticateAt(redirect: Redirect, typed: Readonly<Record<string, string>>): Promise<BrowserPage> {
  let page = await settled(await sendShopper(redirect));
  if (formWith(page, 'threeDSMethodData') !== undefined) {
    await runMethod(page);
    page = await goOn(page);
  }
  const confirmation = page.forms.find(({ fields }) => fields.event === 'confirmed');
  if (confirmation !== undefined) return settled(await postForm(confirmation.action, confirmation.fields));
  if (formWith(page, 'creq') === undefined) return page;
  return answerChallenge(await openChallenge(page), typed);
}
