/** A request before it is a command: who sends it, its key, the channel and the payment that it names. */
import type { FastifyRequest } from 'fastify';
import type { Channel } from '../../core/merchant/channel.ts';
import { withStoredKey } from '../../core/payment/idempotency.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import type { DialectContext } from '../dialect.ts';
import { type Caller, channelNamed, openTo } from './auth.ts';
import { fromWireId, type IdPrefix } from './ids.ts';
import { fieldProblem, Problem } from './problem.ts';
import { keyLifetimeMs, type RequestKey } from './read.ts';

/** Filled before bodies are read, so that nobody without a key makes the gateway read one. */
const callers = new WeakMap<FastifyRequest, Caller>();

export function rememberCaller(request: FastifyRequest, caller: Caller): void {
  callers.set(request, caller);
}

export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Problem('missing_key');
  return caller;
}

/** Whatever stands in a URL ends up in somebody's log. */
export function refuseParametersInUrl({ query }: FastifyRequest): void {
  const [name] = Object.keys(query as object);
  if (name !== undefined) throw fieldProblem(name, 'must be in the body of a POST, not in its URL');
}

/**
 * The reference, and the header before it where there is one: a reference is used once, whatever key it comes with. The two never meet: each has a
 * name of its own before it.
 */
export function keyOf({ engine }: DialectContext, { headers }: FastifyRequest, reference: string): RequestKey {
  const [key, referenceKey] = [headerKey(headers['idempotency-key']), `reference ${reference}`];
  const keys = key === undefined ? { idempotencyKey: referenceKey, keyLifetimeMs, byReference: true } : { ...key, referenceKey };
  return withStoredKey(engine, keys);
}

/** The header alone. */
export function headerKeyOf({ engine }: DialectContext, { headers }: FastifyRequest): RequestKey | undefined {
  const key = headerKey(headers['idempotency-key']);
  return key === undefined ? undefined : withStoredKey(engine, key);
}

function headerKey(header: string | readonly string[] | undefined): RequestKey | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\x20-\x7e]{1,128}$/.test(header)) {
    throw fieldProblem('Idempotency-Key', 'must be 1 to 128 printable ASCII characters');
  }
  return { idempotencyKey: `key ${header}`, keyLifetimeMs, byReference: false };
}

/** The first operation of a payment, by its id on the wire. Those of other merchants are not there, and neither are those of other dialects. */
export async function findPayment(
  { engine, directory }: DialectContext,
  caller: Caller,
  { id, channelId }: { readonly id: string | undefined; readonly channelId?: string | undefined },
): Promise<{ readonly first: OperationView; readonly channel: Channel }> {
  const named = channelId === undefined ? undefined : await channelNamed(directory, caller, channelId);
  if (id === undefined) throw fieldProblem('payment_id', 'is required');
  const { first, channel } = (await findFirst({ engine, directory }, caller, { id, prefix: 'pay' })) ?? {};
  if (first === undefined || channel === undefined || (named !== undefined && named.channelId !== channel.channelId)) {
    throw new Problem('payment_not_found');
  }
  return { first, channel: openTo(caller, channel) };
}

async function findFirst(
  { engine, directory }: Pick<DialectContext, 'engine' | 'directory'>,
  { merchantId }: Caller,
  { id, prefix }: { readonly id: string; readonly prefix: IdPrefix },
): Promise<{ readonly first: OperationView; readonly channel: Channel } | undefined> {
  const operationId = fromWireId(prefix, id);
  const first = operationId === undefined ? undefined : await engine.store.findOperation({ merchantId, operationId });
  if (first === undefined || first.targetId !== undefined) return undefined;
  const channel = await directory.channelById({ merchantId, channelId: first.channelId });
  return channel?.dialect === 'tzero' ? { first, channel } : undefined;
}
