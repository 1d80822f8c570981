/** What waits, and since when, for whoever watches the gateway; asked when somebody looks. */
import type { EndpointState } from '../core/event/outbox.ts';
import type { Database, Statement } from '../postgres/connection.ts';

// Endpoint by endpoint from the index of what waits; beyond a hundred thousand, more is no news.
const outbox: Statement = {
  name: 'watch_outbox',
  text: `
select ep.state, coalesce(sum(d.waiting), 0)::bigint as waiting, coalesce(max(extract(epoch from now() - d.oldest)) * 1000, 0)::bigint as age_ms
from polygate.endpoint ep cross join lateral (
  select count(*) as waiting, min(x.created_at) as oldest from (
    select d.created_at from polygate.delivery d
    where d.endpoint_id = ep.endpoint_id and d.merchant_id = ep.merchant_id and d.due_at is not null limit 100000
  ) x
) d
where ep.removed_at is null group by ep.state`,
};

const visits: Statement = {
  name: 'watch_visits',
  text: `select count(*) as open from polygate.shopper_visit where due_at is not null`,
};

const settlements: Statement = {
  name: 'watch_settlements',
  text: `select (extract(epoch from min(due_at)) * 1000)::bigint as due_ms from polygate.settlement_cycle where due_at is not null`,
};

const endpointStates = ['inactive', 'active', 'parked', 'paused'] as const satisfies readonly EndpointState[];

export interface Waiting {
  readonly state: EndpointState;
  readonly count: number;
  /** 0 when nothing waits. */
  readonly oldestAgeMs: number;
}

/** Deliveries that wait, by the state of their endpoint; one row per state. */
export async function countWaitingDeliveries(database: Database): Promise<readonly Waiting[]> {
  const rows = await database.query<{ state: string; waiting: number; age_ms: number }>(outbox);
  return endpointStates.map((state) => {
    const row = rows.find((candidate) => candidate.state === state);
    return { state, count: row?.waiting ?? 0, oldestAgeMs: Math.max(0, row?.age_ms ?? 0) };
  });
}

/** When the first settlement that has not ended was due, on the business clock. */
export async function firstSettlementDueAtMs(database: Database): Promise<number | undefined> {
  const [row] = await database.query<{ due_ms: number | null }>(settlements);
  return row?.due_ms ?? undefined;
}

/** Payments and authentications that wait for their shopper, or for the gateway to go on. */
export async function countOpenVisits(database: Database): Promise<number> {
  const [row] = await database.query<{ open: number }>(visits);
  return row?.open ?? 0;
}
