/** `/v2/{merchantId}/webhooks`: are key and secret right, and does the endpoint take what it is sent. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readerOf } from '../body.ts';
import { callbacks, testOf } from '../callbacks.ts';
import { Problem } from '../problem.ts';
import { readReturnUrl } from '../read.ts';
import { channelOf, refuseQuery } from '../request.ts';
import { sendTest, validateCredentials } from '../wire.ts';
import type { OfMerchant } from './payments.ts';

const readCredentials = readerOf(validateCredentials);
const readTest = readerOf(sendTest);

export function registerWebhooks(app: FastifyInstance, { engine, mode, webhooks }: DialectContext): void {
  app.post<OfMerchant>('/v2/:merchantId/webhooks/validateCredentials', async (request, reply) => {
    refuseQuery(request);
    const { key, secret: given } = readCredentials(request.body);
    const addresses = await webhooks.addressesOf(channelOf(request));
    // The secret itself is not sent: what it makes of nothing proves it.
    const isValid = addresses.some(({ settings, secret }) => settings.keyId === key && secret !== undefined && isProof(secret, given));
    return send(reply, 200, { result: isValid ? 'Valid' : 'Invalid' });
  });

  app.post<OfMerchant>('/v2/:merchantId/webhooks/sendtest', async (request, reply) => {
    refuseQuery(request);
    const { url } = readTest(request.body);
    const channel = channelOf(request);
    const [address] = await webhooks.addressesOf(channel);
    if (address === undefined) throw new Problem('UNKNOWN_WEBHOOK', { status: 404, text: 'no webhook is set up for this account' });
    const target = url === undefined ? address : { ...address, url: readReturnUrl(url, 'url') };
    const message = testOf({ address: target, mode, nowMs: engine.clock.wallNow() }, channel.wireId);
    const isTaken = await webhooks.send({ ...message, timeoutMs: callbacks.timeoutMs });
    if (!isTaken) throw new Problem('INVALID_VALUE', { propertyName: 'url', text: 'the endpoint did not acknowledge the test message' });
    return reply.code(204).send();
  });
}

function isProof(secret: string, given: string): boolean {
  const proof = createHmac('sha256', secret).update('').digest();
  const claimed = Buffer.from(given, 'base64');
  return claimed.length === proof.length && timingSafeEqual(claimed, proof);
}
