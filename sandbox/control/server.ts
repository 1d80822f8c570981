/**
 * The sandbox over HTTP: the control API (look at the host's books, order faults, raise and reverse disputes), and beside it directory server
 * and ACS.
 */

import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import type { Bank } from '../bank/bank.ts';
import { addBankRoutes } from '../bank/routes.ts';
import { hookRoutes } from '../hooks/routes.ts';
import type { Host } from '../host/host.ts';
import type { Mailbox } from '../mail/mailbox.ts';
import { mailRoutes } from '../mail/routes.ts';
import type { ChallengeTimes } from '../three-ds/challenges.ts';
import { addThreeDsRoutes } from '../three-ds/routes.ts';
import { readBooking } from './booking.ts';
import { booksJson, booksSummary } from './books-view.ts';
import { disputeView, readDisputeOrder } from './dispute-order.ts';
import { faultView, readFaultOrder } from './fault-order.ts';
import { readFilters } from './filters.ts';

/** A running control API. */
export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 65_536;

/** Where the server listens, and how browsers reach it. */
export interface ControlOptions {
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** What browsers call this server, when that is not the address and port it listens on. */
  readonly publicUrl: string | undefined;
  readonly challengeTimes: ChallengeTimes;
  readonly warn: (text: string) => void;
  /** Where the bank's books are kept. */
  readonly dataDirectory: string;
  /** A journal cannot be written any more; the process must end. */
  readonly onFailure: (error: Error) => void;
}

/** Starts the HTTP server. Rejects when the port is taken. */
export async function startControlServer(host: Host, mailbox: Mailbox, options: ControlOptions): Promise<ControlServer> {
  const { address, port, publicUrl, challengeTimes: times, warn, dataDirectory, onFailure } = options;
  let baseUrl = '';
  const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  readJsonBodies(app);
  const part: { bank?: Bank } = {};
  bookRoutes(app, host, part);
  faultRoutes(app, host);
  hookRoutes(app);
  mailRoutes(app, mailbox);
  disputeRoutes(app, host);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'no such path in the control API' }));
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ error: error.message });
  });
  // After the handlers: waiting for a part of the server closes the routes before it to handlers that come later.
  await addThreeDsRoutes(app, { faults: host.faults, accountOf: host.accountOf, baseUrl: () => baseUrl, times, warn });
  part.bank = await addBankRoutes(app, { dataDirectory, faults: host.faults, baseUrl: () => baseUrl, warn, onFailure });
  await app.listen({ host: address, port });
  const { port: boundPort } = app.server.address() as AddressInfo;
  baseUrl = publicUrl ?? `http://${address.includes(':') ? `[${address}]` : address}:${boundPort}`;
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

/** The bank opens after these routes. */
function bookRoutes(app: FastifyInstance, host: Host, part: { readonly bank?: Bank }): void {
  app.get('/control/books', async (request, reply) => {
    const read = readFilters(request.query, ['rrn', 'terminal']);
    if ('error' in read) return reply.code(400).send(read);
    const { rrn, terminal } = read.filters;
    // Only what would survive a crash is shown.
    await Promise.all([host.settled(), part.bank?.settled()]);
    const pieces = booksJson(
      { ...host, bank: part.bank?.books.all() ?? [], transfers: part.bank?.transfers.all() ?? [] },
      { rrn, terminal },
    );
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
  app.get('/control/books/summary', async (request, reply) => {
    const read = readFilters(request.query, []);
    if ('error' in read) return reply.code(400).send(read);
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

function disputeRoutes(app: FastifyInstance, host: Host): void {
  app.post('/control/disputes', async (request, reply) => {
    const order = readDisputeOrder(request.body, host);
    if ('error' in order) return reply.code(400).send(order);
    return reply.code(201).send(disputeView(await host.disputeLink.raise(order.charge, order)));
  });
  app.get('/control/disputes', async () => {
    await host.settled();
    return { disputes: host.disputes.all.map(disputeView) };
  });
  app.post<{ Params: { readonly id: string } }>('/control/disputes/:id/reverse', async (request, reply) => {
    const dispute = host.disputes.find(request.params.id);
    if (dispute === undefined) return reply.code(404).send({ error: 'no such dispute; GET /control/disputes lists them' });
    const reversed = await host.disputeLink.reverse(dispute);
    if (reversed === undefined) return reply.code(409).send({ error: 'the dispute is reversed already' });
    return disputeView(reversed);
  });
}
