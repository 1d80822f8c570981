/**
 * A payment was held because its merchant's rules may be against what the issuer finds of address and code, and they are not: it goes on as if nobody had
 * asked, and what was to be charged is captured at once. Its due row is the way back for whoever comes after a crash.
 */
import type { DueHold } from '../due/due-hold.ts';
import { exchangeLeaseMs } from '../due/lease.ts';
import type { Channel } from '../merchant/channel.ts';
import { endReview } from '../risk/end-review.ts';
import { isCapturedAfterReview, kindAsked } from '../risk/review.ts';
import { capture } from './capture.ts';
import type { OpenOperation } from './conclude.ts';
import type { Engine } from './engine.ts';
import type { OperationView } from './operation.ts';

/** `record` writes the approval; without the way back it is written as held, and an operator lets it through. */
export async function passChecks(
  engine: Engine,
  { open, channel }: { readonly open: OpenOperation; readonly channel: Channel },
  record: (open: OpenOperation) => Promise<OperationView>,
): Promise<OperationView> {
  const { clock, holds, log } = engine;
  const { merchantId, channelId, paymentId, operationId } = open.view;
  const due: DueHold = { merchantId, channelId, paymentId, operationId, kind: 'review', dueAtMs: 0, failedTries: 0 };
  try {
    await holds.moveTo(due, clock.businessNow() + exchangeLeaseMs(engine));
  } catch (error) {
    log.warn(
      { operationId, error: String(error) },
      'a payment whose checks are in order stays under review: its due row could not be moved',
    );
    return record(open);
  }
  const operation = await record({ ...open, reason: 'review_accepted' });
  if (operation.state !== 'approved') return operation;
  try {
    return await goOn(engine, { operation, channel, due });
  } catch (error) {
    log.warn({ operationId, error: String(error) }, 'what follows a payment whose checks are in order waits for its next try');
    return (await engine.store.findOperation(operation).catch(() => undefined)) ?? operation;
  }
}

/** Whoever has asked for a hold and its capture captures it with what belongs to that; should nobody, the due row does. */
async function goOn(
  engine: Engine,
  { operation, channel, due }: { readonly operation: OperationView; readonly channel: Channel; readonly due: DueHold },
): Promise<OperationView> {
  if (!isCapturedAfterReview(operation)) await engine.holds.finish(due);
  if (kindAsked(operation) === operation.kind) return operation;
  const { operationId, merchantReference } = operation;
  const result = await capture(engine, {
    ...{ channel, operationId, because: 'review_accepted', dialectData: {} },
    ...(merchantReference === undefined ? {} : { merchantReference }),
  });
  const state = result.kind === 'recorded' ? result.operation.state : undefined;
  if (state === 'approved') await engine.holds.finish(due);
  if (state === 'declined') await endReview(engine, operation, { because: 'review_uncaptured', left: true });
  return (await engine.store.findOperation(operation)) ?? operation;
}
