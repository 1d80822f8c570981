/** What a shopper sends from the payment page: read once, judged at once, and every fault named at its field. */

import type { BankMethod } from '../../core/instrument/bank.ts';
import {
  brandOf,
  type CardBrand,
  type CardSummary,
  type Cvc,
  cvcLengthOf,
  isExpired,
  parseCvc,
  parsePan,
} from '../../core/instrument/card.ts';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { CheckoutInstrument } from '../../core/payment/checkout.ts';
import type { CheckoutTerms } from '../../core/payment/checkout-terms.ts';
import { nameOfBrand } from './brands.ts';
import type { Texts } from './language.ts';

export type FormField = 'method' | 'number' | 'expiry' | 'cvc' | 'holder';

/** Text for the shopper, by field, in the order of the page. */
export type FormProblems = ReadonlyMap<FormField, string>;

export type FormReading =
  | { readonly ok: true; readonly instrument: CheckoutInstrument }
  | { readonly ok: false; readonly problems: FormProblems };

/** A stored card that is offered. */
export interface StoredCard {
  readonly token: string;
  readonly summary: CardSummary;
}

export interface FormOptions {
  readonly texts: Texts;
  /** Empty: all. */
  readonly brands: readonly CardBrand[];
  readonly stored: readonly StoredCard[];
  /** Methods of banks that are offered. */
  readonly methods: readonly BankMethod[];
  /** Whether the shopper is asked for a name. */
  readonly asksHolder: boolean;
  /** Which cards need no code. */
  readonly cvcOptional?: CheckoutTerms['cvcOptional'];
  /** Business time, epoch ms. */
  readonly nowMs: number;
}

const longestHolder = 128;

/**
 * Reads the fields of the form; `method` is `card`, `stored-0` and so on, or `redirect-` and the name of a bank's method, and may be left out where
 * there is no choice.
 */
export function readCardForm(fields: URLSearchParams, options: FormOptions): FormReading {
  const method = fields.get('method') ?? 'card';
  if (method === 'card') return readNewCard(fields, options);
  const chosen = options.methods.find((each) => method === `redirect-${each}`);
  if (chosen !== undefined) return { ok: true, instrument: { type: 'bank', method: chosen } };
  const [, index] = /^stored-(\d{1,2})$/.exec(method) ?? [];
  const card = index === undefined ? undefined : options.stored[Number(index)];
  if (card === undefined) return { ok: false, problems: new Map([['method', options.texts.methodMissing]]) };
  const cvc = readCvc(fields, card.summary.brand, { ...options, kind: 'stored' });
  return typeof cvc === 'string'
    ? { ok: false, problems: new Map([['cvc', cvc]]) }
    : { ok: true, instrument: { type: 'token', token: card.token, ...(cvc === undefined ? {} : { cvc }) } };
}

function readNewCard(fields: URLSearchParams, options: FormOptions): FormReading {
  const { texts, brands, nowMs, asksHolder } = options;
  const problems = new Map<FormField, string>();
  const digits = (fields.get('cardnumber') ?? '').replace(/[\s-]/g, '');
  const pan = parsePan(digits);
  const brand = pan === undefined ? 'unknown' : brandOf(pan);
  if (digits === '') problems.set('number', texts.cardNumberMissing);
  else if (pan === undefined) problems.set('number', texts.cardNumberInvalid);
  else if (brands.length > 0 && !brands.includes(brand)) problems.set('number', texts.brandNotAccepted(nameOfBrand(brand, texts.card)));
  const expiry = readExpiry(fields.get('exp-date') ?? '');
  if ((fields.get('exp-date') ?? '').trim() === '') problems.set('expiry', texts.expiryMissing);
  else if (expiry === undefined) problems.set('expiry', texts.expiryInvalid);
  else if (isExpired(expiry, nowMs)) problems.set('expiry', texts.expiryPast);
  const cvc = readCvc(fields, brand, { ...options, kind: 'new' });
  if (typeof cvc === 'string') problems.set('cvc', cvc);
  const holder = (fields.get('ccname') ?? '').trim().replaceAll(/\s+/g, ' ');
  if (holder === '' && asksHolder) problems.set('holder', texts.holderMissing);
  else if (holder.length > longestHolder || /\p{Cc}/u.test(holder)) problems.set('holder', texts.holderInvalid);
  if (problems.size > 0 || pan === undefined || expiry === undefined || typeof cvc === 'string') return { ok: false, problems };
  const summary: CardSummary = {
    brand,
    bin: pan.bin,
    last4: pan.last4,
    expiry,
    ...(holder === '' ? {} : { holder: maskCardNumbers(holder) }),
  };
  return { ok: true, instrument: { type: 'card', pan, summary, ...(cvc === undefined ? {} : { cvc }) } };
}

/** The code, or what is wrong with it; undefined: there is none, and none is needed. */
function readCvc(
  fields: URLSearchParams,
  brand: CardBrand,
  { texts, cvcOptional = [], kind }: Pick<FormOptions, 'texts' | 'cvcOptional'> & { readonly kind: 'new' | 'stored' },
): Cvc | string | undefined {
  const digits = (fields.get('cvc') ?? '').replace(/\s/g, '');
  if (digits === '') return cvcOptional.includes(kind) ? undefined : texts.cvcMissing;
  const cvc = parseCvc(digits);
  const expected = cvcLengthOf(brand);
  return cvc === undefined || (expected !== undefined && digits.length !== expected) ? texts.cvcInvalid(expected ?? 3) : cvc;
}

/** `04/29`, `4 / 2029`, `0429`, and `2029-04` as HTML writes months; undefined when it is no month and year. */
function readExpiry(given: string): { readonly month: number; readonly year: number } | undefined {
  const text = given.replace(/^\s*(20\d\d)-(\d\d)\s*$/, '$2/$1');
  const [, month = '', year = ''] = /^\s*(\d{1,2})\s*[/.-]\s*(\d{2}|\d{4})\s*$/.exec(text) ?? /^\s*(\d{2})\s?(\d{2})\s*$/.exec(text) ?? [];
  const number = Number(month);
  if (month === '' || number < 1 || number > 12) return undefined;
  return { month: number, year: Number(year.length === 2 ? `20${year}` : year) };
}
