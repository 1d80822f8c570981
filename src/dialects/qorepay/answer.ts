/** Answers: JSON in one piece, and the protocol's own form for everything that is refused. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RecordedUnread } from '../../core/payment/store-failure.ts';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { DialectContext } from '../dialect.ts';
import { logFailure, requestFaultOf } from '../failure.ts';
import { generalProblem, Problem, unavailable } from './problem.ts';

export function send(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return (
    reply
      .code(status)
      .headers({ 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      // As bytes: the framework would add a charset to text, and clients look for this type alone.
      .send(Buffer.from(JSON.stringify(body)))
  );
}

export function answerError(context: DialectContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemFor(context, error);
  if (problem !== undefined) {
    if (problem.status === 503) reply.header('retry-after', '1');
    return send(reply, problem.status, problem.errors);
  }
  logFailure(context, request, error);
  return send(
    reply,
    500,
    generalProblem(
      500,
      'internal_error',
      'Something went wrong on our side, and was logged. What was asked for may have been done: read it before you ask again.',
    ).errors,
  );
}

function problemFor({ isUnavailable }: DialectContext, error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof TooManyRequests) {
    return generalProblem(429, 'throttled', `Request was throttled. Expected available in ${error.retryAfter} seconds.`);
  }
  if (isUnavailable(error)) return unavailable();
  if (error instanceof RecordedUnread) {
    return generalProblem(
      500,
      'internal_error',
      'It was recorded, and how it stands cannot be read now: read the object before you ask again.',
    );
  }
  const fault = requestFaultOf(error);
  if (fault?.kind === 'too_large') return generalProblem(fault.status, 'too_large', 'The body is too large.');
  return fault && generalProblem(fault.status, 'invalid', 'The request cannot be read.');
}
