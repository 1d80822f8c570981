/**
 * The ledger as a merchant reads it: from the merchant's orders to their payments to what was posted for them, each step along an index, so that the books
 * of other merchants are not touched. Every question is asked of the same relation.
 */
import { accounts, type EntryKind } from '../core/ledger/accounts.ts';
import type {
  Balance,
  BookedLine,
  BookedState,
  BooksFilter,
  MerchantBooks,
  PayoutBalance,
  Turnover,
} from '../core/ledger/merchant-books.ts';
import { openOperationStates } from '../core/states/operation.ts';
import { textArray, timeOrNull } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { wordList } from './sql.ts';
import { reading } from './unavailable.ts';

const open = wordList(openOperationStates);

/** Accounts on which a credit is money for the merchant; what is paid out is no part of what the merchant is owed. */
const merchants = [accounts.merchant_payable, accounts.payout_balance, accounts.received_elsewhere].join(', ');

/**
 * Parameters as {@link valuesOf} gives them. Money that came elsewhere has no payment here, so it has no method, no flow and no card. What is paid at a
 * bank waits for no cut-off.
 */
const relations = `with chosen as (
  select o.merchant_id, o.checkout_id, o.created_at, o.closed, c.wire_id, o.terms ->> 'product' as product,
    o.terms -> 'order' ->> 'merchantReference' as reference, o.terms -> 'order' -> 'origin' ->> 'email' as email
  from polygate.checkout o join polygate.channel c on c.merchant_id = o.merchant_id and c.channel_id = o.channel_id
  where o.merchant_id = $1 and o.secret_hash is null and c.dialect = $2
    and ($3::text[] is null or o.currency = any ($3)) and ($4::text[] is null or c.wire_id = any ($4))
    and ($5::text[] is null or coalesce(o.terms ->> 'product', '') = any ($5))
    and ($6::timestamptz is null or o.created_at >= $6) and ($7::timestamptz is null or o.created_at < $7)
), acted as (
  select h.*, x.operation_id, x.kind as act, x.state as act_state, x.amount as act_amount, p.currency,
    x.settled or x.declared or t.bank_method is not null as is_settled, p.payment_id, p.refunded, p.charged_back - p.chargeback_reversed as disputed,
    coalesce(t.brand, t.bank_method) as method, f.dialect_data ->> 'flow' as flow
  from chosen h
    join polygate.checkout_attempt a on a.merchant_id = h.merchant_id and a.checkout_id = h.checkout_id
    join polygate.operation f on f.merchant_id = a.merchant_id and f.operation_id = a.operation_id
    join polygate.payment p on p.merchant_id = f.merchant_id and p.payment_id = f.payment_id
    join polygate.attempt t on t.merchant_id = p.merchant_id and t.payment_id = p.payment_id and t.number = f.attempt_number
    join polygate.operation x on x.merchant_id = p.merchant_id and x.payment_id = p.payment_id
  where ($8::text[] is null or t.brand = any ($8) or t.bank_method = any ($8))
    and ($9::text[] is null or coalesce(f.dialect_data ->> 'flow', '') = any ($9)) and ($10::boolean is null or (f.token is not null) = $10)
), posted as (
  select a.checkout_id, a.created_at, a.wire_id, a.product, a.reference, a.email, l.operation_id, l.line, l.kind, l.currency, l.booked_at,
    case when l.credit_account in (${merchants}) then l.amount else -l.amount end as amount, coalesce(u.fee, 0) as fee, l.debit_account <> ${accounts.payout_balance} as is_owed, a.is_settled, a.method, a.flow,
    (select max(e.happened_at) from polygate.event e where e.merchant_id = a.merchant_id and e.payment_id = a.payment_id) as changed_at,
    case when l.debit_account in (${merchants}) then 'sent' when a.disputed > 0 then 'charged_back' when a.refunded > 0 then 'refunded' else 'paid' end as state
  from acted a
    join polygate.ledger_entry l on l.merchant_id = a.merchant_id and l.operation_id = a.operation_id and l.layer = 'posted'
      and (l.credit_account in (${merchants}) or l.debit_account in (${merchants}))
    left join polygate.settled_operation u on u.merchant_id = a.merchant_id and u.operation_id = a.operation_id and u.settlement_id is not null
  where a.act_state = 'approved'
  union all
  select h.checkout_id, h.created_at, h.wire_id, h.product, h.reference, h.email, l.operation_id, l.line, l.kind, l.currency, l.booked_at,
    l.amount, 0, false, true, null, null, l.booked_at, 'paid'
  from chosen h join polygate.ledger_entry l on l.merchant_id = h.merchant_id and l.operation_id = h.checkout_id and l.kind = 'declared'
  where h.closed = 'declared_paid' and $8::text[] is null and $9::text[] is null and $10::boolean is null
), booked as (
  select * from posted
  where ($11::timestamptz is null or booked_at >= $11) and ($12::timestamptz is null or booked_at < $12)
    and ($13::timestamptz is null or changed_at >= $13) and ($14::timestamptz is null or changed_at < $14)
    and ($15::text[] is null or state = any ($15))
    and ($16::text is null or position(lower($16) in lower(concat_ws(' ', reference, checkout_id, operation_id, email))) > 0)
)`;

const balances: Statement = {
  name: 'merchant_balances',
  text: `${relations}
select currency, sum(amount)::text as gross, sum(fee)::text as fees, greatest(sum(unsettled), 0)::text as unsettled, sum(under_way)::text as under_way
from (
  select currency, amount, fee, case when is_settled then 0 else amount end as unsettled, 0 as under_way from booked where is_owed
  union all
  select currency, 0, 0, 0, act_amount from acted where act = 'refund' and act_state in (${open})
) m group by currency order by currency`,
};

const turnover: Statement = {
  name: 'merchant_turnover',
  text: `${relations}
select coalesce(sum(amount) filter (where amount > 0), 0)::text as amount_in, coalesce(sum(fee) filter (where amount > 0), 0)::text as fees_in,
  count(*) filter (where amount > 0) as count_in, coalesce(-sum(amount) filter (where amount < 0), 0)::text as amount_out,
  coalesce(sum(fee) filter (where amount < 0), 0)::text as fees_out, count(*) filter (where amount < 0) as count_out
from booked where kind <> 'declared'`,
};

// By the index of payouts. What an operator has to decide is under way as well, and what a bank has not decided yet.
const payouts: Statement = {
  name: 'merchant_payout_balances',
  text: `select l.currency, l.available::text, coalesce((
  select sum(o.amount) from polygate.operation o join polygate.payment p on p.merchant_id = o.merchant_id and p.payment_id = o.payment_id
  where o.merchant_id = $1 and o.state in (${open}) and o.kind = 'payout' and p.currency = l.currency
), 0)::text as under_way
from polygate.account_limit l where l.merchant_id = $1 and l.account = ${accounts.payout_balance} order by l.currency`,
};

const lines: Statement = {
  name: 'merchant_lines',
  text: `${relations}
select *, (extract(epoch from created_at) * 1000)::bigint as ordered_ms, (extract(epoch from booked_at) * 1000)::bigint as booked_ms,
  (extract(epoch from changed_at) * 1000)::bigint as changed_ms
from booked
where $17::timestamptz is null or (created_at, checkout_id, operation_id, line) > ($17, $18::uuid, $19::uuid, $20::smallint)
order by created_at, checkout_id, operation_id, line limit $21`,
};

const count: Statement = { name: 'count_merchant_lines', text: `${relations}\nselect count(*) as count from booked` };

/** Sums come as text, whose digits are all there. */
interface BalanceRow extends Row {
  readonly currency: string;
  readonly gross: string;
  readonly fees: string;
  readonly unsettled: string;
  readonly under_way: string;
}

interface TurnoverRow extends Row {
  readonly amount_in: string;
  readonly fees_in: string;
  readonly count_in: number;
  readonly amount_out: string;
  readonly fees_out: string;
  readonly count_out: number;
}

interface LineRow extends Row {
  readonly checkout_id: string;
  readonly operation_id: string;
  readonly line: number;
  readonly kind: EntryKind;
  readonly state: BookedState;
  readonly wire_id: string;
  readonly currency: string;
  readonly amount: number;
  readonly fee: number;
  readonly ordered_ms: number;
  readonly booked_ms: number;
  readonly changed_ms: number;
  readonly reference: string | null;
  readonly email: string | null;
  readonly method: string | null;
  readonly flow: string | null;
  readonly product: string | null;
}

const listOf = (values: readonly string[] | undefined): string | null => (values === undefined ? null : textArray(values));

function valuesOf(filter: BooksFilter): readonly unknown[] {
  return [
    ...[filter.merchantId, filter.dialect, listOf(filter.currencies), listOf(filter.wireIds), listOf(filter.products)],
    ...[timeOrNull(filter.orderedFromMs), timeOrNull(filter.orderedToMs)],
    ...[listOf(filter.methods), listOf(filter.flows), filter.tokenized ?? null],
    ...[timeOrNull(filter.bookedFromMs), timeOrNull(filter.bookedToMs), timeOrNull(filter.changedFromMs), timeOrNull(filter.changedToMs)],
    ...[listOf(filter.states), filter.text ?? null],
  ];
}

/** `database`: one whose plans follow the values, since most of a filter is absent. */
export function createMerchantBooks(database: Database): MerchantBooks {
  const run = <R extends Row>(statement: Statement, values: readonly unknown[]) => reading(database.query<R>(statement, values));
  return {
    async balances(filter) {
      const rows = await run<BalanceRow>(balances, valuesOf(filter));
      return rows.map(
        ({ currency, ...sums }): Balance => ({
          ...{ currency, gross: BigInt(sums.gross), fees: BigInt(sums.fees) },
          ...{ unsettled: BigInt(sums.unsettled), refundsUnderWay: BigInt(sums.under_way) },
        }),
      );
    },
    async turnover(filter): Promise<Turnover> {
      const [row] = await run<TurnoverRow>(turnover, valuesOf(filter));
      return {
        incoming: { amount: BigInt(row?.amount_in ?? 0), fees: BigInt(row?.fees_in ?? 0), count: row?.count_in ?? 0 },
        outgoing: { amount: BigInt(row?.amount_out ?? 0), fees: BigInt(row?.fees_out ?? 0), count: row?.count_out ?? 0 },
      };
    },
    async payoutBalances(merchantId) {
      const rows = await run<{ currency: string; available: string; under_way: string }>(payouts, [merchantId]);
      return rows.map(
        ({ currency, available, under_way }): PayoutBalance => ({ currency, available: BigInt(available), underWay: BigInt(under_way) }),
      );
    },
    async lines(filter, { after, limit }) {
      const place = [timeOrNull(after?.orderedAtMs), after?.orderId ?? null, after?.operationId ?? null, after?.line ?? null];
      return (await run<LineRow>(lines, [...valuesOf(filter), ...place, limit])).map(lineOf);
    },
    async countLines(filter) {
      const [row] = await run<{ count: number }>(count, valuesOf(filter));
      return row?.count ?? 0;
    },
  };
}

function lineOf(row: LineRow): BookedLine {
  const { kind, state, currency, amount, fee, line } = row;
  return {
    ...{ orderId: row.checkout_id, operationId: row.operation_id, line, kind, state, wireId: row.wire_id, currency, amount, fee },
    ...{ orderedAtMs: row.ordered_ms, bookedAtMs: row.booked_ms, changedAtMs: row.changed_ms },
    ...(row.reference === null ? {} : { reference: row.reference }),
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.method === null ? {} : { method: row.method }),
    ...(row.flow === null ? {} : { flow: row.flow }),
    ...(row.product === null ? {} : { product: row.product }),
  };
}
