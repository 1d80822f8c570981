/** Endpoints of the platform that this gateway does not have yet: they say so, and what to use meanwhile. */
import type { FastifyInstance } from 'fastify';
import { Problem } from '../problem.ts';

const checkout = 'there is no hosted checkout here yet: send the card with POST /v1/payments';
const notYet = [
  ['POST', '/v1/checkouts', checkout],
  ['POST', '/v1/checkouts/:id', checkout],
  ['GET', '/v1/checkouts/:id/payment', checkout],
  ['GET', '/v1/checkouts/:id/registration', checkout],
  ['GET', '/v1/paymentWidgets.js', checkout],
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
