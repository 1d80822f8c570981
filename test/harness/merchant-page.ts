/** The page that a merchant shows to send the shopper on: the redirect of an answer as an HTML form, in a real browser. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Shop } from './shop.ts';
import type { Redirect } from './shopper.ts';

/** Opens the shop, which has a form with the redirect's address, method and parameters; `complaints` as the browser has them. */
export async function openMerchantPage(
  browser: Browser,
  { shop, redirect, options = {} }: { readonly shop: Shop; readonly redirect: Redirect; readonly options?: BrowserContextOptions },
): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(`${shop.url}/cart`);
  const inputs = redirect.parameters.map(({ name, value }) => `<input type="hidden" name="${quoted(name)}" value="${quoted(value)}">`);
  const form = `<form action="${quoted(redirect.url)}" method="${redirect.method}">${inputs.join('')}<button>Continue to payment</button></form>`;
  await page.setContent(`<!doctype html><html lang="en"><title>Cart</title><main>${form}</main></html>`);
  return page;
}

/** Presses the button of that form. */
export async function sendOn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Continue to payment' }).click();
}

const quoted = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
