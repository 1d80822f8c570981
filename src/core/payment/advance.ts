/** A visit goes on as far as it can without its shopper: to the issuer's page, to the challenge, or to the end of its payment. */

import { doEach } from '../due/each.ts';
import type { DueWork, Progress } from '../due/work.ts';
import { isOpen } from '../states/authentication.ts';
import { ask, giveUpStale, type InHand, keepCvc, move } from '../three-d-secure/run.ts';
import type { Visit, VisitKey } from '../three-d-secure/visit.ts';
import type { Engine } from './engine.ts';
import { settle } from './settle.ts';

/** A run has few steps, and a payment at most two runs; more would mean that it turns in a circle. */
const stepsAtMost = 12;

/** What the browser allows beyond what the engine can do by itself. */
export interface Push {
  /** The issuer's page has run, or was waited for long enough. */
  readonly methodIsOver?: boolean;
  /** The shopper is on the page. */
  readonly isShopperHere?: boolean;
}

/**
 * Takes a visit as far as it goes now. In one process the same visit is taken by one at a time; across processes the states decide. Returns the
 * visit as it then is; undefined: there is none.
 */
export async function advance(engine: Engine, key: VisitKey, inHand: InHand = {}, push: Push = {}): Promise<Visit | undefined> {
  const { underWay, visits } = engine.shoppers;
  const before = underWay.get(key.visitId) ?? Promise.resolve();
  const turn = before.then(() => proceed(engine, key, inHand, push));
  const settled = turn.catch(() => undefined);
  underWay.set(key.visitId, settled);
  engine.unrecorded.add(settled);
  try {
    await turn;
  } finally {
    if (underWay.get(key.visitId) === settled) underWay.delete(key.visitId);
    engine.unrecorded.delete(settled);
  }
  return visits.find(key);
}

async function proceed(
  engine: Engine,
  key: VisitKey,
  inHand: InHand,
  { methodIsOver = false, isShopperHere = false }: Push,
): Promise<void> {
  for (let step = 1; step <= stepsAtMost; step += 1) {
    const visit = await engine.shoppers.visits.find(key);
    if (visit === undefined || visit.isOver) return;
    const { authentication } = visit;
    if (isOpen(authentication.state) && engine.clock.businessNow() >= visit.expiresAtMs) {
      await move(engine, authentication, 'expire');
      continue;
    }
    switch (authentication.state) {
      case 'ready':
        if ((visit.confirmation === 'asked' || visit.merchantWord === 'awaited') && !isShopperHere) return;
        if (!(await ask(engine, visit, inHand))) return;
        break;
      case 'method':
        await keepCvc(engine, visit, inHand);
        if (!methodIsOver && !authentication.methodDone) return;
        if (!(await ask(engine, visit, {}))) return;
        break;
      case 'asked':
        if (!(await giveUpStale(engine, visit))) return;
        break;
      case 'challenged':
        return;
      case 'not_enrolled':
      case 'authenticated':
      case 'attempted':
      case 'informed':
      case 'failed':
      case 'forbidden':
      case 'unavailable':
      case 'expired':
        await settle(engine, visit, inHand);
        if (!(await hasNewRun(engine, visit))) return;
        break;
    }
  }
  throw new Error(`visit ${key.visitId} does not come to an end`);
}

async function hasNewRun({ shoppers }: Engine, { authentication, ...key }: Visit): Promise<boolean> {
  const now = await shoppers.visits.find(key);
  return now !== undefined && !now.isOver && now.authentication.authenticationId !== authentication.authenticationId;
}

/** How long whoever has taken up a visit may need for all of it. */
export function visitLeaseMs({ acquirer, shoppers }: Engine): number {
  return acquirer.timeoutMs + shoppers.askTimeoutMs + 20_000;
}

/** Takes up what is due: visits whose time is over, and those that a crash has left with a result. */
export async function advanceDue(engine: Engine, limit: number): Promise<Progress> {
  const leaseMs = visitLeaseMs(engine);
  return doEach(engine.log, {
    taken: await engine.shoppers.visits.claimDue({ businessNowMs: engine.clock.businessNow(), limit, leaseMs }),
    act: async (key) => {
      await engine.within({ work: 'visit' }, () => advance(engine, key));
      return true;
    },
    namesOf: ({ visitId }) => ({ visitId }),
    waits: 'a waiting payment could not be taken up yet',
  });
}

/** What waits for a shopper who does not come. */
export function dueVisits(engine: Engine): DueWork {
  return {
    name: 'payments that wait for their shopper',
    run: (limit) => advanceDue(engine, limit),
    nextDueAtMs: () => engine.shoppers.visits.nextDueAtMs(),
  };
}
