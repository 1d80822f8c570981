/** Statements as rows, and their files in parts. */
import { randomUUID } from 'node:crypto';
import type { ClaimedStatement, Statement, StatementFormat, StatementState, StatementStore } from '../core/statement/statement.ts';
import { jsonText, timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement as Sql } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const epoch = (column: string): string => `(extract(epoch from s.${column}) * 1000)::bigint as ${column}_ms`;

const columns = `s.merchant_id, s.statement_id, s.dialect, s.format, s.time_zone, s.filter, s.asked_as, s.state, s.lines, s.lines_in_all, s.problem,
  ${['created_at', 'updated_at', 'began_at', 'finished_at'].map(epoch).join(', ')}`;

const insert: Sql = {
  name: 'create_statement',
  text: `insert into polygate.statement (merchant_id, statement_id, dialect, format, time_zone, filter, asked_as, state, due_at, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, 'pending', now(), $8, $8)`,
};

const byId: Sql = {
  name: 'find_statement',
  text: `select ${columns} from polygate.statement s where s.merchant_id = $1 and s.statement_id = $2 and s.dialect = $3`,
};

const byTime: Sql = {
  name: 'list_statements',
  text: `select ${columns} from polygate.statement s
where s.merchant_id = $1 and s.dialect = $2 and ($3::uuid is null or (s.created_at, s.statement_id) < (
  select a.created_at, a.statement_id from polygate.statement a where a.merchant_id = $1 and a.statement_id = $3))
order by s.created_at desc, s.statement_id desc limit $4`,
};

const cancel: Sql = {
  name: 'cancel_statement',
  text: `with ended as (
  update polygate.statement set state = 'cancelled', due_at = null, lease = null, updated_at = $3, finished_at = $3
  where merchant_id = $1 and statement_id = $2 and state in ('pending', 'processing')
  returning merchant_id, statement_id
), gone as (
  delete from polygate.statement_part p using ended e where p.merchant_id = e.merchant_id and p.statement_id = e.statement_id
)
select statement_id from ended`,
};

const candidate: Sql = {
  name: 'due_statement',
  text: 'select merchant_id, statement_id from polygate.statement where due_at <= now() order by due_at limit 1',
};

// Of two nodes that see the same candidate, one gets it. The file begins anew.
const claim: Sql = {
  name: 'claim_statement',
  text: `with taken as (
  update polygate.statement s set state = 'processing', lines = 0, lines_in_all = null, parts = 0, lease = $3, due_at = now() + $4 * interval '1 millisecond',
    began_at = $5, updated_at = $5
  where s.merchant_id = $1 and s.statement_id = $2 and s.due_at <= now()
  returning ${columns}
), gone as (
  delete from polygate.statement_part p using taken t where p.merchant_id = t.merchant_id and p.statement_id = t.statement_id
)
select * from taken`,
};

const write: Sql = {
  name: 'write_statement',
  text: `with step as (
  update polygate.statement set lines = $4, lines_in_all = $5, updated_at = $6, parts = parts + case when $8::bytea is null then 0 else 1 end,
    state = coalesce($9, state), problem = $10, lease = case when $9::text is null then lease end,
    due_at = case when $9::text is null then now() + $7 * interval '1 millisecond' end, finished_at = case when $9::text is not null then $6::timestamptz end
  where merchant_id = $1 and statement_id = $2 and lease = $3 and state = 'processing'
  returning merchant_id, statement_id, parts
), written as (
  insert into polygate.statement_part (merchant_id, statement_id, part, content)
  select merchant_id, statement_id, parts, $8 from step where $8::bytea is not null
)
select statement_id from step`,
};

const part: Sql = {
  name: 'statement_part',
  text: `select p.content from polygate.statement_part p join polygate.statement s on s.merchant_id = p.merchant_id and s.statement_id = p.statement_id
where p.merchant_id = $1 and p.statement_id = $2 and p.part = $3 and s.state = 'success'`,
};

const prune: Sql = {
  name: 'prune_statements',
  text: `with old as (
  delete from polygate.statement where created_at < $1 and due_at is null returning merchant_id, statement_id
), gone as (
  delete from polygate.statement_part p using old where p.merchant_id = old.merchant_id and p.statement_id = old.statement_id
)
select count(*)::int as count from old`,
};

interface StatementRow extends Row {
  readonly merchant_id: string;
  readonly statement_id: string;
  readonly dialect: string;
  readonly format: StatementFormat;
  readonly time_zone: string;
  readonly filter: Statement['filter'];
  readonly asked_as: string;
  readonly state: StatementState;
  readonly lines: number;
  readonly lines_in_all: number | null;
  readonly problem: string | null;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly began_at_ms: number | null;
  readonly finished_at_ms: number | null;
}

export function createStatementStore(database: Database): StatementStore {
  const run = <R extends Row>(statement: Sql, values: readonly unknown[]) => reading(database.query<R>(statement, values));
  return {
    async create({ merchantId, statementId, dialect, format, timeZone, filter, askedAs, createdAtMs }) {
      const values = [merchantId, statementId, dialect, format, timeZone, jsonText(filter), askedAs, timeText(createdAtMs)];
      await run(insert, values);
    },
    async find({ merchantId, statementId, dialect }) {
      const [row] = await run<StatementRow>(byId, [merchantId, statementId, dialect]);
      return row === undefined ? undefined : statementOf(row);
    },
    async list({ merchantId, dialect, after, limit }) {
      return (await run<StatementRow>(byTime, [merchantId, dialect, after ?? null, limit])).map(statementOf);
    },
    async cancel({ merchantId, statementId, nowMs }) {
      return (await run(cancel, [merchantId, statementId, timeText(nowMs)])).length === 1;
    },
    async claim({ nowMs, leaseMs }) {
      const [due] = await run<{ merchant_id: string; statement_id: string }>(candidate, []);
      if (due === undefined) return undefined;
      const lease = randomUUID();
      const [row] = await run<StatementRow>(claim, [due.merchant_id, due.statement_id, lease, leaseMs, timeText(nowMs)]);
      return row === undefined ? undefined : { statement: statementOf(row), lease };
    },
    async write({ statement: { merchantId, statementId }, lease }: ClaimedStatement, { content, lines, linesInAll, nowMs, leaseMs, end }) {
      const bytes = content === undefined ? null : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
      const values = [
        merchantId,
        statementId,
        lease,
        lines,
        linesInAll,
        timeText(nowMs),
        leaseMs,
        bytes,
        end?.state ?? null,
        end?.problem ?? null,
      ];
      return (await run(write, values)).length === 1;
    },
    async *read({ merchantId, statementId }) {
      for (let number = 1; ; number += 1) {
        const [row] = await run<{ content: Buffer }>(part, [merchantId, statementId, number]);
        if (row === undefined) return;
        yield row.content;
      }
    },
    async prune(beforeMs) {
      const [row] = await run<{ count: number }>(prune, [timeText(beforeMs)]);
      return row?.count ?? 0;
    },
  };
}

function statementOf(row: StatementRow): Statement {
  const { dialect, format, filter, state, lines } = row;
  return {
    ...{ merchantId: row.merchant_id, statementId: row.statement_id, dialect, format, timeZone: row.time_zone, filter },
    ...{ askedAs: row.asked_as, state, lines, createdAtMs: row.created_at_ms, updatedAtMs: row.updated_at_ms },
    ...(row.lines_in_all === null ? {} : { linesInAll: row.lines_in_all }),
    ...(row.problem === null ? {} : { problem: row.problem }),
    ...(row.began_at_ms === null ? {} : { beganAtMs: row.began_at_ms }),
    ...(row.finished_at_ms === null ? {} : { finishedAtMs: row.finished_at_ms }),
  };
}
