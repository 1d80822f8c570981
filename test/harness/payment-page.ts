/** A shopper at the gateway's own pages: in a real browser, and what the browser has to say about the pages. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { demo, encode, type OppCalls, type Parameters } from './opp.ts';

export const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
export const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 860 } };

/** Opens a checkout as the merchant's server does. */
export async function openCheckout(stack: OppCalls, more: Parameters = {}): Promise<string> {
  const reply = await stack.post('/v1/checkouts', { paymentType: 'DB', amount: '12.50', currency: 'EUR', ...more });
  assert.equal(reply.code, '000.200.100', reply.text);
  return reply.body.id ?? '';
}

/** The address of the hosted page of a checkout. */
export function payAddress(stack: OppCalls, checkoutId: string, query: Parameters = {}): string {
  const [secret = '', node = ''] = checkoutId.split('.');
  const text = encode(query);
  return `${stack.url}/pay/${node.slice(3)}${secret.toLowerCase()}${text === '' ? '' : `?${text}`}`;
}

export interface Visit {
  readonly page: Page;
  /** What the browser complained about: a policy that was broken, a script that failed, a question to somebody else. */
  readonly complaints: string[];
}

/** Opens an address; requests to other hosts than these are complaints. */
export async function visit(browser: Browser, address: string, options: BrowserContextOptions = desktop): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A page that says that something is wrong with the form has a status that says so too.
    if (!/status of 4\d\d/.test(message.text())) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(https?:\/\/127\.0\.0\.1:|data:|about:|blob:)/.test(request.url())) complaints.push(request.url());
  });
  await page.goto(address);
  return { page, complaints };
}

export interface CardInput {
  readonly number?: string;
  readonly expiry?: string;
  readonly cvc?: string;
  readonly holder?: string;
}

/** Types a card as a person does, key by key. */
export async function typeCard(
  place: Page | Frame,
  { number = '4111111111111111', expiry = '1239', cvc = '123', holder = 'Ada Example' }: CardInput = {},
): Promise<void> {
  await place.locator('#number').pressSequentially(number);
  await place.locator('#expiry').pressSequentially(expiry);
  await place.locator('#cvc').pressSequentially(cvc);
  await place.locator('#holder').pressSequentially(holder);
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** Nothing that a person with a screen reader, a keyboard or weak eyes would stumble over, as far as a program can tell (WCAG 2.2 AA). */
export async function assertAccessible(place: Page | Frame): Promise<void> {
  await place.evaluate(axe.source);
  const result = await place.evaluate<AxeResult>(
    "axe.run(document, { iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  );
  const found = result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  assert.deepEqual(found, []);
}

/** Nothing sticks out to the side. Not measured by `innerWidth`: on a phone that grows with what sticks out. */
export async function assertFits(place: Page | Frame): Promise<void> {
  assert.equal(await place.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'), true);
}

/** Keeps a picture where the environment names a folder for them. */
export async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env.POLYGATE_PICTURES;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** The stack's demo entity gets a look. */
export async function dress(stack: OppCalls, look: object): Promise<void> {
  await stack.parts.database.query('update polygate.channel set look = $1 where wire_id = $2', [JSON.stringify(look), demo.entityId]);
}
