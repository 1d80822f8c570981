/**
 * References that are used once over all channels of a merchant: idempotency keys belong to one channel, so the channel claims the reference first. A
 * claim from which no payment came can be taken over, long after any payment under it could still be sent.
 */
import type { PaymentStore } from '../core/ports/payment-store.ts';
import type { Database, Statement } from '../postgres/connection.ts';

const claim: Statement = {
  name: 'claim_reference',
  text: `insert into polygate.reference_claim as c (merchant_id, reference, channel_id) values ($1, $2, $3)
on conflict (merchant_id, reference) do update set channel_id = excluded.channel_id, claimed_at = now()
where c.channel_id = excluded.channel_id or (c.claimed_at < now() - interval '1 minute' and not exists (
  select from polygate.idempotency_key k where k.merchant_id = c.merchant_id and k.channel_id = c.channel_id and k.key = c.reference))
returning channel_id`,
};

/** False when another channel of the merchant has the reference, or is just about to use it. */
export async function claimReference(
  database: Database,
  { merchantId, reference, channelId }: Parameters<PaymentStore['claimReference']>[0],
): Promise<boolean> {
  return (await database.query(claim, [merchantId, reference, channelId])).length > 0;
}
