/** Endpoints of the platform that this gateway does not have yet: they say so, and what to use meanwhile. */
import type { FastifyInstance } from 'fastify';
import { Problem } from '../problem.ts';

const notYet = [
  [
    'GET',
    '/v1/checkouts/:id/registration',
    'a checkout without a payment is not here yet: open one with createRegistration=true and a payment, and take the registrationId of its result',
  ],
] as const;

export function registerNotYet(app: FastifyInstance): void {
  for (const [method, url, text] of notYet) {
    app.route({
      // A list, so that it counts among the routes that refuse.
      ...{ method: [method], url, exposeHeadRoute: false },
      handler: () => {
        throw new Problem('200.300.404', { status: 404, text });
      },
    });
  }
}
