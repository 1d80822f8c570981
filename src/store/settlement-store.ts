/**
 * Batches of acquirer accounts in the database. Operations are found by walking their primary key, long after they were made, and wait in a table of
 * their own until their cut-off; of an operation only a mark on its own row changes.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Clock } from '../core/ports/clock.ts';
import type { CutOff } from '../core/settlement/cut-off.ts';
import { settledKinds } from '../core/settlement/settlement.ts';
import type { DueCycle, FoundToSettle, SettlementStore } from '../core/settlement/settlement-store.ts';
import { openOperationStates, unsuccessfulOperationStates } from '../core/states/operation.ts';
import { plainArray, timeArray } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { everyCurrency } from './account-terms.ts';
import { closeSettlement } from './close-settlement.ts';
import { firstIdAt, lowestId } from './id-time.ts';
import { createLeases } from './leases.ts';
import { createReconciliations } from './reconciliations.ts';
import { wordList } from './sql.ts';
import { createWalk } from './walk.ts';

const biteSize = 500;
const kinds = wordList(Object.keys(settledKinds));
const walkName = 'settlement_walked_until_ms';

const cutOffs: Statement = { name: 'cut_offs', text: 'select distinct cut_off_minute, time_zone from polygate.acquirer_account' };

// What has a message belongs to the account of its message, a chargeback to that of its charge; payments at banks have no account of an acquirer,
// payouts to accounts have one of their own.
// A hold that is given up moves no money; a chargeback does also where nothing of the hold was captured. What was imported is settled where it was made.
const bite: Statement = {
  name: 'find_to_settle',
  text: `with bite as (
  select * from polygate.operation where operation_id > $1 and operation_id < $2 order by operation_id limit $3
), found as (
  select o.merchant_id, o.operation_id, o.payment_id, coalesce(m.account_id, t.account_id, c.account_id) as account_id,
    coalesce(m.transmitted_at, o.created_at) as at
  from bite o join polygate.payment p on p.merchant_id = o.merchant_id and p.payment_id = o.payment_id
    join polygate.channel c on c.merchant_id = p.merchant_id and c.channel_id = p.channel_id
    left join polygate.acquirer_message m on m.merchant_id = o.merchant_id and m.rrn = o.rrn and m.operation_id = o.operation_id and m.purpose = 'request'
    left join polygate.operation target on o.rrn is null and target.merchant_id = o.merchant_id and target.operation_id = o.target_id
    left join polygate.acquirer_message t on t.merchant_id = target.merchant_id and t.rrn = target.rrn and t.operation_id = target.operation_id
      and t.purpose = 'request'
  where o.kind in (${kinds}) and (o.kind <> 'reversal' or o.target_kind <> 'preauthorization')
), added as (
  insert into polygate.settled_operation (merchant_id, operation_id, payment_id, account_id)
  select f.merchant_id, f.operation_id, f.payment_id, f.account_id from found f join bite o using (merchant_id, operation_id)
    join polygate.acquirer_account a on a.account_id = f.account_id
  where o.state in (${wordList([...openOperationStates, 'approved'])})
    and not exists (select from polygate.imported_operation i where i.merchant_id = f.merchant_id and i.operation_id = f.operation_id)
  on conflict do nothing
  returning merchant_id, operation_id
), account as (
  select f.account_id, (extract(epoch from min(f.at)) * 1000)::bigint as at_ms from added join found f using (merchant_id, operation_id) group by f.account_id
)
select (select count(*)::int from bite) as count, (select operation_id from bite order by operation_id desc limit 1) as last, account.account_id, account.at_ms,
  a.cut_off_minute, a.time_zone, (extract(epoch from y.last_cut_off_at) * 1000)::bigint as last_cut_off_ms
from (select 1) one left join account on true left join polygate.acquirer_account a using (account_id)
  left join polygate.settlement_cycle y using (account_id)`,
};

const setDue: Statement = {
  name: 'set_settlement_due',
  text: `insert into polygate.settlement_cycle as y (account_id, cut_off_at, due_at, leased_until)
select account_id, cut_off_at, due_at, now() from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as i (account_id, cut_off_at, due_at)
on conflict (account_id) do update set cut_off_at = excluded.cut_off_at, due_at = excluded.due_at
where y.due_at is null or y.due_at > excluded.due_at`,
};

const message = `left join polygate.acquirer_message m on m.merchant_id = o.merchant_id and m.rrn = o.rrn and m.operation_id = o.operation_id
    and m.purpose = 'request'`;
const waiting = `polygate.settled_operation u join polygate.operation o on o.merchant_id = u.merchant_id and o.operation_id = u.operation_id
  ${message}`;

const uncertain: Statement = {
  name: 'uncertain_before_cut_off',
  text: `select from ${waiting} where u.account_id = $1 and u.settlement_id is null and o.state in ('submitted', 'pending', 'unknown') and m.transmitted_at < $2 limit 1`,
};

const anyDue: Statement = {
  name: 'any_to_settle',
  text: `select from ${waiting} where u.account_id = $1 and u.settlement_id is null and o.state = 'approved' and not o.declared
  and coalesce(m.transmitted_at, o.created_at) < $2 limit 1`,
};

// Declared and escalated operations wait for others' word; they are in the batch that comes after it. Of all accounts, those that wait for no cut-off.
const left: Statement = {
  name: 'left_to_settle',
  text: `select u.account_id, (extract(epoch from min(coalesce(m.transmitted_at, o.created_at))) * 1000)::bigint as at_ms, a.cut_off_minute, a.time_zone,
  (extract(epoch from y.last_cut_off_at) * 1000)::bigint as last_cut_off_ms
from ${waiting} join polygate.acquirer_account a on a.account_id = u.account_id left join polygate.settlement_cycle y on y.account_id = u.account_id
where u.settlement_id is null and u.account_id in (
    select e.account_id from polygate.acquirer_account e left join polygate.settlement_cycle w using (account_id)
    where e.account_id = $1 or $1::text is null and w.due_at is null
  ) and (o.state in ('awaiting', 'submitted', 'pending', 'unknown') or (o.state = 'approved' and not o.declared))
group by u.account_id, a.cut_off_minute, a.time_zone, y.last_cut_off_at`,
};

const findBatch: Statement = {
  name: 'find_settlement',
  text: 'select settlement_id, state from polygate.settlement where account_id = $1 and cut_off_at = $2',
};

const openBatch: Statement = {
  name: 'open_settlement',
  text: `insert into polygate.settlement (settlement_id, account_id, cut_off_at, state) values ($1, $2, $3, 'collecting') on conflict do nothing`,
};

const renew: Statement = {
  name: 'renew_settlement_lease',
  text: `update polygate.settlement_cycle set leased_until = now() + $3 * interval '1 millisecond' where account_id = $1 and cut_off_at = $2
returning account_id`,
};

// The batch is locked, so that none is closed while something comes in; then the payments, in the order of their ids, as everywhere; and a
// reversal that was first is not undone by the mark, nor one that comes after it allowed.
const collectBite: Statement = {
  name: 'collect_settlement',
  text: `with batch as (
  select settlement_id, account_id, cut_off_at from polygate.settlement where settlement_id = $1 and state = 'collecting' for update
), bite as (
  select u.merchant_id, u.operation_id, u.payment_id from polygate.settled_operation u
  where u.account_id = (select account_id from batch) and u.settlement_id is null and u.operation_id > $2
  order by u.operation_id limit $3
), locked as (
  select p.merchant_id, p.payment_id, p.currency from polygate.payment p
  where (p.merchant_id, p.payment_id) in (select merchant_id, payment_id from bite)
  order by p.merchant_id, p.payment_id
  for update
), due as (
  select b.merchant_id, b.operation_id, o.kind, l.currency, o.amount,
    (o.amount * coalesce(own.basis_points, every.basis_points, 0) + 5000) / 10000 + coalesce(own.fixed, every.fixed, 0) as fee
  from bite b join locked l using (merchant_id, payment_id) join polygate.operation o using (merchant_id, operation_id)
    ${message}
    join batch on coalesce(m.transmitted_at, o.created_at) < batch.cut_off_at
    left join polygate.account_fee own on own.account_id = batch.account_id and own.kind = o.kind and own.currency = l.currency
    left join polygate.account_fee every on every.account_id = batch.account_id and every.kind = o.kind and every.currency = '${everyCurrency}'
  where o.state = 'approved' and not o.declared
), marked as (
  update polygate.operation o set settled = true from due
  where o.merchant_id = due.merchant_id and o.operation_id = due.operation_id and o.state = 'approved' and not o.settled
  returning due.*
), assigned as (
  update polygate.settled_operation u set settlement_id = $1, kind = i.kind, currency = i.currency, amount = i.amount, fee = i.fee
  from marked i
  where u.merchant_id = i.merchant_id and u.operation_id = i.operation_id and u.settlement_id is null
)
select (select count(*)::int from bite) as count, (select operation_id from bite order by operation_id desc limit 1) as last,
  exists (select from batch) as is_open`,
};

const drop: Statement = {
  name: 'drop_unsettled',
  text: `delete from polygate.settled_operation u using polygate.operation o
where u.account_id = $1 and u.settlement_id is null and o.merchant_id = u.merchant_id and o.operation_id = u.operation_id
  and o.state in (${wordList(unsuccessfulOperationStates)})`,
};

const endCycle: Statement = {
  name: 'end_settlement_cycle',
  text: `update polygate.settlement_cycle set last_cut_off_at = cut_off_at, cut_off_at = null, due_at = null, waiting_since = null, leased_until = now()
where account_id = $1 and cut_off_at = $2`,
};

const putOff: Statement = {
  name: 'put_off_settlement',
  text: `update polygate.settlement_cycle set leased_until = now() + $3 * interval '1 millisecond',
  waiting_since = case when $4 then coalesce(waiting_since, now()) else waiting_since end
where account_id = $1 and cut_off_at = $2`,
};

interface FoundRow extends Row {
  readonly account_id: string | null;
  readonly at_ms: number | null;
  readonly cut_off_minute: number | null;
  readonly time_zone: string | null;
  readonly last_cut_off_ms: number | null;
}

interface CycleRow extends Row {
  readonly account_id: string;
  readonly cut_off_ms: number;
  readonly waited_ms: number;
  readonly cut_off_minute: number;
  readonly time_zone: string;
}

export function createSettlementStore(database: Database, clock: Pick<Clock, 'businessNow' | 'wallNow'>): SettlementStore {
  const walk = createWalk(database, clock, walkName);
  const account = 'from polygate.acquirer_account a where a.account_id = d.account_id';
  const leases = createLeases<CycleRow>(database, {
    ...{ name: 'settlements', table: 'polygate.settlement_cycle', key: { account_id: 'text' }, dueAt: 'd.due_at' },
    isWaiting: 'd.due_at is not null',
    columns: `d.account_id, (extract(epoch from d.cut_off_at) * 1000)::bigint as cut_off_ms, (select a.cut_off_minute ${account}) as cut_off_minute,
  (select a.time_zone ${account}) as time_zone, (coalesce(extract(epoch from now() - d.waiting_since), 0) * 1000)::bigint as waited_ms`,
  });
  const cycleKey = ({ accountId, cutOffAtMs }: DueCycle) => [accountId, new Date(cutOffAtMs)];
  return {
    async cutOffs() {
      const rows = await database.query<{ cut_off_minute: number; time_zone: string }>(cutOffs);
      return rows.map(({ cut_off_minute: minute, time_zone: timeZone }): CutOff => ({ minute, timeZone }));
    },
    async walkedUntilMs() {
      const [row] = await database.query<{ next_value: number }>(walkedUntil);
      return row?.next_value ?? 0;
    },
    walk: (untilMs, found) =>
      walk(untilMs, async (fromMs, toMs) => {
        for (let after = firstIdAt(fromMs); ; ) {
          const rows = await database.query<FoundRow & { readonly count: number; readonly last: string | null }>(bite, [
            ...[after, firstIdAt(toMs), biteSize],
          ]);
          const accountsFound = rows.flatMap(foundOf);
          if (accountsFound.length > 0) await found(accountsFound);
          const [first] = rows;
          if (first === undefined || first.last === null || first.count < biteSize) return;
          after = first.last;
        }
      }),
    async setDue(cycles) {
      if (cycles.length === 0) return;
      await database.query(setDue, [
        plainArray(cycles.map(({ accountId }) => accountId)),
        timeArray(cycles.map(({ cutOffAtMs }) => cutOffAtMs)),
        timeArray(cycles.map(({ dueAtMs }) => dueAtMs)),
      ]);
    },
    async claimDue(request) {
      const rows = await leases.claim(request);
      return rows.map((row) => ({
        ...{ accountId: row.account_id, cutOffAtMs: row.cut_off_ms, waitedMs: row.waited_ms },
        cutOff: { minute: row.cut_off_minute, timeZone: row.time_zone },
      }));
    },
    nextDueAtMs: leases.nextDueAtMs,
    hasUncertain: async (cycle) => (await database.query(uncertain, cycleKey(cycle))).length > 0,
    async open(cycle) {
      const find = () => database.query<{ settlement_id: string; state: string }>(findBatch, cycleKey(cycle));
      let [batch] = await find();
      if (batch === undefined && (await database.query(anyDue, cycleKey(cycle))).length > 0) {
        await database.query(openBatch, [randomUUIDv7(), ...cycleKey(cycle)]);
        [batch] = await find();
      }
      return batch?.state === 'collecting' ? batch.settlement_id : undefined;
    },
    async collect(settlementId, cycle, leaseMs) {
      for (let after = lowestId; ; ) {
        if ((await database.query(renew, [...cycleKey(cycle), leaseMs])).length === 0) return false;
        const [row] = await database.query<{ count: number; last: string | null; is_open: boolean }>(collectBite, [
          ...[settlementId, after, biteSize],
        ]);
        if (row?.is_open !== true) return false;
        if (row.last === null || row.count < biteSize) return true;
        after = row.last;
      }
    },
    close: (settlementId, closing) => closeSettlement(database, { settlementId, closing, nowMs: clock.businessNow() }),
    async finish(cycle) {
      await database.query(drop, [cycle.accountId]);
      await database.query(endCycle, cycleKey(cycle));
    },
    async left(accountId) {
      return (await database.query<FoundRow>(left, [accountId ?? null])).flatMap(foundOf);
    },
    async putOff(cycle, { afterMs, waits }) {
      await database.query(putOff, [...cycleKey(cycle), afterMs, waits]);
    },
    ...createReconciliations(database),
  };
}

const walkedUntil: Statement = { name: 'settlement_walked', text: `select next_value from polygate.counter where name = '${walkName}'` };

function foundOf({ account_id, at_ms, cut_off_minute, time_zone, last_cut_off_ms }: FoundRow): FoundToSettle[] {
  if (account_id === null || at_ms === null || cut_off_minute === null || time_zone === null) return [];
  const cutOff = { minute: cut_off_minute, timeZone: time_zone };
  return [{ accountId: account_id, atMs: at_ms, cutOff, ...(last_cut_off_ms === null ? {} : { lastCutOffAtMs: last_cut_off_ms }) }];
}
