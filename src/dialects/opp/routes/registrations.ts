/** `/v1/registrations`: stored cards, and payments with them. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { answerAct } from '../answer.ts';
import { begin } from '../begin.ts';
import { checkerOf } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { readTokenPayment } from '../read.ts';
import { readRequest } from '../request.ts';
import { paymentParameters } from '../wire.ts';

const checkPayment = checkerOf(paymentParameters);

export function registerRegistrations(app: FastifyInstance, context: DialectContext): void {
  app.post<{ Params: { id: string } }>('/v1/registrations/:id/payments', async (request, reply) => {
    const read = await readRequest(context, request, checkPayment);
    if (request.params.id.length !== 32) throw new Problem('100.150.101');
    if (!/^[a-zA-Z0-9]+$/.test(request.params.id)) throw new Problem('100.150.200');
    return answerAct(context, read, reply, await begin(context, read, readTokenPayment(read, request.params.id)));
  });
}
