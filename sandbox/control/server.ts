/** The control API of the sandbox over HTTP: look at the host's books, order faults. */

import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import type { Host } from '../host/host.ts';
import { readBooking } from './booking.ts';
import { booksJson, booksSummary } from './books-view.ts';
import { faultView, readFaultOrder } from './fault-order.ts';

/** A running control API. */
export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 65_536;

/** Starts the control API. Rejects when the port is taken. */
export async function startControlServer(host: Host, { address, port }: { address: string; port: number }): Promise<ControlServer> {
  const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  readJsonBodies(app);
  bookRoutes(app, host);
  faultRoutes(app, host);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'no such path in the control API' }));
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ error: error.message });
  });
  await app.listen({ host: address, port });
  const { port: boundPort } = app.server.address() as AddressInfo;
  return { port: boundPort, close: () => app.close() };
}

/** JSON whatever the content type says, as command-line tools send it; an empty body is none. */
function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('*', { parseAs: 'string' }, (_request, text, done) => {
    if (text.trim() === '') return done(null, undefined);
    try {
      done(null, JSON.parse(text));
    } catch {
      done(Object.assign(new Error('the body is not JSON'), { statusCode: 400 }));
    }
  });
}

const one = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function bookRoutes(app: FastifyInstance, host: Host): void {
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/control/books', async (request, reply) => {
    const unknown = Object.keys(request.query).find((key) => key !== 'rrn' && key !== 'terminal');
    if (unknown !== undefined)
      return reply.code(400).send({ error: 'unknown filter; expected rrn or terminal', field: unknown.slice(0, 40) });
    // Only what would survive a crash is shown.
    await host.settled();
    const pieces = booksJson(host.books, { rrn: one(request.query.rrn), terminal: one(request.query.terminal) });
    return reply.type('application/json').send(Readable.from(pieces, { objectMode: false, encoding: 'utf8' }));
  });
  app.post('/control/bookings', async (request, reply) => {
    const fact = readBooking(request.body, host.accountOf);
    if ('error' in fact) return reply.code(400).send(fact);
    const problem = host.book(fact);
    if (problem !== undefined) return reply.code(409).send({ error: problem });
    await host.settled();
    return reply.code(201).send({ rrn: fact.rrn, kind: fact.act });
  });
  app.get('/control/books/summary', async () => {
    await host.settled();
    return booksSummary(host.books);
  });
}

function faultRoutes(app: FastifyInstance, { faults, accountOf }: Host): void {
  app.post('/control/faults', async (request, reply) => {
    const order = readFaultOrder(request.body, accountOf);
    if ('error' in order) return reply.code(400).send(order);
    faults.add(order);
    return reply.code(201).send(faultView(order));
  });
  app.get('/control/faults', async () => ({ faults: faults.list().map(faultView) }));
  app.delete('/control/faults', async () => {
    faults.clear();
    return { faults: [] };
  });
}
