/**
 * Resolution of the unknown. A time-out is not a decline: what was not answered stays open until its own rule has closed it.
 * - preauthorization, debit, rebill: undone by a reversal advice, repeated until answered. Then nothing of it stands.
 * - capture, reversal: advices; repeated until answered, and they stand.
 * - payout to a card: left to the operator at once. To repeat it could pay twice, and money on a card cannot be called back.
 * - what was sent to a bank is asked for there (`core/bank/resolve.ts`).
 * - refund: repeated under its own trace where the host recognizes repeats, else left to the operator.
 */

import { resolveAtBank } from '../bank/resolve.ts';
import { backOffMs } from '../due/back-off.ts';
import type { AcquirerAnswer, AcquirerRequest, CardSecrets, LateAnswerListener, UndoAnswer } from '../ports/acquirer.ts';
import type { OutcomeToRecord } from '../ports/outcome.ts';
import type { ClaimedOperation } from '../ports/payment-store.ts';
import { inReview } from '../risk/review.ts';
import type { OperationState } from '../states/operation.ts';
import { mayBeAnsweredLate, type OpenOperation, outcomeOf, recordSurely, reopen, takeLateApproval } from './conclude.ts';
import { resolutionMarginMs } from './deadline.ts';
import type { DeclineReason } from './decline.ts';
import type { Engine } from './engine.ts';
import { requestFor } from './operate.ts';
import { isUnwanted, unwantedDeclined } from './unwanted-approval.ts';

/** Unanswered or refused messages after which a person has to look at it: with the pauses below, about 25 minutes. */
export const attemptsAtMost = 30;

/** After each unanswered message. */
const pauses = { firstMs: 500, atMostMs: 60_000 };
/** Added to the time that an acquirer may take: by then whoever has taken an operation up is done with it, or is gone. */
const leaseMarginMs = 10_000;
/** While the link is down nothing is sent, so nothing counts; the link itself reconnects with back-off. */
const linkDownPauseMs = 1_000;

/**
 * Claims what is due and begins to resolve it, side by side. Returns the work on each operation, which never rejects: one that is not answered takes
 * the acquirer's whole time-out, and must not hold up the others.
 */
export async function resolveDue(engine: Engine, limit: number): Promise<readonly Promise<void>[]> {
  const { timeoutMs } = engine.acquirer;
  // What is in a normal exchange is not marked, which would cost it a change of an index.
  await engine.store.markOrphans({ createdBeforeMs: engine.clock.wallNow() - timeoutMs, afterMs: timeoutMs + resolutionMarginMs });
  const claimed = await engine.store.claimUnresolved({ limit, leaseMs: timeoutMs + leaseMarginMs });
  return claimed.map((one) => {
    const { paymentId, operationId } = one.operation;
    return engine.within({ work: 'resolution', paymentId, operationId }, () => resolveOne(engine, one));
  });
}

async function resolveOne(engine: Engine, claimed: ClaimedOperation): Promise<void> {
  const { operation } = claimed;
  const open: OpenOperation = { view: operation, ...(claimed.target === undefined ? {} : { targetKind: claimed.target.kind }) };
  try {
    if (operation.bank !== undefined || operation.account !== undefined) return await resolveAtBank(engine, claimed);
    if (!(await isUnknown(engine, open))) return;
    await resolveUnknown(engine, claimed, open);
  } catch (error) {
    engine.log.warn({ operationId: operation.operationId, error: String(error) }, 'an operation could not be resolved yet');
    // What was not sent does not count: a vault that is away for an hour must not leave everything to the operator. Should this fail as
    // well, the lease ends by itself.
    await postpone(engine, claimed, 'not_sent').catch(() => undefined);
  }
}

/**
 * Between the claim and this moment its outcome may have been recorded: then nothing is to be resolved, and least of all undone. Only an
 * operation that is certainly unknown goes on; one that was just submitted becomes it here.
 */
async function isUnknown(engine: Engine, open: OpenOperation): Promise<boolean> {
  if (open.view.state !== 'submitted') return open.view.state === 'unknown';
  const resolveAfterMs = engine.acquirer.timeoutMs + leaseMarginMs;
  const { state } = await recordSurely(engine, { ...event(open, 'lose'), from: 'submitted', resolveAfterMs });
  return state === 'unknown';
}

async function resolveUnknown(engine: Engine, claimed: ClaimedOperation, open: OpenOperation): Promise<void> {
  const { operation, target, attempt } = claimed;
  const { merchantId, cardId, trace } = operation;
  if (operation.kind === 'payout') return escalate(engine, open, 'a payout without an answer is neither repeated nor reversed');
  if (attempt > attemptsAtMost || trace === undefined) return escalate(engine, open, 'no answer after all repeats');
  if (operation.kind === 'refund' && !engine.acquirer.deduplicates)
    return escalate(engine, open, 'the host cannot tell a repeat from a new refund');
  const pan = cardId === undefined ? undefined : await engine.vault.reveal({ merchantId, cardId });
  if (pan === undefined) {
    // An operation without its card is never sent, so a payment whose card never reached the vault has not reached the acquirer either.
    if (target === undefined) return record(engine, { ...event(open, 'fail'), from: 'unknown', reason: 'card_not_stored' });
    return escalate(engine, open, 'the card is no longer in the vault');
  }
  const request = requestFor(operation, trace, target);
  if (mayBeAnsweredLate(operation.kind)) return repeat(engine, claimed, open, request, { pan });
  return undo(engine, claimed, open, request, { pan });
}

async function undo(
  engine: Engine,
  claimed: ClaimedOperation,
  open: OpenOperation,
  request: AcquirerRequest,
  secrets: CardSecrets,
): Promise<void> {
  const trace = engine.acquirer.undoTrace(request.trace);
  await engine.store.saveUndoTrace({ ...request.reference, trace });
  const answer = await engine.acquirer.undo(request, secrets, claimed.attempt);
  switch (answer.outcome) {
    case 'undone':
      if (isUnwanted(open.view)) return record(engine, { ...unwantedDeclined(open), from: 'unknown' });
      return record(engine, { ...event(open, 'confirm_undone'), from: 'unknown', responseCode: answer.responseCode, reason: 'undone' });
    case 'never_arrived':
      return confirmNeverArrived(engine, claimed, open, answer.responseCode);
    case 'refused':
      engine.log.warn({ operationId: open.view.operationId, responseCode: answer.responseCode }, 'the host refused to reverse; repeating');
      return postpone(engine, claimed, answer.outcome);
    case 'not_sent':
    case 'unknown':
      return postpone(engine, claimed, answer.outcome);
  }
}

/**
 * The host had no record of it. If an approval came nevertheless, it will have one by now, so it is asked again. That approval may come at
 * any moment until the outcome is recorded, also at another node, so it is looked for before and after.
 */
async function confirmNeverArrived(engine: Engine, claimed: ClaimedOperation, open: OpenOperation, responseCode: string): Promise<void> {
  if (claimed.lateApproved) return postpone(engine, claimed, 'never_arrived');
  if (isUnwanted(open.view)) return record(engine, { ...unwantedDeclined(open), from: 'unknown' });
  const outcome = { ...event(open, 'confirm_undone'), from: 'unknown', responseCode, reason: 'never_arrived' } as const;
  const { state } = await recordSurely(engine, outcome);
  if (state === 'undone' && (await engine.store.isLateApproved(open.view))) await reopen(engine, open.view);
}

async function repeat(
  engine: Engine,
  claimed: ClaimedOperation,
  open: OpenOperation,
  request: AcquirerRequest,
  secrets: CardSecrets,
): Promise<void> {
  const answer = await engine.acquirer.repeat(request, secrets);
  switch (answer.outcome) {
    case 'declined':
      if (tellsNothing(answer.reason)) {
        engine.log.warn(
          { operationId: open.view.operationId, responseCode: answer.responseCode },
          'the host failed to answer a repeat; repeating',
        );
        return postpone(engine, claimed, 'unknown');
      }
      return record(engine, { ...outcomeOf(open, answer), from: 'unknown' });
    case 'approved':
    case 'partly_approved':
      return record(engine, { ...outcomeOf(open, answer), from: 'unknown' });
    case 'not_sent':
    case 'unknown':
      return postpone(engine, claimed, answer.outcome);
  }
}

/**
 * A host that fails on a repeat, or only says that it is one (94), has not said what became of the first transmission: that may stand. Whoever
 * recognizes a repeat gives the first answer again, so it is repeated until that comes.
 */
function tellsNothing(reason: DeclineReason): boolean {
  return reason === 'duplicate' || reason === 'issuer_unavailable' || reason === 'system_malfunction';
}

/** States in which an answer that nobody waits for may still say something new. */
const answerableLate: readonly OperationState[] = ['submitted', 'unknown', 'escalated', 'undone'];

/** An answer that nobody waits for. False: it belongs to no operation. */
export async function takeLateAnswer(
  engine: Engine,
  original: Parameters<LateAnswerListener>[0],
  read: Parameters<LateAnswerListener>[1],
): Promise<boolean> {
  const operation = await engine.store.findByTrace(original);
  if (operation?.trace === undefined || operation.bank !== undefined || operation.account !== undefined) return false;
  const { kind, merchantId, targetId, trace } = operation;
  const target = targetId === undefined ? undefined : await engine.store.findOperation({ merchantId, operationId: targetId });
  const answer = read(requestFor(operation, trace, target));
  if (answer === undefined) return false;
  if (answer.outcome === 'not_sent' || answer.outcome === 'unknown' || !answerableLate.includes(operation.state)) return true;
  const open = { view: operation, ...(target === undefined ? {} : { targetKind: target.kind }) };
  if (mayBeAnsweredLate(kind)) await takeLateAdviceAnswer(engine, open, answer);
  else if (answer.outcome !== 'declined') await takeLateApproval(engine, operation);
  return true;
}

async function takeLateAdviceAnswer(engine: Engine, open: OpenOperation, answer: AcquirerAnswer): Promise<void> {
  // It may be that of a repeat; a payout has none.
  if (answer.outcome === 'declined' && open.view.kind !== 'payout' && tellsNothing(answer.reason)) return;
  // Whoever sent it may be gone, and it may be left to the operator at this very moment. What the acquirer says settles that as well, unless
  // the operator has decided.
  for (const from of ['submitted', 'unknown', 'escalated'] as const) {
    if ((await recordSurely(engine, { ...outcomeOf(open, answer), from })).applied) return;
  }
}

function event(open: OpenOperation, name: OutcomeToRecord['event']): Omit<OutcomeToRecord, 'from'> {
  return { ...outcomeOf(open, { outcome: 'unknown', cause: 'resolution' }), event: name };
}

/** A message that was not sent does not count as an attempt. */
function postpone(
  engine: Engine,
  { operation, attempt }: ClaimedOperation,
  outcome: (UndoAnswer | AcquirerAnswer)['outcome'],
): Promise<void> {
  const { merchantId, operationId } = operation;
  const counts = outcome !== 'not_sent';
  return engine.store.postpone({ merchantId, operationId, counts, afterMs: counts ? backOffMs(attempt - 1, pauses) : linkDownPauseMs });
}

async function escalate(engine: Engine, open: OpenOperation, why: string): Promise<void> {
  engine.log.error(
    { operationId: open.view.operationId, merchantId: open.view.merchantId, why },
    'an operation needs the decision of an operator',
  );
  // What a decision has to know of the operation stays where it is.
  const kept = isUnwanted(open.view) || open.view.reason === inReview;
  await record(engine, { ...event(open, 'escalate'), from: 'unknown', ...(kept ? {} : { reason: why }) });
}

async function record(engine: Engine, outcome: OutcomeToRecord): Promise<void> {
  await recordSurely(engine, outcome);
}
