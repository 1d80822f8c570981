/** A request before it is a command: who sends it, and its idempotence key. */
import type { FastifyRequest } from 'fastify';
import type { Channel } from '../../core/merchant/channel.ts';
import { storedKey } from '../../core/payment/idempotency.ts';
import type { DialectContext } from '../dialect.ts';
import { invalid, Problem } from './problem.ts';
import type { RequestContext } from './read.ts';

/** Who asks, as the signature has told before the body was read. */
const channels = new WeakMap<FastifyRequest, Channel>();

export function remember(request: FastifyRequest, channel: Channel): void {
  channels.set(request, channel);
}

export function channelOf(request: FastifyRequest): Channel {
  const channel = channels.get(request);
  if (channel === undefined) throw new Error('a request was not authenticated');
  return channel;
}

/** `operation`: what the key is for; the same key elsewhere is another one. */
export function contextOf({ engine }: DialectContext, request: FastifyRequest, operation: string): RequestContext {
  const key = keyIn(request);
  return {
    channel: channelOf(request),
    idempotencyKey: key === undefined ? undefined : `${operation} ${storedKey(engine, key)}`,
    nowMs: engine.clock.wallNow(),
    businessMs: engine.clock.businessNow(),
  };
}

function keyIn({ headers }: FastifyRequest): string | undefined {
  const header = headers['x-gcs-idempotence-key'];
  if (header === undefined || header === '') return undefined;
  const key = String(header).trim();
  if (!/^[\x20-\x7e]{1,40}$/.test(key)) throw invalid('X-GCS-Idempotence-Key', 'the key must be 1 to 40 printable ASCII characters');
  return key;
}

/** Parameters of the URL, the last of each name; lists are read by {@link listIn}. */
export function queryOf({ raw }: FastifyRequest): URLSearchParams {
  const url = raw.url ?? '';
  const mark = url.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
}

/** Business parameters of a POST belong in its body: a URL ends up in somebody's log. */
export function refuseQuery(request: FastifyRequest): void {
  if ([...queryOf(request)].length > 0) throw new Problem('SCHEMA_VALIDATION_FAILED', { text: 'a POST has no parameters in its URL' });
}
