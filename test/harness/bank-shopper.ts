/** A shopper who pays at the bank: follows the merchant's redirect, reads the bank's page, presses a button, and comes home. */
import assert from 'node:assert/strict';
import { type BrowserPage, openPage, submit, textOf } from './form-browser.ts';
import { debit, type Parameters, type Reply } from './opp.ts';
import { type Redirect, redirectOf, sendShopper, settled } from './shopper.ts';

/** A payment at the bank; `more` replaces and removes. */
export function bankPayment(brand: string, more: Parameters = {}): Parameters {
  const card = {
    'card.number': undefined,
    'card.holder': undefined,
    'card.expiryMonth': undefined,
    'card.expiryYear': undefined,
    'card.cvv': undefined,
  };
  return debit({ ...card, paymentBrand: brand, ...more });
}

/** As far as the bank's page. */
export function goToBank(reply: Reply): Promise<BrowserPage> {
  return goToBankAt(redirectOf(reply));
}

/** The same from a merchant's redirect. */
export async function goToBankAt(redirect: Redirect): Promise<BrowserPage> {
  const page = await settled(await sendShopper(redirect));
  const [form] = page.forms;
  assert.ok(form !== undefined, `expected the way to the bank in ${page.html}`);
  const query = new URLSearchParams(form.fields).toString();
  const bank = await openPage(query === '' ? form.action : `${form.action}?${query}`);
  assert.equal(bank.status, 200);
  return bank;
}

/** Presses a button of the bank's page; where the bank does not lead back by itself the shopper follows its link. */
export async function press(bank: BrowserPage, act: 'pay' | 'later' | 'refuse'): Promise<BrowserPage> {
  const after = await submit(bank, { act });
  const [, back] = /<a href="([^"]+)">Back to the shop<\/a>/.exec(after.html) ?? [];
  return settled(back === undefined ? after : await openPage(back));
}

/** The reference that the bank's page prints. */
export function printedReference(bank: BrowserPage): string {
  const [, reference] = /id="reference">([^<]+)</.exec(bank.html) ?? [];
  assert.ok(reference !== undefined, `expected a reference in ${textOf(bank)}`);
  return reference;
}
