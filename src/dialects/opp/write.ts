/** From an operation's present state to the answer; pure. All leaves are text, amounts with two decimals. */
import { disputeReasonOf } from '../../core/dispute/reason.ts';
import type { CardSummary } from '../../core/instrument/card.ts';
import type { CardChecks, CheckResult } from '../../core/instrument/card-checks.ts';
import type { TokenAct, TokenView } from '../../core/instrument/token.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { cardPurgedText } from '../../core/merchant/retention.ts';
import { formatDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import { declineModelOf, isDeclineReason, ruledOutBy } from '../../core/payment/decline.ts';
import { type OperationKind, type OperationView, operationKinds, type PaymentTree } from '../../core/payment/operation.ts';
import { calledOff, isCapturing, isInReview, kindAsked, stateShown } from '../../core/risk/review.ts';
import { isOpen } from '../../core/states/authentication.ts';
import type { Schedule } from '../../core/subscription/schedule.ts';
import type { StandAloneView } from '../../core/three-d-secure/authenticate.ts';
import type { AuthenticationView } from '../../core/three-d-secure/authentication.ts';
import { viewOfRun } from '../../core/three-d-secure/view.ts';
import type { Mode } from '../dialect.ts';
import { brandOf, shownBrand } from './brands.ts';
import { shortId, toWireId } from './ids.ts';
import type { ParameterError } from './problem.ts';
import type { Result } from './result-codes.ts';
import { resultOfAuthentication, resultOfOperation, resultOfTokenAct, successOf } from './states.ts';
import type { Parameters } from './wire.ts';

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
  receipt: 'RC',
};

/** The kinds that a type names; none for types that no operation here has. */
export function kindsOfType(type: string): readonly OperationKind[] {
  return operationKinds.filter((kind) => typeOfKind[kind] === type);
}

export type Json = { readonly [name: string]: Json | string | readonly (Json | string)[] | undefined };

export interface Answering {
  readonly mode: Mode;
  readonly channel: Channel;
  /** Where the shopper has to go first. */
  readonly redirectUrl?: string;
}

/** An operation as answers, status requests and lists show it, without the envelope. */
export function writeOperation(
  operation: OperationView,
  { mode, channel, redirectUrl }: Answering,
): { readonly body: Json; readonly result: Result } {
  const result = resultOfOperation(operation, mode);
  const isFirst = operation.targetId === undefined;
  const { dialectData } = operation;
  // A chargeback's reversal refers to the chargeback, whose id is its dispute's.
  const referenced = operation.kind === 'chargeback_reversal' ? operation.disputeId : (operation.targetId ?? operation.referenceId);
  const body: Json = {
    id: toWireId(operation.operationId),
    shortId: shortId(operation.operationId),
    paymentType: dialectData.paymentType ?? typeOfKind[kindAsked(operation)],
    paymentBrand: brandOf(operation),
    ...(isApproved(operation) || (operation.bank !== undefined && redirectUrl !== undefined) ? writeMoney(operation, channel) : {}),
    registrationId: operation.token,
    referencedId: referenced === undefined ? undefined : toWireId(referenced),
    ...writeReferences(operation),
    recurringType: dialectData.recurringType,
    result: { ...result, ...writeChecks(operation) },
    resultDetails: writeDetails(operation),
    risk: isFirst && stateShown(operation) !== 'rejected' ? noRisk : undefined,
    card: isFirst || dialectData.paymentType !== undefined ? writeCard(operation.card) : undefined,
    redirect: redirectUrl === undefined ? undefined : { url: redirectUrl, method: 'POST', parameters: [] },
    ...writeEcho({ ...dialectData, ...echoOf(operation.authentication) }),
  };
  return { body, result };
}

/** Also what is approved and held for review, or let through and not captured yet. */
function isApproved(operation: OperationView): boolean {
  return operation.state === 'approved' && stateShown(operation) !== 'rejected';
}

/** A stored card, or one that was refused, without the envelope. */
export function writeRegistration({ token, card, act }: TokenView, mode: Mode): { readonly body: Json; readonly result: Result } {
  const dialectData = act?.dialectData ?? {};
  const result = resultOfTokenAct(act, mode);
  const body: Json = {
    id: token,
    paymentBrand: act?.rejection === 'brand_mismatch' ? dialectData.paymentBrand : shownBrand(dialectData.paymentBrand, card.brand),
    ...writeReferences(act),
    result: { ...result },
    card: writeCard(card),
    ...writeEcho(dialectData),
  };
  return { body, result };
}

/** An authentication without a payment, without the envelope. What proves it is shown to the merchant, who asked for it and needs it. */
export function writeAuthentication(
  { id, run, value }: StandAloneView,
  { mode, redirectUrl }: { readonly mode: Mode; readonly redirectUrl: string },
): { readonly body: Json; readonly result: Result } {
  const { card, merchantReference, dialectData = {} } = run.request.standAlone ?? {};
  const result = resultOfAuthentication(run, dialectData, mode);
  const currency = currencyOf(run.currency);
  if (currency === undefined) throw new Error(`a stored currency that ISO 4217 does not know: ${run.currency}`);
  const proof: Record<string, string> = value === undefined ? {} : { 'threeDSecure.verificationId': value };
  const body: Json = {
    id: toWireId(id),
    paymentBrand: shownBrand(dialectData.paymentBrand, run.request.brand),
    amount: twoDecimals(formatDecimalAmount(run.amount, currency, 2)),
    currency: run.currency,
    ...writeReferences({ dialectData, ...(merchantReference === undefined ? {} : { merchantReference }) }),
    result: { ...result },
    card: writeCard(card),
    redirect: isOpen(run.state) ? { url: redirectUrl, method: 'POST', parameters: [] } : undefined,
    ...writeEcho({ ...dialectData, ...echoOf(viewOfRun(run)), ...proof }),
  };
  return { body, result };
}

/** The deletion of a stored card: an id of its own that refers to it. */
export function writeDeletion(act: TokenAct, mode: Mode): { readonly body: Json; readonly result: Result } {
  const result = resultOfTokenAct(act, mode);
  return { body: { id: toWireId(act.actId), referencedId: act.token, ...writeReferences(act), result: { ...result } }, result };
}

/** A schedule: what it pays each time. */
export function writeSchedule(schedule: Schedule, mode: Mode): Json {
  const currency = currencyOf(schedule.currency);
  if (currency === undefined) throw new Error(`a stored currency that ISO 4217 does not know: ${schedule.currency}`);
  return {
    id: toWireId(schedule.scheduleId),
    registrationId: schedule.token,
    paymentType: typeOfKind[schedule.kind],
    amount: twoDecimals(formatDecimalAmount(schedule.amount, currency, 2)),
    currency: schedule.currency,
    ...writeReferences(schedule),
    recurringType: schedule.dialectData.recurringType,
    result: { ...successOf(schedule.dialectData, mode) },
    ...writeEcho(schedule.dialectData),
  };
}

/** The end of a schedule: an id of its own that refers to it. */
export function writeCancellation(
  canceled: { readonly cancelId: string; readonly scheduleId: string; readonly parameters: Parameters },
  mode: Mode,
): Json {
  const { testMode, merchantTransactionId } = canceled.parameters;
  return {
    id: toWireId(canceled.cancelId),
    referencedId: toWireId(canceled.scheduleId),
    merchantTransactionId,
    result: { ...successOf(testMode === undefined ? {} : { testMode }, mode) },
  };
}

function writeReferences(recorded: Pick<OperationView, 'merchantReference' | 'dialectData'> | undefined): Json {
  return {
    merchantTransactionId: recorded?.merchantReference,
    merchantInvoiceId: recorded?.dialectData.merchantInvoiceId,
    merchantMemo: recorded?.dialectData.merchantMemo,
  };
}

/** Nothing here rates payments yet; the platform's neutral score. */
const noRisk = { score: '0' };

export function writeMoney(operation: OperationView, channel: Channel): Json {
  const currency = currencyOf(operation.currency);
  if (currency === undefined) throw new Error(`a stored currency that ISO 4217 does not know: ${operation.currency}`);
  return {
    amount: twoDecimals(formatDecimalAmount(operation.amount, currency, 2)),
    currency: operation.currency,
    descriptor: `${shortId(operation.operationId)} ${operation.dialectData.descriptor ?? operation.dialectData['merchant.name'] ?? channel.name}`,
  };
}

/** The protocol has two decimals for every currency; a third one is there only where it would be wrong to leave it out. */
function twoDecimals(amount: string): string {
  return amount.replace(/(\.\d\d)0$/, '$1');
}

function writeCard(card: CardSummary | undefined): Json | undefined {
  if (card === undefined) return undefined;
  return {
    bin: card.bin,
    last4Digits: card.last4,
    holder: card.holder,
    expiryMonth: String(card.expiry.month).padStart(2, '0'),
    expiryYear: String(card.expiry.year),
  };
}

/** What the issuer has found, in the few letters that the protocol has. A decline for the code says so by itself. */
function writeChecks({ checks: { address, cvc } = {}, reason }: OperationView): Json {
  const ofDecline = reason === 'invalid_cvc' ? 'N' : undefined;
  return {
    avsResponse: address === undefined ? undefined : avsResponseOf(address),
    cvvResponse: cvc === undefined ? ofDecline : (cvvResponses[cvc.code] ?? cvvResponses[cvc.result]),
  };
}

const cvvResponses: Readonly<Record<string, string>> = {
  ...{ M: 'M', N: 'N', P: 'P', S: 'S', U: 'U' },
  ...({ match: 'M', mismatch: 'N', not_checked: 'P', unavailable: 'U' } satisfies Record<CheckResult, string>),
};

function avsResponseOf({ street, postcode }: NonNullable<CardChecks['address']>): string {
  if (street === 'match') return postcode === 'match' ? 'F' : 'A';
  if (postcode === 'match') return 'Z';
  return street === 'mismatch' || postcode === 'mismatch' ? 'N' : 'U';
}

/** `ExtendedDescription` is always there: one large client refuses the object without it. */
function writeDetails(operation: OperationView): Json | undefined {
  if (operation.kind === 'chargeback') return writeDispute(operation);
  if (operation.reason === 'card_purged') return { ExtendedDescription: cardPurgedText };
  if (operation.responseCode === undefined) return undefined;
  return {
    ExtendedDescription: extendedDescription(operation),
    ...writeAdvice(operation),
    AcquirerResponse: operation.responseCode,
    ConnectorTxID1: operation.trace?.rrn,
    ConnectorTxID2: operation.bank === undefined ? operation.trace?.stan : operation.networkReference,
    AuthCode: operation.approvalCode,
    CardholderInitiatedTransactionID:
      operation.bank === undefined ? (operation.agreement?.networkReference ?? operation.networkReference) : undefined,
  };
}

/** A payment's amounts, from which it follows what may still be captured and given back; two decimals, like all amounts. */
export function writeTree(tree: PaymentTree): Json {
  const currency = currencyOf(tree.currency);
  if (currency === undefined) throw new Error(`a stored currency that ISO 4217 does not know: ${tree.currency}`);
  const money = (amount: number) => twoDecimals(formatDecimalAmount(amount, currency, 2));
  const total = (counter: 'refunded' | 'reversed' | 'chargedBack' | 'chargebackReversed') =>
    tree.operations.reduce((sum, operation) => sum + operation[counter], 0);
  const held = Math.max(0, tree.authorized - tree.captured - tree.capturePending - tree.released - tree.releasePending);
  return {
    state: tree.state,
    currency: tree.currency,
    authorized: money(tree.authorized),
    captured: money(tree.captured),
    released: money(tree.released),
    refunded: money(total('refunded')),
    reversed: money(total('reversed')),
    chargedBack: money(total('chargedBack') - total('chargebackReversed')),
    capturable: money(held),
  };
}

/** The reason in words, and the scheme's own code for it. */
function writeDispute({ hostCode }: OperationView): Json | undefined {
  if (hostCode === undefined) return undefined;
  return { ExtendedDescription: disputeReasonOf(hostCode).replaceAll('_', ' '), DisputeReasonCode: hostCode };
}

/** What to make of a decline: whether the card may be tried again, and who has to do something first. */
function writeAdvice({ state, reason, adviceCode }: OperationView): Json {
  if (state !== 'declined' || !isDeclineReason(reason)) return {};
  const { category, retryable, mustAct } = declineModelOf(reason);
  const mayBeTried = retryable && ruledOutBy(reason, adviceCode) !== 'payments';
  return { DeclineCategory: category, Retryable: String(mayBeTried), MustAct: mustAct, MerchantAdviceCode: adviceCode };
}

function extendedDescription(operation: OperationView): string {
  const { kind, state, reason } = operation;
  if (isInReview(operation)) return 'Authorized and held for review';
  if (isCapturing(operation)) return 'Authorized, its capture is not confirmed yet';
  if (reason === calledOff) return 'Voided under review';
  if (isApproved(operation)) return kind === 'preauthorization' ? 'Authorized' : 'Approved';
  return (reason ?? state).replaceAll('_', ' ');
}

/** Under the names that the results of a merchant's own server have; the proof itself is told to the acquirer only. */
function echoOf(run: AuthenticationView | undefined): Record<string, string> {
  if (run?.dsTransactionId === undefined) return {};
  const values = {
    eci: run.eci,
    version: run.version,
    dsTransactionId: run.dsTransactionId,
    acsTransactionId: run.acsTransactionId,
    flow: run.acsUrl === undefined ? 'frictionless' : 'challenge',
    authenticationStatus: run.transStatus ?? 'C',
  };
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [`threeDSecure.${name}`, value]));
}

/** Flat names back into the objects and lists that answers use: `cart.items[0].name`, `customParameters[x]`, `customer.browser.language`. */
function writeEcho(data: Readonly<Record<string, string>>): Json {
  const echo: Record<string, unknown> = {};
  const items = new Map<number, Record<string, unknown>>();
  for (const [name, value] of Object.entries(data)) {
    const [, parameter] = /^customParameters\[(.+)\]$/.exec(name) ?? [];
    const [, index, field] = /^cart\.items\[(\d+)\]\.(.+)$/.exec(name) ?? [];
    if (parameter !== undefined) setPath(echo, ['customParameters', parameter], value);
    else if (index !== undefined && field !== undefined) items.set(Number(index), { ...items.get(Number(index)), [field]: value });
    else if (name.includes('.')) setPath(echo, name.split('.'), value);
  }
  const lines = [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
  if (lines.length > 0) setPath(echo, ['cart', 'items'], lines);
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
