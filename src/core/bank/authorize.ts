/**
 * A new payment at a bank: recorded first, then started at the bank, which sends the shopper on. Its outcome comes later, by the bank's word: in a
 * notification, or because the gateway asks. A start that was not answered is asked for again, and never made twice.
 */

import { type BankMethod, type BankUse, supports } from '../instrument/bank.ts';
import { refuseInactive } from '../merchant/activation.ts';
import type { Channel } from '../merchant/channel.ts';
import { refuseMoney } from '../money/refuse-money.ts';
import { orderedId } from '../ordered-id.ts';
import { isTooLateToSend } from '../payment/deadline.ts';
import type { ActResult, Engine } from '../payment/engine.ts';
import { keyOfRow, resultOfFailure, resultOfHolder } from '../payment/idempotency.ts';
import { type PaymentNames, withNumber } from '../payment/merchant-names.ts';
import type { OperateCommand } from '../payment/operate.ts';
import type { OperationView, PaymentTree } from '../payment/operation.ts';
import { refuseWhenUnavailable } from '../payment/store-failure.ts';
import type { IdempotencyKey, NewBankPayment } from '../ports/new-operation.ts';
import { type Refusal, refusal, refused } from '../refusals.ts';
import { orderOf } from './ask.ts';
import { takeFirstAnswer } from './first-answer.ts';

export interface BankCommand extends PaymentNames {
  readonly channel: Channel;
  readonly kind: 'preauthorization' | 'debit';
  readonly method: BankMethod;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  /** Where the shopper goes in the end; the id is that of the operation. */
  readonly returnUrl: (operationId: string) => string;
}

/** Records the payment and starts it at the bank. Refuses what can be refused without a trace. */
export async function authorizeAtBank(engine: Engine, command: BankCommand): Promise<ActResult> {
  const wrong = refuse(engine, command);
  if (wrong !== undefined) return { kind: 'refused', refusal: wrong };
  return refuseWhenUnavailable(engine, async () => {
    const operationId = orderedId(engine.clock);
    const key = await keyOfPayment(engine, command);
    const { idempotencyKey, keyLifetimeMs, keyMatchesAnyInput, returnUrl, ...given } = command;
    return submit(engine, { ...given, dialectData: withNumber(command), ...key, operationId, returnUrl: returnUrl(operationId) });
  });
}

function refuse({ bank }: Engine, { channel, kind, method, amount, currency }: BankCommand): Refusal | undefined {
  if (bank === undefined || channel.bankMethods?.includes(method) !== true) return refusal('method_not_enabled');
  const inactive = refuseInactive(channel, { flow: 'redirect' });
  if (inactive !== undefined) return inactive;
  if (!supports(method, kind)) return refusal('flow_not_supported');
  return refuseMoney(channel, amount, currency);
}

function keyOfPayment(engine: Engine, command: BankCommand): Promise<{ readonly idempotencyKey?: IdempotencyKey }> {
  const { kind, method, amount, currency, merchantReference, dialectData } = command;
  return keyOfRow(engine, command, { kind, method, amount, currency, merchantReference, dialectData, returnUrl: command.returnUrl('') });
}

/** What `rebill` has found out. */
export interface RebillAtBank {
  readonly command: OperateCommand;
  readonly tree: PaymentTree;
  readonly use: BankUse;
  /** Minor units. */
  readonly amount: number;
  readonly key: { readonly idempotencyKey?: IdempotencyKey };
}

/** Goods that were added to an order: a new payment at the bank, to which the shopper goes again. */
export async function rebillAtBank(engine: Engine, { command, tree, use, amount, key }: RebillAtBank): Promise<ActResult> {
  const { channel, merchantReference, dialectData, operationId: referenceId, returnUrl } = command;
  const { method } = use;
  if (channel.bankMethods?.includes(method) !== true) return refused('method_not_enabled');
  const inactive = refuseInactive(channel, { flow: 'redirect' });
  if (inactive !== undefined) return { kind: 'refused', refusal: inactive };
  if (!supports(method, 'rebill')) return refused('flow_not_supported');
  const operationId = orderedId(engine.clock);
  const first = { operationId: tree.operations[0]?.operationId ?? referenceId, returnUrl: use.returnUrl };
  return submit(engine, {
    ...{ channel, kind: 'rebill', method, amount, currency: tree.currency, dialectData, operationId, referenceId, ...key },
    returnUrl: returnUrl?.(operationId, first) ?? use.returnUrl,
    ...(merchantReference === undefined ? {} : { merchantReference }),
  });
}

interface Submittal extends Pick<BankCommand, 'channel' | 'method' | 'amount' | 'currency' | 'merchantReference' | 'dialectData'> {
  readonly kind: NewBankPayment['kind'];
  readonly operationId: string;
  readonly returnUrl: string;
  readonly referenceId?: string;
  readonly paymentNumber?: number;
  readonly idempotencyKey?: IdempotencyKey;
}

/** First transaction; then the start at the bank; then the second transaction. */
async function submit(engine: Engine, submittal: Submittal): Promise<ActResult> {
  const { channel, method, returnUrl, ...given } = submittal;
  const { merchantId, channelId, routingNumber } = channel;
  const nowMs = engine.clock.businessNow();
  const trace = engine.bank?.prepare({ routingNumber, nowMs });
  if (trace === undefined) return refused('method_not_enabled');
  const row: NewBankPayment = {
    ...given,
    merchantId,
    channelId,
    paymentId: orderedId(engine.clock),
    bank: { method, returnUrl },
    trace,
    createdAtMs: nowMs,
  };
  const view = viewOf(row);
  const startedMs = performance.now();
  try {
    const submission = await engine.store.submitBankPayment(row);
    if (submission === 'key_taken') return resultOfHolder(engine, row);
  } catch (error) {
    return resultOfFailure(engine, error, row, view);
  }
  if (isTooLateToSend(startedMs)) return { kind: 'recorded', operation: view, repeat: false };
  return { kind: 'recorded', operation: await start(engine, view), repeat: false };
}

async function start(engine: Engine, view: OperationView): Promise<OperationView> {
  const order = await orderOf(engine, view);
  return order === undefined || engine.bank === undefined ? view : takeFirstAnswer(engine, view, await engine.bank.start(order));
}

function viewOf(row: NewBankPayment): OperationView {
  const { merchantId, channelId, paymentId, operationId, kind, amount, currency, dialectData, createdAtMs, trace, bank } = row;
  return {
    ...{ merchantId, channelId, paymentId, operationId, kind, amount, currency, dialectData, createdAtMs, trace },
    ...{ state: 'submitted', bank: { ...bank, awaitsReceipt: false } },
    ...(row.referenceId === undefined ? {} : { referenceId: row.referenceId }),
    ...(row.merchantReference === undefined ? {} : { merchantReference: row.merchantReference }),
  };
}
