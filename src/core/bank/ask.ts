/**
 * The gateway asks the bank by itself: when the shopper comes back, when a start was not answered, when no notification came. A payment that nobody
 * took up in its time is called off at the bank first, so that nothing comes of it later.
 */
import type { Engine } from '../payment/engine.ts';
import { isFirstKind, type OperationView } from '../payment/operation.ts';
import { pageUrl } from '../three-d-secure/tickets.ts';
import type { BankAnswer, BankOrder, TransferAccount } from './bank.ts';
import { takeBankReport } from './take-report.ts';

/** The order of a payment, the same each time it is made. Undefined: its channel is gone. */
export async function orderOf({ shoppers }: Engine, view: OperationView): Promise<BankOrder | undefined> {
  const { merchantId, channelId, operationId: id, amount, currency, bank, trace } = view;
  const channel = await shoppers.channelById({ merchantId, channelId });
  if (channel === undefined || bank === undefined || trace === undefined) return undefined;
  const returnUrl = pageUrl(shoppers, { routingNumber: channel.routingNumber, id }, 'bank');
  const unattended = bank.returnUrl === '' ? { unattended: true as const } : {};
  return { trace, method: bank.method, amount, currency, creditor: channel.name, returnUrl, ...unattended };
}

/** Asks what became of a payment that has no certain outcome, and records it. Returns the bank's answer; undefined: it could not be asked. */
export async function askBank(engine: Engine, view: OperationView): Promise<BankAnswer | undefined> {
  const { bank, clock, shoppers } = engine;
  const { trace, state, reason, createdAtMs } = view;
  if (bank === undefined || trace === undefined) return undefined;
  const isOver = clock.businessNow() >= createdAtMs + shoppers.waitMs && reason !== 'payment_deferred';
  const found = await bank.look(trace);
  const answer = await (isOver && isWaiting(found) ? bank.cancel(trace) : found.outcome === 'not_found' ? startAgain(engine, view) : found);
  if (answer?.outcome === 'report') await takeBankReport(engine, view, answer.report);
  if (answer?.outcome === 'refused')
    engine.log.error({ operationId: view.operationId, state, cause: answer.cause }, 'the bank refuses to tell of a payment');
  return answer;
}

/** Records what the bank has of an order that stands. Rejects when it could not be recorded now. */
export async function takeMoney(engine: Engine, view: OperationView): Promise<void> {
  if (engine.bank === undefined || view.trace === undefined) return;
  const found = await engine.bank.look(view.trace);
  if (found.outcome === 'report') await takeBankReport(engine, view, found.report);
}

/** Where the money of a transfer is to go, as the bank says now; undefined: it cannot be asked, or has none. */
export async function transferAccountOf({ bank }: Engine, { trace }: OperationView): Promise<TransferAccount | undefined> {
  if (bank === undefined || trace === undefined) return undefined;
  const answer = await bank.look(trace);
  return answer.outcome === 'report' ? answer.report.account : undefined;
}

/** The merchant wants nothing to come of a payment whose shopper has not paid yet. False: it is as it was, or the shopper was faster. */
export async function callOffAtBank(engine: Engine, view: OperationView): Promise<boolean> {
  const { bank } = engine;
  const { trace, state, reason } = view;
  // What the shopper has ordered already may be on its way.
  if (bank === undefined || trace === undefined || !isFirstKind(view.kind) || state !== 'pending' || reason === 'payment_deferred')
    return false;
  if (!isWaiting(await bank.look(trace))) return false;
  const answer = await bank.cancel(trace);
  if (answer.outcome !== 'report') return false;
  await takeBankReport(engine, view, answer.report, { canceledBecause: 'shopper_canceled' });
  return answer.report.state === 'canceled';
}

function isWaiting(answer: BankAnswer): boolean {
  return answer.outcome === 'not_found' || (answer.outcome === 'report' && answer.report.state === 'open');
}

async function startAgain(engine: Engine, view: OperationView): Promise<BankAnswer | undefined> {
  const order = await orderOf(engine, view);
  return order === undefined ? undefined : engine.bank?.start(order);
}
