/** What follows a payment: capture, void and refund, by an id in the body or in the path. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { maskCardNumbers } from '../../../core/instrument/mask.ts';
import type { Channel } from '../../../core/merchant/channel.ts';
import { capture } from '../../../core/payment/capture.ts';
import type { OperateCommand } from '../../../core/payment/operate.ts';
import type { OperationView } from '../../../core/payment/operation.ts';
import { refundInParts } from '../../../core/payment/refund-in-parts.ts';
import { voidOperation } from '../../../core/payment/void.ts';
import type { DialectContext } from '../../dialect.ts';
import { countRequest, presentRecorded, send } from '../answer.ts';
import { readerOf } from '../body.ts';
import { fieldProblem, Problem } from '../problem.ts';
import { type RequestKey, readAmount, readCurrency } from '../read.ts';
import { callerOf, findPayment, headerKeyOf, keyOf, refuseParametersInUrl } from '../request.ts';
import { captureBody, refundBody, voidBody } from '../wire.ts';
import { writeAct, writeRefund } from '../write.ts';
import { recordedOf } from './payments.ts';

const captures = readerOf(captureBody);
const voids = readerOf(voidBody);
const refunds = readerOf(refundBody);

interface Asked {
  readonly context: DialectContext;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly first: OperationView;
  readonly channel: Channel;
}

type Act = (context: DialectContext, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

const acts: readonly (readonly [path: string, act: Act])[] = [
  ['capture', takeCapture],
  ['void', takeVoid],
  ['cancel', takeVoid],
  ['refund', takeRefund],
];

export function registerActs(app: FastifyInstance, context: DialectContext): void {
  for (const [name, act] of acts) {
    for (const path of [`/payment/${name}`, `/payment/:id/${name}`]) app.post(path, (request, reply) => act(context, request, reply));
  }
}

/** The payment that the path or the body names. */
async function askedFor(
  context: DialectContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { payment_id, channel: channelId }: { readonly payment_id?: string; readonly channel?: string },
): Promise<Asked> {
  refuseParametersInUrl(request);
  const { id } = request.params as { readonly id?: string };
  if (id !== undefined && payment_id !== undefined && id !== payment_id)
    throw fieldProblem('payment_id', 'differs from the id in the path');
  const caller = callerOf(request);
  const found = await findPayment(context, caller, { id: id ?? payment_id, channelId });
  countRequest(context, caller, `act ${found.first.operationId}`);
  return { context, request, reply, ...found };
}

interface Money {
  readonly amount?: number;
  readonly currency?: string;
}

function readMoney({ amount, currency }: Money, { first, channel }: Asked): Pick<OperateCommand, 'amount' | 'currency'> {
  return {
    ...(amount === undefined ? {} : { amount: readAmount(amount, first.currency, channel) }),
    ...(currency === undefined ? {} : { currency: readCurrency(currency) }),
  };
}

function commandOf({ channel, first }: Asked, key: RequestKey | undefined, reference: string | undefined, reason?: string): OperateCommand {
  const { byReference: _byReference, ...keys } = key ?? {};
  return {
    ...{ channel, operationId: first.operationId },
    ...keys,
    ...(reference === undefined ? {} : { merchantReference: maskCardNumbers(reference) }),
    dialectData: reason === undefined ? {} : { reason: maskCardNumbers(reason) },
  };
}

async function takeCapture(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const body = captures.read(request.body) as Static<typeof captureBody>;
  const asked = await askedFor(context, request, reply, body);
  const command = {
    ...commandOf(asked, headerKeyOf(context, request), body.reference),
    ...readMoney(body, asked),
    ...(body.final === true ? { releasesRest: true as const } : {}),
  };
  const operation = recordedOf(await capture(context.engine, command), reply);
  return answerAct(asked, operation);
}

/** What was captured is refunded; a hold of which something was captured ends by itself. */
async function takeVoid(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const body = voids.read(request.body) as Static<typeof voidBody>;
  const asked = await askedFor(context, request, reply, body);
  const { first } = asked;
  const tree = await context.engine.store.findTree(first);
  if (first.kind !== 'preauthorization' || (tree !== undefined && tree.captured + tree.capturePending > 0)) {
    throw new Problem('invalid_state', { message: 'Money of this payment was captured, or may be: refund it.' });
  }
  const command = { ...commandOf(asked, headerKeyOf(context, request), undefined, body.reason), whole: true as const };
  return answerAct(asked, recordedOf(await voidOperation(context.engine, command), reply));
}

async function takeRefund(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const body = refunds.read(request.body) as Static<typeof refundBody>;
  const asked = await askedFor(context, request, reply, body);
  const { first, channel } = asked;
  const key = keyOf(context, request, `refund ${first.operationId} ${body.reference}`);
  const command = { ...commandOf(asked, key, body.reference, body.reason), ...readMoney(body, asked) };
  const operation = recordedOf(await refundInParts(context.engine, command), reply, key);
  return send(reply, 200, writeRefund(channel, first, operation));
}

/** The payment, and what was just done to it. */
async function answerAct({ context, reply, first, channel }: Asked, operation: OperationView): Promise<FastifyReply> {
  return send(reply, 200, { ...(await presentRecorded(context, channel, first)), operation: writeAct(channel, operation) });
}
