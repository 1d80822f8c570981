/**
 * The end of holds, and captures that were asked for in advance. Both take all that is left of the hold, and the payment's own guard lets nobody
 * take it twice: so a second node, or a node that comes after a crash, finds nothing left to do.
 */
import type { Channel, Directory } from '../merchant/channel.ts';
import { capture, hasReleasingCapture } from '../payment/capture.ts';
import type { Engine } from '../payment/engine.ts';
import type { DueReason, OperationNode, PaymentTree } from '../payment/operation.ts';
import { voidOperation } from '../payment/void.ts';
import { expireReview, giveUpUncaptured } from '../risk/decide-review.ts';
import { isCapturedAfterReview, isCapturing, isHeldForChecks, isInReview, isUncaptured, stateShown } from '../risk/review.ts';
import { isGivenUpReason } from '../risk/rule.ts';
import { isOpen } from '../states/operation.ts';
import { backOffMs } from './back-off.ts';
import type { DueHold, FoundHold } from './due-hold.ts';
import { doEach } from './each.ts';
import { type HoldLives, holdEndsAtMs, noticeAfterMs } from './hold-life.ts';
import { exchangeLeaseMs } from './lease.ts';
import type { DueWork } from './work.ts';

export interface HoldRules {
  readonly lives: HoldLives;
  /** How long the channel's dialect lets a hold stand, in ms; undefined: as long as its scheme does. */
  readonly dialectLifeOf: (channel: Channel) => number | undefined;
}

/** Something of the payment is under way; its resolution looks again after about as long. */
const againAfterMs = 1_000;
const pauses = { firstMs: 5_000, atMostMs: 600_000 };
/** A hold whose reversal the acquirer refuses so often, over more than half an hour, is left to the operator. */
const refusalsAtMost = 10;

type Directories = Pick<Directory, 'channelById'>;

/** Ends holds and captures what is due. */
export function dueHolds(engine: Engine, directory: Directories, rules: HoldRules): DueWork {
  const walk = (untilMs: number) => engine.holds.walk(untilMs, (found) => addEnds(engine, directory, rules, found));
  return {
    name: 'holds that end and captures asked for in advance',
    async run(limit) {
      const { clock } = engine;
      // When the business clock was moved, holds may be at their end that were made a moment ago.
      await walk(Math.max(clock.wallNow() - noticeAfterMs(rules.lives), clock.movedAtMs()));
      const leaseMs = exchangeLeaseMs(engine);
      return doEach(engine.log, {
        taken: await engine.holds.claimDue({ businessNowMs: clock.businessNow(), limit, leaseMs }),
        act: (due) => engine.within({ work: 'hold' }, () => doOne(engine, directory, rules, due)),
        namesOf: ({ operationId, kind }) => ({ operationId, kind }),
        waits: 'what is due for a hold waits for its next try',
      });
    },
    async nextDueAtMs() {
      await walk(engine.clock.wallNow() + 1);
      return engine.holds.nextDueAtMs();
    },
  };
}

async function addEnds(engine: Engine, directory: Directories, rules: HoldRules, found: readonly FoundHold[]): Promise<void> {
  const rows = await Promise.all(
    found.map(async ({ merchantId, channelId, paymentId, operationId, ...hold }) => {
      const channel = await directory.channelById({ merchantId, channelId });
      const dialectLifeMs = channel === undefined ? undefined : rules.dialectLifeOf(channel);
      const dueAtMs = holdEndsAtMs({ ...hold, ...(dialectLifeMs === undefined ? {} : { dialectLifeMs }) }, rules.lives);
      return { merchantId, channelId, paymentId, operationId, kind: 'expiry', dueAtMs } as const;
    }),
  );
  await engine.holds.add(rows);
}

/** True when it is over with, one way or the other. */
async function doOne(engine: Engine, directory: Directories, rules: HoldRules, due: DueHold): Promise<boolean> {
  const { merchantId, operationId, channelId } = due;
  const tree = await engine.store.findTree({ merchantId, operationId });
  const hold = tree?.operations.find((operation) => operation.operationId === operationId);
  if (tree === undefined || hold === undefined) return finish(engine, due);
  const left = leftOf(tree, hold);
  if (left === 'nothing') return finish(engine, due);
  if (left === 'unclear') return putOff(engine, due);
  if (due.kind === 'rest' && !hasReleasingCapture(tree)) return finish(engine, due);
  const channel = await directory.channelById({ merchantId, channelId });
  if (channel === undefined) throw new Error(`there is no channel ${channelId}`);
  const isCapture = endsInCapture(due, hold);
  if (isCapture && isUncaptured(tree, hold)) return giveUpUncaptured(engine, hold, channel);
  const endsAtMs = Math.max(endOf(due, hold, channel, rules), reviewEndOf(engine, due, hold));
  if (endsAtMs > due.dueAtMs) {
    await engine.holds.moveTo(due, endsAtMs);
    return true;
  }
  if (isInReview(hold) && !(await expireReview(engine, hold))) return putOff(engine, due);
  // A review that has its end is due only where it was not let through.
  if (due.kind === 'review' && !isCapture && stateShown(hold) !== 'rejected' && !isInReview(hold)) return finish(engine, due);
  return carryOut(engine, channel, hold, due);
}

/** Whether money is taken at the end: at the time that the merchant has named, or of what a review has let through. */
function endsInCapture({ kind }: DueHold, hold: OperationNode): boolean {
  return kind === 'capture' || (kind === 'review' && isCapturing(hold));
}

/** Captures or reverses all that is left, and looks at what came of it. */
async function carryOut(engine: Engine, channel: Channel, hold: OperationNode, due: DueHold): Promise<boolean> {
  const { merchantId, operationId, kind } = due;
  const isCapture = endsInCapture(due, hold);
  const reason = kind === 'review' && isCapture ? 'review_accepted' : reasons[kind];
  const because = isGivenUpReason(hold.reason) ? hold.reason : reason;
  const result = await (isCapture ? capture : voidOperation)(engine, { channel, operationId, dialectData: {}, because });
  if (result.kind === 'refused') {
    // Somebody was faster, or something is away; the next look tells which.
    engine.log.info(
      { merchantId, operationId, code: result.refusal.code },
      `what is due for a hold was refused: ${result.refusal.meaning}`,
    );
    return putOff(engine, due);
  }
  switch (result.operation.state) {
    case 'approved':
      return finish(engine, due);
    case 'failed':
      return (await isCardGone(engine, hold)) ? giveUp(engine, due, 'its card is not in the vault any more') : tryAgain(engine, due);
    case 'declined':
      // The next look gives it up.
      if (isCapture && isCapturedAfterReview(hold)) return putOff(engine, due);
      return refused(engine, due, result.operation.responseCode);
    default:
      return putOff(engine, due);
  }
}

const reasons: Readonly<Record<DueHold['kind'], DueReason>> = {
  expiry: 'hold_expired',
  capture: 'delayed_capture',
  rest: 'rest_released',
  review: 'review_expired',
};

/** The hold of an imported payment is due at once, since only here is known how long it may stand. */
function endOf(due: DueHold, hold: OperationNode, channel: Channel, { lives, dialectLifeOf }: HoldRules): number {
  if (due.kind !== 'expiry' || due.dueAtMs > hold.createdAtMs) return due.dueAtMs;
  const { card, agreement, createdAtMs } = hold;
  const dialectLifeMs = dialectLifeOf(channel);
  const isMerchantInitiated = agreement?.initiator === 'merchant';
  return holdEndsAtMs(
    { brand: card?.brand ?? 'unknown', isMerchantInitiated, createdAtMs, ...(dialectLifeMs === undefined ? {} : { dialectLifeMs }) },
    lives,
  );
}

/** What was held for its checks is due early, for whoever has to go on with it; while an operator has yet to look at it, it is not. */
function reviewEndOf({ settings, clock }: Engine, due: DueHold, hold: OperationNode): number {
  const isWaiting = due.kind === 'review' && isInReview(hold) && isHeldForChecks(hold);
  const endsAtMs = isWaiting ? hold.createdAtMs + settings.reviewMs : due.dueAtMs;
  return endsAtMs > clock.businessNow() ? endsAtMs : due.dueAtMs;
}

/** Whether there is anything to take; `unclear` while something that may change it has no outcome. */
function leftOf(tree: PaymentTree, hold: OperationNode): 'nothing' | 'unclear' | 'something' {
  if (isOpen(hold.state)) return 'unclear';
  if (hold.state !== 'approved' || tree.state !== 'authorized') return 'nothing';
  if (tree.capturePending > 0 || tree.releasePending > 0) return 'unclear';
  return tree.authorized - tree.captured - tree.released > 0 ? 'something' : 'nothing';
}

async function finish(engine: Engine, due: DueHold): Promise<boolean> {
  await engine.holds.finish(due);
  return true;
}

async function putOff(engine: Engine, due: DueHold): Promise<boolean> {
  await engine.holds.putOff(due, { afterMs: againAfterMs });
  return false;
}

/** No acquirer was there to be asked. */
async function tryAgain(engine: Engine, due: DueHold): Promise<boolean> {
  await engine.holds.putOff(due, { afterMs: backOffMs(due.failedTries, pauses), failed: true });
  return false;
}

/** The acquirer said no. A capture is not asked for twice; a hold must not stay for ever. */
async function refused(engine: Engine, due: DueHold, responseCode = ''): Promise<boolean> {
  const { kind, failedTries } = due;
  if (kind !== 'capture' && failedTries + 1 < refusalsAtMost) return tryAgain(engine, due);
  return giveUp(engine, due, `the acquirer answered ${responseCode}`);
}

/** Then nothing can be sent for the hold, however often it is tried. */
async function isCardGone({ vault }: Engine, { merchantId, cardId }: OperationNode): Promise<boolean> {
  return cardId !== undefined && (await vault.reveal({ merchantId, cardId })) === undefined;
}

async function giveUp(engine: Engine, due: DueHold, reason: string): Promise<boolean> {
  const { merchantId, operationId, kind } = due;
  engine.log.error({ merchantId, operationId, kind, reason }, 'what is due for a hold cannot be done; it needs an operator');
  await engine.holds.putOff(due, { failedBecause: reason });
  return true;
}
