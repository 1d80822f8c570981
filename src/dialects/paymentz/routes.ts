/** Registers the endpoints; every other method and path is answered in the protocol's shape too. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../dialect.ts';
import { answerError } from './answer.ts';
import { parseForm, parseJson } from './body.ts';
import { type EndpointName, endpoints } from './endpoints.ts';
import type { Handler } from './handler.ts';
import { Problem } from './problem.ts';
import { cancelOneInvoice, generateInvoice, inquireInvoice, openInvoice, regenerateInvoice, remindOneInvoice } from './routes/invoices.ts';
import { generatePayByLink, openCheckoutPage, openPayByLink } from './routes/links.ts';
import { listTransactions } from './routes/list.ts';
import { inquire, operate, pay, readPayment, refundPayment } from './routes/payments.ts';
import { payOut } from './routes/payout.ts';
import { listRegistrations, payWithToken, register, signUpCustomer } from './routes/registrations.ts';
import { authToken, partnerAuthToken, regenerateToken } from './routes/tokens.ts';

const handlers: Readonly<Record<EndpointName, Handler>> = {
  ...{ authToken, partnerAuthToken, regenerateToken, pay, operate, readPayment, inquire, listTransactions },
  ...{ generateInvoice, cancelInvoice: cancelOneInvoice, regenerateInvoice, remindInvoice: remindOneInvoice, inquireInvoice, openInvoice },
  ...{ generatePayByLink, openPayByLink, openCheckoutPage },
  ...{ refund: refundPayment, register, payWithToken, listRegistrations, payOut, signUpCustomer },
};

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export function registerRoutes(app: FastifyInstance, context: DialectContext): void {
  const parsers = { 'application/x-www-form-urlencoded': parseForm, 'application/json': parseJson };
  for (const [type, parse] of Object.entries(parsers)) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        done(null, parse(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    });
  }
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  const taken = new Map<string, string[]>();
  for (const endpoint of endpoints) {
    for (const path of endpoint.paths) {
      taken.set(path, [...(taken.get(path) ?? []), endpoint.method.toUpperCase()]);
      app[endpoint.method](path, { exposeHeadRoute: false }, (request, reply) =>
        handlers[endpoint.name](context, request, reply, endpoint),
      );
    }
  }
  refuseTheRest(app, taken);
}

function refuseTheRest(app: FastifyInstance, taken: ReadonlyMap<string, readonly string[]>): void {
  for (const [url, allowed] of taken) {
    app.route({
      ...{ method: methods.filter((name) => !allowed.includes(name)), url, exposeHeadRoute: false },
      handler: (_request, reply) => {
        reply.header('allow', allowed.join(', '));
        throw new Problem('20017', { status: 405 });
      },
    });
  }
  for (const url of ['/transaction/*', '/transactionServices/*', '/merchantServices/*', '/invoiceServices/*', '/api/REST/*']) {
    app.route({
      ...{ method: methods, url, exposeHeadRoute: false },
      handler: () => {
        throw new Problem('20016', { status: 404 });
      },
    });
  }
}
