/**
 * The second transaction: from the acquirer's answer to a recorded outcome. What the acquirer said is a fact, so this never gives up: when
 * the database is away, the caller gets the operation as still pending, and the recording goes on behind it. Should the process end
 * before, the operation is resolved like any other that was not answered.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { AcquirerAnswer, OperationReference } from '../ports/acquirer.ts';
import type { OutcomeToRecord, RecordedOutcome } from '../ports/outcome.ts';
import { approvalOf, isApproval } from '../risk/review.ts';
import type { ReviewReason } from '../risk/rule.ts';
import { operationTransitions } from '../states/operation.ts';
import type { Engine } from './engine.ts';
import { isFirstKind, type OperationKind, type OperationView } from './operation.ts';

/** How long a caller waits for a database that is away, before it is told "pending". */
const answerWithinMs = 3_000;
const pauseAtMostMs = 2_000;

/** An operation under way, with what its outcome has to know about its target. */
export interface OpenOperation {
  readonly view: OperationView;
  readonly targetKind?: OperationKind;
  readonly token?: string;
  /** What its approval is recorded with, where that is more than an approval. */
  readonly reason?: ReviewReason;
}

/** Records what the answer to the first exchange makes of the operation, and returns the operation as it then is. */
export async function conclude(engine: Engine, open: OpenOperation, answer: AcquirerAnswer): Promise<OperationView> {
  const outcome: OutcomeToRecord = { ...outcomeOf(open, answer), from: 'submitted' };
  let recorded: RecordedOutcome;
  try {
    recorded = await engine.store.recordOutcome(outcome);
  } catch (error) {
    // Others may have taken it for lost before this is recorded, and the answer counts all the same, whoever waits for it.
    const settling = keepRecording(engine, outcome, error).then((late) => settleWith(engine, open, outcome, late));
    awaitAtShutdown(engine, settling);
    return Promise.race([settling, delay(answerWithinMs, open.view, { ref: false })]);
  }
  return settleWith(engine, open, outcome, recorded);
}

/** An answer that finds its operation taken for lost: it settles what keeps its meaning, and what is being undone learns of its approval. */
async function settleWith(
  engine: Engine,
  open: OpenOperation,
  outcome: OutcomeToRecord,
  recorded: RecordedOutcome,
): Promise<OperationView> {
  const isAnswer = isApproval(outcome.event) || outcome.event === 'decline';
  if (isAnswer && mayBeAnsweredLate(open.view.kind)) return settleLate(engine, open, outcome, recorded);
  if (isApproval(outcome.event) && !mayBeAnsweredLate(open.view.kind) && !stands(outcome, recorded)) {
    await takeLateApproval(engine, open.view).catch((error: unknown) => {
      engine.log.error({ operationId: outcome.operationId, error: String(error) }, 'an approval that came too late could not be noted');
    });
  }
  return shown(engine, open, outcome, recorded);
}

/** What was taken for lost may be left to the operator at this very moment. */
async function settleLate(
  engine: Engine,
  open: OpenOperation,
  outcome: OutcomeToRecord,
  recorded: RecordedOutcome,
): Promise<OperationView> {
  let latest = recorded;
  for (const from of ['unknown', 'escalated'] as const) {
    if (latest.state !== from) continue;
    const late = await recordInTime(engine, { ...outcome, from });
    if (late === undefined) return { ...open.view, state: from };
    latest = late;
  }
  return shown(engine, open, outcome, latest);
}

/** A commit whose confirmation was lost is found done by its repetition: the state is the one that this outcome leads to. */
export function stands(outcome: OutcomeToRecord, recorded: RecordedOutcome): boolean {
  return recorded.applied || recorded.state === operationTransitions.next(outcome.from, outcome.event);
}

/**
 * An authorization was approved after it was given up. If it is still being undone, the note makes sure that "no record of it" does not
 * close it; if it was closed so, it is opened again. `confirmNeverArrived` is the other half.
 */
export async function takeLateApproval(engine: Engine, { merchantId, operationId }: OperationReference): Promise<void> {
  const noted = await engine.store.noteLateApproval({ merchantId, operationId });
  // Its first answer may be on the way to the books: then this one has come twice.
  if (noted?.state === 'submitted' || noted?.state === 'approved') return;
  engine.log.warn({ merchantId, operationId, state: noted?.state }, 'an approval came after its time-out; it is being reversed');
  if (noted?.state === 'undone' && noted.reason === 'never_arrived') await reopen(engine, noted);
}

/** What was undone, but not at the acquirer, is unknown again. */
export async function reopen(engine: Engine, view: OperationView): Promise<void> {
  const outcome = outcomeOf({ view }, { outcome: 'unknown', cause: 'late approval' });
  await recordSurely(engine, { ...outcome, event: 'reopen', from: 'undone', resolveAfterMs: 0 });
}

/** Undefined when the database did not take the outcome in time; the recording goes on then. */
export async function recordInTime(engine: Engine, outcome: OutcomeToRecord): Promise<RecordedOutcome | undefined> {
  try {
    return await engine.store.recordOutcome(outcome);
  } catch (error) {
    const recording = keepRecording(engine, outcome, error);
    return Promise.race([recording, delay(answerWithinMs, undefined, { ref: false })]);
  }
}

/** Advices, refunds and payouts keep their meaning however late their answer is; an authorization is being undone by then. */
export function mayBeAnsweredLate(kind: OperationKind): boolean {
  return !isFirstKind(kind) || kind === 'payout';
}

/** What somebody else has recorded meanwhile is read, so that it is told with all that the acquirer has said; its state is known without that. */
async function shown(engine: Engine, open: OpenOperation, outcome: OutcomeToRecord, recorded: RecordedOutcome): Promise<OperationView> {
  if (!stands(outcome, recorded)) {
    const found = await engine.store.findOperation(open.view).catch(() => undefined);
    return found === undefined ? { ...open.view, state: recorded.state } : { ...open.view, ...found };
  }
  const { approvalCode, responseCode, hostCode, adviceCode, checks, networkReference, reason, token } = outcome;
  return {
    ...open.view,
    state: recorded.state,
    ...defined({ approvalCode, responseCode, hostCode, adviceCode, networkReference, token }),
    ...(checks === undefined ? {} : { checks }),
    ...(reason === undefined ? {} : { reason: reason as NonNullable<OperationView['reason']> }),
  };
}

function defined<T extends Record<string, string | undefined>>(fields: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: string };
}

/** The outcome that an answer means, without the state it applies to. */
export function outcomeOf(open: OpenOperation, answer: AcquirerAnswer): Omit<OutcomeToRecord, 'from'> {
  const { merchantId, paymentId, operationId, kind, amount, targetId } = open.view;
  const base = {
    merchantId,
    paymentId,
    operationId,
    kind,
    amount,
    ...(targetId === undefined ? {} : { targetId }),
    ...(open.targetKind === undefined ? {} : { targetKind: open.targetKind }),
  };
  switch (answer.outcome) {
    case 'approved': {
      const { outcome, ...codes } = answer;
      return { ...base, ...codes, ...approvalIn(open) };
    }
    case 'partly_approved': {
      const { outcome, approvedAmount, ...codes } = answer;
      const { requestedAmount } = open.view;
      return { ...base, ...codes, ...(requestedAmount === undefined ? {} : { requestedAmount }), ...approvalIn(open) };
    }
    case 'declined': {
      const { outcome, ...codes } = answer;
      return { ...base, ...codes, event: 'decline' };
    }
    case 'not_sent':
      return { ...base, event: 'fail', reason: answer.reason ?? 'acquirer_unreachable' };
    case 'unknown':
      return { ...base, event: 'lose', resolveAfterMs: 0 };
  }
}

function approvalIn({ view, token, reason }: OpenOperation): Pick<OutcomeToRecord, 'event' | 'token' | 'reason'> {
  return {
    event: approvalOf(reason === undefined ? view : { reason }),
    ...(token === undefined ? {} : { token }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Records an outcome, for as long as it takes; repeating is harmless since the operation's state guards it. */
export async function recordSurely(engine: Engine, outcome: OutcomeToRecord): Promise<RecordedOutcome> {
  try {
    return await engine.store.recordOutcome(outcome);
  } catch (error) {
    return keepRecording(engine, outcome, error);
  }
}

function keepRecording(engine: Engine, outcome: OutcomeToRecord, error: unknown): Promise<RecordedOutcome> {
  engine.log.warn(
    { operationId: outcome.operationId, error: String(error) },
    'an outcome could not be recorded yet; repeating until it is',
  );
  const recording = repeatUntilRecorded(engine, outcome);
  awaitAtShutdown(engine, recording);
  return recording;
}

function awaitAtShutdown({ unrecorded }: Engine, work: Promise<unknown>): void {
  unrecorded.add(work);
  void work.finally(() => unrecorded.delete(work));
}

async function repeatUntilRecorded(engine: Engine, outcome: OutcomeToRecord): Promise<RecordedOutcome> {
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, pauseAtMostMs)) {
    await delay(pauseMs, undefined, { ref: false });
    try {
      return await engine.store.recordOutcome(outcome);
    } catch {
      // Still away; the first failure was logged.
    }
  }
}
