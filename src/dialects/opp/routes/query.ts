/** `/v1/query`: transactions by id, and by the merchant's reference. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { answerRead, envelope, readBack, send } from '../answer.ts';
import { findOwn } from '../find.ts';
import { Problem, parameterProblem } from '../problem.ts';
import { readQuery } from '../request.ts';
import { resultOf } from '../result-codes.ts';
import { writeResult } from '../write.ts';

const listedAtMost = 100;

export function registerQuery(app: FastifyInstance, context: DialectContext): void {
  app.get<{ Params: { id: string } }>('/v1/query/:id', async (request, reply) => {
    const { channel } = await readQuery(context, request);
    const operation = await findOwn(context, channel, request.params.id);
    if (operation === undefined) throw new Problem('700.400.580', { status: 404 });
    return answerRead(context, channel, reply, operation);
  });

  app.get('/v1/query', async (request, reply) => {
    const { channel, parameters } = await readQuery(context, request);
    const { merchantTransactionId } = parameters;
    if (merchantTransactionId === undefined) throw parameterProblem('merchantTransactionId', undefined, 'may not be empty');
    const { merchantId, channelId } = channel;
    const found = await context.engine.store.findByReference({
      merchantId,
      channelId,
      merchantReference: merchantTransactionId,
      limit: listedAtMost,
    });
    if (found.length === 0) throw new Problem('700.400.580', { status: 404 });
    const payments = found.map((operation) => readBack(context, channel, operation));
    return send(reply, 200, { ...writeResult(resultOf('000.000.100'), []), ...envelope(context, channel.wireId), payments });
  });
}
