/** Orders whose time is over, as rows: leased to one node at a time, and told by one statement, which an attempt to pay cannot come between. */
import type { CheckoutKey, OrderExpiryStore } from '../core/payment/checkout-terms.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { createLeases } from './leases.ts';

// An order may be due in the past when it is made, and expire before its time when it was tried too often.
const tell: Statement = {
  name: 'expire_order',
  text: `with expired as (
  update polygate.checkout set expiry = 'told', events = events + 1
  where merchant_id = $1 and checkout_id = $2 and expiry = 'open' and closed is null
    and (begun <= $3 or begun_at < now() - interval '1 minute')
  returning merchant_id, checkout_id, events, least(greatest(expires_at, created_at), $4) as happened_at
)
insert into polygate.checkout_event (merchant_id, checkout_id, sequence, name, happened_at)
select merchant_id, checkout_id, events, 'expired', happened_at from expired
returning sequence`,
};

const finish: Statement = {
  name: 'end_order_expiry',
  text: `update polygate.checkout set expiry = 'over' where merchant_id = $1 and checkout_id = $2 and expiry = 'open'`,
};

const putOff: Statement = {
  name: 'put_off_order_expiry',
  text: `update polygate.checkout set expiry_look_at = $3, leased_until = now() where merchant_id = $1 and checkout_id = $2 and expiry = 'open'`,
};

interface DueRow extends Row {
  readonly merchant_id: string;
  readonly checkout_id: string;
}

export function createOrderExpiryStore(database: Database): OrderExpiryStore {
  const leases = createLeases<DueRow>(database, {
    ...{ name: 'order_expiries', table: 'polygate.checkout', key: { merchant_id: 'uuid', checkout_id: 'uuid' } },
    dueAt: 'coalesce(d.expiry_look_at, d.expires_at)',
    isWaiting: `d.expiry = 'open' and d.secret_hash is null and d.expires_at is not null`,
    columns: 'd.merchant_id, d.checkout_id',
  });
  return {
    async claimDue(request) {
      return (await leases.claim(request)).map((row): CheckoutKey => ({ merchantId: row.merchant_id, checkoutId: row.checkout_id }));
    },
    nextDueAtMs: leases.nextDueAtMs,
    async tell({ merchantId, checkoutId, attempts, nowMs }) {
      return (await database.query(tell, [merchantId, checkoutId, attempts, new Date(nowMs)])).length === 1;
    },
    async finish({ merchantId, checkoutId }) {
      await database.query(finish, [merchantId, checkoutId]);
    },
    async putOff({ merchantId, checkoutId }, untilMs) {
      await database.query(putOff, [merchantId, checkoutId, new Date(untilMs)]);
    },
  };
}
