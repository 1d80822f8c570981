/** The bank's pages: what is to be paid and three buttons, and what became of it. They work without scripts. */

import { escaped, type Page, page } from '../three-ds/pages.ts';
import type { BankPayment } from './books.ts';

/** `EUR 12.34`, made from the digits alone. */
export function moneyText({ amount, currency, decimals }: { amount: number; currency: string; decimals: number }): string {
  const digits = String(amount).padStart(decimals + 1, '0');
  const whole = BigInt(digits.slice(0, digits.length - decimals)).toLocaleString('en');
  return decimals === 0 ? `${currency} ${whole}` : `${currency} ${whole}.${digits.slice(-decimals)}`;
}

const METHOD_NAMES: Readonly<Record<string, string>> = { ideal: 'iDEAL', sofort: 'SOFORT', prepayment: 'Prepayment' };

function summary({ order, bankReference }: BankPayment): string {
  return `<dl>
<div><dt>Pay to</dt><dd>${escaped(order.creditor)}</dd></div>
<div><dt>Amount</dt><dd>${escaped(moneyText(order))}</dd></div>
<div><dt>Reference</dt><dd id="reference">${escaped(bankReference)}</dd></div>
</dl>`;
}

/** Asks the shopper. Each button is a form of its own act; the page's address ends in the token, to which the form goes back. */
export function payPage(payment: BankPayment): Page {
  const { order, token } = payment;
  return page({
    title: 'Approve a payment',
    scheme: METHOD_NAMES[order.method] ?? order.method,
    // The answer to the form leads back to the shop, which may be anywhere.
    formTargets: 'http: https:',
    body: `<h1>Approve a payment</h1>
<p class="lead">You come from a shop. Look at what you pay before you approve it.</p>
${summary(payment)}
<form method="post" action="${token}">
<p class="hint">Pay later prints the reference with which you can transfer the money.</p>
<div class="buttons">
<button class="primary" type="submit" name="act" value="pay">Pay</button>
<button class="secondary" type="submit" name="act" value="later">Pay later</button>
<button class="secondary" type="submit" name="act" value="refuse">Refuse</button>
</div>
</form>
<p class="test-note">This is a simulated bank; no money moves.</p>`,
  });
}

/** What to write on the transfer, and the way back. */
export function laterPage(payment: BankPayment): Page {
  return page({
    title: 'Pay later',
    scheme: METHOD_NAMES[payment.order.method] ?? payment.order.method,
    formTargets: "'none'",
    body: `<h1>Pay later</h1>
<p class="lead">Transfer the money with exactly this reference, so that the shop can tell whose it is.</p>
${summary(payment)}
<p><a href="${escaped(payment.order.returnUrl)}">Back to the shop</a></p>`,
  });
}

/** The way back, for browsers that did not follow it by themselves. */
export function overPage({ order, state }: BankPayment): Page {
  const texts = { paid: 'The payment was made.', refused: 'You have refused the payment.', canceled: 'The payment was called off.' };
  const text = state === 'paid' || state === 'refused' || state === 'canceled' ? texts[state] : '';
  return page({
    title: 'Nothing left to do',
    formTargets: "'none'",
    body: `<h1>Nothing left to do</h1>
<p class="lead">${text}</p>
<p><a href="${escaped(order.returnUrl)}">Back to the shop</a></p>`,
  });
}
