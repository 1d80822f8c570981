/** Acts on tokens: one row each, written once. */
import type { CardBrand } from '../core/instrument/card.ts';
import type { TokenAct } from '../core/instrument/token.ts';
import type { RejectionReason } from '../core/payment/operation.ts';
import type { TokenActStore } from '../core/ports/token-act-store.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const insert: Statement = {
  name: 'record_token_act',
  text: `insert into polygate.token_act (merchant_id, act_id, channel_id, kind, token, brand, bin, last4, expiry_month, expiry_year, holder, reason,
  merchant_reference, dialect_data, idempotency_key, input_hash, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) on conflict do nothing returning act_id`,
};

const columns = `merchant_id, act_id, channel_id, kind, token, brand, bin, last4, expiry_month, expiry_year, holder, reason, merchant_reference,
  dialect_data, (extract(epoch from created_at) * 1000)::bigint as created_ms, input_hash`;

const byToken: Statement = {
  name: 'find_token_act',
  text: `select ${columns} from polygate.token_act where merchant_id = $1 and token = $2 and kind = $3`,
};

const byKey: Statement = {
  name: 'find_token_act_by_key',
  text: `select ${columns} from polygate.token_act where merchant_id = $1 and channel_id = $2 and idempotency_key = $3`,
};

interface ActRow extends Row {
  readonly merchant_id: string;
  readonly act_id: string;
  readonly channel_id: string;
  readonly kind: TokenAct['kind'];
  readonly token: string;
  readonly brand: CardBrand | null;
  readonly bin: string | null;
  readonly last4: string | null;
  readonly expiry_month: number | null;
  readonly expiry_year: number | null;
  readonly holder: string | null;
  readonly reason: RejectionReason | null;
  readonly merchant_reference: string | null;
  readonly dialect_data: Record<string, string>;
  readonly created_ms: number;
  readonly input_hash: Buffer | null;
}

export function createTokenActStore(database: Database): TokenActStore {
  return {
    async record(act, key) {
      const { merchantId, actId, channelId, kind, token, card, rejection, merchantReference, dialectData, createdAtMs } = act;
      const written = await reading(
        database.query(insert, [
          ...[merchantId, actId, channelId, kind, token, card?.brand, card?.bin, card?.last4, card?.expiry.month, card?.expiry.year],
          ...[card?.holder, rejection, merchantReference, jsonText(dialectData), key?.key],
          ...[key === undefined ? undefined : Buffer.from(key.inputHash), new Date(createdAtMs)],
        ]),
      );
      return written.length > 0 ? 'recorded' : 'taken';
    },
    async find({ merchantId, token, kind }) {
      const [row] = await reading(database.query<ActRow>(byToken, [merchantId, token, kind]));
      return row === undefined ? undefined : actOf(row);
    },
    async findByKey({ merchantId, channelId, key }) {
      const [row] = await reading(database.query<ActRow>(byKey, [merchantId, channelId, key]));
      return row === undefined ? undefined : { act: actOf(row), inputHash: row.input_hash ?? new Uint8Array() };
    },
  };
}

function actOf(row: ActRow): TokenAct {
  const { brand, bin, last4, expiry_month: month, expiry_year: year, holder } = row;
  const isCard = brand !== null && bin !== null && last4 !== null && month !== null && year !== null;
  return {
    merchantId: row.merchant_id,
    channelId: row.channel_id,
    actId: row.act_id,
    kind: row.kind,
    token: row.token,
    dialectData: row.dialect_data,
    createdAtMs: row.created_ms,
    ...(isCard ? { card: { brand, bin, last4, expiry: { month, year }, ...(holder === null ? {} : { holder }) } } : {}),
    ...(row.reason === null ? {} : { rejection: row.reason }),
    ...(row.merchant_reference === null ? {} : { merchantReference: row.merchant_reference }),
  };
}
