/** From an act's result, a transaction or an error to the response. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bankPageOf } from '../../core/bank/shopper.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import type { ActResult } from '../../core/payment/engine.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { pageUrl } from '../../core/three-d-secure/tickets.ts';
import { withAuthentication } from '../../core/three-d-secure/view.ts';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { DialectContext } from '../dialect.ts';
import { logFailure, requestFaultOf } from '../failure.ts';
import { buildNumber } from './build-number.ts';
import { toWireId } from './ids.ts';
import { policiesOf } from './policies.ts';
import { Problem } from './problem.ts';
import type { RequestContext } from './read.ts';
import { type BackOfficeType, problemOf } from './refusals.ts';
import { httpStatusOf, resultOf } from './result-codes.ts';
import { hasBrowser } from './shopper.ts';
import { successOf } from './states.ts';
import { throttled } from './throttle.ts';
import type { Parameters } from './wire.ts';
import { mayAskIssuer } from './without-shopper.ts';
import { type Answering, writeEnvelope, writeOperation, writeReadTimestamp, writeResult } from './write.ts';

/** What an act came to: the operation as it stands now, or the refusal in the words of the operation asked for. */
export async function answerAct(
  context: DialectContext,
  { channel, nowMs }: RequestContext,
  reply: FastifyReply,
  act: ActResult,
  type?: BackOfficeType,
): Promise<FastifyReply> {
  if (act.kind === 'refused') throw problemOf(act.refusal, type);
  if (act.repeat) reply.header('idempotent-replayed', 'true');
  const operation = await authenticated(context, channel, act.operation);
  const { body, result } = writeOperation(operation, answering(context, channel, operation));
  return send(reply, httpStatusOf(result.code), { ...body, ...envelope(context, channel.wireId, nowMs) });
}

/** The reversal of a payment of which nothing was ever sent: done, under the id of that payment, which says from now on that it was canceled. */
export function answerCalledOff(
  context: DialectContext,
  { channel, nowMs, parameters }: RequestContext,
  reply: FastifyReply,
  operation: OperationView,
): FastifyReply {
  const id = toWireId(operation.operationId);
  const result = successOf({ ...(parameters.testMode === undefined ? {} : { testMode: parameters.testMode }) }, context.mode);
  const body = { id, referencedId: id, paymentType: 'RV', ...writeResult(result, []) };
  return send(reply, httpStatusOf(result.code), { ...body, ...envelope(context, channel.wireId, nowMs) });
}

/** A transaction that was asked for by its id. */
export async function answerRead(
  context: DialectContext,
  channel: Channel,
  reply: FastifyReply,
  found: OperationView,
  more: object = {},
): Promise<FastifyReply> {
  const operation = await authenticated(context, channel, found);
  const { result } = writeOperation(operation, { mode: context.mode, channel });
  const status = policiesOf(channel).failedStatusIs200 ? 200 : httpStatusOf(result.code);
  return send(reply, status, { ...envelope(context, channel.wireId), ...readBack(context, channel, operation), ...more });
}

/** A transaction that is read back shows its own time. */
export function readBack(context: DialectContext, channel: Channel, operation: OperationView): object {
  return {
    ...writeOperation(operation, answering(context, channel, operation)).body,
    timestamp: writeReadTimestamp(operation.createdAtMs),
  };
}

/** Only what a shopper's browser came along with, or what the merchant has started, can have been authenticated: nothing is looked up for the rest. */
async function authenticated({ engine }: DialectContext, channel: Channel, operation: OperationView): Promise<OperationView> {
  const { dialectData, agreement } = operation;
  const mayBe = hasBrowser(dialectData) || (agreement?.initiator === 'merchant' && mayAskIssuer(dialectData, channel));
  return mayBe ? withAuthentication(engine, operation) : operation;
}

function answering({ engine, mode }: DialectContext, channel: Channel, operation: OperationView): Answering {
  const { state, operationId } = operation;
  const bankPage = bankPageOf(engine, channel, operation);
  if (bankPage !== undefined) return { mode, channel, redirectUrl: bankPage };
  if (state !== 'awaiting' || operation.agreement?.initiator === 'merchant') return { mode, channel };
  return { mode, channel, redirectUrl: pageUrl(engine.shoppers, { routingNumber: channel.routingNumber, id: operationId }) };
}

/** What every answer carries. */
export function envelope({ engine }: DialectContext, entityId: string, nowMs = engine.clock.wallNow()): object {
  return writeEnvelope({ buildNumber, ndc: `${entityId}_${randomUUID().replaceAll('-', '')}`, nowMs });
}

/** What answers about a checkout carry: they are named by it. */
export function checkoutEnvelope({ engine }: DialectContext, checkoutId: string): object {
  return writeEnvelope({ buildNumber, ndc: checkoutId, nowMs: engine.clock.wallNow() });
}

const answerHeaders = {
  'content-type': 'application/json;charset=UTF-8',
  'cache-control': 'private, no-cache, no-store',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
};

/** The whole answer in one write with its length: some clients parse each chunk by itself. */
export function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  return reply.code(status).headers(answerHeaders).send(JSON.stringify(body));
}

/** The dialect's own errors, those of the HTTP layer in its shape, and defects: logged with the request's id, and told as that. */
export function answerError(context: DialectContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = context.isUnavailable(error) ? new Problem('800.800.800', { status: 503 }) : problemFor(error);
  if (problem === undefined) {
    logFailure(context, request, error);
    return send(reply, 500, { ...writeResult(resultOf('999.999.999'), []), ...envelope(context, entityOf(request)) });
  }
  const result = { ...resultOf(problem.code), ...(problem.text === undefined ? {} : { description: problem.text }) };
  if (problem.status === 503) reply.header('retry-after', '1');
  const id = problem.id === undefined ? {} : { id: problem.id };
  return send(reply, problem.status, { ...id, ...writeResult(result, problem.parameterErrors), ...envelope(context, entityOf(request)) });
}

/** The entity that the request names, for the id of the answer; nothing else of a request is repeated unseen. */
function entityOf({ body, query }: FastifyRequest): string {
  for (const source of [body, query] as readonly (Parameters | undefined)[]) {
    const entityId = source?.entityId ?? source?.['authentication.entityId'];
    if (typeof entityId === 'string' && /^[a-f0-9]{32}$/.test(entityId)) return entityId;
  }
  return 'unknown';
}

function problemFor(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof TooManyRequests) return throttled();
  const fault = requestFaultOf(error);
  switch (fault?.kind) {
    case 'media_type':
      return new Problem('200.100.103', { text: 'the body must be application/x-www-form-urlencoded' });
    case 'too_large':
      return new Problem('200.100.103', { status: fault.status, text: 'the body is too large' });
    case 'unreadable':
      return new Problem('200.100.103', { status: fault.status });
    case undefined:
      return undefined;
  }
}
