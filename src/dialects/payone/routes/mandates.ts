/** `/v2/{merchantId}/mandates`: direct debits need them, which no acquirer here takes. */
import type { FastifyInstance } from 'fastify';
import { readerOf } from '../body.ts';
import { Problem } from '../problem.ts';
import { anyBody } from '../wire.ts';
import type { OfMerchant, OfPayment } from './payments.ts';

const readBody = readerOf(anyBody);

export function registerMandates(app: FastifyInstance): void {
  const path = '/v2/:merchantId/mandates';
  app.post<OfMerchant>(path, async (request) => {
    readBody(request.body);
    throw notTaken();
  });
  app.get<OfPayment>(`${path}/:id`, async () => {
    throw notTaken();
  });
  for (const act of ['block', 'unblock', 'revoke']) {
    app.post<OfPayment>(`${path}/:id/${act}`, async (request) => {
      readBody(request.body);
      throw notTaken();
    });
  }
}

function notTaken(): Problem {
  return new Problem('PAYMENT_PRODUCT_NOT_AVAILABLE', {
    propertyName: 'mandate',
    text: 'direct debits, and so mandates, are not taken here',
  });
}
