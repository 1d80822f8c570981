/** The operator's JSON API under `/console-api`: its parsers, its errors and its routes. */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { traceOf } from '../core/defect.ts';
import { maskCardNumbers } from '../core/instrument/mask.ts';
import { OperatorError, type OperatorErrorKind } from '../core/operator/operator-error.ts';
import { TooManyRequests } from '../core/too-many-requests.ts';
import { channelRoutes } from './channels.ts';
import { clockRoutes } from './clock.ts';
import { complianceRoutes } from './compliance.ts';
import { credentialRoutes } from './credentials.ts';
import { deliveryRoutes } from './deliveries.ts';
import { disputeRoutes } from './disputes.ts';
import { endpointRoutes } from './endpoints.ts';
import { escalationRoutes } from './escalations.ts';
import { givenUpHoldRoutes } from './given-up-holds.ts';
import { ledgerRoutes } from './ledger.ts';
import { accountRoutes, merchantRoutes } from './merchants.ts';
import { auditRoutes, keyRoutes, operatorRoutes } from './operators.ts';
import { pageTemplateRoutes } from './page-templates.ts';
import type { ConsoleParts } from './parts.ts';
import { paymentRoutes } from './payments.ts';
import { ConsoleProblem, type ProblemName } from './problem.ts';
import { reportRoutes } from './reports.ts';
import { reviewRoutes } from './reviews.ts';
import { riskRoutes } from './risk.ts';
import type { ConsoleRoute } from './route.ts';
import { serve } from './serve.ts';
import { settlementRoutes } from './settlements.ts';

/** 64 KiB of logo, and what is around it. */
const bodyLimitBytes = 131_072;

/** Every route, in the order of the document. */
export function consoleRoutes(parts: ConsoleParts): readonly ConsoleRoute[] {
  const groups = [
    ...[
      paymentRoutes,
      escalationRoutes,
      givenUpHoldRoutes,
      disputeRoutes,
      ledgerRoutes,
      settlementRoutes,
      reportRoutes,
      deliveryRoutes,
      endpointRoutes,
    ],
    ...[
      merchantRoutes,
      channelRoutes,
      credentialRoutes,
      complianceRoutes,
      riskRoutes,
      reviewRoutes,
      pageTemplateRoutes,
      accountRoutes,
      operatorRoutes,
      auditRoutes,
      keyRoutes,
      clockRoutes,
    ],
  ];
  return groups.flatMap((group) => group(parts));
}

/** Adds the routes to an encapsulated Fastify instance. */
export function addConsoleRoutes(app: FastifyInstance, parts: ConsoleParts, routes: readonly ConsoleRoute[]): void {
  app.addContentTypeParser<string>(['application/json', '*'], { parseAs: 'string', bodyLimit: bodyLimitBytes }, (_request, text, done) => {
    if (text.trim() === '') return done(null, undefined);
    try {
      done(null, JSON.parse(text));
    } catch {
      done(new ConsoleProblem('bad_request', 'The body is not JSON.'));
    }
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, parts);
    if (problem.details.error === 'internal') {
      parts.log.error({ route: request.routeOptions.url, error: traceOf(error) }, 'a request to the console API failed');
    }
    return send(reply, problem);
  });
  for (const route of routes) serve(app, parts, route);
}

/** Other paths, and other methods of these, are answered in the same form. To be called on the instance that has the routes. */
export function refuseOtherPaths(app: FastifyInstance): void {
  app.route({
    ...{ method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], url: '/console-api/*', exposeHeadRoute: false },
    handler({ method, url }) {
      const path = maskCardNumbers(url.split('?', 1)[0] ?? '');
      throw new ConsoleProblem('not_found', `There is no ${method} ${path}; /docs/console describes what there is.`);
    },
  });
}

function send(reply: FastifyReply, { details }: ConsoleProblem): FastifyReply {
  if (details.error === 'unauthorized') reply.header('www-authenticate', 'Bearer');
  return reply.code(details.status).type('application/problem+json').send(JSON.stringify(details));
}

const operatorProblems: Readonly<Record<OperatorErrorKind, ProblemName>> = {
  invalid: 'bad_request',
  not_found: 'not_found',
  conflict: 'conflict',
};

function problemOf(error: unknown, { isUnavailable }: ConsoleParts): ConsoleProblem {
  if (error instanceof ConsoleProblem) return error;
  if (error instanceof TooManyRequests) {
    return new ConsoleProblem('too_many_requests', `Too many requests, or too many wrong keys; wait for ${error.retryAfter} seconds.`);
  }
  if (error instanceof OperatorError) {
    const { kind, field, message } = error;
    return new ConsoleProblem(operatorProblems[kind], message, field === undefined ? [] : [{ field, detail: message }]);
  }
  if (isUnavailable(error)) return new ConsoleProblem('unavailable', 'The database is away; try again later.');
  if (isBadValue(error))
    return new ConsoleProblem('bad_request', 'A filter has a value that cannot be, such as a day that does not exist.');
  const { statusCode } = error as { readonly statusCode?: number };
  if (statusCode === 413) return new ConsoleProblem('too_large', `The body is too large; at most ${bodyLimitBytes} bytes are read.`);
  if (statusCode !== undefined && statusCode < 500) return new ConsoleProblem('bad_request', 'The request cannot be read; send JSON.');
  return new ConsoleProblem('internal', 'The request failed; the gateway’s log tells why.');
}

/** A date or number that the database cannot read, though it has the form of one. */
function isBadValue(error: unknown): boolean {
  return ['22007', '22008', '22009', '22003'].includes(String((error as { readonly code?: unknown }).code));
}
