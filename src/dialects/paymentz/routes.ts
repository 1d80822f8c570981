/** Registers the endpoints; every other method and path is answered in the protocol's shape too. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DialectContext } from '../dialect.ts';
import { registerAll } from '../refuse-the-rest.ts';
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

export function registerRoutes(app: FastifyInstance, context: DialectContext): void {
  const parsers = { 'application/x-www-form-urlencoded': parseForm, 'application/json': parseJson };
  for (const [type, parse] of Object.entries(parsers)) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => parse(body));
  }
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  const registerEndpoints = () => {
    for (const endpoint of endpoints) {
      for (const path of endpoint.paths) {
        app[endpoint.method](path, { exposeHeadRoute: false }, (request, reply) =>
          handlers[endpoint.name](context, request, reply, endpoint),
        );
      }
    }
  };
  registerAll(app, registerEndpoints, {
    beside: ['/transaction/*', '/transactionServices/*', '/merchantServices/*', '/invoiceServices/*', '/api/REST/*'],
    notFound: () => new Problem('20016', { status: 404 }),
    otherMethod: () => new Problem('20017', { status: 405 }),
  });
}
