/** A request before it is a command: its parameters, who sends it, its idempotency key. */
import type { FastifyRequest } from 'fastify';
import { storedKey } from '../../core/payment/idempotency.ts';
import type { DialectContext } from '../dialect.ts';
import { authenticate } from './auth.ts';
import { checkerOf, parseParameters } from './parameters.ts';
import { Problem, parameterError, parameterProblem } from './problem.ts';
import type { RequestContext } from './read.ts';
import { type Parameters, queryParameters } from './wire.ts';

const checkQuery = checkerOf(queryParameters);

/** A POST: who asks, and what; the parameters are checked against `check`. Throws a {@link Problem} for whatever is wrong with it. */
export async function readRequest(
  context: DialectContext,
  request: FastifyRequest,
  check: (parameters: Parameters) => void,
): Promise<RequestContext> {
  const parameters = (request.body ?? {}) as Parameters;
  refuseParametersInUrl(request);
  const channel = await authenticate(context, request, withEntityOfUrl(request, parameters));
  check(parameters);
  refuseTestMode(context, parameters);
  // Before anything is recorded: what happens to it is told there from the first event on.
  if (parameters.notificationUrl !== undefined) await context.expectUrlsInRequests(channel);
  return { channel, parameters, idempotencyKey: readIdempotencyKey(context, request), ...timesOf(context) };
}

function timesOf({ engine: { clock } }: DialectContext): Pick<RequestContext, 'nowMs' | 'businessMs'> {
  return { nowMs: clock.wallNow(), businessMs: clock.businessNow() };
}

/** The query of a request that needs no login: its names are checked all the same. */
export function readOpenQuery(request: FastifyRequest, check: (parameters: Parameters) => void): void {
  check(parseParameters(queryOf(request)));
}

function refuseTestMode({ mode }: DialectContext, { testMode }: Parameters): void {
  if (mode === 'live' && testMode !== undefined) throw new Problem('600.200.701');
}

/** A GET or a DELETE has its parameters in the query. */
export async function readQuery(
  context: DialectContext,
  request: FastifyRequest,
  check: (parameters: Parameters) => void = checkQuery,
): Promise<RequestContext> {
  const parameters = parseParameters(queryOf(request));
  const channel = await authenticate(context, request, parameters);
  check(parameters);
  refuseTestMode(context, parameters);
  return { channel, parameters, idempotencyKey: readIdempotencyKey(context, request), ...timesOf(context) };
}

function queryOf({ raw }: FastifyRequest): string {
  const url = raw.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

/** Whatever stands in a URL ends up in somebody's log; only the entity's id is harmless there. */
function refuseParametersInUrl(request: FastifyRequest): void {
  const query = queryOf(request);
  if (query === '') return;
  const names = Object.keys(parseParameters(query)).filter((name) => name !== 'entityId');
  if (names.length === 0) return;
  const parameterErrors = names.map((name) => parameterError(name, undefined, 'must be in the body of a POST, not in its URL'));
  throw new Problem('200.300.404', { parameterErrors });
}

function withEntityOfUrl(request: FastifyRequest, parameters: Parameters): Parameters {
  const { entityId } = parseParameters(queryOf(request));
  return entityId === undefined ? parameters : { entityId, ...parameters };
}

/** Headers are not part of the protocol, so this one is safe to add: 1 to 255 printable characters, in quotes or not. */
function readIdempotencyKey({ engine }: DialectContext, { headers }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = String(header).replace(/^"(.*)"$/, '$1');
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw parameterProblem('Idempotency-Key', undefined, 'must be 1 to 255 printable ASCII characters');
  return storedKey(engine, key);
}
