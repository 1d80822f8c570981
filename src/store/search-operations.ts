/**
 * Searches among a channel's operations. The page is cut from ids alone, and only its rows are read whole. Ids are UUIDs of version 7, whose
 * order is that of their making, so the primary key serves for spans of time as well, and no index has to be kept for them: of a span it
 * reads the keys of all merchants, and the rows of one.
 */
import { maskCardNumbers } from '../core/instrument/mask.ts';
import { type OperationSearch, type OperationsFound, searchedAtMost } from '../core/payment/search.ts';
import type { Clock } from '../core/ports/clock.ts';
import { plainArray, timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { statementName } from '../postgres/statement-name.ts';
import { firstIdAt } from './id-time.ts';
import { nodeOf, type OperationRow, operationColumns, operationJoins } from './read-operations.ts';

interface FoundRow extends OperationRow {
  readonly total: number;
}

/** One condition per filter that is there: a plan made for all of them at once could use no index. */
export async function searchOperations(database: Database, search: OperationSearch, clock: Clock): Promise<OperationsFound> {
  const { merchantId, channelId, offset, limit, linked = false } = search;
  const filters = filtersOf(search, clock);
  const values = [merchantId, channelId, offset, limit, ...filters.map(({ value }) => value)];
  const rows = await database.query<FoundRow & Row>(statementOf(filters, { linked, byKey: search.after !== undefined }), values);
  return { operations: rows.map(nodeOf), total: rows[0]?.total ?? 0 };
}

interface Filter {
  readonly name: string;
  readonly condition: (parameter: string) => string;
  readonly value: unknown;
}

function filtersOf(search: OperationSearch, clock: Clock): readonly Filter[] {
  const { kinds, paidWith, createdFromMs, createdToMs, shortNumber, after } = search;
  // As it was stored.
  const merchantReference = search.merchantReference === undefined ? undefined : maskCardNumbers(search.merchantReference);
  // Ids are made by the wall clock, which business time never is behind.
  const offsetMs = clock.businessNow() - clock.wallNow();
  const candidates: readonly (Filter | undefined)[] = [
    given(merchantReference, 'reference', (parameter) => `o.merchant_reference = ${parameter}`),
    given(kinds, 'kinds', (parameter) => `o.kind = any (${parameter}::text[])`, plainArray(kinds ?? [])),
    given(paidWith, 'paid', paidWithOneOf, plainArray(paidWith ?? [])),
    given(createdFromMs, 'from', (parameter) => `o.created_at >= ${parameter}`, timeText(createdFromMs ?? 0)),
    given(createdFromMs, 'id_from', (parameter) => `o.operation_id >= ${parameter}`, firstIdAt((createdFromMs ?? 0) - offsetMs - slackMs)),
    given(createdToMs, 'to', (parameter) => `o.created_at <= ${parameter}`, timeText(createdToMs ?? 0)),
    given(createdToMs, 'id_to', (parameter) => `o.operation_id <= ${parameter}`, firstIdAt((createdToMs ?? 0) + slackMs)),
    given(after, 'after', (parameter) => `o.operation_id > ${parameter}`),
    given(
      shortNumber,
      'short',
      (parameter) => `('x' || right(o.operation_id::text, 12))::bit(48)::bigint % 1000000000000 = ${parameter}::bigint`,
    ),
  ];
  return candidates.filter((filter) => filter !== undefined);
}

function paidWithOneOf(parameter: string): string {
  return `exists (select from polygate.attempt a where a.merchant_id = o.merchant_id and a.payment_id = o.payment_id
    and a.number = o.attempt_number and coalesce(a.bank_method, 'card') = any (${parameter}::text[]))`;
}

function given(asked: unknown, name: string, condition: Filter['condition'], value: unknown = asked): Filter | undefined {
  return asked === undefined ? undefined : { name, condition, value };
}

/** An operation's id is made a moment before or after its time is read. */
const slackMs = 60_000;

function statementOf(filters: readonly Filter[], { linked, byKey }: { readonly linked: boolean; readonly byKey: boolean }): Statement {
  const conditions = filters.map(({ condition }, index) => condition(`$${index + 5}`));
  return {
    name: statementName(['search', ...filters.map(({ name }) => name), ...(linked ? ['linked'] : [])]),
    text: `with matching as materialized (
  select o.operation_id, o.payment_id from polygate.operation o
    join polygate.payment p on p.merchant_id = o.merchant_id and p.payment_id = o.payment_id
  where ${['o.merchant_id = $1', 'p.channel_id = $2', ...conditions].join(' and ')}
  order by o.operation_id limit ${byKey ? '$3::bigint + $4::bigint' : searchedAtMost + 1}
), page as (
  select operation_id, payment_id from matching order by operation_id offset $3 limit $4
)
select (select count(*) from matching)::integer as total, ${operationColumns}
from polygate.operation o ${operationJoins}
where o.merchant_id = $1 and ${linked ? 'o.payment_id in (select payment_id from page)' : 'o.operation_id in (select operation_id from page)'}
order by o.operation_id`,
  };
}
