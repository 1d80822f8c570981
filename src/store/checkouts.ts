/** Checkouts as rows. What the shopper is shown and the merchant asked for lies in one document; what is asked about has columns. */
import type { Checkout, CheckoutStore, CheckoutTerms } from '../core/payment/checkout-terms.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const insert: Statement = {
  name: 'open_checkout',
  text: `insert into polygate.checkout (merchant_id, checkout_id, channel_id, secret_hash, amount, currency, terms, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};

const bySecret: Statement = {
  name: 'find_checkout',
  text: `select o.merchant_id, m.routing_number, o.checkout_id, o.channel_id, c.dialect, c.wire_id, o.terms, o.revision, o.attempts, o.operation_id,
  (extract(epoch from o.created_at) * 1000)::bigint as created_ms, (extract(epoch from o.expires_at) * 1000)::bigint as expires_ms
from polygate.merchant m
  join polygate.checkout o on o.merchant_id = m.merchant_id
  join polygate.channel c on c.merchant_id = o.merchant_id and c.channel_id = o.channel_id
where m.routing_number = $1 and o.secret_hash = $2`,
};

const change: Statement = {
  name: 'amend_checkout',
  text: `update polygate.checkout set terms = $4, amount = $5, currency = $6, revision = revision + 1
where merchant_id = $1 and checkout_id = $2 and revision = $3
returning revision`,
};

const attempted: Statement = {
  name: 'note_checkout_attempt',
  text: 'update polygate.checkout set attempts = $3, operation_id = $4 where merchant_id = $1 and checkout_id = $2 and attempts < $3',
};

interface CheckoutRow extends Row {
  readonly merchant_id: string;
  readonly routing_number: number;
  readonly checkout_id: string;
  readonly channel_id: string;
  readonly dialect: string;
  readonly wire_id: string;
  readonly terms: CheckoutTerms;
  readonly revision: number;
  readonly attempts: number;
  readonly operation_id: string | null;
  readonly created_ms: number;
  readonly expires_ms: number;
}

export function createCheckoutStore(database: Database): CheckoutStore {
  return {
    async create({ merchantId, checkoutId, channelId, secretHash, terms, createdAtMs, expiresAtMs }) {
      const { amount, currency } = terms.order;
      const times = [createdAtMs, expiresAtMs].map((ms) => new Date(ms).toISOString());
      // Nobody knows the token before this has succeeded, so a failure loses nothing.
      await reading(
        database.query(insert, [merchantId, checkoutId, channelId, secretHash, amount, currency, JSON.stringify(terms), ...times]),
      );
    },
    async find({ routingNumber, secretHash }) {
      const [row] = await reading(database.query<CheckoutRow>(bySecret, [routingNumber, secretHash]));
      return row === undefined ? undefined : checkoutOf(row);
    },
    async amend({ merchantId, checkoutId, revision, terms }) {
      const { amount, currency } = terms.order;
      const rows = await reading(database.query(change, [merchantId, checkoutId, revision, JSON.stringify(terms), amount, currency]));
      return rows.length === 1;
    },
    async noteAttempt({ merchantId, checkoutId, attempt, operationId }) {
      await database.query(attempted, [merchantId, checkoutId, attempt, operationId]);
    },
  };
}

function checkoutOf(row: CheckoutRow): Checkout {
  return {
    ...{ merchantId: row.merchant_id, routingNumber: row.routing_number, checkoutId: row.checkout_id, channelId: row.channel_id },
    ...{ dialect: row.dialect, wireId: row.wire_id, terms: row.terms, revision: row.revision, attempts: row.attempts },
    ...(row.operation_id === null ? {} : { operationId: row.operation_id }),
    ...{ createdAtMs: row.created_ms, expiresAtMs: row.expires_ms },
  };
}
