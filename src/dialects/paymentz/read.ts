/** From parameters to core commands: pure, but for the present date. */
import type { BankCommand } from '../../core/bank/authorize.ts';
import type { AgreementRequest } from '../../core/instrument/agreement.ts';
import type { BankMethod } from '../../core/instrument/bank.ts';
import { brandOf, type CardBrand, type CardSummary, isExpired, parseCvc, parsePan } from '../../core/instrument/card.ts';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { CardToKeep } from '../../core/instrument/tokenize.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { parseDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { AuthorizeCommand, Instrument } from '../../core/payment/authorize-command.ts';
import type { OperateCommand } from '../../core/payment/operate.ts';
import type { Origin } from '../../core/risk/rule.ts';
import { Problem, parameterProblem } from './problem.ts';
import { readReturnUrl, readShopper, readUrl } from './shopper.ts';
import { keptNames, type ParameterName, type Parameters } from './wire.ts';

const brands = new Map<string, CardBrand>([
  ['VISA', 'visa'],
  ['MC', 'mastercard'],
  ['MASTER', 'mastercard'],
  ['MASTERCARD', 'mastercard'],
  ['MAESTRO', 'maestro'],
  ['AMEX', 'amex'],
  ['DINER', 'diners'],
  ['DINERS', 'diners'],
  ['DISC', 'discover'],
  ['DISCOVER', 'discover'],
  ['JCB', 'jcb'],
  ['CUP', 'unionpay'],
  ['UNIONPAY', 'unionpay'],
]);

/** A reference is used once, for ever: longer than anybody keeps books. */
const keyLifetimeMs = 10 * 365 * 86_400_000;

/** What a payment is made with, by its mode: a card, or the shopper's bank. */
export type Way = { readonly kind: 'card'; readonly brand: CardBrand } | { readonly kind: 'bank'; readonly method: BankMethod };

/** Throws for modes and brands that no acquirer here takes. */
export function readWay(parameters: Parameters): Way {
  const mode = required(parameters, 'paymentMode');
  const name = required(parameters, 'paymentBrand');
  if (isBankMode(mode)) return { kind: 'bank', method: bankMethodOf(name) };
  if (!isCardMode(mode)) throw parameterProblem('20005', 'paymentMode', 'is not enabled; CC, DC, NB and BT are');
  const brand = cardBrandOf(name);
  if (brand === undefined) throw parameterProblem('20005', 'paymentBrand', 'is no brand of cards that is enabled');
  return { kind: 'card', brand };
}

export function isCardMode(mode: string): boolean {
  return ['CC', 'DC'].includes(mode.toUpperCase());
}

export function isBankMode(mode: string): boolean {
  return ['NB', 'BT'].includes(mode.toUpperCase());
}

export function cardBrandOf(name: string): CardBrand | undefined {
  return brands.get(name.toUpperCase());
}

/** By the brand of a payment at a bank; one that names no bank's method means online transfers. */
export function bankMethodOf(name: string): BankMethod {
  switch (name.toUpperCase()) {
    case 'IDEAL':
      return 'ideal';
    case 'PREPAYMENT':
      return 'prepayment';
    default:
      return 'sofort';
  }
}

/** The value of a parameter that must be there. */
export function required(parameters: Parameters, name: ParameterName): string {
  const value = parameters[name];
  if (value === undefined) throw parameterProblem('20001', name, 'is missing');
  return value;
}

/** What the command of any new payment needs beside the request. */
export interface Beginning {
  readonly channel: Channel;
  readonly parameters: Parameters;
  /** Business time, epoch ms: by it cards expire. */
  readonly businessMs: number;
}

/** A purchase with card data. */
export function readPurchase(beginning: Beginning, brand: CardBrand): AuthorizeCommand {
  return { ...readTerms(beginning), instrument: readCard(beginning, brand) };
}

/** A purchase with a registration. The code is the shopper's to give, who is not there for a repeated one. */
export function readTokenPurchase(beginning: Beginning, token: string): AuthorizeCommand {
  const { recurringType, 'card.cvv': digits } = beginning.parameters;
  const cvc = digits === undefined || isRepeated(recurringType) ? undefined : parseCvc(digits);
  return { ...readTerms(beginning), instrument: { type: 'token', token, ...(cvc === undefined ? {} : { cvc }) } };
}

/** A later payment under an earlier one, with its card. */
export function readRepeated(
  beginning: Beginning,
  first: { readonly operationId: string; readonly cardId: string; readonly card: CardSummary },
): AuthorizeCommand {
  const { agreement, shopper, ...terms } = readTerms(beginning);
  return {
    ...terms,
    agreement: { ...repeated, initial: { operationId: first.operationId } },
    instrument: { type: 'kept', cardId: first.cardId, summary: first.card },
  };
}

/** A payment out, to a card of the request or to that of an earlier payment. */
export function readPayout(beginning: Beginning, instrument: Instrument): AuthorizeCommand {
  const { shopper, agreement, ...terms } = readTerms(beginning);
  return { ...terms, kind: 'payout', tokenize: false, instrument };
}

export function readBankPurchase(beginning: Beginning, method: BankMethod): BankCommand {
  const { channel, parameters } = beginning;
  // Money that is only ordered comes later, and captures itself.
  const kind = method === 'prepayment' ? 'preauthorization' : 'debit';
  if (readKind(parameters) !== kind)
    throw parameterProblem('20005', 'paymentType', `must be ${kind === 'debit' ? 'DB' : 'PA'} with this paymentBrand`);
  return {
    ...{ channel, kind, method, ...readMoney(parameters) },
    ...{ returnUrl: readReturnUrl(parameters), ...readCommon(parameters) },
  };
}

const initial: AgreementRequest = { initiator: 'customer', sequence: 'initial', type: 'recurring' };
const repeated: AgreementRequest = { initiator: 'merchant', sequence: 'subsequent', type: 'recurring' };

const isRepeated = (recurringType: string | undefined): boolean => recurringType?.toUpperCase() === 'REPEATED';

function readTerms({ channel, parameters }: Beginning): Omit<AuthorizeCommand, 'instrument'> {
  const { recurringType, createRegistration } = parameters;
  const mayAsk = !isRepeated(recurringType);
  return {
    ...{ channel, kind: readKind(parameters), ...readMoney(parameters) },
    ...(recurringType === undefined ? {} : { agreement: mayAsk ? initial : repeated }),
    ...(mayAsk ? readShopper(parameters) : {}),
    tokenize: createRegistration?.toLowerCase() === 'true',
    origin: readOrigin(parameters),
    ...readCommon(parameters),
  };
}

/** The platform asks for no billing address; what it has of addresses is where goods go. */
export function readOrigin({ 'customer.ip': ip, 'customer.email': email }: Parameters): Origin {
  return { ip, email };
}

function readKind(parameters: Parameters): 'preauthorization' | 'debit' {
  switch (required(parameters, 'paymentType').toUpperCase()) {
    case 'PA':
      return 'preauthorization';
    case 'DB':
    case 'PO':
      return 'debit';
    default:
      throw parameterProblem('20002', 'paymentType', 'must be PA or DB here');
  }
}

/** What new payments have in common: the reference, used once, and what is told again. */
export function readCommon(parameters: Parameters) {
  const { merchantTransactionId } = parameters;
  return {
    ...{ keyLifetimeMs, keyMatchesAnyInput: true as const, dialectData: readKept(parameters) },
    ...(merchantTransactionId === undefined
      ? {}
      : { merchantReference: maskCardNumbers(merchantTransactionId), idempotencyKey: merchantTransactionId }),
  };
}

/** What answers, lists and messages tell again. */
export function readKept(parameters: Parameters): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of keptNames) {
    const value = parameters[name];
    if (value !== undefined) kept[name] = maskCardNumbers(value);
  }
  const { notificationUrl, redirectMethod, 'customer.customerId': customerId } = parameters;
  return {
    ...kept,
    ...(notificationUrl === undefined ? {} : { notificationUrl: readUrl('notificationUrl', notificationUrl) }),
    ...(redirectMethod === undefined ? {} : { redirectMethod: redirectMethod.toUpperCase() }),
    ...(customerId === undefined ? {} : { customerId }),
  };
}

/** Amount and currency of a new payment. */
export function readMoney(parameters: Parameters): { readonly amount: number; readonly currency: string } {
  const currency = required(parameters, 'currency');
  return { amount: readAmount(required(parameters, 'amount'), currency), currency };
}

/** Minor units. Every currency is written with two decimals. */
export function readAmount(text: string, code: string): number {
  const currency = currencyOf(code);
  if (currency === undefined) throw parameterProblem('20006', 'currency', 'is no currency of ISO 4217');
  const amount = parseDecimalAmount(text, currency);
  if (amount === undefined) throw parameterProblem('20002', 'amount', 'has decimals that the currency does not have');
  return amount;
}

/** An act on a payment. A reference of its own, which the protocol does not ask for, makes it safe to send again. */
export function readAct(
  { channel, parameters }: Pick<Beginning, 'channel' | 'parameters'>,
  payment: { readonly operationId: string; readonly currency: string; readonly merchantReference?: string },
): OperateCommand {
  const { amount, merchantTransactionId, paymentType, notificationUrl } = parameters;
  const shown = merchantTransactionId === undefined ? undefined : maskCardNumbers(merchantTransactionId);
  const reference = shown === payment.merchantReference ? undefined : merchantTransactionId;
  return {
    ...{ channel, operationId: payment.operationId, keyLifetimeMs, keyMatchesAnyInput: true },
    ...(amount === undefined ? {} : { amount: readAmount(amount, payment.currency) }),
    ...(reference === undefined ? {} : { merchantReference: maskCardNumbers(reference), idempotencyKey: reference }),
    dialectData: {
      ...(paymentType === undefined ? {} : { paymentType: paymentType.toUpperCase() }),
      ...(notificationUrl === undefined ? {} : { notificationUrl: readUrl('notificationUrl', notificationUrl) }),
    },
  };
}

type CardInstrument = Extract<Instrument, { readonly type: 'card' | 'rejected' }>;

/** What no acquirer would be asked about is recorded as rejected: the check digit, the expiry, a brand that is not the number's. */
export function readCard({ parameters, businessMs }: Pick<Beginning, 'parameters' | 'businessMs'>, named: CardBrand): CardInstrument {
  const number = required(parameters, 'card.number');
  const expiry = { month: Number(required(parameters, 'card.expiryMonth')), year: Number(required(parameters, 'card.expiryYear')) };
  const { recurringType, paymentType } = parameters;
  const needsCode = !isRepeated(recurringType) && paymentType?.toUpperCase() !== 'PO';
  const cvc = needsCode ? parseCvc(required(parameters, 'card.cvv')) : undefined;
  const { 'customer.givenName': givenName, 'customer.surname': surname } = parameters;
  const holder = parameters['card.holder'] ?? [givenName, surname].filter((name) => name !== undefined).join(' ');
  const more = { expiry, ...(holder === '' ? {} : { holder: maskCardNumbers(holder).slice(0, 100) }) };
  const pan = parsePan(number);
  if (pan === undefined) {
    const summary: CardSummary = { brand: named, bin: number.slice(0, 6), last4: number.slice(-4), ...more };
    return { type: 'rejected', summary, reason: 'invalid_card_number' };
  }
  const brand = brandOf(pan);
  const summary: CardSummary = { brand, bin: pan.bin, last4: pan.last4, ...more };
  if (brand !== named) return { type: 'rejected', summary, reason: 'brand_mismatch' };
  if (isExpired(expiry, businessMs)) return { type: 'rejected', summary, reason: 'card_expired' };
  return { type: 'card', pan, summary, ...(cvc === undefined ? {} : { cvc }) };
}

/** A card to be kept without a payment; its code has no use then. */
export function readCardToKeep(given: Pick<Beginning, 'parameters' | 'businessMs'>): CardToKeep {
  const way = readWay(given.parameters);
  if (way.kind !== 'card') throw parameterProblem('20005', 'paymentMode', 'only cards can be registered');
  const instrument = readCard({ ...given, parameters: { ...given.parameters, recurringType: 'REPEATED' } }, way.brand);
  return instrument.type === 'card' ? { type: 'card', pan: instrument.pan, summary: instrument.summary } : instrument;
}

/** A number of a payment, as paths and bodies have it; undefined for what cannot be one. */
export function readPaymentNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined;
}

/** `dd/MM/yyyy`, UTC, to epoch ms. */
export function readDay(parameters: Parameters, name: 'pagination.fromdate' | 'pagination.todate'): number | undefined {
  const text = parameters[name];
  if (text === undefined) return undefined;
  const [day, month, year] = text.split('/');
  const iso = `${year}-${month}-${day}`;
  const date = new Date(`${iso}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== iso) {
    throw parameterProblem('20002', name, 'is no day of the calendar; days are written dd/MM/yyyy');
  }
  return date.getTime();
}

/** Throws when the body names another payment than the path. */
export function requireSamePayment({ paymentId }: Parameters, ofPath: string): void {
  if (paymentId !== undefined && paymentId !== ofPath) throw new Problem('20002', { text: 'paymentId: differs from that of the path' });
}
