/** The webhook catcher over HTTP: `/hooks/{name}` for those who deliver, `/control/hooks` for those who look. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { createCatcher, readHookOrder } from './catcher.ts';

const BODY_LIMIT_BYTES = 1_048_576;
/** With this header an endpoint is asked, once, whether it is willing: it answers with the header's value. */
const VERIFICATION_HEADER = 'x-gcs-webhooks-endpoint-verification';

interface Named {
  Params: { readonly name: string };
}

export function hookRoutes(app: FastifyInstance): void {
  const catcher = createCatcher();
  // Part of its own: bodies stay as they come, whatever their type.
  app.register(async (part) => {
    part.removeAllContentTypeParsers();
    part.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text));
    part.route<Named>({
      ...{ method: ['GET', 'POST', 'PUT'], url: '/hooks/:name', bodyLimit: BODY_LIMIT_BYTES, exposeHeadRoute: false },
      async handler(request, reply) {
        const asked = request.headers[VERIFICATION_HEADER];
        if (request.method === 'GET' && typeof asked === 'string') return reply.type('text/plain').send(asked);
        const { name } = request.params;
        const { status, delay_ms } = catcher.next(name);
        const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
        const [, query = ''] = request.url.split(/\?(.*)/s);
        const body = typeof request.body === 'string' ? request.body : '';
        catcher.catch({ name, received_ms: Date.now(), method: request.method, query, headers, body, status });
        if (delay_ms > 0) await delay(delay_ms, undefined, { ref: false });
        return reply
          .code(status)
          .type('text/plain')
          .send(status < 300 ? 'ok' : `ordered: ${status}`);
      },
    });
  });
  app.get<{ Querystring: { readonly name?: unknown } }>('/control/hooks', async ({ query: { name } }) => ({
    hooks: catcher.list(typeof name === 'string' ? name : undefined),
  }));
  app.delete<{ Querystring: { readonly name?: unknown } }>('/control/hooks', async ({ query: { name } }) => {
    catcher.clear(typeof name === 'string' ? name : undefined);
    return { hooks: [] };
  });
  app.post<Named>('/control/hooks/:name', async (request, reply) => {
    const order = readHookOrder(request.body ?? {});
    if ('error' in order) return reply.code(400).send(order);
    catcher.order(request.params.name, order);
    return reply.code(201).send(order);
  });
}
