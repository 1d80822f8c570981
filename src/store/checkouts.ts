/** Checkouts as rows. What the shopper is shown and the merchant asked for lies in one document; what is asked about has columns. */
import type { PaymentEventRecord } from '../core/event/outbox.ts';
import { accounts } from '../core/ledger/accounts.ts';
import type {
  Checkout,
  CheckoutEnd,
  CheckoutEventName,
  CheckoutEventRecord,
  CheckoutStore,
  CheckoutTerms,
} from '../core/payment/checkout-terms.ts';
import { jsonText, plainArray, timeOrNull } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

// An order's first event is written with it.
const insert: Statement = {
  name: 'open_checkout',
  text: `with made as (
  insert into polygate.checkout (merchant_id, checkout_id, channel_id, secret_hash, amount, currency, terms, created_at, expires_at, events)
  values ($1, $2, $3, $4::bytea, $5, $6, $7, $8, $9, case when $4::bytea is null then 1 else 0 end)
  returning merchant_id, checkout_id, created_at, events
)
insert into polygate.checkout_event (merchant_id, checkout_id, sequence, name, happened_at)
select merchant_id, checkout_id, 1, 'created', created_at from made where events = 1`,
};

const columns = `o.merchant_id, m.routing_number, o.checkout_id, o.channel_id, c.dialect, c.wire_id, o.terms, o.revision, o.attempts, o.operation_id,
  o.closed, (extract(epoch from o.declared_paid_at) * 1000)::bigint as declared_paid_ms, o.chosen_token, (extract(epoch from o.created_at) * 1000)::bigint as created_ms, (extract(epoch from o.expires_at) * 1000)::bigint as expires_ms
from polygate.merchant m
  join polygate.checkout o on o.merchant_id = m.merchant_id
  join polygate.channel c on c.merchant_id = o.merchant_id and c.channel_id = o.channel_id`;

const bySecret: Statement = {
  name: 'find_checkout',
  text: `select ${columns} where m.routing_number = $1 and o.secret_hash = $2`,
};

const byId: Statement = {
  name: 'find_checkout_by_id',
  text: `select ${columns} where m.merchant_id = $1 and o.checkout_id = $2`,
};

const byTime: Statement = {
  name: 'list_orders',
  text: `select ${columns} where m.merchant_id = $1 and o.secret_hash is null and ($2::timestamptz is null or (o.created_at, o.checkout_id) < ($2, $3::uuid))
order by o.created_at desc, o.checkout_id desc limit $4`,
};

const change: Statement = {
  name: 'amend_checkout',
  text: `update polygate.checkout set terms = $4, amount = $5, currency = $6, revision = revision + 1
where merchant_id = $1 and checkout_id = $2 and revision = $3 and closed is null
returning revision`,
};

// The same number may be taken again: what is recorded under it is recorded once. What its merchant was told has expired cannot be paid any more.
const begin: Statement = {
  name: 'begin_checkout_attempt',
  text: `update polygate.checkout set begun = $3, begun_at = now()
where merchant_id = $1 and checkout_id = $2 and closed is null and expiry <> 'told' and begun <= $3
returning begun`,
};

const spend: Statement = {
  name: 'spend_kept_card',
  text: `update polygate.checkout set spent_for = $3 where merchant_id = $1 and checkout_id = $2 and (spent_for is null or spent_for = $3)
returning spent_for`,
};

const unspend: Statement = {
  name: 'unspend_kept_card',
  text: 'update polygate.checkout set spent_for = null where merchant_id = $1 and checkout_id = $2 and spent_for = $3',
};

const choose: Statement = {
  name: 'choose_stored_card',
  text: 'update polygate.checkout set chosen_token = $3 where merchant_id = $1 and checkout_id = $2 and chosen_token is null',
};

// What was perhaps recorded, and was not, is no attempt: its number is free.
const attempted: Statement = {
  name: 'note_checkout_attempt',
  text: `with made as (
  select operation_id from polygate.operation where merchant_id = $1 and operation_id = $4
), noted as (
  insert into polygate.checkout_attempt (merchant_id, checkout_id, attempt, operation_id) select $1, $2, $3, operation_id from made on conflict do nothing
)
update polygate.checkout set attempts = $3, operation_id = made.operation_id from made where merchant_id = $1 and checkout_id = $2 and attempts < $3`,
};

// What was paid elsewhere is posted with it, under the order's own id.
const close: Statement = {
  name: 'close_checkout',
  text: `with closed as (
  update polygate.checkout set closed = $3, declared_paid_at = $6, events = events + 1
  where merchant_id = $1 and checkout_id = $2 and closed is null and (begun <= $4 or begun_at < now() - interval '1 minute')
  returning merchant_id, checkout_id, events, closed, amount, currency
), posted as (
  insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
  select merchant_id, checkout_id, 0, checkout_id, 'declared', 'posted', ${accounts.paid_elsewhere}, ${accounts.received_elsewhere}, amount, currency, $5
  from closed where closed = 'declared_paid' and amount > 0
)
insert into polygate.checkout_event (merchant_id, checkout_id, sequence, name, happened_at)
select merchant_id, checkout_id, events, $3, $5 from closed
returning sequence`,
};

const view: Statement = {
  name: 'view_checkout',
  text: `with seen as (
  update polygate.checkout set events = events + 1, viewed = true
  where merchant_id = $1 and checkout_id = $2 and closed is null and not viewed
  returning merchant_id, checkout_id, events
)
insert into polygate.checkout_event (merchant_id, checkout_id, sequence, name, happened_at)
select merchant_id, checkout_id, events, 'viewed', $3 from seen`,
};

const events: Statement = {
  name: 'checkout_events',
  text: `select sequence, name, (extract(epoch from happened_at) * 1000)::bigint as happened_ms from polygate.checkout_event
where merchant_id = $1 and checkout_id = $2 order by sequence`,
};

const attempts: Statement = {
  name: 'checkout_attempts',
  text: 'select operation_id from polygate.checkout_attempt where merchant_id = $1 and checkout_id = $2 order by attempt',
};

const paymentEvents: Statement = {
  name: 'checkout_payment_events',
  text: `select e.payment_id, e.operation_id, e.sequence, e.name, e.payment_state, e.operation_state, e.snapshot,
  (extract(epoch from e.happened_at) * 1000)::bigint as happened_ms
from (
  select distinct o.payment_id from unnest($2::uuid[]) as i (operation_id) join polygate.operation o on o.merchant_id = $1 and o.operation_id = i.operation_id
) p
  join polygate.event e on e.merchant_id = $1 and e.payment_id = p.payment_id
order by e.happened_at, e.payment_id, e.sequence`,
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
  readonly closed: CheckoutEnd | null;
  readonly declared_paid_ms: number | null;
  readonly chosen_token: string | null;
  readonly created_ms: number;
  readonly expires_ms: number | null;
}

interface EventRow extends Row {
  readonly sequence: number;
  readonly name: CheckoutEventName;
  readonly happened_ms: number;
}

interface PaymentEventRow extends Row {
  readonly payment_id: string;
  readonly operation_id: string;
  readonly sequence: number;
  readonly name: string;
  readonly payment_state: PaymentEventRecord['paymentState'];
  readonly operation_state: PaymentEventRecord['operationState'];
  readonly snapshot: PaymentEventRecord['snapshot'];
  readonly happened_ms: number;
}

export function createCheckoutStore(database: Database): CheckoutStore {
  return {
    async create({ merchantId, checkoutId, channelId, secretHash, terms, createdAtMs, expiresAtMs }) {
      const { amount, currency } = terms.order;
      const times = [createdAtMs, expiresAtMs].map(timeOrNull);
      // Nobody knows the token before this has succeeded, so a failure loses nothing.
      await reading(
        database.query(insert, [merchantId, checkoutId, channelId, secretHash ?? null, amount, currency, jsonText(terms), ...times]),
      );
    },
    async find({ routingNumber, secretHash }) {
      const [row] = await reading(database.query<CheckoutRow>(bySecret, [routingNumber, secretHash]));
      return row === undefined ? undefined : checkoutOf(row);
    },
    async findById({ merchantId, checkoutId }) {
      const [row] = await reading(database.query<CheckoutRow>(byId, [merchantId, checkoutId]));
      return row === undefined ? undefined : checkoutOf(row);
    },
    async list({ merchantId, before, limit }) {
      const values = [merchantId, timeOrNull(before?.createdAtMs), before?.checkoutId ?? null, limit];
      return (await reading(database.query<CheckoutRow>(byTime, values))).map(checkoutOf);
    },
    async begin({ merchantId, checkoutId, attempt }) {
      return (await reading(database.query(begin, [merchantId, checkoutId, attempt]))).length === 1;
    },
    async close({ merchantId, checkoutId, as, attempts, nowMs, paidAtMs }) {
      const values = [merchantId, checkoutId, as, attempts, timeOrNull(nowMs), timeOrNull(paidAtMs)];
      return (await reading(database.query(close, values))).length === 1;
    },
    async spend({ merchantId, checkoutId, by }) {
      return (await reading(database.query(spend, [merchantId, checkoutId, by]))).length === 1;
    },
    async unspend({ merchantId, checkoutId, by }) {
      await reading(database.query(unspend, [merchantId, checkoutId, by]));
    },
    async chooseToken({ merchantId, checkoutId, token }) {
      await reading(database.query(choose, [merchantId, checkoutId, token]));
    },
    async noteView({ merchantId, checkoutId, nowMs }) {
      await reading(database.query(view, [merchantId, checkoutId, timeOrNull(nowMs)]));
    },
    async eventsOf({ merchantId, checkoutId }) {
      const rows = await reading(database.query<EventRow>(events, [merchantId, checkoutId]));
      return rows.map(({ sequence, name, happened_ms }): CheckoutEventRecord => ({ sequence, name, happenedAtMs: happened_ms }));
    },
    async attemptsOf({ merchantId, checkoutId }) {
      const rows = await reading(database.query<{ operation_id: string }>(attempts, [merchantId, checkoutId]));
      return rows.map(({ operation_id }) => operation_id);
    },
    async paymentEventsOf({ merchantId, operationIds }) {
      const rows = await reading(database.query<PaymentEventRow>(paymentEvents, [merchantId, plainArray(operationIds)]));
      return rows.map((row) => ({
        paymentId: row.payment_id,
        operationId: row.operation_id,
        event: {
          ...{ sequence: row.sequence, name: row.name, paymentState: row.payment_state, operationState: row.operation_state },
          ...{ snapshot: row.snapshot, happenedAtMs: row.happened_ms },
        },
      }));
    },
    async amend({ merchantId, checkoutId, revision, terms }) {
      const { amount, currency } = terms.order;
      const rows = await reading(database.query(change, [merchantId, checkoutId, revision, jsonText(terms), amount, currency]));
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
    ...(row.closed === null ? {} : { closed: row.closed }),
    ...(row.declared_paid_ms === null ? {} : { declaredPaidAtMs: row.declared_paid_ms }),
    ...(row.chosen_token === null ? {} : { chosenToken: row.chosen_token }),
    createdAtMs: row.created_ms,
    ...(row.expires_ms === null ? {} : { expiresAtMs: row.expires_ms }),
  };
}
