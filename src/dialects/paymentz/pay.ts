/** New payments of every kind: the terminal, the number, the act, the answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { authorizeAtBank, type BankCommand } from '../../core/bank/authorize.ts';
import { bankPageOf } from '../../core/bank/shopper.ts';
import { type AccountPayoutCommand, payOutToAccount } from '../../core/bank/transfer.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { authorize } from '../../core/payment/authorize.ts';
import type { AuthorizeCommand } from '../../core/payment/authorize-command.ts';
import type { ActResult } from '../../core/payment/engine.ts';
import { withStoredKey } from '../../core/payment/idempotency.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { pageUrl } from '../../core/three-d-secure/tickets.ts';
import type { DialectContext } from '../dialect.ts';
import { send } from './answer.ts';
import { dialect } from './auth.ts';
import { findByNumber } from './find.ts';
import { Problem, parameterProblem } from './problem.ts';
import { problemOf } from './refusals.ts';
import type { Request } from './request.ts';
import { usedByPage } from './used.ts';
import { paymentIdOf, type Written, writePayment } from './write.ts';

/** A command without its number. */
export type Unnumbered =
  | Omit<AuthorizeCommand, 'paymentNumber'>
  | Omit<BankCommand, 'paymentNumber'>
  | Omit<AccountPayoutCommand, 'paymentNumber'>;

/** Makes the payment and answers with it. One without a reference of the merchant's has its number for one. */
export async function beginPayment(
  context: DialectContext,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { caller, parameters, nowMs }: Request,
  given: Unnumbered,
): Promise<FastifyReply> {
  const { engine } = context;
  const unnumbered = withStoredKey(engine, given);
  const { channel } = unnumbered;
  await requireCustomer(context, caller.merchantId, parameters['customer.customerId']);
  if (unnumbered.idempotencyKey !== undefined) await refuseUsed(context, channel, unnumbered.idempotencyKey);
  const { merchantTransactionId: reference } = parameters;
  const used = reference === undefined ? undefined : await usedByPage(context, { merchantId: caller.merchantId, reference });
  if (used !== undefined) throw new Problem('20015', used);
  const paymentNumber = await engine.store.takePaymentNumber(caller.merchantId);
  const named = unnumbered.merchantReference === undefined ? referenceOf(paymentNumber) : {};
  const act = await run(context, { ...unnumbered, ...named, paymentNumber });
  if (act.kind === 'refused') throw problemOf(act.refusal);
  if (act.repeat) throw await duplicate(context, act);
  return send(request, reply, writePayment(act.operation, written(context, channel, act.operation, nowMs)));
}

function referenceOf(paymentNumber: number) {
  return { merchantReference: String(paymentNumber), idempotencyKey: String(paymentNumber) };
}

function run({ engine }: DialectContext, command: AuthorizeCommand | BankCommand | AccountPayoutCommand): Promise<ActResult> {
  if ('account' in command) return payOutToAccount(engine, command);
  return 'method' in command ? authorizeAtBank(engine, command) : authorize(engine, command);
}

/** What an answer needs beside the payment: where the customer has to go. */
export function written({ engine }: Pick<DialectContext, 'engine'>, channel: Channel, operation: OperationView, nowMs: number): Written {
  const { routingNumber } = channel;
  const { operationId: id, state, agreement } = operation;
  const awaitsShopper = state === 'awaiting' && agreement?.initiator !== 'merchant';
  const url = bankPageOf(engine, channel, operation) ?? (awaitsShopper ? pageUrl(engine.shoppers, { routingNumber, id }) : undefined);
  return { channel, nowMs, ...(url === undefined ? {} : { redirectUrl: url }) };
}

/** A reference that another terminal of the member has used, or uses at this moment; of the same terminal core keeps watch. */
async function refuseUsed(context: DialectContext, { merchantId, channelId }: Channel, key: string): Promise<void> {
  const others = (await context.directory.channelsOf({ dialect, merchantId })).filter((other) => other.channelId !== channelId);
  if (others.length === 0) return;
  const isOurs = await context.engine.store.claimReference({ merchantId, channelId, reference: key });
  for (const other of others) {
    const found = await context.engine.store.findByKey({ merchantId, channelId: other.channelId, key });
    if (found !== undefined) throw await duplicateOf(context, merchantId, found.operationId);
  }
  if (!isOurs) throw new Problem('20015');
}

/** Refused with the id of what was there first. */
export async function duplicate(context: DialectContext, { operation }: { readonly operation: OperationView }): Promise<Problem> {
  if (operation.dialectData.paymentNumber !== undefined) return new Problem('20015', { paymentId: paymentIdOf(operation) });
  return duplicateOf(context, operation.merchantId, operation.operationId);
}

async function duplicateOf({ engine }: DialectContext, merchantId: string, operationId: string): Promise<Problem> {
  const [first] = (await engine.store.findTree({ merchantId, operationId }))?.operations ?? [];
  return new Problem('20015', first === undefined ? {} : { paymentId: paymentIdOf(first) });
}

/** A cardholder whom the request names must be one of the member's. */
export async function requireCustomer({ engine }: DialectContext, merchantId: string, customerId: string | undefined): Promise<void> {
  if (customerId === undefined) return;
  const customer = await engine.customers.find({ merchantId, customerNumber: Number(customerId) });
  if (customer === undefined) throw parameterProblem('20002', 'customer.customerId', 'is no cardholder of this member');
}

/** The payment that a path names. */
export async function requirePayment(context: DialectContext, merchantId: string, number: number | undefined) {
  const found = await findByNumber(context, merchantId, number);
  if (found === undefined) throw new Problem('20009');
  return found;
}
