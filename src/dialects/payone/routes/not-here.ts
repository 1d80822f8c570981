/** Parts of the platform that are not here: their paths answer that in its words. Every other path under `/v2` answers 404 without a body, as the platform does. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { readerOf } from '../body.ts';
import { Problem } from '../problem.ts';
import { anyBody } from '../wire.ts';

const readBody = readerOf(anyBody);

const paths = {
  get: ['hostedcheckouts/:id', 'paymentlinks/:id'],
  post: ['hostedcheckouts', 'paymentlinks', 'paymentlinks/:id/cancel'],
} as const;

export function registerNotHere(app: FastifyInstance, _context: DialectContext): void {
  for (const method of ['get', 'post'] as const) {
    for (const path of paths[method]) {
      app[method](`/v2/:merchantId/${path}`, async (request) => {
        readBody(request.body);
        throw new Problem('PAYMENT_PRODUCT_NOT_AVAILABLE', { text: 'hosted pages and payment links are not activated for this account' });
      });
    }
  }
}
