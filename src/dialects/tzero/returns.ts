/**
 * The customer's way back: the return URL, with the payment, how it stands, and a signature over both. A browser has carried it, so merchants ask, or wait
 * for the callback, before they ship anything.
 */
import { createHmac } from 'node:crypto';
import type { Channel } from '../../core/merchant/channel.ts';
import type { ShopperStep } from '../../core/payment/shopper-step.ts';
import type { DialectContext, ShopperReturn } from '../dialect.ts';
import { toWireId } from './ids.ts';
import { firstOf, statusOf } from './states.ts';

const endpointsAtMost = 100;

/** `signature`: hex HMAC-SHA256 under the secret of callbacks, of `payment_id.reference.status`; absent without such a secret. */
export async function returnStep(
  { engine }: Pick<DialectContext, 'engine'>,
  { channel, operationId, returnUrl }: ShopperReturn,
): Promise<ShopperStep | undefined> {
  const { merchantId } = channel;
  const tree = await engine.store.findTree({ merchantId, operationId });
  if (tree === undefined || !URL.canParse(returnUrl)) return undefined;
  const { merchantReference: reference = '' } = firstOf(tree);
  const [paymentId, status] = [toWireId('pay', operationId), statusOf(tree)];
  const secret = await secretOf(engine, channel);
  const signature =
    secret === undefined ? undefined : createHmac('sha256', secret).update(`${paymentId}.${reference}.${status}`).digest('hex');
  const url = new URL(returnUrl);
  const said = { payment_id: paymentId, reference, status, ...(signature === undefined ? {} : { signature }) };
  for (const [name, value] of Object.entries(said)) url.searchParams.set(name, value);
  return { kind: 'done', returnUrl: url.href };
}

/** With which the channel's callbacks are signed: that of an endpoint of its own comes before one of an endpoint for all channels. */
async function secretOf({ endpoints, vault }: DialectContext['engine'], { merchantId, channelId }: Channel): Promise<string | undefined> {
  const listed = await endpoints.list({ merchantId, dialect: 'tzero', limit: endpointsAtMost });
  const signing = listed.flatMap(({ endpointId, sealedSecret: sealed, channelId: only }) =>
    sealed === undefined ? [] : [{ endpointId, sealed, only }],
  );
  const found = signing.find(({ only }) => only === channelId) ?? signing.find(({ only }) => only === undefined);
  return found && vault.openSecret({ merchantId, secretId: found.endpointId, sealed: found.sealed });
}
