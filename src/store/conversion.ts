/** How orders come to be paid: from orders to attempts to approvals, grouped by what may explain it. */
import type { ConversionRequest, ListRow } from '../core/operator/operator-store.ts';
import { afterReview, capturing, inReview } from '../core/risk/review.ts';
import { givenUpReasons } from '../core/risk/rule.ts';
import { openOperationStates, unsuccessfulOperationStates } from '../core/states/operation.ts';
import { textArray } from '../postgres/columns.ts';
import type { Database } from '../postgres/connection.ts';
import { statementName } from '../postgres/statement-name.ts';
import { spanOf } from './operator-payment-lists.ts';
import { reasonNow } from './read-operations.ts';
import { wordList } from './sql.ts';

// The acquirer has approved what is held for review, and merchants hear "pending", or "rejected" once it was given up (`stateShown` of core/risk).
const outcome = `case when o.kind <> 'preauthorization' or o.state <> 'approved' then o.state when ${reasonNow} in ('${inReview}', '${capturing}') then 'pending'
    when o.reason in (${wordList(givenUpReasons)}) then 'rejected' else o.state end`;

/** What rows can be made by. */
const groups: Readonly<Record<string, string>> = {
  day: `to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD')`,
  brand: 'coalesce(a.bank_method, a.brand)',
  flow: `case when a.bank_method is not null then 'redirect' when t.authentication_id is null then 'none' when t.acs_url is not null then 'challenge'
    else 'frictionless' end`,
  decline_reason: `case when ${outcome} in (${wordList(unsuccessfulOperationStates)}) then coalesce(o.reason, o.state) end`,
};

const openStates = wordList(openOperationStates);
const span = spanOf('o.operation_id', 'o.created_at');

// An order is what has the same reference of its merchant and the same shopper's e-mail; without a reference, every attempt is one of its own.
// The last authentication counts: it is the one that the payment was sent with.
const orderKey = `o.merchant_id::text || ' ' || case when o.merchant_reference is null then o.operation_id::text else o.merchant_reference || chr(10) ||
    coalesce(lower(t.request ->> 'email'), (select lower(d.value) from json_each_text(o.dialect_data) d where d.key = any ($3::text[]) limit 1), '') end`;

/** `emailFields`: under which names dialects keep the shopper's e-mail. */
export async function readConversion(
  database: Database,
  { from, to, merchantId, channelId, currency, by }: ConversionRequest,
  emailFields: readonly string[],
): Promise<readonly ListRow[]> {
  const names = Object.keys(groups).filter((name) => by.includes(name));
  const columns = [...names.map((name) => `${groups[name]} as ${name}`), `${orderKey} as order_key`, `${outcome} as state`];
  const text = `with tried as (
  select ${columns.join(', ')}
  from polygate.operation o
    join polygate.payment p on p.payment_id = o.payment_id and p.merchant_id = o.merchant_id
    join polygate.attempt a on a.payment_id = o.payment_id and a.merchant_id = o.merchant_id and a.number = o.attempt_number
    left join lateral (
      select * from polygate.authentication t where t.visit_id = o.operation_id and t.merchant_id = o.merchant_id order by t.number desc limit 1
    ) t on true
  where o.kind in ('preauthorization', 'debit') and o.dialect_data ->> '${afterReview}' is distinct from 'rebill' and ${span.from?.('$1::text')} and ${span.to?.('$2::text')}
    and ($4::uuid is null or o.merchant_id = $4) and ($5::uuid is null or p.channel_id = $5) and ($6::text is null or p.currency = $6)
)
select ${[...names, 'count(distinct order_key)::int as orders'].join(', ')},
  (count(distinct order_key) filter (where state = 'approved'))::int as approved_orders, count(*)::int as attempts,
  (count(*) filter (where state = 'approved'))::int as approved_attempts, (count(*) filter (where state in (${openStates})))::int as open_attempts
from tried${names.length === 0 ? '' : ` group by ${names.join(', ')} order by ${names.join(', ')}`}`;
  const values = [from.toISOString(), to.toISOString(), textArray(emailFields), merchantId ?? null, channelId ?? null, currency ?? null];
  return database.query({ name: statementName(['conversion', ...names]), text }, values);
}
