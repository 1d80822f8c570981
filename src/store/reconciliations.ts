/** Comparisons of batches with the host's totals: what is asked, until it is answered. */
import type { Trace } from '../core/payment/operation.ts';
import type { Totals } from '../core/settlement/settlement.ts';
import type { DueReconciliation, SettlementStore } from '../core/settlement/settlement-store.ts';
import { jsonText, plainArray, textArray } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { createLeases } from './leases.ts';

const insert: Statement = {
  name: 'insert_reconciliations',
  text: `insert into polygate.reconciliation (settlement_id, account_id, cut_off_at, currency, ours, state, leased_until)
select $1, $2, $3, currency, ours, 'waiting', now() from unnest($4::text[], $5::json[]) as i (currency, ours)`,
};

const noteSent: Statement = {
  name: 'note_reconciliation_sent',
  text: `update polygate.reconciliation set tries = tries + 1, terminal = coalesce(terminal, $3), stan = coalesce(stan, $4), rrn = coalesce(rrn, $5),
  transmitted_at = coalesce(transmitted_at, $6)
where settlement_id = $1 and currency = $2 and state = 'waiting'`,
};

const recordAnswer: Statement = {
  name: 'record_reconciliation',
  text: `update polygate.reconciliation set state = $3, theirs = $4, answered_at = $5
where settlement_id = $1 and currency = $2 and state = 'waiting' returning settlement_id`,
};

const putOff: Statement = {
  name: 'put_off_reconciliation',
  text: `update polygate.reconciliation set leased_until = now() + $3 * interval '1 millisecond'
where settlement_id = $1 and currency = $2 and state = 'waiting'`,
};

interface WaitingRow extends Row {
  readonly settlement_id: string;
  readonly account_id: string;
  readonly cut_off_ms: number;
  readonly currency: string;
  readonly ours: Totals;
  readonly terminal: string | null;
  readonly stan: string | null;
  readonly rrn: string | null;
  readonly transmitted_ms: number | null;
  readonly tries: number;
}

/** They wait for the host alone, so whatever the clock says, all of them are due. */
const anyTimeMs = Date.UTC(9999, 0);

type Reconciliations = Pick<SettlementStore, 'claimReconciliations' | 'noteSent' | 'recordAnswer' | 'putOffReconciliation'>;

export function createReconciliations(database: Database): Reconciliations {
  const leases = createLeases<WaitingRow>(database, {
    ...{
      name: 'reconciliations',
      table: 'polygate.reconciliation',
      key: { settlement_id: 'uuid', currency: 'text' },
      dueAt: 'd.cut_off_at',
    },
    isWaiting: `d.state = 'waiting'`,
    columns: `d.settlement_id, d.account_id, (extract(epoch from d.cut_off_at) * 1000)::bigint as cut_off_ms, d.currency, d.ours, d.terminal, d.stan, d.rrn,
  (extract(epoch from d.transmitted_at) * 1000)::bigint as transmitted_ms, d.tries`,
    // The host closes what came before a cut-off, and is in no earlier batch.
    mustWait: `exists (select from polygate.reconciliation e where e.account_id = d.account_id and e.currency = d.currency and e.state = 'waiting'
      and e.cut_off_at < d.cut_off_at)`,
  });
  return {
    async claimReconciliations({ limit, leaseMs }) {
      return (await leases.claim({ businessNowMs: anyTimeMs, limit, leaseMs })).map(dueOf);
    },
    async noteSent({ settlementId, currency }, { terminal, stan, rrn, transmittedAtMs }) {
      await database.query(noteSent, [settlementId, currency, terminal, stan, rrn, new Date(transmittedAtMs)]);
    },
    async recordAnswer({ settlementId, accountId, currency, ours }, { isInBalance, theirs, atMs }) {
      const values = [settlementId, currency, isInBalance ? 'in_balance' : 'apart', jsonText(theirs), new Date(atMs)];
      if (isInBalance) return (await database.query(recordAnswer, values)).length > 0;
      return acting(database, async (query, audit) => {
        if ((await query(recordAnswer, values)).length === 0) return false;
        await audit({ actor: 'gateway', act: 'settlement.apart', details: { settlementId, accountId, currency, ours, theirs } });
        return true;
      });
    },
    async putOffReconciliation({ settlementId, currency }, afterMs) {
      await database.query(putOff, [settlementId, currency, afterMs]);
    },
  };
}

/** In the transaction that closes the batch. */
export async function insertReconciliations(
  query: Database['query'],
  { settlementId, accountId, cutOffAtMs }: { readonly settlementId: string; readonly accountId: string; readonly cutOffAtMs: number },
  totals: ReadonlyMap<string, Totals>,
): Promise<void> {
  await query(insert, [
    ...[settlementId, accountId, new Date(cutOffAtMs)],
    plainArray([...totals.keys()]),
    textArray([...totals.values()].map((total) => jsonText(total))),
  ]);
}

function dueOf(row: WaitingRow): DueReconciliation {
  const trace = traceOf(row);
  return {
    ...{ settlementId: row.settlement_id, accountId: row.account_id, cutOffAtMs: row.cut_off_ms, currency: row.currency },
    ...{ ours: row.ours, tries: row.tries },
    ...(trace === undefined ? {} : { trace }),
  };
}

function traceOf({ account_id: accountId, terminal, stan, rrn, transmitted_ms }: WaitingRow): Trace | undefined {
  if (terminal === null || stan === null || rrn === null || transmitted_ms === null) return undefined;
  return { accountId, mti: '0500', terminal, stan, rrn, transmittedAtMs: transmitted_ms };
}
