/**
 * The rules of the books as set-based SQL: each check selects the rows that break it, with what is wrong. All of them see the same
 * snapshot. Each statement of the payment path keeps all of them, so a breach is always a defect or a foreign hand.
 */
import { accountLimits, ledgerLayers, ledgerLines, limits, operationAmounts, paymentAmounts } from './amount-checks.ts';
import { auditChain } from './audit-check.ts';
import type { Check } from './check.ts';
import { checkoutAttempts } from './checkout-checks.ts';
import { givenUpAt, givenUpFrom, isGivenUp } from './given-up-holds.ts';
import { disputes, receipts, visits } from './notice-checks.ts';
import { duplicates, operationShape, orphans, resolution, undoneApproval } from './operation-checks.ts';
import { orders } from './order-checks.ts';
import { reconciliations, settledOperations, settlementLedger, settlementParts } from './settlement-checks.ts';
import { eventSequence, operationNumbers, operationTrail, paymentState, paymentTrail } from './trail-checks.ts';

/** Every rule; a row of any of them is a breach. */
export const checks: readonly Check[] = [
  paymentAmounts,
  operationAmounts,
  limits,
  ledgerLines,
  ledgerLayers,
  eventSequence,
  operationNumbers,
  operationTrail,
  paymentTrail,
  paymentState,
  operationShape,
  undoneApproval,
  orphans,
  resolution,
  accountLimits,
  disputes,
  receipts,
  visits,
  orders,
  checkoutAttempts,
  duplicates,
  settledOperations,
  settlementParts,
  settlementLedger,
  reconciliations,
  auditChain,
];

/** Not a breach: unknown is a state. But an hour is more than any resolution should need, and an escalated operation waits for a person, as does what was given up for a hold. */
export const waiting: Check = {
  name: 'waiting',
  relations: [],
  body: `select o.merchant_id, o.payment_id, o.operation_id,
    format('a %s is %s since %s', o.kind, o.state, to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) as detail
  from polygate.operation o, polygate.clock c
  where o.state = 'escalated'
    or (o.state in ('submitted', 'unknown') and o.created_at < now() + c.offset_ms * interval '1 millisecond' - interval '1 hour')
  union all
  select d.merchant_id, d.payment_id, d.operation_id, format('what is due for its hold (%s) was given up at %s: %s', d.kind,
    to_char(${givenUpAt} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), d.reason)
  from ${givenUpFrom} where ${isGivenUp}
  union all
  select null, null, null, format('the host has not answered for settlement %s in %s since %s', r.settlement_id, r.currency,
    to_char(r.transmitted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  from polygate.reconciliation r, polygate.clock c
  where r.state = 'waiting' and r.transmitted_at < now() + c.offset_ms * interval '1 millisecond' - interval '1 hour'`,
};
