/** Endpoints of the platform that this gateway does not have yet: they say so, and what to use meanwhile. */
import type { FastifyInstance } from 'fastify';
import { Problem } from '../problem.ts';

const authentication =
  'there is no stand-alone 3-D Secure here yet: send the results of your own server as threeDSecure.* with POST /v1/payments';

const notYet = [
  ['POST', '/v1/threeDSecure', authentication],
  ['GET', '/v1/threeDSecure/:id', authentication],
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
