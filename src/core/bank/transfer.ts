/**
 * Payouts to bank accounts: recorded first, with the amount taken from the payout balance, then ordered at the bank under a reference of their own. An
 * order that was not answered is asked for; one that the bank has never seen is called off there, so that nothing comes of it later, and its
 * amount goes back to the balance. It is never ordered a second time, and so the number of the account is never stored.
 */

import { accountSummaryOf, type BankAccount } from '../instrument/account.ts';
import { accountTransfers } from '../instrument/bank.ts';
import type { Channel } from '../merchant/channel.ts';
import { refuseMoney } from '../money/refuse-money.ts';
import { orderedId } from '../ordered-id.ts';
import { isTooLateToSend } from '../payment/deadline.ts';
import type { ActResult, Engine } from '../payment/engine.ts';
import { keyOfRow, resultOfFailure, resultOfHolder } from '../payment/idempotency.ts';
import { type PaymentNames, withNumber } from '../payment/merchant-names.ts';
import type { OperationView } from '../payment/operation.ts';
import { refuseWhenUnavailable } from '../payment/store-failure.ts';
import type { NewAccountPayout } from '../ports/new-operation.ts';
import { type Refusal, refusal, refused } from '../refusals.ts';
import type { Bank } from './bank.ts';
import { takeFirstAnswer } from './first-answer.ts';
import { takeBankReport } from './take-report.ts';

export interface AccountPayoutCommand extends PaymentNames {
  readonly channel: Channel;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly account: BankAccount;
  /** What the receiver reads. */
  readonly purpose: string;
}

/** Records the payout and orders it at the bank. Refuses what can be refused without a trace. */
export async function payOutToAccount(engine: Engine, command: AccountPayoutCommand): Promise<ActResult> {
  const { bank } = engine;
  const wrong = refuse(command);
  if (bank === undefined) return refused('method_not_enabled');
  if (wrong !== undefined) return { kind: 'refused', refusal: wrong };
  return refuseWhenUnavailable(engine, async () => submit(engine, bank, command, await rowOf(engine, bank, command)));
}

function refuse({ channel, amount, currency }: AccountPayoutCommand): Refusal | undefined {
  if (channel.bankMethods?.includes(accountTransfers) !== true) return refusal('method_not_enabled');
  return refuseMoney(channel, amount, currency);
}

async function rowOf(engine: Engine, bank: Bank, command: AccountPayoutCommand): Promise<NewAccountPayout> {
  const { channel, amount, currency, account, purpose, merchantReference, paymentNumber, dialectData } = command;
  const { merchantId, channelId, routingNumber } = channel;
  const nowMs = engine.clock.businessNow();
  return {
    ...{
      kind: 'payout',
      merchantId,
      channelId,
      paymentId: orderedId(engine.clock),
      operationId: orderedId(engine.clock),
      amount,
      currency,
    },
    ...{ account: accountSummaryOf(account), trace: bank.prepareTransfer({ routingNumber, nowMs }), createdAtMs: nowMs },
    dialectData: withNumber(command),
    ...(merchantReference === undefined ? {} : { merchantReference }),
    ...(paymentNumber === undefined ? {} : { paymentNumber }),
    ...(await keyOfRow(engine, command, { kind: 'payout', account, amount, currency, purpose, merchantReference, dialectData })),
  };
}

/** First transaction; then the order to the bank; then the second transaction. */
async function submit(engine: Engine, bank: Bank, command: AccountPayoutCommand, row: NewAccountPayout): Promise<ActResult> {
  const view = viewOf(row);
  const startedMs = performance.now();
  try {
    switch (await engine.store.submitAccountPayout(row)) {
      case 'key_taken':
        return resultOfHolder(engine, row);
      case 'guard_failed':
        return refused('balance_too_low', 'amount');
      case 'submitted':
    }
  } catch (error) {
    return resultOfFailure(engine, error, row, view);
  }
  if (isTooLateToSend(startedMs)) return { kind: 'recorded', operation: view, repeat: false };
  const { amount, currency, trace } = row;
  const { account, purpose, channel } = command;
  const answer = await bank.transfer({ trace, amount, currency, account, purpose, debtor: channel.name });
  return { kind: 'recorded', operation: await takeFirstAnswer(engine, view, answer), repeat: false };
}

/** Finds out what became of a payout that has no certain outcome, and records it. */
export async function askOfTransfer(engine: Engine, view: OperationView): Promise<void> {
  const { bank } = engine;
  const { trace, operationId } = view;
  if (bank === undefined || trace === undefined) return;
  const found = await bank.look(trace);
  const answer = found.outcome === 'not_found' ? await bank.cancel(trace) : found;
  if (answer.outcome === 'report') await takeBankReport(engine, view, answer.report);
  if (answer.outcome === 'refused') engine.log.error({ operationId, cause: answer.cause }, 'the bank refuses to tell of a payout');
}

function viewOf(row: NewAccountPayout): OperationView {
  const { merchantId, channelId, paymentId, operationId, kind, amount, currency, dialectData, createdAtMs, trace, account } = row;
  return {
    ...{
      merchantId,
      channelId,
      paymentId,
      operationId,
      kind,
      amount,
      currency,
      dialectData,
      createdAtMs,
      trace,
      account,
      state: 'submitted',
    },
    ...(row.merchantReference === undefined ? {} : { merchantReference: row.merchantReference }),
  };
}
