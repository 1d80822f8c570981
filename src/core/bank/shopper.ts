/** The shopper of a payment at a bank: sent there, and sent back to the shop. What the browser brings proves nothing, so the bank is asked each time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from '../merchant/channel.ts';
import type { Engine } from '../payment/engine.ts';
import { isFirstKind, type OperationView } from '../payment/operation.ts';
import { pageUrl } from '../three-d-secure/tickets.ts';
import { askBank, takeMoney } from './ask.ts';

/** Steps of the browser, as `core/payment/shopper-step.ts` has them. */
export type BankStep =
  | {
      readonly kind: 'redirect';
      readonly url: string;
      readonly method: 'GET';
      readonly parameters: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'wait'; readonly retryAfterMs: number }
  | { readonly kind: 'done'; readonly returnUrl: string }
  | { readonly kind: 'gone' };

const lookAgainAfterMs = 1_000;
/** How long a shopper whose order stands waits for what has come of its money. */
const moneyPatienceMs = 1_000;

/** What comes next for the shopper of this operation. Throws when the database is away. */
export async function bankStep(engine: Engine, key: { readonly merchantId: string; readonly operationId: string }): Promise<BankStep> {
  const view = await engine.store.findOperation(key);
  if (view?.bank === undefined) return { kind: 'gone' };
  const { returnUrl } = view.bank;
  if (isOver(view)) {
    if (view.kind === 'preauthorization' && view.state === 'approved') await takeMoneyInTime(engine, view);
    return { kind: 'done', returnUrl };
  }
  const answer = await askBank(engine, view);
  const now = await engine.store.findOperation(key);
  if (now === undefined || isOver(now)) return { kind: 'done', returnUrl };
  const page = answer?.outcome === 'report' && answer.report.state === 'open' ? answer.report.page : undefined;
  if (page === undefined) return { kind: 'wait', retryAfterMs: lookAgainAfterMs };
  // Its own parameters become fields, since a form that is sent by GET drops those of its address.
  const url = new URL(page);
  const parameters = [...url.searchParams].map(([name, value]) => ({ name, value }));
  url.search = '';
  return { kind: 'redirect', url: url.href, method: 'GET', parameters };
}

/** The bank's own notice settles an order first, and then its money: a shop that asks as soon as its shopper is back is to find both. */
async function takeMoneyInTime(engine: Engine, view: OperationView): Promise<void> {
  const taken = takeMoney(engine, view);
  taken.catch((error: unknown) => engine.log.warn({ error: String(error) }, 'the money of an order could not be recorded yet'));
  await Promise.race([taken, delay(moneyPatienceMs, undefined, { ref: false })]);
}

/** The shopper has done their part: it has an outcome, or they will pay later. */
function isOver({ state, reason }: OperationView): boolean {
  return (state !== 'submitted' && state !== 'unknown' && state !== 'pending') || reason === 'payment_deferred';
}

/** Where a merchant sends the shopper of this operation; undefined when there is nothing for a shopper to do. */
export function bankPageOf(
  { shoppers }: Engine,
  { routingNumber }: Pick<Channel, 'routingNumber'>,
  view: OperationView,
): string | undefined {
  if (view.bank === undefined || !isFirstKind(view.kind) || isOver(view)) return undefined;
  return pageUrl(shoppers, { routingNumber, id: view.operationId }, 'bank');
}
