/** Where banks tell the gateway by themselves. They come without credentials of a merchant: the signature over the raw body is all that is believed. */
import type { FastifyInstance } from 'fastify';

const bodyLimit = 1_048_576;

/** Takes a notification as it came, and says how it is answered. */
export type TakeNotification = (request: {
  readonly signature: string | undefined;
  readonly body: Buffer;
}) => Promise<{ readonly status: number; readonly error?: string }>;

/** The path of the bank's notifications. */
export const bankNotificationPath = '/notifications/bank';

export function addNotificationRoutes(app: FastifyInstance, take: TakeNotification): void {
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post(bankNotificationPath, { bodyLimit }, async ({ headers, body }, reply) => {
    const signature = headers['bank-signature'];
    const answer = await take({
      signature: typeof signature === 'string' ? signature : undefined,
      body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    });
    return reply.code(answer.status).send(answer.error === undefined ? { status: 'ok' } : { error: answer.error });
  });
}
