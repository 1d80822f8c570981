/** Where a customer's browser goes that has opened a link. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pageOfNothing } from '../../core/payment/location.ts';
import type { DialectContext } from '../dialect.ts';
import { Problem } from './problem.ts';

/** A customer whose link is wrong reads a page, not the words of the protocol. */
export function noSuchPage({ shoppers }: DialectContext['engine'], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const page = pageOfNothing(shoppers, request.headers.accept);
  if (page === undefined) throw new Problem('10026', { status: 404 });
  return goTo(reply, page);
}

export function goTo(reply: FastifyReply, url: string): FastifyReply {
  return reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).redirect(url, 303);
}
