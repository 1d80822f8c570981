/** From parameters to core commands: pure, but for the present date. */
import type { BankCommand } from '../../core/bank/authorize.ts';
import type { BankMethod } from '../../core/instrument/bank.ts';
import { billingAddressOf } from '../../core/instrument/billing-address.ts';
import { brandOf, type CardBrand, type CardSummary, cvcLengthOf, isExpired, parseCvc, parsePan } from '../../core/instrument/card.ts';
import type { ForgetCommand } from '../../core/instrument/forget.ts';
import { holdsCardNumber, maskCardNumbers } from '../../core/instrument/mask.ts';
import type { TokenizeCommand } from '../../core/instrument/tokenize.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { parseDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { AuthorizeCommand, Instrument } from '../../core/payment/authorize-command.ts';
import type { OperateCommand } from '../../core/payment/operate.ts';
import type { Origin } from '../../core/risk/rule.ts';
import type { ExternalAuthentication } from '../../core/three-d-secure/external.ts';
import { readAgreement } from './agreement.ts';
import { readBrand } from './brands.ts';
import { policiesOf } from './policies.ts';
import { Problem, parameterProblem } from './problem.ts';
import { readExemption, readWayBack, readWayBackOfRebill } from './shopper.ts';
import { echoed, echoLimit, type Parameters } from './wire.ts';

/** The type of a request that is two acts: a preauthorization, and the capture of all of it. */
export const composite = 'PA.CP';

export interface RequestContext {
  readonly channel: Channel;
  readonly parameters: Parameters;
  readonly idempotencyKey: string | undefined;
  /** Wall time, epoch ms. */
  readonly nowMs: number;
  /** Business time, epoch ms: by it cards expire. */
  readonly businessMs: number;
}

/** A new payment with card data. */
export function readPayment(request: RequestContext): AuthorizeCommand {
  return { ...readAuthorization(request), instrument: withCode(request, readCard(request)) };
}

/** A new payment at a bank. What a bank has no use for is refused, so that nobody believes in it. */
export function readBankPayment(request: RequestContext, method: BankMethod): BankCommand {
  const { channel, parameters } = request;
  const { paymentType, createRegistration } = parameters;
  const kind = paymentType === 'PA.CP' ? 'payout' : readKind(parameters);
  if (kind === 'payout') throw new Problem('600.200.310');
  if (createRegistration === 'true' || Object.keys(parameters).some((name) => name.startsWith('card.'))) throw new Problem('600.200.100');
  const money = readAmount(parameters);
  if (money === undefined) throw new Problem('100.550.300');
  return { channel, kind, method, ...money, returnUrl: readWayBack(parameters), ...readCommon(request) };
}

/** A new payment with a token. */
export function readTokenPayment(request: RequestContext, token: string): AuthorizeCommand {
  const cvc = readCvc(request.parameters);
  return { ...readAuthorization(request), instrument: { type: 'token', token, ...(cvc === undefined ? {} : { cvc }) } };
}

export function readAuthorization(request: RequestContext): Omit<AuthorizeCommand, 'instrument'> {
  const { channel, parameters } = request;
  const { createRegistration } = parameters;
  const kind = readKind(parameters);
  const money = readAmount(parameters);
  if (money === undefined) throw new Problem('100.550.300');
  return {
    channel,
    kind,
    ...money,
    ...readAuthentication(parameters, money),
    ...readExemption(parameters),
    tokenize: createRegistration === 'true',
    ...(kind === 'payout' ? {} : readAgreement(parameters)),
    ...readCommon(request),
    ...captureOf(request),
    origin: readOrigin(parameters),
  };
}

function readOrigin(parameters: Parameters): Origin {
  const { 'customer.ip': ip, 'customer.email': email, 'billing.country': country } = parameters;
  const { 'billing.houseNumber1': houseNumber, 'billing.street1': street, 'billing.postcode': postcode } = parameters;
  return { ip, email, country, address: billingAddressOf({ houseNumber, street, postcode }) };
}

function captureOf({ channel, parameters }: RequestContext): Pick<AuthorizeCommand, 'captureLater'> {
  const { captureAfterMs } = policiesOf(channel);
  return parameters.paymentType === 'PA' && captureAfterMs !== undefined ? { captureLater: { afterMs: captureAfterMs } } : {};
}

/** A card to be stored without a payment. Its code has no use then; only its length is looked at. */
export function readTokenization(request: RequestContext): TokenizeCommand {
  const instrument = readCard(request);
  return {
    channel: request.channel,
    card: instrument.type === 'card' ? { type: 'card', pan: instrument.pan, summary: instrument.summary } : instrument,
    ...readCommon(request),
  };
}

/** The end of a stored card. */
export function readDeletion(request: RequestContext, token: string): ForgetCommand {
  return { channel: request.channel, token, ...readCommon(request) };
}

function readKind({ paymentType }: Parameters): AuthorizeCommand['kind'] {
  switch (paymentType) {
    case undefined:
      throw parameterProblem('paymentType', undefined, 'may not be empty');
    case 'PA':
    case composite:
      return 'preauthorization';
    case 'DB':
      return 'debit';
    case 'CD':
      return 'payout';
    default:
      throw new Problem('600.200.400');
  }
}

/** An operation on an existing one. Only reversals, of a payment or of a chargeback, may leave the amount out. */
export function readOperation(request: RequestContext, operationId: string): OperateCommand {
  const money = readAmount(request.parameters);
  const { paymentType } = request.parameters;
  if (money === undefined && paymentType !== 'RV' && paymentType !== 'CR') throw new Problem('100.550.300');
  const back = paymentType === 'RB' ? { returnUrl: readWayBackOfRebill(request.parameters) } : {};
  return { channel: request.channel, operationId, ...money, ...back, ...readCommon(request) };
}

export function readCommon({ parameters, idempotencyKey }: RequestContext) {
  const { merchantTransactionId } = parameters;
  return {
    dialectData: { ...readEcho(parameters), ...readNotification(parameters) },
    ...(merchantTransactionId === undefined ? {} : { merchantReference: maskCardNumbers(merchantTransactionId) }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/** Amount and currency belong together; both may be absent. */
export function readAmount({ amount, currency }: Parameters): { readonly amount: number; readonly currency: string } | undefined {
  if (amount === undefined) return undefined;
  if (currency === undefined) throw new Problem('100.550.400');
  const known = currencyOf(currency);
  if (known === undefined) throw new Problem('100.550.401');
  const minor = parseDecimalAmount(amount, known);
  if (minor === undefined) throw new Problem('100.550.303');
  return { amount: minor, currency };
}

/** Taken as the merchant's own server gave it; the formats were checked. What was authenticated for another amount counts for none. */
function readAuthentication(
  parameters: Parameters,
  paid: { readonly amount: number; readonly currency: string },
): Pick<AuthorizeCommand, 'authentication'> {
  const { 'threeDSecure.amount': amount, 'threeDSecure.currency': currency = paid.currency } = parameters;
  const authenticated = amount === undefined ? { ...paid, currency } : readAmount({ amount, currency });
  if (authenticated?.amount !== paid.amount || authenticated.currency !== paid.currency) throw new Problem('100.390.101');
  const fields = {
    eci: parameters['threeDSecure.eci'],
    authenticationValue: parameters['threeDSecure.verificationId'],
    xid: parameters['threeDSecure.xid'],
    version: parameters['threeDSecure.version'],
    dsTransactionId: parameters['threeDSecure.dsTransactionId'],
    acsTransactionId: parameters['threeDSecure.acsTransactionId'],
    flow: parameters['threeDSecure.flow'],
    status: parameters['threeDSecure.authenticationStatus'],
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? {} : { authentication: Object.fromEntries(given) as ExternalAuthentication };
}

const needCode: readonly CardBrand[] = ['visa', 'mastercard', 'amex'];

/** A channel may insist on the code of the brands that print one, where the cardholder is there to read it. */
function withCode({ channel, parameters }: RequestContext, instrument: CardInstrument): CardInstrument {
  if (instrument.type === 'rejected' || instrument.cvc !== undefined || !policiesOf(channel).requireCvv) return instrument;
  const isMerchants = parameters['standingInstruction.source'] === 'MIT' || parameters.recurringType === 'REPEATED';
  if (isMerchants || !needCode.includes(instrument.summary.brand)) return instrument;
  return { type: 'rejected', summary: instrument.summary, reason: 'cvc_missing' };
}

type CardInstrument = Extract<Instrument, { readonly type: 'card' | 'rejected' }>;

/** Accounts other than cards, which no acquirer here takes. */
const otherAccount = /^(bankAccount|virtualAccount|tokenAccount|applePay|googlePay)\./;

/** What no acquirer would be asked about is recorded as rejected: the check digit, the expiry, a brand that is not the number's. */
function readCard({ channel, parameters, businessMs }: RequestContext): CardInstrument {
  const { 'card.number': number, 'card.holder': holder, 'card.expiryMonth': month, 'card.expiryYear': year, paymentBrand } = parameters;
  const named = paymentBrand === undefined ? undefined : readBrand(paymentBrand);
  if (number === undefined)
    throw new Problem(Object.keys(parameters).some((name) => otherAccount.test(name)) ? '600.200.201' : '100.100.100');
  if (month === undefined) throw new Problem('100.100.200');
  if (year === undefined) throw new Problem('100.100.300');
  const { requireHolder, requireBrand } = policiesOf(channel);
  if (requireHolder && holder === undefined) throw new Problem('100.100.400');
  if (requireBrand && paymentBrand === undefined) throw new Problem('100.100.500');
  const cvc = readCvc(parameters);
  const expiry = { month: Number(month), year: Number(year) };
  const more = { expiry, ...(holder === undefined ? {} : { holder: maskCardNumbers(holder) }) };
  const pan = parsePan(number);
  if (pan === undefined) {
    const summary: CardSummary = { brand: named ?? 'unknown', bin: number.slice(0, 6), last4: number.slice(-4), ...more };
    return { type: 'rejected', summary, reason: 'invalid_card_number' };
  }
  const brand = brandOf(pan);
  const summary: CardSummary = { brand, bin: pan.bin, last4: pan.last4, ...more };
  if (named !== undefined && brand !== named) return { type: 'rejected', summary, reason: 'brand_mismatch' };
  if (isExpired(expiry, businessMs)) return { type: 'rejected', summary, reason: 'card_expired' };
  if (cvc !== undefined && cvc.masked.length !== (cvcLengthOf(brand) ?? cvc.masked.length))
    return { type: 'rejected', summary, reason: 'cvc_length' };
  return { type: 'card', pan, summary, ...(cvc === undefined ? {} : { cvc }) };
}

function readCvc({ 'card.cvv': digits }: Parameters) {
  return digits === undefined ? undefined : parseCvc(digits);
}

/** What the notifications of this operation need to know later; no answer repeats it. */
function readNotification({ notificationUrl, createRegistration }: Parameters): Record<string, string> {
  if (notificationUrl !== undefined) {
    const url = URL.parse(notificationUrl);
    const isHeld = holdsCardNumber(notificationUrl);
    if (url === null || !/^https?:$/.test(url.protocol))
      throw parameterProblem('notificationUrl', isHeld ? undefined : notificationUrl, 'must be an http or https URL');
    if (isHeld) throw parameterProblem('notificationUrl', undefined, 'must not hold what looks like a card number');
  }
  return {
    ...(notificationUrl === undefined ? {} : { notificationUrl }),
    ...(createRegistration === 'true' ? { createRegistration } : {}),
  };
}

/** What answers repeat. Free text loses any card number somebody typed into it. */
function readEcho(parameters: Parameters): Record<string, string> {
  const kept: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || !echoed.test(name)) continue;
    size += name.length + value.length;
    if (size > echoLimit) break;
    kept[maskCardNumbers(name)] = maskCardNumbers(value);
  }
  return kept;
}
