/** What follows a payment: captures, refunds, cancels, and payments with its card again. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AgreementRequest } from '../../../core/instrument/agreement.ts';
import { authorize } from '../../../core/payment/authorize.ts';
import { capture } from '../../../core/payment/capture.ts';
import type { OperateCommand } from '../../../core/payment/operate.ts';
import { refundAsAsked, refundInParts } from '../../../core/payment/refund-in-parts.ts';
import { voidOperation } from '../../../core/payment/void.ts';
import type { DialectContext } from '../../dialect.ts';
import { afterAct, foundAfter, recorded, send, sendDeclined } from '../answer.ts';
import { readerOf } from '../body.ts';
import { findOwn } from '../find.ts';
import { notAllowed } from '../problem.ts';
import { refuseSurcharge } from '../quotes.ts';
import { isSale, type RequestContext, readCommon, readMoney } from '../read.ts';
import { errorsOf, paymentNames } from '../refusals.ts';
import { channelOf, contextOf, refuseQuery } from '../request.ts';
import { firstOf } from '../tree.ts';
import {
  type CancelPayment,
  cancelPayment,
  capturePayment,
  completePayment,
  type Order,
  refundPayment,
  type SubsequentPayment,
  subsequentPayment,
} from '../wire.ts';
import { writeCapture, writePayment, writeRefund } from '../write.ts';
import type { OfPayment } from './payments.ts';

const readCapture = readerOf(capturePayment);
const readRefund = readerOf(refundPayment);
const readCancel = readerOf(cancelPayment);
const readSubsequent = readerOf(subsequentPayment);
const readComplete = readerOf(completePayment);

const path = '/v2/:merchantId/payments/:id';

export function registerOperations(app: FastifyInstance, context: DialectContext): void {
  app.post<OfPayment>(`${path}/capture`, (request, reply) => answerCapture(context, request, reply));
  app.post<OfPayment>(`${path}/refund`, (request, reply) => answerRefund(context, request, reply));
  app.post<OfPayment>(`${path}/cancel`, (request, reply) => answerCancel(context, request, reply));
  app.post<OfPayment>(`${path}/subsequent`, (request, reply) => answerSubsequent(context, request, reply));

  app.post<OfPayment>(`${path}/complete`, async (request) => {
    refuseQuery(request);
    readComplete(request.body);
    await findOwn(context, { channel: channelOf(request), id: request.params.id });
    throw notAllowed();
  });

  app.get<OfPayment>(`${path}/captures`, async (request, reply) => {
    const { tree } = await findOwn(context, { channel: channelOf(request), id: request.params.id });
    const captures = tree.operations.filter(({ kind }) => kind === 'capture');
    return send(reply, 200, { captures: captures.map((one) => writeCapture(tree, one)) });
  });

  app.get<OfPayment>(`${path}/refunds`, async (request, reply) => {
    const { tree } = await findOwn(context, { channel: channelOf(request), id: request.params.id });
    const refunds = tree.operations.filter(({ kind }) => kind === 'refund');
    return send(reply, 200, { refunds: refunds.map((one) => writeRefund(tree, one)) });
  });
}

type References = Pick<NonNullable<Order['references']>, 'merchantReference' | 'merchantParameters' | 'operationGroupReference'>;

/** An act upon the payment that the id names. */
function commandOf(read: RequestContext, operationId: string, references: References | undefined): OperateCommand {
  return { channel: read.channel, operationId, ...readCommon(read, { references: references ?? {} }) };
}

async function answerCapture(context: DialectContext, request: FastifyRequest<OfPayment>, reply: FastifyReply): Promise<FastifyReply> {
  refuseQuery(request);
  const { amount, isFinal, operationReferences, references } = readCapture(request.body);
  const read = contextOf(context, request, `capture ${request.params.id}`);
  const { tree: before } = await findOwn(context, { channel: read.channel, id: request.params.id });
  const { operationId } = firstOf(before);
  const command = {
    ...commandOf(read, operationId, operationReferences ?? references),
    ...(amount === undefined ? {} : { amount }),
    // A final capture of a part gives the rest of the hold back.
    ...(isFinal === true ? { releasesRest: true as const } : {}),
  };
  const names = { amount: 'amount', currency: 'currencyCode' };
  const act = recorded(reply, await capture(context.engine, command), names);
  const found = await afterAct(context, before, act, read.idempotencyKey);
  return send(reply, 201, writeCapture(found.tree, found.operation, true));
}

async function answerRefund(context: DialectContext, request: FastifyRequest<OfPayment>, reply: FastifyReply): Promise<FastifyReply> {
  refuseQuery(request);
  const { amountOfMoney, operationReferences, references } = readRefund(request.body);
  const read = contextOf(context, request, `refund ${request.params.id}`);
  const { tree: before, operation: named } = await findOwn(context, { channel: read.channel, id: request.params.id });
  // By the number of a capture, that capture is meant; by any other, the payment.
  const target = named.kind === 'capture' || named.kind === 'receipt' ? named : firstOf(before);
  const command = {
    ...commandOf(read, target.operationId, operationReferences ?? references),
    ...(amountOfMoney === undefined ? {} : readMoney(amountOfMoney, 'amountOfMoney')),
  };
  const names = { amount: 'amountOfMoney.amount', currency: 'amountOfMoney.currencyCode' };
  const act = recorded(reply, await refundInParts(context.engine, command), names);
  const { tree, operation: found } = await afterAct(context, before, act, read.idempotencyKey);
  const operation = refundAsAsked(tree, found);
  const body = writeRefund(tree, operation, true);
  return errorsOf(operation).length > 0 ? sendDeclined(reply, operation, { refundResult: body }) : send(reply, 201, body);
}

async function answerCancel(context: DialectContext, request: FastifyRequest<OfPayment>, reply: FastifyReply): Promise<FastifyReply> {
  refuseQuery(request);
  const body: CancelPayment = readCancel(request.body);
  const read = contextOf(context, request, `cancel ${request.params.id}`);
  const { tree: before } = await findOwn(context, { channel: read.channel, id: request.params.id });
  const first = firstOf(before);
  // What was taken is refunded; the platform cancels what is held.
  if (first.kind !== 'preauthorization' && first.state === 'approved') throw notAllowed();
  const command = {
    ...commandOf(read, first.operationId, body.operationReferences),
    ...(body.amountOfMoney === undefined ? { whole: true as const } : readMoney(body.amountOfMoney, 'amountOfMoney')),
  };
  const names = { amount: 'amountOfMoney.amount', currency: 'amountOfMoney.currencyCode' };
  const act = recorded(reply, await voidOperation(context.engine, command), names);
  const { tree, operation } = await afterAct(context, before, act, read.idempotencyKey);
  return send(reply, 200, { payment: writePayment(tree, operation, { asked: true }) });
}

const typeOf: Readonly<Record<string, AgreementRequest['type']>> = { Recurring: 'recurring', Installment: 'installment' };

/** The card of an earlier payment is charged again; the shopper is not there. */
async function answerSubsequent(context: DialectContext, request: FastifyRequest<OfPayment>, reply: FastifyReply): Promise<FastifyReply> {
  refuseQuery(request);
  const body: SubsequentPayment = readSubsequent(request.body);
  const { engine } = context;
  const read = contextOf(context, request, `subsequent ${request.params.id}`);
  const { channel } = read;
  refuseSurcharge(channel, body.order);
  const { tree } = await findOwn(context, { channel, id: request.params.id });
  const first = firstOf(tree);
  if (first.card === undefined || first.cardId === undefined) throw notAllowed();
  const { subsequentType, authorizationMode } = body.subsequentcardPaymentMethodSpecificInput ?? {};
  const agreement: AgreementRequest = {
    ...{ initiator: 'merchant', sequence: 'subsequent', type: typeOf[subsequentType ?? ''] ?? 'unscheduled' },
    initial: { operationId: first.operationId },
  };
  const act = await authorize(engine, {
    channel,
    kind: isSale(channel, authorizationMode) ? 'debit' : 'preauthorization',
    ...readMoney(body.order.amountOfMoney, 'order.amountOfMoney'),
    ...{ instrument: { type: 'kept', cardId: first.cardId, summary: first.card }, tokenize: false, agreement },
    ...readCommon(read, body.order),
    paymentNumber: await engine.store.takePaymentNumber(channel.merchantId),
  });
  const { tree: made, operation } = await foundAfter(context, recorded(reply, act, paymentNames));
  const payment = writePayment(made, operation);
  if (errorsOf(operation).length > 0) return sendDeclined(reply, operation, { paymentResult: { payment } });
  return send(reply.header('location', `/v2/${channel.wireId}/payments/${String(payment.id)}`), 201, { payment });
}
