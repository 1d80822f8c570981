/** What both sides have on their books after the drill: the gateway's rows, and the host's entries over its control API. */
import pg from 'pg';
import { isDrillMerchant } from '../merchants.ts';
import type { PaymentType } from './order.ts';

export const gatewayKinds = ['preauthorization', 'debit', 'capture', 'refund', 'reversal'] as const;
export type GatewayKind = (typeof gatewayKinds)[number];

/** The host's word for each of the gateway's kinds. */
export const hostKindOf = {
  preauthorization: 'authorization',
  debit: 'debit',
  capture: 'capture',
  refund: 'refund',
  reversal: 'reversal',
} as const satisfies Readonly<Record<GatewayKind, string>>;

/** What an order is recorded as. */
export const kindOfType: Readonly<Record<Exclude<PaymentType, 'RC'>, GatewayKind>> = {
  PA: 'preauthorization',
  DB: 'debit',
  CP: 'capture',
  RF: 'refund',
  RV: 'reversal',
};

/** One row of the gateway. Amounts in minor units. */
export interface GatewayOperation {
  readonly operationId: string;
  readonly paymentId: string;
  readonly targetId: string | undefined;
  readonly kind: GatewayKind;
  readonly state: string;
  readonly reason: string | undefined;
  readonly amountMinor: number;
  readonly currency: string;
  /** From `acquirer_message`, as it was sent. */
  readonly rrn: string | undefined;
  readonly key: string | undefined;
  /** Nobody has asked for it: a schedule or a subscription has paid. */
  readonly fellDue?: boolean;
}

/** One entry of the host. Amounts in minor units. */
export interface HostEntry {
  readonly rrn: string;
  readonly stan: string;
  readonly terminal: string;
  readonly kind: string;
  /** ISO 4217 number. */
  readonly currency: string;
  readonly amount: number;
  readonly capturedAmount: number;
  readonly refundedAmount: number;
  readonly reversedAmount: number;
  readonly remainingAmount: number;
  readonly state: string;
  readonly account: { readonly id: string; readonly masked: string };
  readonly original?: { readonly rrn: string; readonly stan: string };
}

interface OperationRow {
  readonly operation_id: string;
  readonly payment_id: string;
  readonly target_id: string | null;
  readonly kind: GatewayKind;
  readonly state: string;
  readonly reason: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly rrn: string | null;
  readonly key: string | null;
  readonly fell_due: boolean;
}

const operationsText = `select o.operation_id, o.payment_id, o.target_id, o.kind, o.state, o.reason, o.amount, p.currency, m.rrn, k.key,
  coalesce(k.key like E'\\x01schedule %' or o.dialect_data ->> 'billingAttempt' is not null, false) as fell_due
from polygate.operation o
  left join polygate.payment p on p.merchant_id = o.merchant_id and p.payment_id = o.payment_id
  left join polygate.acquirer_message m on m.merchant_id = o.merchant_id and m.operation_id = o.operation_id and m.purpose = 'request'
  left join (
    -- One may have two: where a protocol has references beside its keys.
    select merchant_id, operation_id, min(key) as key from polygate.idempotency_key group by merchant_id, operation_id
  ) k on k.merchant_id = o.merchant_id and k.operation_id = o.operation_id
  left join polygate.attempt a on a.merchant_id = o.merchant_id and a.payment_id = o.payment_id and a.number = o.attempt_number
where a.bank_method is null and o.kind not in ('chargeback', 'chargeback_reversal') and o.${isDrillMerchant}`;

export async function readGatewayOperations(client: pg.Client): Promise<readonly GatewayOperation[]> {
  const { rows } = await client.query<OperationRow>(operationsText);
  return rows.map((row) => ({
    operationId: row.operation_id,
    paymentId: row.payment_id,
    targetId: row.target_id ?? undefined,
    kind: row.kind,
    state: row.state,
    reason: row.reason ?? undefined,
    amountMinor: Number(row.amount),
    currency: row.currency,
    rrn: row.rrn ?? undefined,
    key: row.key ?? undefined,
    fellDue: row.fell_due,
  }));
}

export async function readHostEntries(hostUrl: string): Promise<readonly HostEntry[]> {
  const answer = await fetch(`${hostUrl}/control/books`);
  if (!answer.ok) throw new Error(`the host's books cannot be read: ${answer.status} ${await answer.text()}`);
  const { entries } = (await answer.json()) as { readonly entries: readonly HostEntry[] };
  return entries;
}

/** Operations that are not certain. */
export async function countOpen(databaseUrl: string): Promise<number> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ count: string }>(
      `select (select count(*) from polygate.operation where state in ('submitted', 'unknown', 'escalated'))
        + (select count(*) from polygate.reconciliation where state = 'waiting') as count`,
    );
    return Number(rows[0]?.count ?? 0);
  });
}

/** The checks of the gateway's books against themselves, each with the ids that fail it. */
const selfChecks: readonly { readonly says: string; readonly text: string }[] = [
  {
    says: 'ledger entries of an operation are not those that its outcome means',
    text: `with expected as (
      select merchant_id, operation_id, amount, case kind when 'preauthorization' then 'hold' when 'reversal' then
        case target_kind when 'preauthorization' then 'hold_release' else 'charge_reversal' end else kind end as kind
      from polygate.operation where state = 'approved' and amount > 0
      union all
      select merchant_id, operation_id, amount, 'hold_release' from polygate.operation where state = 'approved' and kind in ('capture', 'receipt')
    ), booked as (
      select merchant_id, operation_id, amount, kind from polygate.ledger_entry l where kind <> 'payout_funding'
        and not exists (select from polygate.settlement_part s where s.part_id = l.operation_id)
    )
    select distinct operation_id::text as id from (
      (select * from expected except all select * from booked) union all (select * from booked except all select * from expected)
    ) difference`,
  },
  {
    says: 'amounts of a payment are not the sums of its operations',
    text: `select p.payment_id::text as id from polygate.payment p join (
      select merchant_id, payment_id,
        coalesce(sum(amount) filter (where state = 'approved' and kind = 'preauthorization'), 0) as authorized,
        coalesce(sum(amount) filter (where state = 'approved' and kind in ('debit', 'capture', 'rebill', 'receipt')), 0) as captured,
        coalesce(sum(amount) filter (where state in ('submitted', 'unknown', 'escalated') and kind = 'capture'), 0) as capture_pending,
        coalesce(sum(amount) filter (where state = 'approved' and kind = 'reversal' and target_kind = 'preauthorization'), 0) as released,
        coalesce(sum(amount) filter (where state in ('submitted', 'unknown', 'escalated') and kind = 'reversal'
          and target_kind = 'preauthorization'), 0) as release_pending,
        coalesce(sum(amount) filter (where state = 'approved' and kind = 'refund'), 0) as refunded,
        coalesce(sum(amount) filter (where state = 'approved' and kind = 'reversal' and target_kind <> 'preauthorization'), 0) as reversed
      from polygate.operation group by merchant_id, payment_id
    ) o using (merchant_id, payment_id)
    where (p.authorized, p.captured, p.capture_pending, p.released, p.release_pending, p.refunded, p.reversed)
      is distinct from (o.authorized, o.captured, o.capture_pending, o.released, o.release_pending, o.refunded, o.reversed)`,
  },
  {
    says: 'counters of an operation are not the sums of those that act upon it',
    text: `select t.operation_id::text as id from polygate.operation t left join (
      select merchant_id, target_id,
        sum(amount) filter (where state = 'approved' and kind = 'refund') as refunded,
        sum(amount) filter (where state in ('submitted', 'unknown', 'escalated') and kind = 'refund') as refund_pending,
        sum(amount) filter (where state = 'approved' and kind = 'reversal' and target_kind <> 'preauthorization') as reversed,
        sum(amount) filter (where state in ('submitted', 'unknown', 'escalated') and kind = 'reversal'
          and target_kind <> 'preauthorization') as reverse_pending
      from polygate.operation where target_id is not null group by merchant_id, target_id
    ) o on o.merchant_id = t.merchant_id and o.target_id = t.operation_id
    where (t.refunded, t.refund_pending, t.reversed, t.reverse_pending) is distinct from
      (coalesce(o.refunded, 0), coalesce(o.refund_pending, 0), coalesce(o.reversed, 0), coalesce(o.reverse_pending, 0))`,
  },
  {
    says: 'events of a payment have gaps, or do not reach its last sequence',
    text: `select p.payment_id::text as id from polygate.payment p left join (
      select merchant_id, payment_id, count(*) as count, max(sequence) as last from polygate.event group by merchant_id, payment_id
    ) e using (merchant_id, payment_id)
    where (coalesce(e.count, 0), coalesce(e.last, 0)) is distinct from (p.last_sequence::bigint, p.last_sequence)`,
  },
  {
    says: 'a closed batch is not what the host has',
    text: `select settlement_id || ' ' || state || ' ours ' || ours || ' theirs ' || coalesce(theirs::text, '') as id
    from polygate.reconciliation where state <> 'in_balance'`,
  },
  {
    says: 'a payment is still processing although none of its operations is open',
    text: `select p.payment_id::text as id from polygate.payment p where p.state = 'processing' and not exists (
      select 1 from polygate.operation o where o.merchant_id = p.merchant_id and o.payment_id = p.payment_id
        and o.state in ('submitted', 'unknown', 'escalated'))`,
  },
];

/** Findings, a line each. */
export async function checkGatewayBooks(client: pg.Client): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const { says, text } of selfChecks) {
    const { rows } = await client.query<{ id: string }>(text);
    for (const { id } of rows) findings.push(`gateway alone: ${says}: ${id}`);
  }
  return findings;
}

export async function withClient<Result>(databaseUrl: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
