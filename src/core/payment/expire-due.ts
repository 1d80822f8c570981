/**
 * Orders whose time is over: one that nobody has paid by then has expired, and that happens to it once, at the time that was set. Of one that is being
 * paid at that moment it is not known yet; it is looked at again. One that expires when it was tried too often is looked at from its last attempt on.
 */
import { doEach } from '../due/each.ts';
import { exchangeLeaseMs } from '../due/lease.ts';
import type { DueWork } from '../due/work.ts';
import type { CheckoutKey } from './checkout-terms.ts';
import type { Engine } from './engine.ts';
import { stateOfOrder } from './order.ts';

const pauseAtLeastMs = 5_000;
const pauseAtMostMs = 86_400_000;

/** Tells of orders that expire. */
export function dueOrders(engine: Engine): DueWork {
  return {
    name: 'orders that expire',
    async run(limit) {
      const leaseMs = exchangeLeaseMs(engine);
      return doEach(engine.log, {
        taken: await engine.expiries.claimDue({ businessNowMs: engine.clock.businessNow(), limit, leaseMs }),
        act: (key) => engine.within({ work: 'order' }, () => lookAt(engine, key)),
        namesOf: ({ checkoutId }) => ({ checkoutId }),
        waits: 'an order whose time is over waits for its next look',
      });
    },
    nextDueAtMs: () => engine.expiries.nextDueAtMs(),
  };
}

/** True when nothing is left to do for it. */
async function lookAt(engine: Engine, key: CheckoutKey): Promise<boolean> {
  const { checkouts, expiries, clock } = engine;
  const order = await checkouts.findById(key);
  if (order?.expiresAtMs === undefined) throw new Error(`there is no order ${key.checkoutId} that expires`);
  const { kind, ...state } = await stateOfOrder(engine, order);
  const nowMs = clock.businessNow();
  switch (kind) {
    case 'succeeded':
    case 'kept':
    case 'closed':
      await expiries.finish(key);
      return true;
    case 'expired':
      if (await expiries.tell({ ...key, attempts: order.attempts, nowMs })) return true;
      break;
    case 'exhausted':
      if (order.terms.expiresExhausted === true && (await expiries.tell({ ...key, attempts: order.attempts, nowMs }))) return true;
      break;
    case 'pending':
    case 'open':
      break;
  }
  const last = 'last' in state ? state.last : undefined;
  await expiries.putOff(key, lookAgainAtMs(nowMs, nowMs < order.expiresAtMs ? (last?.createdAtMs ?? nowMs) : order.expiresAtMs));
  return false;
}

/**
 * After half of the time that has passed since it expired, or since the last attempt began: within seconds where a shopper is at the bank, once in a day where a decision takes weeks, so
 * that a clock that is moved by a year does not stop at each minute of it.
 */
function lookAgainAtMs(nowMs: number, sinceMs: number): number {
  return nowMs + Math.min(Math.max((nowMs - sinceMs) / 2, pauseAtLeastMs), pauseAtMostMs);
}
