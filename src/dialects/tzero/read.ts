/** Bodies of payments read into the core's commands: pure. Throws a {@link Problem} that names the field for whatever is wrong. */
import type { Static, TSchema } from 'typebox';
import { parseDelay } from '../../core/due/delay.ts';
import { billingAddressOf } from '../../core/instrument/billing-address.ts';
import { brandOf, type CardSummary, cvcLengthOf, isExpired, parseCvc, parsePan } from '../../core/instrument/card.ts';
import { holdsCardNumber, maskCardNumbers } from '../../core/instrument/mask.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { largestAmount, parseDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { AuthorizeCommand, Instrument } from '../../core/payment/authorize-command.ts';
import type { Shopper } from '../../core/payment/await-shopper.ts';
import type { Origin } from '../../core/risk/rule.ts';
import type { Mode } from '../dialect.ts';
import { type Initiation, readInitiation } from './agreement.ts';
import { type BodyReader, readerOf } from './body.ts';
import { type DeviceInfo, readBrowser } from './device.ts';
import { fromMethodId } from './ids.ts';
import { isWebAddress, policiesOf } from './policies.ts';
import { type FieldIssue, fieldProblem, Problem } from './problem.ts';
import {
  authoriseBody,
  type CardMethod,
  type MethodType,
  methods,
  type NetworkTokenMethod,
  type StoredCardMethod,
  type sessionBody,
} from './wire.ts';

export type AuthoriseBody = Static<typeof authoriseBody>;
/** What payments, sessions and links have in common. */
export type OrderBody = Static<typeof sessionBody>;

export interface RequestContext {
  readonly channel: Channel;
  /** Business time, epoch ms: by it cards expire. */
  readonly businessMs: number;
  readonly mode: Mode;
  /** Key of the request: that of the header, or the reference. */
  readonly key: RequestKey;
}

export interface RequestKey {
  readonly idempotencyKey: string;
  readonly keyLifetimeMs: number;
  /** The reference, where it is not the key. */
  readonly referenceKey?: string;
  /** The reference is the key. */
  readonly byReference: boolean;
}

const dayMs = 86_400_000;
export const keyLifetimeMs = dayMs;
const longestDelayMs = 7 * dayMs;

const bodies = readerOf(authoriseBody);
const methodReaders = new Map<unknown, BodyReader<TSchema>>(Object.entries(methods).map(([type, schema]) => [type, readerOf(schema)]));

/** The body, with what is wrong in the method's own fields told together with the rest. */
export function readAuthorise(body: unknown): AuthoriseBody {
  const issues: FieldIssue[] = [];
  let read: AuthoriseBody | undefined;
  try {
    read = bodies.read(body);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    issues.push(...error.details);
  }
  const method = read?.payment_method ?? methodIn(body);
  issues.push(...(methodReaders.get(method?.type)?.issuesOf(method, 'payment_method') ?? []));
  if (issues.length > 0 || read === undefined) throw new Problem('validation_failed', { details: issues });
  return read;
}

/** Of a body that does not fit otherwise. */
function methodIn(body: unknown): { readonly type?: unknown } | undefined {
  const method = (body as { readonly payment_method?: unknown } | undefined)?.payment_method;
  if (typeof method !== 'object' || method === null || Array.isArray(method)) return undefined;
  return method;
}

export interface Payment {
  readonly command: AuthorizeCommand;
  readonly isByMerchant: boolean;
  /** Card data is in the request itself; a verification code alone is some. */
  readonly hasCardData: boolean;
}

/** `returnUrlOf` completes where the customer goes in the end. */
export function readPayment(body: AuthoriseBody, { channel, businessMs, mode, key }: RequestContext): Payment {
  const initiation = readInitiation(body.payment_data);
  const { instrument, methodType, keeps, proof } = readInstrument(body, initiation, businessMs);
  const order = readOrder(body, channel);
  const returnUrl = initiation.isByMerchant ? undefined : readReturnUrl(body.return_url, channel, mode);
  const { byReference: _byReference, ...keys } = key;
  const { agreement, isByMerchant } = initiation;
  const device = body.device_info as DeviceInfo | undefined;
  const email = body.customer?.email ?? body.billing_details?.email;
  const shopper = {
    ...{ browser: readBrowser(device), returnUrl: () => returnUrl ?? '', confirms: true as const },
    ...(email === undefined ? {} : { email }),
    ...(proof === undefined ? {} : { proof }),
  };
  const command: AuthorizeCommand = {
    ...{ channel, instrument, tokenize: keeps, merchantReference: maskCardNumbers(body.reference), ...keys },
    ...order,
    dialectData: { ...order.dialectData, methodType, ...customerOf(body, keeps), ...readCallbackUrl(body.callback_url, channel, mode) },
    ...(agreement === undefined ? {} : { agreement }),
    origin: { ...readOrigin(body), ip: readBrowser(device).ip },
    ...(isByMerchant ? {} : { shopper }),
  };
  return { command, isByMerchant, hasCardData: methodType !== 'stored_card' || 'cvc' in body.payment_method };
}

function readOrigin({ customer, billing_details: billing }: AuthoriseBody): Origin {
  const { country, address: street, line_1_address: line = street, postal_code: postcode } = billing ?? {};
  return { email: customer?.email ?? billing?.email, country, address: billingAddressOf({ street: line, postcode }) };
}

/** Under which a card that is kept is listed. */
function customerOf({ customer }: OrderBody, keeps: boolean): Readonly<Record<string, string>> {
  return keeps && customer?.reference !== undefined ? { customerReference: maskCardNumbers(customer.reference) } : {};
}

interface Paid {
  readonly instrument: Instrument;
  readonly methodType: MethodType;
  readonly keeps: boolean;
  /** Of a network token, where the customer pays. */
  readonly proof?: NonNullable<Shopper['proof']>;
}

function readInstrument(body: AuthoriseBody, { isByMerchant }: Initiation, businessMs: number): Paid {
  if (body.payment_method.type === 'stored_card') {
    const { id, cvc } = body.payment_method as unknown as StoredCardMethod;
    const code = cvc === undefined || isByMerchant ? undefined : parseCvc(cvc);
    const token = fromMethodId(id) ?? '';
    return { instrument: { type: 'token', token, ...(code === undefined ? {} : { cvc: code }) }, methodType: 'stored_card', keeps: false };
  }
  if (body.payment_method.type === 'network_token') return readNetworkToken(body, isByMerchant, businessMs);
  const card = body.payment_method as unknown as CardMethod;
  const keeps = card.store_for_future_use === true;
  if (keeps && body.customer?.reference === undefined) {
    throw fieldProblem('customer.reference', 'is required where the card is stored for future use');
  }
  return { instrument: readCard(card, { takesCode: !isByMerchant, holder: holderOf(card, body), businessMs }), methodType: 'card', keeps };
}

/** Its number stands where a card's does; whether it is one, only the scheme can tell. The merchant's own payments have no cryptogram. */
function readNetworkToken(body: AuthoriseBody, isByMerchant: boolean, businessMs: number): Paid {
  const { cryptogram, eci, ...token } = body.payment_method as unknown as NetworkTokenMethod;
  if (!isByMerchant && cryptogram === undefined) {
    throw fieldProblem('payment_method.cryptogram', 'is required where the customer pays');
  }
  const instrument = readCard(token, { takesCode: false, holder: holderOf(token, body), businessMs });
  const proof =
    cryptogram === undefined || isByMerchant
      ? undefined
      : { value: cryptogram, ...(eci === undefined ? {} : { eci: eci.padStart(2, '0') }) };
  return { instrument, methodType: 'network_token', keeps: false, ...(proof === undefined ? {} : { proof }) };
}

interface CardContext {
  /** The customer is there to read it. */
  readonly takesCode: boolean;
  readonly holder: string | undefined;
  readonly businessMs: number;
}

/** What no acquirer would be asked about is recorded as declined, since merchants look for their payment; what is no card at all was refused before. */
function readCard(card: CardMethod, { takesCode, holder, businessMs }: CardContext): Instrument {
  const expiry = { month: Number(card.expiry_month), year: Number(card.expiry_year) };
  const pan = parsePan(card.number);
  const summary: CardSummary = {
    ...{ brand: pan === undefined ? 'unknown' : brandOf(pan), bin: card.number.slice(0, 6), last4: card.number.slice(-4), expiry },
    ...(holder === undefined ? {} : { holder }),
  };
  if (pan === undefined) return { type: 'rejected', summary, reason: 'invalid_card_number' };
  if (isExpired(expiry, businessMs)) return { type: 'rejected', summary, reason: 'card_expired' };
  if (!takesCode) return { type: 'card', pan, summary };
  if (card.cvc === undefined)
    throw fieldProblem('payment_method.cvc', 'is required where the customer pays with a card that is not stored');
  const cvc = parseCvc(card.cvc);
  if (cvc === undefined) throw fieldProblem('payment_method.cvc', 'must be a text of 3 or 4 digits');
  const length = cvcLengthOf(summary.brand);
  if (length !== undefined && card.cvc.length < length) return { type: 'rejected', summary, reason: 'cvc_length' };
  return { type: 'card', pan, cvc, summary };
}

function holderOf({ name }: Pick<CardMethod, 'name'>, { customer }: AuthoriseBody): string | undefined {
  const parts = [name?.first_name, name?.middle_name, name?.last_name].filter((part) => part !== undefined);
  const holder = parts.length > 0 ? parts.join(' ') : customer?.name;
  return holder === undefined ? undefined : maskCardNumbers(holder).slice(0, 128);
}

type Ordered = Pick<AuthorizeCommand, 'kind' | 'amount' | 'currency' | 'captureLater' | 'dialectData'>;

/** What is asked for, whatever it is paid with. */
export function readOrder(body: OrderBody, channel: Channel): Ordered {
  const currency = readCurrency(body.currency);
  const amount = readAmount(body.amount, currency, channel);
  const isManual = body.capture === 'manual';
  const delay = isManual ? undefined : body.capture_delay;
  const delayMs = delay === undefined ? undefined : readDelay(delay);
  return {
    ...{ amount, currency, kind: isManual || delayMs !== undefined ? 'preauthorization' : 'debit' },
    ...(delayMs === undefined ? {} : { captureLater: { afterMs: delayMs } }),
    dialectData: {
      capture: isManual ? 'manual' : 'auto',
      ...(delay === undefined || delayMs === undefined ? {} : { captureDelay: delay }),
      ...group('metadata', readMetadata(body.metadata)),
      ...group('customer', body.customer ?? {}),
      ...group('payment_data', body.payment_data ?? {}),
    },
  };
}

/** ISO 4217, as the core writes it. */
export function readCurrency(text: string): string {
  const code = text.toUpperCase();
  if (currencyOf(code) === undefined) throw fieldProblem('currency', 'must be an ISO 4217 code, as in USD');
  return code;
}

/** Minor units; major ones with decimals where the channel is set so. */
export function readAmount(value: number, currency: string, channel: Channel): number {
  const known = currencyOf(currency);
  const isMajor = policiesOf(channel).amountsAreMajor;
  const minor = !isMajor ? value : known === undefined ? Number.NaN : (parseDecimalAmount(String(value), known) ?? Number.NaN);
  if (!Number.isSafeInteger(minor) || minor <= 0) {
    throw fieldProblem(
      'amount',
      isMajor
        ? 'must be a number above zero with no more decimals than the currency has'
        : 'must be a whole number of minor units above zero',
    );
  }
  if (minor > largestAmount) throw fieldProblem('amount', 'has more than twelve digits of minor units');
  return minor;
}

function readDelay(text: string): number | undefined {
  const delayMs = parseDelay(text);
  if (delayMs === undefined && !/^0+[mhd]$/.test(text)) throw fieldProblem('capture_delay', 'must be a number and m, h or d, as in 1d');
  if (delayMs !== undefined && delayMs > longestDelayMs) throw fieldProblem('capture_delay', 'must be at most seven days');
  return delayMs;
}

function readMetadata(metadata: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  for (const name of Object.keys(metadata)) {
    if (name.length > 40) throw fieldProblem('metadata', 'has a name of more than 40 characters');
  }
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [maskCardNumbers(name), value]));
}

/** Flat, under a prefix; numbers of cards are masked wherever they come. */
function group(name: string, members: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(members).flatMap(([member, value]) => {
      const isKept = typeof value === 'string' || typeof value === 'boolean';
      return isKept && member.length <= 64 ? [[`${name}.${member}`, maskCardNumbers(String(value)).slice(0, 512)] as const] : [];
    }),
  );
}

/** The request's own, where the channel allows its origin, else the channel's. */
export function readReturnUrl(asked: string | undefined, channel: Channel, mode: Mode): string {
  const { returnUrl } = policiesOf(channel);
  if (asked !== undefined) return allowed('return_url', asked, channel, mode);
  if (returnUrl === undefined) throw fieldProblem('return_url', 'is required: no return URL is set for the channel');
  return returnUrl;
}

function readCallbackUrl(asked: string | undefined, channel: Channel, mode: Mode): Readonly<Record<string, string>> {
  return asked === undefined ? {} : { notificationUrl: allowed('callback_url', asked, channel, mode) };
}

/** In the sandbox every address of this machine is allowed. */
function allowed(field: string, url: string, channel: Channel, mode: Mode): string {
  if (!isWebAddress(url)) throw fieldProblem(field, 'must be an http or https URL');
  if (holdsCardNumber(url)) throw fieldProblem(field, 'must not hold what looks like a card number');
  const { origin, hostname } = new URL(url);
  const isLocal = mode === 'sandbox' && (hostname === '127.0.0.1' || hostname === 'localhost');
  if (!isLocal && !policiesOf(channel).allowedOrigins.includes(origin))
    throw fieldProblem(field, 'is not at an origin that the channel allows');
  return url;
}
