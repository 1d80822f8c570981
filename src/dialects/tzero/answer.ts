/** From an act's result, a payment or an error to the response. */
import { randomUUIDv7 } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Channel } from '../../core/merchant/channel.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { RecordedUnread, readRecorded } from '../../core/payment/store-failure.ts';
import { treeOfNew } from '../../core/payment/tree-of-new.ts';
import { pageUrl } from '../../core/three-d-secure/tickets.ts';
import { viewOfRun } from '../../core/three-d-secure/view.ts';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { DialectContext } from '../dialect.ts';
import { logFailure, type RequestFault, requestFaultOf } from '../failure.ts';
import { toWireId } from './ids.ts';
import { type ErrorCode, Problem } from './problem.ts';
import { type Json, writePayment } from './write.ts';

/** The payment as it stands now. */
export async function presentPayment({ engine }: DialectContext, channel: Channel, operation: OperationView): Promise<Json> {
  const { merchantId, operationId } = operation;
  const [found, visit, events] = await Promise.all([
    engine.store.findTree({ merchantId, operationId }),
    engine.shoppers.visits.find({ merchantId, visitId: operationId }),
    engine.checkouts.paymentEventsOf({ merchantId, operationIds: [operationId] }),
  ]);
  // What was perhaps recorded, and is not found, is told as what was asked for.
  const tree = found ?? treeOfNew(operation);
  const first = tree.operations.find((one) => one.operationId === operationId);
  if (first === undefined) throw new Error(`operation ${operationId} has no payment`);
  const waits = first.state === 'awaiting' && visit !== undefined && visit.authentication.request.withoutShopper === undefined;
  const url = pageUrl(engine.shoppers, { routingNumber: channel.routingNumber, id: operationId });
  return writePayment({
    ...{ tree, channel, updatedAtMs: events.at(-1)?.event.happenedAtMs ?? first.createdAtMs },
    first: visit === undefined ? first : { ...first, authentication: viewOfRun(visit.authentication) },
    ...(waits ? { page: { url, expiresAtMs: visit.expiresAtMs } } : {}),
  });
}

/** What was just recorded, as `presentPayment`; also while the database restarts. */
export function presentRecorded(context: DialectContext, channel: Channel, operation: OperationView): Promise<Json> {
  return readRecorded(context.engine, () => presentPayment(context, channel, operation));
}

const unreadText =
  'It was recorded, and how it stands cannot be read now: ask for the payment, or send the same request again under its key.';

const answerHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

/** Every answer has an id by which it can be asked for. */
export function send(reply: FastifyReply, status: number, body: Json): FastifyReply {
  const requestId = toWireId('req', randomUUIDv7());
  return reply
    .code(status)
    .headers(answerHeaders)
    .send(JSON.stringify({ ...body, request_id: requestId }));
}

/** The dialect's own problems, those of the HTTP layer in its shape, and defects: logged, and told as that. */
export function answerError(context: DialectContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemFor(context, error);
  if (problem.code === 'internal_error') {
    logFailure(context, request, error);
  }
  if (problem.code === 'missing_key' || problem.code === 'invalid_key') reply.header('www-authenticate', 'Bearer');
  if (problem.retryAfterMs !== undefined) reply.header('retry-after', String(Math.max(1, Math.ceil(problem.retryAfterMs / 1_000))));
  return send(reply, problem.status, { error: problem.body });
}

function problemFor(context: DialectContext, error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TooManyRequests) return new Problem('rate_limited', { retryAfterMs: error.retryAfterMs });
  if (context.isUnavailable(error)) return new Problem('service_unavailable', { retryAfterMs: 1_000 });
  if (error instanceof RecordedUnread) return new Problem('internal_error', { message: unreadText });
  const fault = requestFaultOf(error);
  return new Problem(fault === undefined ? 'internal_error' : faultCodes[fault.kind]);
}

const faultCodes: Readonly<Record<RequestFault['kind'], ErrorCode>> = {
  media_type: 'unsupported_media_type',
  too_large: 'body_too_large',
  unreadable: 'unreadable_request',
};

/** Throws 429 when one subject (a payment, a reference) is asked for very often. */
export function countRequest({ limits }: DialectContext, { merchantId }: { readonly merchantId: string }, subject: string): void {
  const counted = limits.countRequest({ merchantId, subject: `tzero ${subject}` });
  if (!counted.allowed) throw new TooManyRequests(counted.retryAfterMs);
}
