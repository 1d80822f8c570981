/**
 * The trail of what operators did: one row per act, written in the act's own transaction, chained by hashes. A row's hash is SHA-256 over
 * the hash before it and the lines sequence, epoch ms, actor, act, details.
 */
import type { OperatorAct } from '../core/operator/operator-act.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';

type Query = Database['query'];

export interface AuditEntry extends Omit<OperatorAct, 'details'> {
  readonly sequence: number;
  readonly happenedAt: Date;
  readonly details: unknown;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** The hash before the first row. */
export const noHash = `decode(repeat('00', 32), 'hex')`;

/** A row's hash as SQL. `row`: alias of a relation with the columns of the table but `hash`. */
export function hashOf(row: string): string {
  const ms = `(extract(epoch from ${row}.happened_at) * 1000)::bigint`;
  const lines = `concat_ws(chr(10), ${row}.sequence, ${ms}, ${row}.actor, ${row}.act, ${row}.details)`;
  return `sha256(${row}.previous_hash || convert_to(${lines}, 'UTF8'))`;
}

const takeTurn: Statement = {
  name: 'audit_turn',
  text: `update polygate.counter set next_value = next_value + 1 where name = 'operator_act'`,
};
const append: Statement = {
  name: 'audit_append',
  text: `with last as (select sequence, hash from polygate.audit order by sequence desc limit 1),
  entry as (
    select coalesce((select sequence from last), 0) + 1 as sequence, date_trunc('milliseconds', now()) as happened_at, $1::text as actor,
      $2::text as act, $3::text as details, coalesce((select hash from last), ${noHash}) as previous_hash
  )
insert into polygate.audit (sequence, happened_at, actor, act, details, previous_hash, hash)
select sequence, happened_at, actor, act, details, previous_hash, ${hashOf('entry')} from entry`,
};
const selectPage: Statement = {
  name: 'audit_page',
  text: `select sequence, happened_at, actor, act, details, encode(hash, 'hex') as hash from polygate.audit
where sequence > $1 order by sequence limit 500`,
};

/** Runs an operator's act in one transaction with its row of the trail; acts come one after another. What `work` throws undoes both. */
export function acting<T>(database: Database, work: (query: Query, audit: (act: OperatorAct) => Promise<void>) => Promise<T>): Promise<T> {
  return database.transaction(async (query) => {
    await query(takeTurn);
    return work(query, async ({ actor, act, details }) => {
      await query(append, [actor, act, jsonText(details)]);
    });
  });
}

interface AuditRow extends Record<string, unknown> {
  readonly sequence: number;
  readonly happened_at: Date;
  readonly actor: string;
  readonly act: string;
  readonly details: string;
  readonly hash: string;
}

/** The trail, oldest first. */
export async function* readAudit(database: Database): AsyncGenerator<AuditEntry> {
  for (let last = 0; ; ) {
    const rows = await database.query<AuditRow>(selectPage, [last]);
    if (rows.length === 0) return;
    for (const { happened_at: happenedAt, details, ...row } of rows) {
      last = row.sequence;
      yield { ...row, happenedAt, details: JSON.parse(details) as unknown };
    }
  }
}
