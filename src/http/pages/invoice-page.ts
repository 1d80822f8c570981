/** The invoice of an order: who is to pay whom what by when, and what has become of it. Can be looked at before and after it is paid, and printed. */
import type { CheckoutState } from '../../core/payment/checkout.ts';
import type { Bill } from '../../core/payment/checkout-terms.ts';
import type { OrderView } from '../../core/payment/order.ts';
import { isNamed, nameOfBrand } from './brands.ts';
import { type Html, html } from './html.ts';
import { amountText, dayText, type Language } from './language.ts';
import { type PageSetting, type RenderedPage, renderPage } from './layout.ts';
import { linesOf } from './payment-page.ts';

export interface InvoicePage {
  readonly setting: PageSetting;
  readonly view: OrderView;
  readonly state: CheckoutState;
  readonly bill: Bill;
}

export function invoicePage({ setting, view, state, bill }: InvoicePage): RenderedPage {
  const { language, merchantName } = setting;
  const { texts } = language;
  const { order } = view;
  const { amount, currency, merchantReference } = order.terms.order;
  const title = texts.invoiceTitle(bill.number);
  const paid = paidOf(view);
  const isOpen = state.kind === 'open';
  const due = isOpen && bill.dueAtMs !== undefined ? fact(texts.invoiceDue, dayText(language, bill.dueAtMs)) : undefined;
  return renderPage(setting, {
    title,
    body: html`<article class="invoice">
<h1>${title}</h1>
<p class="state" role="status">${stateText(language, state, view)}</p>
<dl>${fact(texts.invoiceFrom, merchantName)}${bill.to.length > 0 && fact(texts.invoiceTo, html`${bill.to.map((line) => html`<span>${line}</span>`)}`)}${fact(texts.invoiceIssued, dayText(language, Date.parse(bill.issuedOn)))}${due}${merchantReference !== undefined && fact(texts.invoiceReference, merchantReference)}${paid.facts.map(({ label, value }) => fact(label(texts), value(language)))}</dl>
${linesOf(order.terms, language)}
${paid.refunded > 0 && html`<p class="refunded">${texts.invoiceRefunded(amountText(language, paid.refunded, currency))}</p>`}
${bill.notes !== undefined && html`<p class="notes">${bill.notes}</p>`}
${isOpen && html`<p><a class="button" href="${view.pageUrl}">${texts.pay(amountText(language, amount, currency))}</a></p>`}
</article>`,
  });
}

function fact(label: string, value: string | Html): Html {
  return html`<div><dt>${label}</dt><dd>${value}</dd></div>`;
}

function stateText({ texts }: Language, state: CheckoutState, { order, payments }: OrderView): string {
  if (order.closed === 'declared_paid') return texts.invoicePaid;
  switch (state.kind) {
    case 'succeeded': {
      const tree = payments.find(({ operations: [first] }) => first?.state === 'approved');
      if (tree === undefined || tree.captured > 0) return texts.invoicePaid;
      if (tree.released > 0) return texts.invoiceCancelled;
      return state.last.bank === undefined ? texts.invoiceHeld : texts.deferredTitle;
    }
    case 'kept':
      return texts.keptTitle;
    case 'pending':
      return texts.waitTitle;
    case 'open':
      return texts.invoiceOpen;
    case 'closed':
      return texts.invoiceCancelled;
    case 'expired':
    case 'exhausted':
      return texts.expiredTitle;
  }
}

interface Paid {
  /** Minor units. */
  readonly refunded: number;
  readonly facts: readonly { readonly label: (texts: Language['texts']) => string; readonly value: (language: Language) => string }[];
}

/** When money came and with what; nothing while none has. */
function paidOf({ order, payments, events }: OrderView): Paid {
  const elsewhereAtMs = order.declaredPaidAtMs ?? events.find(({ name }) => name === 'declared_paid')?.happenedAtMs;
  const tree = payments.find(({ captured }) => captured > 0);
  const charge = tree?.operations.findLast(({ kind, state }) => state === 'approved' && ['debit', 'capture', 'receipt'].includes(kind));
  const atMs = charge?.createdAtMs ?? elsewhereAtMs;
  const card = tree?.operations[0]?.card;
  const refunded = (tree?.operations ?? []).reduce(
    (sum, { kind, state, amount }) => sum + (kind === 'refund' && state === 'approved' ? amount : 0),
    0,
  );
  return {
    refunded,
    facts: [
      ...(atMs === undefined
        ? []
        : [{ label: (texts: Language['texts']) => texts.invoicePaidOn, value: (language: Language) => dayText(language, atMs) }]),
      ...(card === undefined
        ? []
        : [
            {
              label: (texts: Language['texts']) => texts.invoicePaidWith,
              value: ({ texts }: Language) =>
                texts.storedCard({ brand: isNamed(card.brand) ? nameOfBrand(card.brand, texts.card) : texts.card, last4: card.last4 }),
            },
          ]),
    ],
  };
}
