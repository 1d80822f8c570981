/** Refunds of several captures, as rows: leased to one node at a time, and gone when all of their parts are asked for. */
import type { NewOperation, Submission } from '../core/ports/new-operation.ts';
import type { DueRefund, RefundsInParts } from '../core/ports/refunds-in-parts.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { createLeases } from './leases.ts';
import { submitOperations } from './submit-operation.ts';

/** For so long whoever has the request makes the parts alone; one part that is asked for twice is still made once. */
const requestLeaseMs = 20_000;

const addition: Statement = {
  name: 'add_refund_in_parts',
  text: `insert into polygate.refund_in_parts (merchant_id, operation_id, channel_id, due_at, leased_until)
values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond')`,
};

const completion: Statement = {
  name: 'finish_refund_in_parts',
  text: 'delete from polygate.refund_in_parts where merchant_id = $1 and operation_id = $2',
};

const putOff: Statement = {
  name: 'put_off_refund_in_parts',
  text: `update polygate.refund_in_parts set leased_until = now() + $3 * interval '1 millisecond' where merchant_id = $1 and operation_id = $2`,
};

interface DueRow extends Row {
  readonly merchant_id: string;
  readonly operation_id: string;
  readonly channel_id: string;
}

export function createRefundsInParts(database: Database): RefundsInParts {
  const leases = createLeases<DueRow>(database, {
    ...{ name: 'refunds_in_parts', table: 'polygate.refund_in_parts', key: { merchant_id: 'uuid', operation_id: 'uuid' } },
    ...{ dueAt: 'd.due_at', isWaiting: 'true', columns: 'd.merchant_id, d.operation_id, d.channel_id' },
  });
  return {
    async claimDue(request) {
      return (await leases.claim(request)).map(
        (row): DueRefund => ({ merchantId: row.merchant_id, operationId: row.operation_id, channelId: row.channel_id }),
      );
    },
    nextDueAtMs: leases.nextDueAtMs,
    async finish({ merchantId, operationId }) {
      await database.query(completion, [merchantId, operationId]);
    },
    async putOff({ merchantId, operationId }, afterMs) {
      await database.query(putOff, [merchantId, operationId, afterMs]);
    },
  };
}

/** Writes the first part of a refund together with the row that the others are to follow: both stand, or nothing. */
export async function submitFirstPart(database: Database, row: NewOperation): Promise<Submission> {
  const { merchantId, operationId, channelId, createdAtMs } = row;
  return database.transaction(async (query) => {
    const [submission = 'guard_failed'] = await submitOperations({ query }, [row]);
    if (submission === 'submitted') await query(addition, [merchantId, operationId, channelId, new Date(createdAtMs), requestLeaseMs]);
    return submission;
  });
}
