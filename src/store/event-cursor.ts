/**
 * How the outbox finds new events: by transactions, not by time or numbers. A cursor is a snapshot, PostgreSQL's own record of which
 * transactions were finished at a moment; an event is new when its transaction was not finished in the old one and is in the new one. So a
 * transaction that stays open for an hour loses nothing and holds up nobody: its number stays in the list of the unfinished until it ends.
 */
import { plainArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';

/** `xmin:xmax:unfinished`: all below `xmax` are finished, but for the listed ones. Numbers of transactions as decimal text. */
export interface Snapshot {
  readonly xmax: bigint;
  readonly unfinished: readonly bigint[];
}

export function parseSnapshot(text: string): Snapshot {
  const [, xmax, list] = /^\d+:(\d+):((?:\d+(?:,\d+)*)?)$/.exec(text) ?? [];
  if (xmax === undefined || list === undefined) throw new Error(`not a snapshot: ${text}`);
  return { xmax: BigInt(xmax), unfinished: list === '' ? [] : list.split(',').map(BigInt) };
}

export function formatSnapshot({ xmax, unfinished }: Snapshot): string {
  const xmin = unfinished.reduce((lowest, id) => (id < lowest ? id : lowest), xmax);
  return `${xmin}:${xmax}:${unfinished.join(',')}`;
}

/** The part of a snapshot that says nothing of transactions from `xmax` on: for work in bites. */
export function restrictSnapshot(snapshot: Snapshot, xmax: bigint): Snapshot {
  if (xmax >= snapshot.xmax) return snapshot;
  return { xmax, unfinished: snapshot.unfinished.filter((id) => id < xmax) };
}

/** From one snapshot to a later one: transactions in `[from, to)` but for `not`, and the `late` ones that were unfinished before. */
export interface Step {
  readonly from: bigint;
  readonly to: bigint;
  readonly not: readonly bigint[];
  readonly late: readonly bigint[];
}

export function stepBetween(before: Snapshot, now: Snapshot): Step {
  const still = new Set(now.unfinished);
  return { from: before.xmax, to: now.xmax, not: now.unfinished, late: before.unfinished.filter((id) => !still.has(id)) };
}

// The whole question of a quiet gateway, several times a second. The newest number is taken from the edge of each index: asked whether there is
// any beyond the cursor, the planner would expect many and read the table.
const newest = (table: string): string =>
  `(select recorded_in from polygate.${table} where recorded_in is not null order by recorded_in desc limit 1)`;

const look: Statement = {
  name: 'event_cursor_look',
  text: `select snapshot::text as before, pg_snapshot_xmax(snapshot) > pg_snapshot_xmax(pg_current_snapshot()) as restarted,
    coalesce(greatest(${newest('event')}, ${newest('token_act')}, ${newest('checkout_event')}, ${newest('subscriber_event')}) >= pg_snapshot_xmax(snapshot), false)
      as is_behind
  from polygate.event_cursor where name = $1`,
};

const lookAtLate: Statement = {
  name: 'event_cursor_late',
  text: `select exists (select from polygate.event where recorded_in = any ($1::xid8[]))
    or exists (select from polygate.token_act where recorded_in = any ($1::xid8[]))
    or exists (select from polygate.checkout_event where recorded_in = any ($1::xid8[]))
    or exists (select from polygate.subscriber_event where recorded_in = any ($1::xid8[])) as found`,
};

const lock: Statement = {
  name: 'event_cursor_lock',
  text: `select snapshot::text as before from polygate.event_cursor where name = $1 for update`,
};

// A statement of its own, after the lock: a snapshot is taken when a statement begins, so this one is later than whatever the last holder
// of the lock has done. The end of the bite is the transaction after the one that fills it.
const present: Statement = {
  name: 'event_cursor_now',
  text: `select pg_current_snapshot()::text as now, (
    select e.recorded_in::text from polygate.event e where e.recorded_in > (
      select f.recorded_in from polygate.event f where f.recorded_in >= $1::xid8 order by f.recorded_in offset $2 limit 1
    ) order by e.recorded_in limit 1
  ) as bite_end`,
};

/** Whether there may be something new. False when another reader has just taken it. */
export async function hasNewEvents(database: Database, name: string): Promise<boolean> {
  const [found] = await database.query<{ before: string; restarted: boolean; is_behind: boolean }>(look, [name]);
  if (found === undefined || found.restarted || found.is_behind) return found !== undefined;
  const { unfinished } = parseSnapshot(found.before);
  if (unfinished.length === 0) return false;
  return (await database.query<{ found: boolean }>(lookAtLate, [plainArray(unfinished.map(String))]))[0]?.found ?? false;
}

/** `restarted`: transaction numbers are lower than before, as in a database restored from a dump; the step then means nothing. */
export interface Advance {
  readonly step: Step;
  readonly next: string;
  readonly restarted: boolean;
}

/** Locks the cursor until the end of the transaction and says what is new. The caller saves `next` in the same transaction. */
export async function lockCursor(query: Database['query'], name: string, limit: number): Promise<Advance> {
  const [locked] = await query<{ before: string }>(lock, [name]);
  if (locked === undefined) throw new Error(`there is no event cursor named ${name}`);
  const before = parseSnapshot(locked.before);
  const [found] = await query<{ now: string; bite_end: string | null }>(present, [String(before.xmax), limit]);
  if (found === undefined) throw new Error('PostgreSQL tells no snapshot');
  const whole = parseSnapshot(found.now);
  if (before.xmax > whole.xmax) return { step: stepBetween(before, whole), next: found.now, restarted: true };
  const now = found.bite_end === null ? whole : restrictSnapshot(whole, BigInt(found.bite_end));
  return { step: stepBetween(before, now), next: formatSnapshot(now), restarted: false };
}
