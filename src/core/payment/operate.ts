/**
 * Acts on an existing payment: capture, void, refund. Each act decides on the payment as it was read; the first transaction checks the
 * same amounts again while it reserves them, so that of two acts at the same moment only one can have the money.
 */

import { actAtBank } from '../bank/act.ts';
import type { Channel } from '../merchant/channel.ts';
import { refuseAmount } from '../money/refuse-money.ts';
import { orderedId } from '../ordered-id.ts';
import type { AcquirerRequest } from '../ports/acquirer.ts';
import type { IdempotencyKey, NewOperation } from '../ports/new-operation.ts';
import { type Refusal, type RefusalCode, refusal, refused } from '../refusals.ts';
import { conclude } from './conclude.ts';
import { isTooLateToSend } from './deadline.ts';
import type { ActResult, Engine } from './engine.ts';
import { keyOfRow, repeatOf, resultOfFailure, resultOfHolder } from './idempotency.ts';
import type { MerchantNames } from './merchant-names.ts';
import { type DueReason, isPosted, type OperationNode, type OperationView, type PaymentTree, type Trace } from './operation.ts';
import { refuseWhenUnavailable } from './store-failure.ts';

export interface OperateCommand extends MerchantNames {
  readonly channel: Channel;
  /** The operation the merchant names. */
  readonly operationId: string;
  /** Minor units; absent where the act may take all that is left. */
  readonly amount?: number;
  readonly currency?: string;
  /** Of a capture or refund, where the protocol knows one per payment or charge: only when none succeeded before and none is under way. */
  readonly once?: true;
  /** Of a refund: refused while another of the payment is under way, since it may be the same one again. Not for what has a key. */
  readonly alone?: true;
  /** Of a capture: what it does not take is released as soon as it has succeeded, also when that is known only later. Goes with `once`. */
  readonly releasesRest?: true;
  /** Of a void: it is answered as the end of the whole payment, so not while a capture of it has no outcome. */
  readonly whole?: true;
  /** Where the shopper of a new payment that comes of it goes in the end; `first`: the payment acted upon, and where its shopper went. */
  readonly returnUrl?: (operationId: string, first: { readonly operationId: string; readonly returnUrl: string }) => string;
  /** Of what the gateway does by itself: why. */
  readonly because?: DueReason;
}

/** What an act decided: which operation it acts upon, with how much. */
export interface Decision {
  readonly target: OperationNode;
  /** Minor units. */
  readonly amount: number;
  /** For a reversal: what remains of the target after it. */
  readonly remaining?: number;
  /** For a refund: it is the first of several parts, and the others are due with it. */
  readonly inParts?: true;
  /** For a chargeback's reversal: the dispute that it ends. */
  readonly disputeId?: string;
  /** What the rule wants to have kept with the operation, beside what the dialect does. */
  readonly dialectData?: Readonly<Record<string, string>>;
}

/** An act's rule: a pure function of the payment as read. */
export type Decide = (tree: PaymentTree, named: OperationNode, command: OperateCommand) => Decision | Refusal;

/** Tries against a payment that changes between reading and reserving, before the caller is told that it is busy. */
const triesAtMost = 5;

/** Runs an act upon an operation to a certain outcome, or to "not answered". */
export function operate(engine: Engine, kind: NewOperation['kind'], command: OperateCommand, decide: Decide): Promise<ActResult> {
  return decideAndRecord(engine, { kind, command, decide, record: (submittal) => submit(engine, kind, submittal) });
}

/** An act's name, its rule, and how it is recorded; `record` gives undefined when the payment changed since it was read. */
export interface Act {
  readonly kind: string;
  readonly command: OperateCommand;
  readonly decide: Decide;
  readonly record: (submittal: Submittal) => Promise<ActResult | undefined>;
}

/** Repeats by key, the payment as it is now, the rule, the recording; again from the start when somebody else was faster. */
export function decideAndRecord(engine: Engine, act: Act): Promise<ActResult> {
  return refuseWhenUnavailable(engine, () => attemptToRecord(engine, act));
}

async function attemptToRecord(engine: Engine, { kind, command, decide, record }: Act): Promise<ActResult> {
  const { channel, operationId } = command;
  const { merchantId, channelId } = channel;
  const key = await keyOf(engine, kind, command);
  const repeat = await repeatOf(engine, { merchantId, channelId, ...key });
  if (repeat !== undefined) return repeat;
  for (let attempt = 1; attempt <= triesAtMost; attempt += 1) {
    const tree = await engine.store.findTree({ merchantId, operationId });
    const named = tree?.operations.find((operation) => operation.operationId === operationId);
    if (tree === undefined || named === undefined) return refused('operation_unknown');
    if (tree.channelId !== channelId) return refused('operation_of_other_channel');
    const decision = refuseAny(tree, command) ?? decide(tree, named, command);
    if ('code' in decision) return repeatOrRefuse(engine, { merchantId, channelId, ...key }, decision);
    const result = await record({ command, tree, decision, key });
    if (result !== undefined) return result;
  }
  return repeatOrRefuse(engine, { merchantId, channelId, ...key }, refusal('payment_busy'));
}

/** What forbids the act may be its own first request, recorded since the key was looked up. */
async function repeatOrRefuse(engine: Engine, keyed: Parameters<typeof repeatOf>[1], decision: Refusal): Promise<ActResult> {
  return (await repeatOf(engine, keyed)) ?? { kind: 'refused', refusal: decision };
}

function refuseAny(tree: PaymentTree, { amount, currency }: OperateCommand): Refusal | undefined {
  const refusedAmount = amount === undefined ? undefined : refuseAmount(amount);
  if (refusedAmount !== undefined) return refusedAmount;
  if (currency !== undefined && currency !== tree.currency) return refusal('currency_mismatch', 'currency');
  return undefined;
}

/** Refuses to act upon an operation that did not succeed, or not yet. */
export function refuseUnsuccessful(target: OperationNode): Refusal | undefined {
  switch (target.state) {
    case 'approved':
      return undefined;
    case 'awaiting':
    case 'pending':
    case 'submitted':
    case 'unknown':
    case 'escalated':
      return refusal('operation_pending');
    case 'declined':
    case 'rejected':
    case 'failed':
    case 'undone':
      return refusal('operation_unsuccessful');
  }
}

/** The idempotency key of an act upon an operation, with what it was used for; nothing without one. */
export function keyOf(engine: Engine, kind: string, command: OperateCommand): Promise<{ readonly idempotencyKey?: IdempotencyKey }> {
  const { operationId, amount, currency, merchantReference, dialectData } = command;
  return keyOfRow(engine, command, { kind, operationId, amount, currency, merchantReference, dialectData });
}

/** A decision to be recorded. */
export interface Submittal {
  readonly command: OperateCommand;
  readonly tree: PaymentTree;
  readonly decision: Decision;
  readonly key: { readonly idempotencyKey?: IdempotencyKey };
}

/** What is recorded of an act, with the numbers of its message, and the operation that was sent to the acquirer; or why it cannot be. */
export async function rowFor(
  engine: Engine,
  kind: NewOperation['kind'],
  { command, tree, decision, key }: Submittal,
): Promise<{ readonly row: NewOperation; readonly bearer: OperationNode } | RefusalCode> {
  const { channel, merchantReference } = command;
  const { target, amount } = decision;
  const dialectData = { ...command.dialectData, ...decision.dialectData };
  const { merchantId, channelId } = channel;
  // A receipt was never sent itself: at the bank its order is meant.
  const bearer = target.kind === 'receipt' ? tree.operations.find((one) => one.operationId === target.targetId) : target;
  if (bearer?.trace === undefined) return 'wrong_kind';
  const trace = await traceFor(engine, { channel, kind, target, terminal: bearer.trace.terminal });
  if (trace === undefined) return 'unavailable';
  const row: NewOperation = {
    ...{ merchantId, channelId, paymentId: tree.paymentId, operationId: orderedId(engine.clock), kind, amount, currency: tree.currency },
    ...{ targetId: target.operationId, targetKind: target.kind, dialectData, ...key },
    trace,
    createdAtMs: engine.clock.businessNow(),
    ...(merchantReference === undefined ? {} : { merchantReference }),
    ...(decision.remaining === undefined ? {} : { remaining: decision.remaining }),
    ...(command.because === undefined ? {} : { because: command.because }),
    ...(command.once === undefined ? {} : { once: command.once }),
    ...(decision.inParts === undefined ? {} : { inParts: decision.inParts }),
    ...(command.alone === undefined ? {} : { alone: command.alone }),
    ...(command.releasesRest === undefined ? {} : { releasesRest: command.releasesRest }),
  };
  return { row, bearer };
}

/** Undefined when the payment changed since it was read: the act decides anew. */
async function submit(engine: Engine, kind: NewOperation['kind'], submittal: Submittal): Promise<ActResult | undefined> {
  const prepared = await rowFor(engine, kind, submittal);
  if (typeof prepared === 'string') return refused(prepared);
  const { row, bearer } = prepared;
  const { target } = submittal.decision;
  const { merchantId } = row;
  const startedMs = performance.now();
  const [submission, pan] = await Promise.allSettled([
    engine.store.submitOperation(row),
    target.cardId === undefined ? undefined : engine.vault.reveal({ merchantId, cardId: target.cardId }),
  ]);
  if (submission.status === 'rejected') {
    return resultOfFailure(engine, submission.reason, row, viewOf(row, target));
  }
  if (submission.value === 'guard_failed') return undefined;
  if (submission.value === 'key_taken') return resultOfHolder(engine, row);
  if (isTooLateToSend(startedMs)) {
    engine.log.warn({ operationId: row.operationId }, 'recording took too long; the operation is left to its resolution');
    return { kind: 'recorded', operation: viewOf(row, target), repeat: false };
  }
  const open = { view: viewOf(row, target), targetKind: target.kind };
  if (target.bank !== undefined) return { kind: 'recorded', operation: await actAtBank(engine, open, bearer), repeat: false };
  if (pan.status === 'rejected' || pan.value === undefined) {
    engine.log.error({ operationId: row.operationId }, 'the card is not in the vault; the operation is not sent');
    const reason = pan.status === 'rejected' ? 'card_not_stored' : 'card_purged';
    const operation = await conclude(engine, open, { outcome: 'not_sent', cause: 'the card is not in the vault', reason });
    return { kind: 'recorded', operation, repeat: false };
  }
  const answer = await engine.acquirer.send(requestFor(open.view, row.trace, target), { pan: pan.value });
  return { kind: 'recorded', operation: await conclude(engine, open, answer), repeat: false };
}

/** Undefined: the bank is not there any more. */
async function traceFor(
  { acquirer, bank, clock }: Engine,
  {
    channel,
    kind,
    target,
    terminal,
  }: Pick<OperateCommand, 'channel'> & {
    readonly kind: NewOperation['kind'];
    readonly target: OperationNode;
    readonly terminal: string;
  },
): Promise<Trace | undefined> {
  if (target.bank === undefined) return acquirer.prepare({ channel, kind, terminal });
  return bank?.prepare({ routingNumber: channel.routingNumber, nowMs: clock.businessNow() });
}

/** What is to be sent for an operation, now or again. */
export function requestFor(operation: OperationView, trace: Trace, target?: OperationView): AcquirerRequest {
  const { merchantId, operationId, kind, amount, currency, card, remaining, approvedPart, approvalCode } = operation;
  if (isPosted(kind)) throw new Error(`a ${kind} is posted, never sent`);
  const original = target === undefined ? undefined : originalOf(target);
  return {
    ...{ reference: { merchantId, operationId }, kind, trace, amount, currency },
    ...(card === undefined ? {} : { card }),
    ...(original === undefined ? {} : { original }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(approvedPart === undefined ? {} : { part: { amount: approvedPart, ...(approvalCode === undefined ? {} : { approvalCode }) } }),
  };
}

/** How the host is told which operation is meant. */
function originalOf(target: OperationView): AcquirerRequest['original'] {
  const { kind, trace, amount, approvalCode } = target;
  if (trace === undefined) return undefined;
  return { kind, trace, amount, ...(approvalCode === undefined ? {} : { approvalCode }) };
}

function viewOf(row: NewOperation, target: OperationNode): OperationView {
  const { merchantId, channelId, paymentId, operationId, kind, amount, currency, targetId, trace, dialectData, createdAtMs } = row;
  return {
    ...{ merchantId, channelId, paymentId, operationId, kind, amount, currency, targetId, trace, dialectData, createdAtMs },
    state: 'submitted',
    ...(target.card === undefined ? {} : { card: target.card }),
    ...(target.bank === undefined ? {} : { bank: target.bank }),
    ...(row.merchantReference === undefined ? {} : { merchantReference: row.merchantReference }),
    ...(row.remaining === undefined ? {} : { remaining: row.remaining }),
    ...(row.because === undefined ? {} : { reason: row.because }),
  };
}
