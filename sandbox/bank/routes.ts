/**
 * The bank over HTTP: its API for gateways under `/bank/payments`, its page for shoppers under `/bank/pay`, and what the control API can do with it.
 * Gateways come with the secret that signs notifications as a bearer token.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { BankFault, Faults } from '../host/faults.ts';
import { type Page, problemPage } from '../three-ds/pages.ts';
import { type Bank, openBank } from './bank.ts';
import { isWebAddress, unknownIn } from './bodies.ts';
import { type BankPayment, type Order, receivedOf, refundedOf, reportOf } from './books.ts';
import { laterPage, overPage, payPage } from './pages.ts';
import { type Serve, transferControl, transferRoutes } from './transfer-routes.ts';

/** What the sandbox's gateways and its bank share; published. */
export const BANK_SECRET = 'sandbox-bank-secret';

export interface BankRouteOptions {
  readonly dataDirectory: string;
  readonly faults: Faults;
  /** The address under which browsers reach this server, without a slash at the end; known once it listens. */
  readonly baseUrl: () => string;
  readonly warn: (text: string) => void;
  readonly onFailure: (error: Error) => void;
}

/** Adds the routes. They, and the bank, end with the server. */
export async function addBankRoutes(parent: FastifyInstance, options: BankRouteOptions): Promise<Bank> {
  const { faults, baseUrl, ...files } = options;
  const suffers = (fault: BankFault): boolean => faults.takeNamed([fault], undefined) !== undefined;
  const pageUrl = (token: string): string => `${baseUrl()}/bank/pay/${token}`;
  const bank = openBank({ ...files, secret: BANK_SECRET, suffers });
  parent.addHook('onClose', () => bank.close());
  controlRoutes(parent, bank);
  transferControl(parent, bank);
  await parent.register(async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser<string>('*', { parseAs: 'string' }, (_request, text, done) => done(null, text));
    apiRoutes(app, { bank, pageUrl, suffers });
    shopperRoutes(app, bank);
  });
  return bank;
}

interface Parts {
  readonly bank: Bank;
  readonly pageUrl: (token: string) => string;
  readonly suffers: (fault: BankFault) => boolean;
}

type ByReference = { readonly Params: { readonly reference: string } };

function apiRoutes(app: FastifyInstance, { bank, pageUrl, suffers }: Parts): void {
  /** Lets in who knows the secret; then the act, whose answer may be lost. */
  const serve: Serve = async (request, reply, act) => {
    if (!isGateway(request.headers.authorization)) return reply.code(401).send({ error: 'unknown bearer token' });
    if (suffers('bank_down')) return disconnect(reply);
    const { status, body } = await act();
    if (suffers('bank_answer_lost')) return disconnect(reply);
    return reply.code(status).send(body);
  };
  const shown = (payment: BankPayment) => ({ ...reportOf(payment), page: pageUrl(payment.token) });
  const unknown = { status: 404, body: { error: 'no payment has this reference' } };
  transferRoutes(app, { bank, serve, jsonOf });

  app.post('/bank/payments', (request, reply) =>
    serve(request, reply, async () => {
      const order = readOrder(jsonOf(request.body));
      if ('error' in order) return { status: 400, body: order };
      const payment = await bank.start(order);
      if (payment === 'conflict') return { status: 409, body: { error: 'the reference belongs to another order' } };
      return { status: 200, body: shown(payment) };
    }),
  );
  app.get<ByReference>('/bank/payments/:reference', (request, reply) =>
    serve(request, reply, async () => {
      await bank.settled();
      const payment = bank.books.find(request.params.reference);
      return payment === undefined ? unknown : { status: 200, body: shown(payment) };
    }),
  );
  app.post<ByReference>('/bank/payments/:reference/cancel', (request, reply) =>
    serve(request, reply, async () => {
      const { reference } = request.params;
      const payment = await bank.cancel(reference);
      return { status: 200, body: payment === undefined ? { reference, state: 'canceled' } : shown(payment) };
    }),
  );
  app.post<ByReference>('/bank/payments/:reference/refunds', (request, reply) =>
    serve(request, reply, async () => {
      const { refundReference, amount } = jsonOf(request.body);
      if (typeof refundReference !== 'string' || refundReference === '')
        return { status: 400, body: { error: 'expected some text', field: 'refundReference' } };
      if (!isAmount(amount)) return { status: 400, body: { error: 'expected minor units', field: 'amount' } };
      const outcome = await bank.refund({ reference: request.params.reference, refundReference, amount });
      if (outcome === 'unknown') return unknown;
      if (outcome === 'conflict') return { status: 409, body: { error: 'the reference belongs to another refund' } };
      return { status: 200, body: { refundReference, state: outcome === 'refunded' ? 'refunded' : 'refused' } };
    }),
  );
}

const GONE = { title: 'This page is no longer open', text: 'Go back to the shop to see what became of your payment.' };

/** Redirects are relative: a proxy in front may have put this server under a path of its own. */
function shopperRoutes(app: FastifyInstance, bank: Bank): void {
  const show = (reply: FastifyReply, { status, headers, html }: Page) => reply.code(status).headers(headers).send(html);
  app.get<{ Params: { readonly token: string } }>('/bank/pay/:token', async (request, reply) => {
    const payment = bank.books.findByToken(request.params.token);
    if (payment === undefined) return show(reply, problemPage(410, GONE));
    if (payment.state === 'open') return show(reply, payPage(payment));
    return show(reply, payment.state === 'deferred' ? laterPage(payment) : overPage(payment));
  });
  app.post<{ Params: { readonly token: string } }>('/bank/pay/:token', async (request, reply) => {
    const payment = bank.books.findByToken(request.params.token);
    const act = (['pay', 'later', 'refuse'] as const).find((name) => name === new URLSearchParams(String(request.body)).get('act'));
    if (payment === undefined) return show(reply, problemPage(410, GONE));
    if (act === undefined) return reply.redirect(payment.token, 303);
    await bank.act(payment, act);
    // Whoever pays later has to see the reference first.
    return reply.redirect(act === 'later' ? payment.token : payment.order.returnUrl, 303);
  });
}

/** `reference` is the one that the shopper's page prints, or the gateway's own. Without an amount all that is missing comes. */
function controlRoutes(app: FastifyInstance, bank: Bank): void {
  app.post('/control/receipts', async (request, reply) => {
    const problem = unknownIn(request.body, ['reference', 'amount']);
    if (problem !== undefined) return reply.code(400).send(problem);
    const { reference, amount } = objectOf(request.body);
    if (typeof reference !== 'string')
      return reply.code(400).send({ error: 'expected the reference that the bank page has printed', field: 'reference' });
    const payment = bank.books.findByBankReference(reference) ?? bank.books.find(reference);
    if (payment === undefined)
      return reply.code(404).send({ error: 'no payment has this reference; GET /control/books lists them', field: 'reference' });
    const missing = payment.order.amount - receivedOf(payment);
    const coming = amount === undefined ? missing : amount;
    if (!isAmount(coming))
      return reply.code(400).send({ error: 'expected an amount in minor units; all of the money is there already', field: 'amount' });
    await bank.receive(payment, coming);
    return reply.code(201).send(view(bank.books.find(payment.order.reference) ?? payment));
  });
}

/** A payment as the control API shows it; amounts in minor units. */
export function view(payment: BankPayment): Readonly<Record<string, unknown>> {
  const { order, bankReference, state, receipts, refunds, version, acknowledged } = payment;
  const { reference, amount, currency, method } = order;
  return {
    ...{ reference, bankReference, method, amount, currency, state, receipts, refunds },
    ...{ receivedAmount: receivedOf(payment), refundedAmount: refundedOf(payment), isTold: acknowledged >= version },
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function isGateway(header: string | undefined): boolean {
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${BANK_SECRET}`));
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function jsonOf(body: unknown): Readonly<Record<string, unknown>> {
  try {
    return objectOf(JSON.parse(String(body)));
  } catch {
    return {};
  }
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

const TEXTS = ['reference', 'currency', 'method', 'creditor', 'returnUrl', 'notificationUrl'] as const;

function readOrder(body: Readonly<Record<string, unknown>>): Order | { readonly error: string; readonly field: string } {
  const { amount, decimals } = body;
  const wrong = TEXTS.find((name) => typeof body[name] !== 'string' || body[name] === '');
  if (wrong !== undefined) return { error: 'expected some text', field: wrong };
  const place = (['returnUrl', 'notificationUrl'] as const).find((name) => !isWebAddress(body[name]));
  if (place !== undefined) return { error: 'expected the URL of a page, with http or https', field: place };
  if (!isAmount(amount)) return { error: 'expected minor units', field: 'amount' };
  if (typeof decimals !== 'number' || ![0, 2, 3, 4].includes(decimals)) return { error: 'expected 0, 2, 3 or 4', field: 'decimals' };
  const text = (name: (typeof TEXTS)[number]): string => String(body[name]);
  return {
    ...{ reference: text('reference'), currency: text('currency'), method: text('method'), creditor: text('creditor'), amount, decimals },
    ...{ returnUrl: text('returnUrl'), notificationUrl: text('notificationUrl') },
    ...(body.unattended === true ? { unattended: true } : {}),
  };
}

/** Closes the connection instead of answering. */
function disconnect(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}
