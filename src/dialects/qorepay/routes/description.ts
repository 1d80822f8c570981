/** `/api/schema/v1/`: the description of the API, from which programs make their clients; and `/api/`, where people look for it. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { describeApi } from '../openapi.ts';
import { both } from '../request.ts';

export function registerDescription(app: FastifyInstance, { mode }: DialectContext): void {
  // Made when somebody asks for it first.
  let document: object | undefined;
  both(app, 'get', '/api/schema/v1/', async (_request, reply) => {
    document ??= describeApi(mode).document;
    return send(reply, 200, document);
  });
  both(app, 'get', '/api/', async (_request, reply) => reply.redirect('/docs/qorepay', 302));
}
