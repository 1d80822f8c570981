/** From a body and its channel to a command of the core; pure. Throws a {@link Problem} that names the member for what cannot be. */
import { isIP } from 'node:net';
import type { BankCommand } from '../../core/bank/authorize.ts';
import { type AgreementRequest, isCardInPlaceOfReference } from '../../core/instrument/agreement.ts';
import { billingAddressOf } from '../../core/instrument/billing-address.ts';
import { brandOf, type CardBrand, type CardSummary, type Cvc, isExpired, parseCvc, parsePan } from '../../core/instrument/card.ts';
import { holdsCardNumber, maskCardNumbers } from '../../core/instrument/mask.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { AuthorizeCommand, Instrument } from '../../core/payment/authorize-command.ts';
import type { Origin } from '../../core/risk/rule.ts';
import type { Exemption } from '../../core/three-d-secure/authentication.ts';
import type { ExternalAuthentication } from '../../core/three-d-secure/external.ts';
import { fromGuid } from './ids.ts';
import { invalid, missing, Problem } from './problem.ts';
import { isProductElsewhere, productOf } from './products.ts';
import { refuseSurcharge } from './quotes.ts';
import type { CardData, CardInput, CreatePayment, Money, Order } from './wire.ts';

/** What a request comes with, beside its body. */
export interface RequestContext {
  readonly channel: Channel;
  readonly idempotencyKey: string | undefined;
  /** Wall time of the request, epoch ms. */
  readonly nowMs: number;
  /** Business time, epoch ms: by it cards expire. */
  readonly businessMs: number;
}

export function readMoney({ amount, currencyCode }: Money, path: string): { readonly amount: number; readonly currency: string } {
  if (currencyOf(currencyCode) === undefined) throw invalid(`${path}.currencyCode`, `${path}.currencyCode is no currency of ISO 4217`);
  return { amount, currency: currencyCode };
}

const holderAtMost = 50;

interface CardPath {
  readonly path: string;
  readonly businessMs: number;
  readonly productId: number | undefined;
}

type CardInstrument = Extract<Instrument, { readonly type: 'card' | 'rejected' }>;

/** What no acquirer would be asked about is recorded as refused: the check digit, the expiry. The code's length depends on no brand here. */
export function readCard(card: CardData, { path, businessMs, productId }: CardPath): CardInstrument {
  const { cardNumber, expiryDate, cardholderName, cvv } = card;
  if (cardNumber.length < 12) throw invalid(`${path}.cardNumber`, `${path}.cardNumber is too short for a card number`);
  const expiry = { month: Number(expiryDate.slice(0, 2)), year: 2000 + Number(expiryDate.slice(2)) };
  const holder = cardholderName?.trim().slice(0, holderAtMost);
  const more = { expiry, ...(holder === undefined || holder === '' ? {} : { holder: maskCardNumbers(holder) }) };
  const pan = parsePan(cardNumber);
  if (pan === undefined) {
    const summary: CardSummary = { brand: 'unknown', bin: cardNumber.slice(0, 6), last4: cardNumber.slice(-4), ...more };
    return { type: 'rejected', summary, reason: 'invalid_card_number' };
  }
  refuseOtherProduct(brandOf(pan), productId, path);
  const summary: CardSummary = { brand: brandOf(pan), bin: pan.bin, last4: pan.last4, ...more };
  if (isExpired(expiry, businessMs)) return { type: 'rejected', summary, reason: 'card_expired' };
  const cvc = readCvc(cvv);
  return { type: 'card', pan, summary, ...(cvc === undefined ? {} : { cvc }) };
}

function readCvc(cvv: string | undefined): Cvc | undefined {
  return cvv === undefined ? undefined : parseCvc(cvv);
}

/** A card under another product's number, and numbers of products that are no cards. */
export function refuseOtherProduct(brand: CardBrand, productId: number | undefined, path: string): void {
  if (productId === undefined) return;
  const product = productOf(productId);
  const propertyName = `${path.replace(/\.card$/, '')}.paymentProductId`;
  if (product?.kind !== 'card') throw unknownProduct(productId, propertyName);
  if (!product.brands.includes(brand)) {
    throw new Problem('CARDNUMBER_PAYMENTPRODUCTID_MISMATCH', { propertyName, text: 'the card belongs to another payment product' });
  }
}

function unknownProduct(productId: number, propertyName: string): Problem {
  if (isProductElsewhere(productId)) {
    return new Problem('PAYMENT_PRODUCT_NOT_AVAILABLE', { propertyName, text: `payment product ${productId} is not taken here` });
  }
  return new Problem('UNKNOWN_PRODUCT_ID', { propertyName, text: `${productId} is no payment product that this input can have` });
}

/** Sources of a card that a request may name; one of them. */
const cardPath = 'cardPaymentMethodSpecificInput';

/** A card, or a stored one. */
function readInstrument({ cardPaymentMethodSpecificInput: input = {}, ...body }: CreatePayment, businessMs: number): Instrument {
  const { card, token, networkTokenData, paymentProductId: productId } = input;
  const given = [card, token, networkTokenData, body.hostedTokenizationId, body.encryptedCustomerInput].filter((one) => one !== undefined);
  if (given.length > 1) throw invalid(cardPath, 'more than one card is named: card, token, hostedTokenizationId or encryptedCustomerInput');
  if (card !== undefined) return readCard(card, { path: `${cardPath}.card`, businessMs, productId });
  if (token !== undefined) return readToken(token, `${cardPath}.token`);
  if (networkTokenData !== undefined) {
    throw new Problem('PAYMENT_PRODUCT_NOT_AVAILABLE', {
      propertyName: `${cardPath}.networkTokenData`,
      text: 'network tokens are not taken here',
    });
  }
  throw missing(`${cardPath}.card`);
}

/** What cannot be a token of ours is looked up like one: the answer is the same. */
export function readToken(token: string, propertyName: string): Extract<Instrument, { readonly type: 'token' }> {
  const hex = fromGuid(token);
  if (hex === undefined) throw new Problem('UNKNOWN_TOKEN_ID', { propertyName, text: 'no such token' });
  return { type: 'token', token: hex };
}

/** How the payment is to be held: all but a sale wait for their capture. */
export function isSale({ policies }: Channel, mode: string | undefined): boolean {
  return (mode ?? policies.authorizationMode) === 'SALE';
}

const minuteMs = 60_000;

/** A payment with a card. What 3-D Secure needs is added by `shopper.ts`. */
export function readPayment(request: RequestContext, body: CreatePayment): AuthorizeCommand {
  const terms = readTerms(request, body);
  const isByMailOrPhone = body.cardPaymentMethodSpecificInput?.transactionChannel === 'MOTO';
  return {
    ...{ channel: request.channel, ...terms, ...(isByMailOrPhone ? { isByMailOrPhone } : {}) },
    instrument: withoutCode(readInstrument(body, request.businessMs), terms.agreement),
  };
}

/** The same before there is a card: for pages that ask the shopper for one. */
export function readTerms(request: RequestContext, body: Omit<CreatePayment, 'redirectPaymentMethodSpecificInput'>) {
  const { channel } = request;
  const { cardPaymentMethodSpecificInput: input = {}, order } = body;
  const { authorizationMode, autoCapture, tokenize, recurring } = input;
  const authentication = readAuthentication(input);
  const agreement = readAgreement(input);
  const exemption = readExemption(input);
  const sale = isSale(channel, authorizationMode);
  const delay = autoCapture?.delayInMinutes;
  refuseSurcharge(channel, order);
  return {
    kind: sale ? ('debit' as const) : ('preauthorization' as const),
    ...readMoney(order.amountOfMoney, 'order.amountOfMoney'),
    tokenize: tokenize === true || recurring?.recurringPaymentSequenceIndicator === 'first',
    ...(authentication === undefined ? {} : { authentication }),
    ...(agreement === undefined ? {} : { agreement }),
    ...(exemption === undefined ? {} : { exemption }),
    ...(delay === undefined || sale ? {} : { captureLater: { afterMs: delay * minuteMs } }),
    origin: readOrigin(body),
    ...readCommon(request, { ...order, ...body }, { paymentProductId: input.paymentProductId }),
  };
}

function readOrigin({ order: { customer }, fraudFields }: CreatePayment): Origin {
  const ip = customer?.device?.ipAddress ?? fraudFields?.customerIpAddress;
  const email = customer?.contactDetails?.emailAddress;
  const { houseNumber, street, zip: postcode, countryCode: country } = customer?.billingAddress ?? {};
  return {
    ip: ip === undefined ? undefined : maskCardNumbers(ip),
    email: email === undefined ? undefined : maskCardNumbers(email),
    ...{ country, address: billingAddressOf({ houseNumber, street, postcode }) },
  };
}

/** The code on the card is the shopper's to give, and the shopper is not there. */
function withoutCode(instrument: Instrument, agreement: AgreementRequest | undefined): Instrument {
  if (agreement?.initiator !== 'merchant' || instrument.type !== 'card') return instrument;
  const { cvc, ...rest } = instrument;
  return rest;
}

/** References and what the dialect has to remember. Free text loses any card number somebody typed into it. */
export function readCommon(
  { idempotencyKey, nowMs }: RequestContext,
  {
    references = {},
    feedbacks = {},
    customer,
  }: Pick<Order, 'references'> & Partial<Pick<Order, 'customer'>> & Pick<CreatePayment, 'feedbacks'>,
  more: { readonly paymentProductId?: number | undefined } = {},
) {
  const { merchantReference, merchantParameters, operationGroupReference, descriptor } = references;
  const texts = { merchantParameters, operationGroupReference, descriptor, email: customer?.contactDetails?.emailAddress };
  const kept = Object.entries(texts).flatMap(([name, value]) => (value === undefined ? [] : [[name, maskCardNumbers(value)] as const]));
  return {
    dialectData: {
      ...Object.fromEntries(kept),
      ...(more.paymentProductId === undefined ? {} : { paymentProductId: String(more.paymentProductId) }),
      ...readNotification(feedbacks),
      requestedAtMs: String(nowMs),
    } as Readonly<Record<string, string>>,
    ...(merchantReference === undefined ? {} : { merchantReference: maskCardNumbers(merchantReference) }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey, keyMatchesAnyInput: true as const }),
  };
}

/** Where the request itself wants to be told: all addresses in order, and the first one, by which deliveries find that there are some. */
function readNotification({ webhooksUrls = [], webhookUrl }: NonNullable<CreatePayment['feedbacks']>): Record<string, string> {
  const single = webhookUrl === undefined ? [] : [readReturnUrl(webhookUrl, 'feedbacks.webhookUrl')];
  const urls = [...webhooksUrls.map((url) => readReturnUrl(url, 'feedbacks.webhooksUrls')), ...single];
  const [first] = urls;
  if (first === undefined) return {};
  return { notificationUrl: first, ...(urls.length === 1 ? {} : { notificationUrls: JSON.stringify(urls) }) };
}

const versions: Readonly<Record<string, string>> = { v1: '1.0.2', v2: '2.2.0' };

/** The result of the merchant's own 3-D Secure server. */
function readAuthentication({ threeDSecure }: CardInput): ExternalAuthentication | undefined {
  const data = threeDSecure?.externalCardholderAuthenticationData;
  if (data === undefined) return undefined;
  const { eci, cavv, xid, threeDSecureVersion, directoryServerTransactionId, acsTransactionId, flow } = data;
  const scheme = eci === undefined ? undefined : String(eci).padStart(2, '0');
  if (cavv === undefined && (scheme === '02' || scheme === '05')) {
    throw missing(`${cardPath}.threeDSecure.externalCardholderAuthenticationData.cavv`);
  }
  return {
    ...(scheme === undefined ? {} : { eci: scheme }),
    ...(cavv === undefined ? {} : { authenticationValue: cavv }),
    ...(xid === undefined ? {} : { xid }),
    ...(threeDSecureVersion === undefined ? {} : { version: versions[threeDSecureVersion] ?? threeDSecureVersion }),
    ...(directoryServerTransactionId === undefined ? {} : { dsTransactionId: directoryServerTransactionId }),
    ...(acsTransactionId === undefined ? {} : { acsTransactionId }),
    ...(flow === 'frictionless' || flow === 'challenge' ? { flow } : {}),
  };
}

const exemptions: Readonly<Record<string, Exemption>> = {
  'transaction-risk-analysis': 'risk_analysis',
  'low-value': 'low_value',
  whitelist: 'trusted',
};

/** Why the shopper need not be asked, as the merchant sees it. */
function readExemption({ threeDSecure = {} }: CardInput): Exemption | undefined {
  return threeDSecure.secureCorporatePayment === true ? 'corporate' : exemptions[threeDSecure.exemptionRequest ?? ''];
}

/** Whether the card is stored for later, or used as stored, and who starts the payment. */
function readAgreement(input: CardInput): AgreementRequest | undefined {
  const { isRecurring, recurring, unscheduledCardOnFileRequestor, unscheduledCardOnFileSequenceIndicator } = input;
  const reference = input.schemeReferenceData ?? input.initialSchemeTransactionId;
  if (reference !== undefined && isCardInPlaceOfReference(reference)) {
    const name = input.schemeReferenceData === undefined ? 'initialSchemeTransactionId' : 'schemeReferenceData';
    throw invalid(`${cardPath}.${name}`, 'must be the transaction id that the card scheme gave to the first payment');
  }
  const initial = reference === undefined ? {} : { initial: { networkReference: reference } };
  if (unscheduledCardOnFileRequestor !== undefined || unscheduledCardOnFileSequenceIndicator !== undefined) {
    if (isRecurring === true) {
      throw invalid(`${cardPath}.isRecurring`, 'a payment is either one of a series (isRecurring) or an unscheduled one, not both');
    }
    const initiator = unscheduledCardOnFileRequestor === 'merchantInitiated' ? 'merchant' : 'customer';
    if (unscheduledCardOnFileSequenceIndicator === 'first') return { initiator, sequence: 'initial', type: 'unscheduled' };
    return { initiator, sequence: 'subsequent', type: 'unscheduled', ...initial };
  }
  if (isRecurring !== true && recurring === undefined) return undefined;
  if (recurring?.recurringPaymentSequenceIndicator === 'recurring') {
    return { initiator: 'merchant', sequence: 'subsequent', type: 'recurring', ...initial };
  }
  return { initiator: 'customer', sequence: 'initial', type: 'recurring' };
}

/** A payment at a bank. */
export function readRedirect(request: RequestContext, body: CreatePayment): Omit<BankCommand, 'returnUrl'> {
  const path = 'redirectPaymentMethodSpecificInput';
  const productId = body.redirectPaymentMethodSpecificInput?.paymentProductId;
  if (productId === undefined) throw missing(`${path}.paymentProductId`);
  const product = productOf(productId);
  if (product?.kind !== 'redirect') throw unknownProduct(productId, `${path}.paymentProductId`);
  refuseSurcharge(request.channel, body.order);
  return {
    ...{ channel: request.channel, kind: 'debit', method: product.method },
    ...readMoney(body.order.amountOfMoney, 'order.amountOfMoney'),
    ...readCommon(request, { ...body.order, ...body }, { paymentProductId: productId }),
  };
}

/** Where a shopper can be sent back to. */
export function readReturnUrl(text: string, propertyName: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid(propertyName, `${propertyName} must be an absolute http or https URL`);
  if (holdsCardNumber(text)) throw invalid(propertyName, `${propertyName} must not hold what looks like a card number`);
  return text;
}

/** An address as the shopper’s browser has it; nothing else is told to the issuer. */
export function readIp(text: string | undefined): string | undefined {
  return text !== undefined && isIP(text) !== 0 ? text : undefined;
}
