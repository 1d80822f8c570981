/** From what is recorded to answers and messages; pure. All leaves are text, amounts have two decimals, times are UTC. */
import type { CardBrand, CardSummary } from '../../core/instrument/card.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { cardPurgedText } from '../../core/merchant/retention.ts';
import { formatDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import { isCharge, type OperationNode, type OperationView } from '../../core/payment/operation.ts';
import type { Result } from './result-codes.ts';
import { resultOf } from './result-codes.ts';
import { type LongStatus, resultOfOperation, shortStatusOf, statusOfAct, statusOfOperation, statusOfPayment } from './states.ts';

/** An answer: absent members are left out, lists are of objects. */
export type Json = { readonly [name: string]: string | Json | readonly Json[] | undefined };

const wireBrands: Readonly<Record<CardBrand, string>> = {
  visa: 'VISA',
  mastercard: 'MC',
  maestro: 'MAESTRO',
  amex: 'AMEX',
  discover: 'DISC',
  diners: 'DINER',
  jcb: 'JCB',
  unionpay: 'CUP',
  unknown: 'CARD',
};

const wireTypes: Readonly<Record<OperationView['kind'], string>> = {
  preauthorization: 'PA',
  debit: 'DB',
  rebill: 'DB',
  payout: 'PO',
  capture: 'CP',
  reversal: 'RV',
  refund: 'RF',
  chargeback: 'CB',
  chargeback_reversal: 'CR',
  receipt: 'RC',
};

/** `yyyy-MM-dd HH:mm:ss`, UTC. */
export function writeTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Minor units with two decimals; a third one is there only where it would be wrong to leave it out. */
export function writeAmount(amount: number, code: string): string {
  const currency = currencyOf(code);
  if (currency === undefined) throw new Error(`a stored currency that ISO 4217 does not know: ${code}`);
  return formatDecimalAmount(amount, currency, 2).replace(/(\.\d\d)0$/, '$1');
}

export interface Written {
  readonly channel: Channel;
  /** Wall time, epoch ms. */
  readonly nowMs: number;
  /** Where the customer has to go first. */
  readonly redirectUrl?: string;
}

/** The number of a payment, from its first operation. */
export function paymentIdOf({ dialectData }: OperationView): string {
  return dialectData.paymentNumber ?? '-';
}

/** A new payment. */
export function writePayment(operation: OperationView, written: Written): Json {
  return { ...describe(operation, written, statusOfOperation(operation)), ...writeEnd(operation, written) };
}

/** How a payment stands now. The result is that of the search; what came of the payment itself is beside it. */
export function writeInquiry(operations: readonly OperationNode[], first: OperationView, written: Written): Json {
  const own = resultOfOperation(first);
  return {
    ...describe(first, written, statusOfPayment(operations)),
    firstName: first.dialectData['customer.givenName'],
    lastName: first.dialectData['customer.surname'],
    result: { ...resultOf('00026'), ...writeBankResult(first) },
    resultCode: own.code,
    resultDescription: own.description,
    ...writeEnd(first, written),
  };
}

/** A capture, refund or reversal of the payment with this number and what has happened to it before. */
export function writeAct(
  operation: OperationView,
  { paymentId, operations }: { readonly paymentId: string; readonly operations: readonly OperationNode[] },
  { nowMs }: Pick<Written, 'nowMs'>,
): Json {
  const status = statusOfAct(operation, operations);
  return {
    ...{ paymentId, status, transactionStatus: actStatus(operation, status), paymentType: wireTypes[operation.kind] },
    ...{ amount: writeAmount(operation.amount, operation.currency), currency: operation.currency },
    merchantTransactionId: operation.merchantReference,
    remark: writeRemark(operation),
    result: { ...resultOfOperation(operation), ...writeBankResult(operation) },
    bankReferenceId: operation.trace?.rrn,
    timestamp: writeTime(nowMs),
  };
}

/** What was asked for has been done, also where the payment itself is cancelled by it. */
function actStatus({ kind, state }: OperationView, status: LongStatus): string {
  return kind === 'reversal' && state === 'approved' ? 'Y' : shortStatusOf(status);
}

function describe(operation: OperationView, { channel }: Written, status: LongStatus): Json {
  const { dialectData, amount, currency } = operation;
  return {
    ...{ paymentId: paymentIdOf(operation), status, transactionStatus: shortStatusOf(status) },
    ...writeMethod(operation),
    paymentType: dialectData.paymentType?.toUpperCase() ?? wireTypes[operation.kind],
    ...{ amount: writeAmount(amount, currency), currency, merchantTransactionId: operation.merchantReference },
    ...{ descriptor: channel.name, orderDescriptor: dialectData.orderDescriptor, remark: writeRemark(operation) },
    result: { ...resultOfOperation(operation), ...writeBankResult(operation) },
  };
}

/** As they were sent, or by what was paid with. */
function writeMethod({ dialectData: { paymentBrand, paymentMode }, card }: OperationView): Json {
  const [brand, mode] = card === undefined ? ['Bank Transfer', 'NB'] : [wireBrands[card.brand], 'CC'];
  return { paymentBrand: paymentBrand ?? brand, paymentMode: paymentMode ?? mode };
}

function writeEnd(operation: OperationView, { channel, nowMs, redirectUrl }: Written): Json {
  const { dialectData, card, token } = operation;
  return {
    ...{
      card: writeCard(card),
      bankAccount: writeAccount(operation.account),
      registrationId: token,
      token,
      recurringType: dialectData.recurringType,
    },
    customer: writeCustomer(dialectData),
    ...{ tmpl_amount: dialectData.tmpl_amount, tmpl_currency: dialectData.tmpl_currency },
    ...{ eci: operation.authentication?.eci, bankReferenceId: operation.trace?.rrn, terminalId: channel.wireId },
    redirect: redirectUrl === undefined ? undefined : { url: redirectUrl, method: 'POST', target: '_self', parameters: [] },
    timestamp: writeTime(nowMs),
  };
}

function writeCustomer(dialectData: OperationView['dialectData']): Json | undefined {
  const { 'customer.email': email, customerId: id } = dialectData;
  return email === undefined && id === undefined ? undefined : { email, id };
}

export function writeCard(card: CardSummary | undefined): Json | undefined {
  if (card === undefined) return undefined;
  return {
    ...{ bin: card.bin, last4Digits: card.last4, holder: card.holder },
    ...{ expiryMonth: String(card.expiry.month).padStart(2, '0'), expiryYear: String(card.expiry.year) },
  };
}

/** Of an account no more than its end is kept. */
function writeAccount(account: OperationView['account']): Json | undefined {
  return account === undefined ? undefined : { holder: account.holder, last4: account.last4 };
}

/** What the acquirer said, in its own code and in words. */
function writeBankResult({ responseCode, reason, state }: OperationView): Json {
  if (responseCode === undefined) return {};
  return { bankCode: responseCode, bankDescription: state === 'approved' ? 'approved' : (reason ?? state).replaceAll('_', ' ') };
}

function writeRemark({ state, reason }: OperationView): string {
  switch (state) {
    case 'approved':
      return 'Approved';
    case 'awaiting':
      return 'Waiting for the customer';
    case 'submitted':
    case 'pending':
    case 'unknown':
    case 'escalated':
      return 'Pending';
    case 'undone':
      return 'No answer in time; reversed';
    case 'declined':
    case 'rejected':
    case 'failed': {
      if (reason === 'card_purged') return cardPurgedText;
      const text = (reason ?? state).replaceAll('_', ' ');
      return text.charAt(0).toUpperCase() + text.slice(1);
    }
  }
}

/** Of messages: what an operation means for its payment, as it is now. `operations`: all of the payment, its own first. */
export function writeNotice(
  operation: OperationView,
  operations: readonly OperationNode[],
  { channel, nowMs }: Written,
): Json & { readonly amount: string } {
  const status = statusOfAct(operation, operations);
  const first: OperationView = operations[0] ?? operation;
  const { dialectData, card } = first;
  return {
    ...{ paymentId: paymentIdOf(first), status, transactionStatus: shortStatusOf(status) },
    ...writeMethod(first),
    paymentType:
      operation.targetId === undefined ? (dialectData.paymentType?.toUpperCase() ?? wireTypes[first.kind]) : wireTypes[operation.kind],
    ...{ firstName: dialectData['customer.givenName'] ?? '', lastName: dialectData['customer.surname'] ?? '' },
    ...{ amount: writeAmount(operation.amount, operation.currency), currency: operation.currency },
    ...{ descriptor: channel.name, merchantTransactionId: first.merchantReference ?? '', remark: writeRemark(operation) },
    ...{ tmpl_amount: dialectData.tmpl_amount ?? '', tmpl_currency: dialectData.tmpl_currency ?? '' },
    result: { ...resultOfOperation(operation), ...writeBankResult(operation) },
    customer: { email: dialectData['customer.email'] ?? '', id: dialectData.customerId ?? '' },
    card: {
      ...{ bin: card?.bin ?? '', lastFourDigits: card?.last4 ?? '', last4Digits: card?.last4 ?? '' },
      expiryMonth: card === undefined ? '' : String(card.expiry.month).padStart(2, '0'),
      expiryYear: card === undefined ? '' : String(card.expiry.year),
    },
    registrationId: first.token,
    ...{ timestamp: writeTime(nowMs), eci: first.authentication?.eci ?? '', bankReferenceId: operation.trace?.rrn ?? '' },
    terminalId: channel.wireId,
  };
}

/** What the customer's browser brings back to the shop; `card` apart, since it goes into no address. */
export function writeReturn(operation: OperationView, channel: Channel, nowMs: number) {
  const status = shortStatusOf(statusOfOperation(operation));
  const { dialectData, card, token } = operation;
  const paymentId = paymentIdOf(operation);
  const reference = operation.merchantReference ?? '';
  const result = resultOfOperation(operation);
  return {
    ...{ paymentId, trackingid: paymentId, merchantTransactionId: reference, desc: reference },
    ...{ amount: writeAmount(operation.amount, operation.currency), currency: operation.currency, status, transactionStatus: status },
    ...{ descriptor: channel.name, resultCode: result.code, resultDescription: result.description, eci: operation.authentication?.eci },
    ...{ timestamp: writeTime(nowMs), token, registrationId: token, tmpl_amount: dialectData.tmpl_amount },
    ...{ tmpl_currency: dialectData.tmpl_currency, resourcePath: `/transactionServices/REST/v1/payments/${paymentId}` },
    card: card === undefined ? {} : { cardBin: card.bin, cardLast4Digits: card.last4 },
  };
}

/** A payment in a list, with what has moved of it. */
export function writeListed(operations: readonly OperationNode[], channel: Channel): Json {
  const [first] = operations;
  if (first === undefined) throw new Error('a payment in a list has no operation');
  const { dialectData, card, currency } = first;
  const sum = (isMeant: (one: OperationNode) => boolean) =>
    operations.reduce((total, one) => (one.state === 'approved' && isMeant(one) ? total + one.amount : total), 0);
  const of = (kind: OperationView['kind']) => sum((one) => one.kind === kind);
  const status = statusOfPayment(operations);
  return {
    ...{ amount: writeAmount(first.amount, currency), currency, systemPaymentId: paymentIdOf(first) },
    ...{ merchantTransactionId: first.merchantReference, transactionStatus: status },
    ...{ captureamount: writeAmount(sum(isCharge), currency), refundamount: writeAmount(of('refund'), currency) },
    chargebackamount: writeAmount(of('chargeback') - of('chargeback_reversal'), currency),
    payoutamount: writeAmount(of('payout'), currency),
    ...{ date: writeTime(first.createdAtMs), transactionDate: writeTime(first.createdAtMs), remark: writeRemark(first) },
    ...{ bankReferenceId: first.trace?.rrn, terminalid: channel.wireId },
    customer: {
      givenName: dialectData['customer.givenName'],
      surname: dialectData['customer.surname'],
      phone: dialectData['customer.phone'],
      email: dialectData['customer.email'],
      telnocc: dialectData['customer.telnocc'],
      country: dialectData['shipping.country'],
      city: dialectData['shipping.city'],
      street: dialectData['shipping.street1'] ?? dialectData['shipping.street'],
    },
    card: writeCard(card),
  };
}

/** A stored card in a list. */
export function writeStoredCard(token: string, card: CardSummary): Json {
  const { holder, ...shown } = writeCard(card) ?? {};
  return { registrationId: token, registrationStatus: 'active', cardType: wireBrands[card.brand], ...shown };
}

export function writeResult(result: Result, nowMs: number): Json {
  return { result: { ...result }, timestamp: writeTime(nowMs) };
}
