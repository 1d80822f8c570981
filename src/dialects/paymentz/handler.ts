/** What answers an endpoint's requests. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DialectContext } from '../dialect.ts';
import type { Endpoint } from './endpoints.ts';

export type Handler = (context: DialectContext, request: FastifyRequest, reply: FastifyReply, endpoint: Endpoint) => Promise<FastifyReply>;
