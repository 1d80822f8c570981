/** `/v1/resultcodes`: every code that can be answered, with its text. It is open to everybody, as the platform's is. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { envelope, send } from '../answer.ts';
import { checkerOf } from '../parameters.ts';
import { readOpenQuery } from '../request.ts';
import { allResults, resultOf } from '../result-codes.ts';
import { openParameters } from '../wire.ts';
import { writeResult } from '../write.ts';

const checkOpen = checkerOf(openParameters);

export function registerResultCodes(app: FastifyInstance, context: DialectContext): void {
  app.get('/v1/resultcodes', (request, reply) => {
    readOpenQuery(request, checkOpen);
    return send(reply, 200, { ...writeResult(resultOf('000.000.100'), []), ...envelope(context, 'unknown'), resultCodes: allResults });
  });
}
