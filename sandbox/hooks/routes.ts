/** The webhook catcher over HTTP: `/hooks/{name}` for those who deliver, `/control/hooks` for those who look. */
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { readFilters } from '../control/filters.ts';
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
  app.get('/control/hooks', async ({ query }, reply) => {
    const read = readFilters(query, ['name']);
    if ('error' in read) return reply.code(400).send(read);
    return { hooks: catcher.list(read.filters.name) };
  });
  app.delete('/control/hooks', async ({ query }, reply) => {
    const read = readFilters(query, ['name']);
    if ('error' in read) return reply.code(400).send(read);
    catcher.clear(read.filters.name);
    return { hooks: [] };
  });
  app.post<Named>('/control/hooks/:name', async (request, reply) => {
    const order = readHookOrder(request.body === undefined ? {} : request.body);
    if ('error' in order) return reply.code(400).send(order);
    catcher.order(request.params.name, order);
    return reply.code(201).send(order);
  });
}
