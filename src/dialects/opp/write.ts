/** From an operation's present state to the answer; pure. All leaves are text, amounts with two decimals. */
import { disputeReasonOf } from '../../core/dispute/reason.ts';
import type { CardBrand } from '../../core/instrument/card.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { formatDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import { declineModelOf, isDeclineReason } from '../../core/payment/decline.ts';
import type { OperationKind, OperationView } from '../../core/payment/operation.ts';
import { shortId, toWireId } from './ids.ts';
import type { ParameterError } from './problem.ts';
import type { Result } from './result-codes.ts';
import { resultOfOperation } from './states.ts';

const typeOfKind: Readonly<Record<OperationKind, string>> = {
  preauthorization: 'PA',
  debit: 'DB',
  capture: 'CP',
  reversal: 'RV',
  refund: 'RF',
  chargeback: 'CB',
  chargeback_reversal: 'CR',
  rebill: 'RB',
  payout: 'CD',
};

const wireBrands: Readonly<Record<CardBrand, string | undefined>> = {
  visa: 'VISA',
  mastercard: 'MASTER',
  maestro: 'MAESTRO',
  amex: 'AMEX',
  discover: 'DISCOVER',
  diners: 'DINERS',
  jcb: 'JCB',
  unionpay: 'UNIONPAY',
  unknown: undefined,
};

type Json = { readonly [name: string]: Json | string | readonly (Json | string)[] | undefined };

export interface Answering {
  readonly mode: 'sandbox' | 'live';
  readonly channel: Channel;
}

/** An operation as answers, status requests and lists show it, without the envelope. */
export function writeOperation(operation: OperationView, { mode, channel }: Answering): { readonly body: Json; readonly result: Result } {
  const result = resultOfOperation(operation, mode);
  const isFirst = operation.targetId === undefined;
  const { dialectData } = operation;
  // A chargeback's reversal refers to the chargeback, whose id is its dispute's.
  const referenced = operation.kind === 'chargeback_reversal' ? operation.disputeId : (operation.targetId ?? operation.referenceId);
  const body: Json = {
    id: toWireId(operation.operationId),
    paymentType: dialectData.paymentType ?? typeOfKind[operation.kind],
    paymentBrand: dialectData.paymentBrand ?? (operation.card === undefined ? undefined : wireBrands[operation.card.brand]),
    ...(operation.state === 'approved' ? writeMoney(operation, channel) : {}),
    registrationId: operation.token,
    referencedId: referenced === undefined ? undefined : toWireId(referenced),
    merchantTransactionId: operation.merchantReference,
    merchantInvoiceId: dialectData.merchantInvoiceId,
    merchantMemo: dialectData.merchantMemo,
    recurringType: dialectData.recurringType,
    result: { ...result },
    resultDetails: writeDetails(operation),
    card: isFirst || dialectData.paymentType !== undefined ? writeCard(operation) : undefined,
    ...writeEcho(dialectData),
  };
  return { body, result };
}

function writeMoney(operation: OperationView, channel: Channel): Json {
  const currency = currencyOf(operation.currency);
  if (currency === undefined) throw new Error(`a stored currency that ISO 4217 does not know: ${operation.currency}`);
  return {
    amount: twoDecimals(formatDecimalAmount(operation.amount, currency, 2)),
    currency: operation.currency,
    descriptor: `${shortId(operation.operationId)} ${operation.dialectData.descriptor ?? channel.name}`,
  };
}

/** The protocol has two decimals for every currency; a third one is there only where it would be wrong to leave it out. */
function twoDecimals(amount: string): string {
  return amount.replace(/(\.\d\d)0$/, '$1');
}

function writeCard({ card }: OperationView): Json | undefined {
  if (card === undefined) return undefined;
  return {
    bin: card.bin,
    last4Digits: card.last4,
    holder: card.holder,
    expiryMonth: String(card.expiry.month).padStart(2, '0'),
    expiryYear: String(card.expiry.year),
  };
}

/** `ExtendedDescription` is always there: one large client refuses the object without it. */
function writeDetails(operation: OperationView): Json | undefined {
  if (operation.kind === 'chargeback') return writeDispute(operation);
  if (operation.responseCode === undefined) return undefined;
  return {
    ExtendedDescription: extendedDescription(operation),
    ...writeAdvice(operation),
    AcquirerResponse: operation.responseCode,
    ConnectorTxID1: operation.trace?.rrn,
    ConnectorTxID2: operation.trace?.stan,
    AuthCode: operation.approvalCode,
    CardholderInitiatedTransactionID: operation.agreement?.networkReference ?? operation.networkReference,
  };
}

/** The reason in words, and the scheme's own code for it. */
function writeDispute({ hostCode }: OperationView): Json | undefined {
  if (hostCode === undefined) return undefined;
  return { ExtendedDescription: disputeReasonOf(hostCode).replaceAll('_', ' '), DisputeReasonCode: hostCode };
}

/** What to make of a decline: whether the card may be tried again, and who has to do something first. */
function writeAdvice({ state, reason }: OperationView): Json {
  if (state !== 'declined' || !isDeclineReason(reason)) return {};
  const { category, retryable, mustAct } = declineModelOf(reason);
  return { DeclineCategory: category, Retryable: String(retryable), MustAct: mustAct };
}

function extendedDescription({ kind, state, reason }: OperationView): string {
  if (state === 'approved') return kind === 'preauthorization' ? 'Authorized' : 'Approved';
  return (reason ?? state).replaceAll('_', ' ');
}

/** Flat names back into the objects and lists that answers use: `cart.items[0].name`, `customParameters[x]`, `customer.browser.language`. */
function writeEcho(data: Readonly<Record<string, string>>): Json {
  const echo: Record<string, unknown> = {};
  const items = new Map<string, Record<string, unknown>>();
  for (const [name, value] of Object.entries(data)) {
    const [, parameter] = /^customParameters\[(.+)\]$/.exec(name) ?? [];
    const [, index, field] = /^cart\.items\[(\d+)\]\.(.+)$/.exec(name) ?? [];
    if (parameter !== undefined) setPath(echo, ['customParameters', parameter], value);
    else if (index !== undefined && field !== undefined) items.set(index, { ...items.get(index), [field]: value });
    else if (name.includes('.')) setPath(echo, name.split('.'), value);
  }
  if (items.size > 0) setPath(echo, ['cart', 'items'], [...items.values()]);
  return echo as Json;
}

function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  // Without a prototype, since `__proto__` is a name that free parameters may have.
  const object: Record<string, unknown> =
    typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : Object.create(null);
  target[head] = object;
  setPath(object, rest, value);
}

export interface Envelope {
  readonly buildNumber: string;
  readonly ndc: string;
  /** Wall time, epoch ms. */
  readonly nowMs: number;
}

/** What every answer carries. */
export function writeEnvelope({ buildNumber, ndc, nowMs }: Envelope): Json {
  return { buildNumber, timestamp: `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')}+0000`, ndc };
}

/** The time of a transaction that is read back has milliseconds. */
export function writeReadTimestamp(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 23).replace('T', ' ')}+0000`;
}

export function writeResult(result: Result, parameterErrors: readonly ParameterError[]): Json {
  return {
    result: { ...result, ...(parameterErrors.length === 0 ? {} : { parameterErrors: parameterErrors as unknown as readonly Json[] }) },
  };
}
