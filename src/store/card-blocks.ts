/** Declines that count towards the schemes' limits, and the cards that have reached one. Both are small: nothing is written for a card that pays. */
import type { CardBlock, CardDecline, PastDecline } from '../core/payment/card-block.ts';
import type { Database, Statement } from '../postgres/connection.ts';

const insertDecline: Statement = {
  name: 'note_decline',
  text: `insert into polygate.card_decline (merchant_id, fingerprint, operation_id, amount, currency, declined_at)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
};

const recentDeclines: Statement = {
  name: 'recent_declines',
  text: `select amount, currency, (extract(epoch from declined_at) * 1000)::bigint as at_ms from polygate.card_decline
where merchant_id = $1 and fingerprint = $2 and declined_at > $3 order by declined_at desc limit 1000`,
};

const upsertBlock: Statement = {
  name: 'block_card',
  text: `insert into polygate.card_block (merchant_id, bin, last4, fingerprint, amount, currency, only_merchant_initiated, until)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (bin, last4, merchant_id, fingerprint, amount, currency, only_merchant_initiated)
do update set until = case when card_block.until is null or excluded.until is null then null else greatest(card_block.until, excluded.until) end`,
};

const blocksOfCard: Statement = {
  name: 'card_blocks',
  text: `select merchant_id, bin, last4, fingerprint, amount, currency, only_merchant_initiated, (extract(epoch from until) * 1000)::bigint as until_ms
from polygate.card_block where bin = $1 and last4 = $2 and merchant_id = $3 and fingerprint = $4 and (until is null or until > $5)`,
};

const deleteOld: Statement = {
  name: 'delete_old_declines',
  text: `with declines as (
  delete from polygate.card_decline where (declined_at at time zone 'UTC')::date < ($1::timestamptz at time zone 'UTC')::date - 30 returning 1
), blocks as (
  delete from polygate.card_block where until < $1::timestamptz - interval '1 day' returning 1
)
select ((select count(*) from declines) + (select count(*) from blocks))::int as count`,
};

export async function noteDecline(database: Database, decline: CardDecline, sinceMs: number): Promise<readonly PastDecline[]> {
  const { merchantId, fingerprint, operationId, amount, currency, atMs } = decline;
  await database.query(insertDecline, [merchantId, Buffer.from(fingerprint), operationId, amount, currency, new Date(atMs)]);
  const rows = await database.query<{ amount: number; currency: string; at_ms: number }>(recentDeclines, [
    merchantId,
    Buffer.from(fingerprint),
    new Date(sinceMs),
  ]);
  return rows.map(({ amount: declined, currency: of, at_ms }) => ({ amount: declined, currency: of, atMs: at_ms }));
}

export async function blockCard(database: Database, block: CardBlock): Promise<void> {
  const { merchantId, bin, last4, fingerprint, only, onlyMerchantInitiated, untilMs } = block;
  const until = untilMs === undefined ? null : new Date(untilMs);
  const amount = only?.amount ?? anyAmount;
  await database.query(upsertBlock, [
    ...[merchantId, bin, last4, Buffer.from(fingerprint), amount, only?.currency ?? '', onlyMerchantInitiated, until],
  ]);
}

/** Payments are of more than nothing. */
const anyAmount = 0;

interface BlockRow extends Record<string, unknown> {
  readonly merchant_id: string;
  readonly bin: string;
  readonly last4: string;
  readonly fingerprint: Buffer;
  readonly amount: number;
  readonly currency: string;
  readonly only_merchant_initiated: boolean;
  readonly until_ms: number | null;
}

export async function findCardBlocks(
  database: Database,
  {
    merchantId,
    fingerprint,
    bin,
    last4,
    atMs,
  }: Pick<CardBlock, 'merchantId' | 'fingerprint' | 'bin' | 'last4'> & { readonly atMs: number },
): Promise<readonly CardBlock[]> {
  const rows = await database.query<BlockRow>(blocksOfCard, [bin, last4, merchantId, Buffer.from(fingerprint), new Date(atMs)]);
  return rows.map((row) => ({
    merchantId: row.merchant_id,
    fingerprint: row.fingerprint,
    bin: row.bin,
    last4: row.last4,
    onlyMerchantInitiated: row.only_merchant_initiated,
    ...(row.amount === anyAmount ? {} : { only: { amount: row.amount, currency: row.currency } }),
    ...(row.until_ms === null ? {} : { untilMs: row.until_ms }),
  }));
}

/** Deletes declines older than every window, and blocks that are over. `businessNowMs`: they are dated by the business clock. */
export async function deleteOldDeclines(database: Database, businessNowMs: number): Promise<number> {
  const [row] = await database.query<{ count: number }>(deleteOld, [new Date(businessNowMs)]);
  return row?.count ?? 0;
}
