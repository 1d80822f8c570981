/** Disputes as rows: found by their case number or their payment, and confirmed when the acquirer tells what the merchant had declared. */
import type { Dispute, DisputeStage } from '../core/dispute/dispute.ts';
import { confirmedEventOf } from '../core/payment/effect.ts';
import type { DisputeConfirmation } from '../core/ports/payment-store.ts';
import { timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';

interface DisputeRow extends Row {
  readonly merchant_id: string;
  readonly dispute_id: string;
  readonly payment_id: string;
  readonly charge_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly stage: DisputeStage;
  readonly scheme_reason: string | null;
  readonly case_number: string | null;
  readonly reversal_id: string | null;
  readonly opened_ms: number;
  readonly reversed_ms: number | null;
  readonly reversal_confirmed_ms: number | null;
}

const columns = `merchant_id, dispute_id, payment_id, charge_id, amount, currency, stage, scheme_reason, case_number, reversal_id,
  (extract(epoch from opened_at) * 1000)::bigint as opened_ms, (extract(epoch from reversed_at) * 1000)::bigint as reversed_ms,
  (extract(epoch from reversal_confirmed_at) * 1000)::bigint as reversal_confirmed_ms`;

const byCase: Statement = {
  name: 'find_dispute',
  text: `select ${columns} from polygate.dispute where merchant_id = $1 and case_number = $2`,
};

const ofPayment: Statement = {
  name: 'find_disputes_of_payment',
  text: `select ${columns} from polygate.dispute where merchant_id = $1 and payment_id = $2 order by opened_at, dispute_id`,
};

// Which of the dispute's two stages is confirmed decides what must not have been confirmed before. No amount moves.
const confirmation: Statement = {
  name: 'confirm_dispute',
  text: `
with locked as (
  select merchant_id, payment_id from polygate.payment where merchant_id = $1 and payment_id = $2 for update
), confirmed as (
  update polygate.dispute d set
    case_number = case $4 when 'chargeback' then $6 else d.case_number end,
    scheme_reason = case $4 when 'chargeback' then coalesce($7, d.scheme_reason) else d.scheme_reason end,
    confirmed_at = case $4 when 'chargeback' then $8::timestamptz else d.confirmed_at end,
    reversal_confirmed_at = case $4 when 'reversed' then $8::timestamptz else d.reversal_confirmed_at end
  from locked l
  where d.merchant_id = l.merchant_id and d.dispute_id = $3
    and case $4 when 'chargeback' then d.case_number is null else d.case_number = $6 and d.reversal_confirmed_at is null end
  returning d.merchant_id, d.payment_id, d.scheme_reason, d.amount, d.currency
), marked as (
  update polygate.operation o set declared = false, host_code = case $4 when 'chargeback' then coalesce($7, o.host_code) else o.host_code end
  from confirmed c where o.merchant_id = c.merchant_id and o.operation_id = $5
), paid as (
  update polygate.payment p set last_sequence = p.last_sequence + 1
  from confirmed c where p.merchant_id = c.merchant_id and p.payment_id = c.payment_id
  returning p.merchant_id, p.payment_id, p.last_sequence, p.state, c.amount, c.currency, c.scheme_reason
)
insert into polygate.event (merchant_id, payment_id, sequence, operation_id, name, payment_state, operation_state, snapshot, happened_at)
select merchant_id, payment_id, last_sequence, $5, $9, state, 'approved',
  json_build_object('amount', amount, 'currency', currency, 'scheme_reason', scheme_reason, 'declared', false), $8::timestamptz
from paid
returning sequence`,
};

export async function findDispute(
  database: Database,
  { merchantId, caseNumber }: { readonly merchantId: string; readonly caseNumber: string },
): Promise<Dispute | undefined> {
  const [row] = await database.query<DisputeRow>(byCase, [merchantId, caseNumber]);
  return row === undefined ? undefined : disputeOf(row);
}

/** Oldest first. */
export async function findDisputesOf(
  database: Database,
  { merchantId, paymentId }: { readonly merchantId: string; readonly paymentId: string },
): Promise<readonly Dispute[]> {
  const rows = await database.query<DisputeRow>(ofPayment, [merchantId, paymentId]);
  return rows.map(disputeOf);
}

/** False when it was confirmed before. */
export async function confirmDispute(database: Database, confirmed: DisputeConfirmation): Promise<boolean> {
  const { merchantId, paymentId, disputeId, stage, operationId, caseNumber, schemeReason, confirmedAtMs } = confirmed;
  const kind = stage === 'chargeback' ? 'chargeback' : 'chargeback_reversal';
  const written = await database.query(confirmation, [
    ...[merchantId, paymentId, disputeId, stage, operationId, caseNumber, schemeReason ?? null],
    ...[timeText(confirmedAtMs), confirmedEventOf(kind)],
  ]);
  return written.length > 0;
}

function disputeOf(row: DisputeRow): Dispute {
  return {
    merchantId: row.merchant_id,
    disputeId: row.dispute_id,
    paymentId: row.payment_id,
    chargeId: row.charge_id,
    amount: row.amount,
    currency: row.currency,
    stage: row.stage,
    openedAtMs: row.opened_ms,
    ...(row.scheme_reason === null ? {} : { schemeReason: row.scheme_reason }),
    ...(row.case_number === null ? {} : { caseNumber: row.case_number }),
    ...(row.reversal_id === null ? {} : { reversalId: row.reversal_id }),
    ...(row.reversed_ms === null ? {} : { reversedAtMs: row.reversed_ms }),
    ...(row.reversal_confirmed_ms === null ? {} : { reversalConfirmedAtMs: row.reversal_confirmed_ms }),
  };
}
