/** Leases on open operations, so that exactly one node resolves each; leases and time-outs run on the database's clock. */
import type { ClaimedOperation } from '../core/ports/payment-store.ts';
import { plainArray, timeText } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { findOperations, type OperationKey } from './read-operations.ts';

// Candidates first, then a conditional update of each: of two nodes that see the same candidate, one gets the row.
const candidates: Statement = {
  name: 'resolution_candidates',
  text: `select merchant_id, operation_id from polygate.operation where resolve_at <= now() order by resolve_at limit $1`,
};

const claim: Statement = {
  name: 'claim_resolution',
  text: `update polygate.operation o set resolve_at = now() + $3 * interval '1 millisecond', resolve_attempts = least(o.resolve_attempts + 1, 30000)
from unnest($1::uuid[], $2::uuid[]) as i (merchant_id, operation_id)
where o.merchant_id = i.merchant_id and o.operation_id = i.operation_id and o.state in ('submitted', 'pending', 'unknown') and o.resolve_at <= now()
returning o.merchant_id, o.operation_id`,
};

const postponement: Statement = {
  name: 'postpone_resolution',
  text: `update polygate.operation set resolve_at = now() + $3 * interval '1 millisecond',
  resolve_attempts = resolve_attempts - case when $4 then 0 else 1 end
where merchant_id = $1 and operation_id = $2 and state in ('submitted', 'pending', 'unknown')`,
};

const undoTrace: Statement = {
  name: 'save_undo_trace',
  text: `insert into polygate.acquirer_message (merchant_id, rrn, mti, purpose, operation_id, account_id, terminal, stan, transmitted_at)
values ($1, $2, $3, 'undo', $4, $5, $6, $7, $8) on conflict do nothing`,
};

const lateApproval: Statement = {
  name: 'note_late_approval',
  text: `update polygate.operation set late_approved = true where merchant_id = $1 and operation_id = $2`,
};

interface ClaimRow extends Record<string, unknown> {
  readonly merchant_id: string;
  readonly operation_id: string;
}

export async function claimUnresolved(
  database: Database,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Promise<ClaimedOperation[]> {
  const due = await database.query<ClaimRow>(candidates, [limit]);
  if (due.length === 0) return [];
  const claimed = await database.query<ClaimRow>(claim, [
    plainArray(due.map((row) => row.merchant_id)),
    plainArray(due.map((row) => row.operation_id)),
    leaseMs,
  ]);
  const operations = await findOperations(
    database,
    claimed.map((row) => ({ merchantId: row.merchant_id, operationId: row.operation_id })),
  );
  const targets = await findOperations(
    database,
    operations.flatMap(({ node }) => (node.targetId === undefined ? [] : [{ merchantId: node.merchantId, operationId: node.targetId }])),
  );
  const targetById = new Map(targets.map(({ node }) => [node.operationId, node]));
  return operations.map(({ node, lateApproved, resolveAttempts }) => {
    const target = node.targetId === undefined ? undefined : targetById.get(node.targetId);
    return {
      operation: node,
      lateApproved,
      attempt: resolveAttempts,
      ...(target === undefined ? {} : { target }),
    };
  });
}

export async function postpone(
  database: Database,
  key: OperationKey & { readonly afterMs: number; readonly counts: boolean },
): Promise<void> {
  await database.query(postponement, [key.merchantId, key.operationId, key.afterMs, key.counts]);
}

export async function saveUndoTrace(
  database: Database,
  { merchantId, operationId, trace }: OperationKey & { readonly trace: NonNullable<ClaimedOperation['operation']['trace']> },
): Promise<void> {
  const { rrn, mti, accountId, terminal, stan, transmittedAtMs } = trace;
  await database.query(undoTrace, [merchantId, rrn, mti, operationId, accountId, terminal, stan, timeText(transmittedAtMs)]);
}

export async function noteLateApproval(database: Database, key: OperationKey): Promise<void> {
  await database.query(lateApproval, [key.merchantId, key.operationId]);
}
