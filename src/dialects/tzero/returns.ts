/**
 * The customer's way back: the return URL, with the payment, how it stands, and a signature over both. A browser has carried it, so merchants ask, or wait
 * for the callback, before they ship anything.
 */
import { createHmac } from 'node:crypto';
import type { ShopperStep } from '../../core/payment/shopper-step.ts';
import type { DialectContext, ShopperReturn } from '../dialect.ts';
import { toWireId } from './ids.ts';
import { firstOf, statusOf } from './states.ts';

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
  const endpoints = await engine.endpoints.list({ merchantId, dialect: 'tzero', limit: 10 });
  const endpoint = endpoints.find(({ sealedSecret }) => sealedSecret !== undefined);
  const sealed = endpoint?.sealedSecret;
  const secret = sealed === undefined ? undefined : engine.vault.openSecret({ merchantId, secretId: endpoint?.endpointId ?? '', sealed });
  const signature =
    secret === undefined ? undefined : createHmac('sha256', secret).update(`${paymentId}.${reference}.${status}`).digest('hex');
  const url = new URL(returnUrl);
  const said = { payment_id: paymentId, reference, status, ...(signature === undefined ? {} : { signature }) };
  for (const [name, value] of Object.entries(said)) url.searchParams.set(name, value);
  return { kind: 'done', returnUrl: url.href };
}
