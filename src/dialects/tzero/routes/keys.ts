/** `/keys`: to which bodies may be encrypted. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';

export function registerKeys(app: FastifyInstance, { engine }: DialectContext): void {
  app.get('/keys', async (_request, reply) => send(reply, 200, { keys: await engine.requestKeys.list() }));
}
