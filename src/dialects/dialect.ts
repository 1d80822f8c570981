/** What a dialect is to the gateway: a name and routes. Everything it needs from the engine comes in the context. */
import type { FastifyInstance } from 'fastify';
import type { Directory } from '../core/merchant/channel.ts';
import type { Engine } from '../core/payment/engine.ts';

export interface DialectContext {
  readonly engine: Engine;
  readonly directory: Directory;
  /** `sandbox`: simulators answer, and dialects say so where their protocol has a word for it. */
  readonly mode: 'sandbox' | 'live';
}

export interface Dialect {
  readonly name: string;
  /** Adds the routes to an encapsulated Fastify instance: parsers and error handlers set there stay there. */
  register(app: FastifyInstance, context: DialectContext): void;
}
