/**
 * Limits of the protocol: two status requests per payment and sliding minute, and on everything else a limit that only a runaway program
 * meets. A request counts once it is let in and names something that exists; a throttled one does not.
 */
import type { FastifyReply } from 'fastify';
import type { Channel } from '../../core/merchant/channel.ts';
import type { Counted, DialectContext } from '../dialect.ts';
import { Problem } from './problem.ts';

/** What is counted together, besides status requests. The platform's own numbers for these are 200 and fewer a minute. */
export type Counter = 'back-office' | 'checkouts' | 'token payments' | 'query by id' | 'query';

/** The body that the platform's reference prints, which differs from the list of codes. */
const throttledText = 'Too many requests. Please try again later.';

/** Throws 429 with `Retry-After` for the third status request within a minute. `id` as on the wire. */
export async function countStatus({ limits }: DialectContext, { merchantId, channelId }: Channel, id: string, reply: FastifyReply) {
  const counted = await limits.countStatus({ merchantId, subject: `${channelId} ${id}` });
  tell(counted, reply);
  if (!counted.allowed) throw throttled(id);
}

/** In live mode nine status requests a minute for one checkout, elsewhere as many as for a payment. */
const checkoutStatusPerMinute = 9;

/** The same for a checkout, under its id. */
export async function countCheckoutStatus(
  { limits, mode }: DialectContext,
  { merchantId, channelId }: Channel,
  id: string,
  reply: FastifyReply,
) {
  const more = mode === 'live' ? { perMinute: checkoutStatusPerMinute } : {};
  const counted = await limits.countStatus({ merchantId, subject: `${channelId} ${id}`, ...more });
  tell(counted, reply);
  if (!counted.allowed) throw throttled();
}

/** Throws 429 when one subject (a payment, a stored card, a reference) is asked for very often. */
export function countRequest(
  { limits }: DialectContext,
  { merchantId, channelId }: Channel,
  { counter, subject, reply }: { readonly counter: Counter; readonly subject: string; readonly reply: FastifyReply },
): void {
  const counted = limits.countRequest({ merchantId, subject: `${channelId} ${counter} ${subject}` });
  if (counted.allowed) return;
  tell(counted, reply);
  throw throttled();
}

export function throttled(id?: string): Problem {
  return new Problem('800.120.100', { status: 429, text: throttledText, ...(id === undefined ? {} : { id }) });
}

function tell(counted: Counted, reply: FastifyReply): void {
  if (counted.limit === undefined) return;
  reply.header('x-ratelimit-limit', String(counted.limit));
  reply.header('x-ratelimit-remaining', String(counted.allowed ? (counted.remaining ?? 0) : 0));
  if (!counted.allowed) reply.header('retry-after', String(Math.ceil(counted.retryAfterMs / 1_000)));
}
