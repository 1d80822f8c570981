/** The hosted payment page: what is bought, how it can be paid, and a form whose fields browsers and password managers know. */
import type { BankMethod } from '../../core/instrument/bank.ts';
import { iinRanges } from '../../core/instrument/card.ts';
import type { CheckoutTerms, OrderLine } from '../../core/payment/checkout-terms.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { isUndecided } from '../../core/risk/review.ts';
import { allBrands, bankMark, brandMark, brandNames, isNamed, type NamedBrand, nameOfBrand } from './brands.ts';
import type { FormField, FormProblems, StoredCard } from './card-form.ts';
import { attributes, type Html, html } from './html.ts';
import { amountText, expiryText, type Language, type Texts } from './language.ts';
import { type PageSetting, type RenderedPage, renderPage } from './layout.ts';

export interface PaymentPage {
  readonly setting: PageSetting;
  readonly terms: CheckoutTerms;
  /** Sent back with the form: which attempt this is, and which terms were shown. */
  readonly attempt: number;
  readonly revision: number;
  readonly stored: readonly StoredCard[];
  /** Methods of banks beside cards. */
  readonly methods: readonly BankMethod[];
  /** Whether a card can be used at all. */
  readonly takesCards: boolean;
  /** The page around the frame has the button. */
  readonly isFieldsOnly: boolean;
  /** Whether the shopper is asked for the name on the card. */
  readonly asksHolder: boolean;
  /** What was chosen before: `card`, `stored-0`, `redirect-ideal`. */
  readonly chosen?: string;
  readonly problems?: FormProblems;
  /** Why the shopper sees the page again. */
  readonly notice?: string;
  /** Where "back" leads, if anywhere. */
  readonly returnUrl?: string;
}

export function paymentPage(page: PaymentPage): RenderedPage {
  const { setting, terms, problems = new Map(), notice } = page;
  const { language, merchantName, embedded = false } = setting;
  const { texts } = language;
  const title = terms.keepsCardOnly === true ? texts.keepTitle(merchantName) : texts.paymentTitle(merchantName);
  const isWrong = problems.size > 0 || notice !== undefined;
  return renderPage(setting, {
    status: problems.size > 0 ? 422 : 200,
    title: isWrong ? texts.errorTitle(notice ?? texts.problem) : title,
    scripts: embedded ? ['payment.js', 'frame.js'] : ['payment.js'],
    ...(embedded
      ? { policy: { framedBy: setting.framedBy } }
      : terms.keepsCardOnly === true
        ? {}
        : { aside: orderSummary(terms, language) }),
    body: html`<h1${attributes({ class: terms.keepsCardOnly === true && !page.isFieldsOnly ? 'heading' : 'visually-hidden' })}>${title}</h1>
${formOf({ ...page, problems })}`,
  });
}

/** Amount, reference and lines. */
function orderSummary({ order, lines }: CheckoutTerms, language: Language): Html {
  const { texts } = language;
  const total = amountText(language, order.amount, order.currency);
  const reference = order.merchantReference !== undefined && html`<p class="reference">${texts.orderNumber(order.merchantReference)}</p>`;
  // A large amount may break before or after its currency.
  return html`<p class="due">${texts.total}</p>
<p class="total">${total.replaceAll('\u00a0', ' ')}</p>
${reference}${lines.length > 0 && html`<details class="order"><summary>${texts.orderDetails}</summary>\n${linesOf({ order, lines }, language)}</details>`}`;
}

/** What is bought, line by line, and the sum. */
export function linesOf({ order, lines }: Pick<CheckoutTerms, 'order' | 'lines'>, language: Language): Html {
  const total = amountText(language, order.amount, order.currency);
  return html`<ul class="lines">${lines.map((line) => lineOf(line, order.currency, language))}<li class="sum"><span>${language.texts.total}</span><span class="price">${total}</span></li></ul>`;
}

function lineOf({ name, detail, quantity, amount }: OrderLine, currency: string, language: Language): Html {
  const details = [detail, quantity === undefined ? undefined : language.texts.quantity(quantity)].filter((text) => text !== undefined);
  const price = amount !== undefined && html`<span class="price">${amountText(language, amount, currency)}</span>`;
  return html`<li><span class="name">${name}</span>${price}${details.length > 0 && html`<span class="detail">${details.join(' · ')}</span>`}</li>`;
}

function formOf(page: PaymentPage & { readonly problems: FormProblems }): Html {
  const { setting, terms, attempt, revision, stored, methods, problems, notice, returnUrl, isFieldsOnly, asksHolder } = page;
  const { texts } = setting.language;
  const amount = terms.keepsCardOnly === true ? '' : amountText(setting.language, terms.order.amount, terms.order.currency);
  const accepted = acceptedBrands(terms);
  const back =
    returnUrl !== undefined &&
    setting.embedded !== true &&
    html`<a class="cancel" href="${returnUrl}">${texts.cancel(setting.merchantName)}</a>`;
  // What the script says is in the page, in the page's language.
  const said = {
    'data-ranges': JSON.stringify(iinRanges),
    'data-accepted': accepted.join(' '),
    'data-names': JSON.stringify(brandNames),
    'data-processing': texts.processing,
    'data-brand-refused': texts.brandNotAccepted('{brand}'),
    'data-number-invalid': texts.cardNumberInvalid,
    'data-expiry-invalid': texts.expiryInvalid,
    'data-expiry-past': texts.expiryPast,
    'data-cvc-invalid-3': texts.cvcInvalid(3),
    'data-cvc-invalid-4': texts.cvcInvalid(4),
    'data-cvc-hint-3': texts.cvcHint,
    'data-cvc-hint-4': texts.cvcHintFront,
    'data-cvc-optional': terms.cvcOptional?.join(' '),
  };
  return html`<form method="post" id="payment" novalidate${attributes(said)}>
${alertOf(texts.problem, problems, notice)}<input type="hidden" name="attempt" value="${attempt}"><input type="hidden" name="revision" value="${revision}"><input type="hidden" name="browser" value="">
${(stored.length > 0 || methods.length > 0) && choiceOf(page)}<div class="fields">
<div class="field new-card">${field({
    ...{ name: 'number', label: texts.cardNumber, problems, missing: texts.cardNumberMissing, wrapper: 'with-brands' },
    input: { name: 'cardnumber', inputmode: 'numeric', autocomplete: 'cc-number', placeholder: '1234 1234 1234 1234', maxlength: 30 },
    after: html`${accepted.map((brand) => brandMark(brand, { hidden: true, isDecoration: true }))}`,
  })}${brandList(texts.acceptedCards, accepted)}</div>
<div class="field half new-card">${field({
    ...{ name: 'expiry', label: texts.expiry, problems, missing: texts.expiryMissing },
    input: { name: 'exp-date', inputmode: 'numeric', autocomplete: 'cc-exp', placeholder: texts.expiryPlaceholder, maxlength: 9 },
  })}</div>
<div class="field half">${field({
    ...{ name: 'cvc', label: texts.cvc, problems, missing: texts.cvcMissing, hint: texts.cvcHint },
    input: {
      ...{ name: 'cvc', inputmode: 'numeric', autocomplete: 'cc-csc', placeholder: '123', maxlength: 4 },
      ...(terms.cvcOptional === undefined ? {} : { 'aria-required': 'false' }),
    },
  })}</div>
<details class="where"><summary>${texts.cvcWhere}</summary><p>${texts.cvcExplanation}</p></details>
${
  asksHolder &&
  html`<div class="field new-card">${field({
    ...{ name: 'holder', label: texts.holder, problems, missing: texts.holderMissing },
    input: { name: 'ccname', autocomplete: 'cc-name', autocapitalize: 'words', spellcheck: 'false', maxlength: 128 },
  })}</div>`
}
</div>
${keepOf(terms, texts)}<button${attributes({ type: 'submit', hidden: isFieldsOnly })}><span class="label">${buttonText(terms, texts, amount)}</span></button>
<p class="secured of-card"><svg viewBox="0 0 16 16" aria-hidden="true"><path fill="currentColor" d="M8 1a4 4 0 0 0-4 4v2H3.500A1.500 1.500 0 0 0 2 8.500v5A1.500 1.500 0 0 0 3.500 15h9a1.500 1.500 0 0 0 1.500-1.500v-5A1.500 1.500 0 0 0 12.500 7H12V5a4 4 0 0 0-4-4zm2.500 6h-5V5a2.500 2.500 0 0 1 5 0z"/></svg><span>${texts.secured}</span></p>
${back}
</form>`;
}

/** Whether the card is kept after the payment, or one that is kept for one payment for longer: asked of the shopper, or said by the page around the frame. */
function keepOf({ forOnePayment, asksConsent, offersToKeep, keepsCardOnly }: CheckoutTerms, texts: Texts): Html | undefined {
  if (offersToKeep === true && keepsCardOnly !== true) {
    return html`<label class="option new-card"><input type="checkbox" name="keep" id="keep" value="longer"><span class="what">${texts.keepLonger}</span></label>\n`;
  }
  if (forOnePayment !== true) return undefined;
  if (asksConsent !== true) return html`<input type="hidden" name="keep" id="keep" value="">\n`;
  return html`<label class="option"><input type="checkbox" name="keep" id="keep" value="longer"><span class="what">${texts.keepLonger}</span></label>\n`;
}

function buttonText({ order, keepsCardOnly }: CheckoutTerms, texts: Texts, amount: string): string {
  if (keepsCardOnly === true) return texts.keepCard;
  return order.kind === 'debit' || order.thenCapture !== undefined ? texts.pay(amount) : texts.hold(amount);
}

function acceptedBrands({ brands }: CheckoutTerms): readonly NamedBrand[] {
  const named = brands.filter(isNamed);
  return named.length === 0 ? allBrands : named;
}

/** All that is wrong, each a link to its field; read out as soon as the page is there. */
function alertOf(heading: string, problems: FormProblems, notice: string | undefined): Html | undefined {
  if (problems.size === 0) return notice === undefined ? undefined : html`<p class="alert" role="alert" tabindex="-1">${notice}</p>\n`;
  const items = [...problems].map(([name, text]) => html`<li><a href="#${name}">${text}</a></li>`);
  return html`<div class="alert" role="alert" tabindex="-1">${heading}<ul>${items}</ul></div>\n`;
}

/** Stored cards first, then another card, then the bank; the first one is chosen until the shopper has chosen. */
function choiceOf({ setting, stored, methods, takesCards, chosen }: PaymentPage): Html {
  const { texts } = setting.language;
  const offered = [
    ...stored.map((_, index) => `stored-${index}`),
    ...(takesCards ? ['card'] : []),
    ...methods.map((method) => `redirect-${method}`),
  ];
  const checked = offered.find((value) => value === chosen) ?? offered[0];
  const option = (
    value: string,
    what: Html,
    mark?: Html,
    card: { readonly 'data-token'?: string; readonly 'data-brand'?: string } = {},
  ): Html =>
    html`<label class="option"><input${attributes({ type: 'radio', name: 'method', value, checked: value === checked, id: value === offered[0] ? 'method' : undefined, ...card })}><span class="what">${what}</span>${mark}</label>`;
  const cards = stored.map(({ summary, token }, index) => {
    const { brand, last4, expiry } = summary;
    const name = nameOfBrand(brand, texts.card);
    const what = html`${texts.storedCard({ brand: name, last4 })}<small>${texts.expires(expiryText(expiry))}</small>`;
    return isNamed(brand)
      ? option(`stored-${index}`, what, brandMark(brand, { isDecoration: true }), { 'data-token': token, 'data-brand': brand })
      : option(`stored-${index}`, what, undefined, { 'data-token': token });
  });
  const banks = methods.map((method) => {
    const what = html`${texts.bankMethods[method]}<small>${method === 'prepayment' ? texts.transferHint : texts.bankHint}</small>`;
    return option(`redirect-${method}`, what, bankMark());
  });
  return html`<fieldset><legend class="legend">${texts.payWith}</legend><div class="choice">${cards}${takesCards && option('card', html`${stored.length > 0 ? texts.otherCard : texts.card}`)}${banks}</div></fieldset>
`;
}

interface FieldOptions {
  readonly name: FormField;
  readonly label: string;
  readonly problems: FormProblems;
  readonly missing: string;
  readonly hint?: string;
  readonly wrapper?: string;
  readonly input: Readonly<Record<string, string | number>>;
  readonly after?: Html;
}

/** A label, its input, what is wrong with it and what helps; nothing of a card is ever filled in again. */
function field({ name, label, problems, missing, hint, wrapper, input, after }: FieldOptions): Html {
  const problem = problems.get(name);
  const described = [`${name}-error`, ...(hint === undefined ? [] : [`${name}-hint`])].join(' ');
  const given = attributes({
    ...{ id: name, type: 'text', 'aria-required': 'true', ...input, 'aria-describedby': described },
    ...{ 'aria-invalid': problem === undefined ? undefined : 'true', 'data-missing': missing },
  });
  return html`<label for="${name}">${label}</label>
<div><div${attributes({ class: wrapper === undefined ? 'control' : `control ${wrapper}` })}><input${given}>${after}</div>
<p class="error" id="${name}-error" aria-live="polite">${problem}</p>${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}</div>`;
}

function brandList(label: string, brands: readonly NamedBrand[]): Html {
  return html`<ul class="brands" aria-label="${label}">${brands.map((brand) => html`<li>${brandMark(brand)}</li>`)}</ul>`;
}

/** What a failed attempt means for the shopper. Nothing was charged, and the page may say so: what is unknown is never told as failed. */
export function noticeOf({ texts }: Language, last: OperationView | undefined): string | undefined {
  if (last === undefined) return undefined;
  switch (last.reason) {
    case 'authentication_failed':
    case 'authentication_forbidden':
      return texts.notAuthenticated;
    case 'shopper_canceled':
      return texts.authenticationCanceled;
    case 'shopper_timed_out':
      return texts.authenticationTimedOut;
    case 'insufficient_funds':
      return texts.declinedFunds;
    case 'expired_card':
      return texts.declinedExpired;
    case 'invalid_cvc':
      return texts.declinedCvc;
    default:
      return last.state === 'declined' ? texts.declined : texts.notPossible;
  }
}

/** Paid, and nowhere to go back to. `captured`: what has been charged of a hold, in minor units. */
export function paidPage(setting: PageSetting, operation: OperationView, captured = 0): RenderedPage {
  const { kind, amount, currency, bank, reason } = operation;
  const { texts } = setting.language;
  const text = amountText(setting.language, amount, currency);
  if (bank?.awaitsReceipt === true || reason === 'payment_deferred') return goodEnd(setting, texts.deferredTitle, texts.deferredText(text));
  if (isUndecided(operation)) return goodEnd(setting, texts.reviewTitle, texts.heldText(text));
  if (kind !== 'preauthorization') return goodEnd(setting, texts.paidTitle, texts.paidText(text));
  const charged = amountText(setting.language, captured, currency);
  return goodEnd(setting, texts.paidTitle, captured > 0 ? texts.paidText(charged) : texts.heldText(text));
}

/** The card is kept, and there is nowhere to go back to. */
export function keptPage(setting: PageSetting): RenderedPage {
  const { texts } = setting.language;
  return goodEnd(setting, texts.keptTitle, texts.keptText);
}

/** Paid elsewhere, as the shop says. `returnUrl`: where somebody goes who has paid. */
export function settledPage(setting: PageSetting, returnUrl: string | undefined): RenderedPage {
  const { texts } = setting.language;
  return goodEnd(setting, texts.settledTitle, texts.settledText, returnUrl);
}

function goodEnd(setting: PageSetting, title: string, text: string, returnUrl?: string): RenderedPage {
  return renderPage(setting, {
    title,
    ...(setting.embedded === true ? { scripts: ['frame.js'], policy: { framedBy: setting.framedBy } } : {}),
    body: html`<div class="message">
<svg class="done-mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="m7.500 12.500 3 3 6-7"/></svg>
<h1>${title}</h1>
<p role="status">${text}</p>
${returnUrl !== undefined && html`<p><a class="button" href="${returnUrl}" target="_top">${setting.language.texts.backToShop}</a></p>`}</div>`,
  });
}
