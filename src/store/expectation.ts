/**
 * What core says must be in the database, as relations in SQL text: derived from its tables and from `effectOf`, so that the verification
 * cannot drift from the rules it verifies.
 */
import { accounts } from '../core/ledger/accounts.ts';
import { confirmedEventOf, type Effect, effectOf, type PaymentDelta, type TargetDelta } from '../core/payment/effect.ts';
import { importedEvent } from '../core/payment/imported.ts';
import { isPosted, type OperationKind } from '../core/payment/operation.ts';
import { settledKinds, settlementLines } from '../core/settlement/settlement.ts';
import { isOpen, type OperationState, operationStates, operationTransitions } from '../core/states/operation.ts';
import { type PaymentEvent, paymentStates, paymentTransitions } from '../core/states/payment.ts';

/** What an operation may act upon; the first ones of a payment act upon nothing. */
const targets: Readonly<Record<OperationKind, readonly (OperationKind | undefined)[]>> = {
  preauthorization: [undefined],
  debit: [undefined],
  capture: ['preauthorization'],
  reversal: ['preauthorization', 'debit', 'capture', 'rebill'],
  refund: ['debit', 'capture', 'rebill', 'receipt'],
  receipt: ['preauthorization'],
  rebill: [undefined],
  payout: [undefined],
  // A bank may charge back what was only authorized here: whatever it says is recorded.
  chargeback: ['preauthorization', 'debit', 'capture', 'rebill', 'receipt'],
  chargeback_reversal: ['preauthorization', 'debit', 'capture', 'rebill', 'receipt'],
};

interface Combination {
  readonly kind: OperationKind;
  readonly targetKind: OperationKind | undefined;
}

const combinations: readonly Combination[] = Object.entries(targets).flatMap(([kind, targetKinds]) =>
  targetKinds.map((targetKind) => ({ kind: kind as OperationKind, targetKind })),
);

/** Only texts of core's own tables come here; none holds a quote. */
function literal(value: string | number | undefined): string {
  if (value === undefined) return 'null';
  return typeof value === 'number' ? String(value) : `'${value}'`;
}

function relation(name: string, columns: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const lines = rows.map((row) => `(${row.map(literal).join(', ')})`);
  return `${name} (${columns.join(', ')}) as (values\n${lines.join(',\n')}\n)`;
}

const chargebackColumns = ['charged_back', 'chargeback_reversed'] as const;
const paymentColumns = [
  ...(['authorized', 'captured', 'capture_pending', 'released', 'release_pending', 'refunded', 'reversed'] as const),
  ...chargebackColumns,
] as const;
const targetColumns = ['refunded', 'refund_pending', 'reversed', 'reverse_pending', ...chargebackColumns] as const;

function paymentShares(delta: PaymentDelta): readonly number[] {
  const { authorized, captured, capturePending, released, releasePending, refunded, reversed, chargedBack, chargebackReversed } = delta;
  return [authorized, captured, capturePending, released, releasePending, refunded, reversed, chargedBack, chargebackReversed];
}

function targetShares(delta: TargetDelta): readonly number[] {
  const { refunded, refundPending, reversed, reversePending, chargedBack, chargebackReversed } = delta;
  return [refunded, refundPending, reversed, reversePending, chargedBack, chargebackReversed];
}

/** Of one minor unit: what an approval adds it keeps, what it gives back was reserved while the operation was open. */
function shares(state: OperationState, approval: readonly number[]): readonly number[] {
  return approval.map((share) => {
    if (state === 'approved') return Math.max(share, 0);
    return isOpen(state) && share < 0 ? -share : 0;
  });
}

function approvalOf({ kind, targetKind }: Combination): Effect {
  return effectOf({ kind, targetKind, amount: 1, event: 'approve' });
}

/** `contribution`: for each kind, target kind and state, how often the operation's amount is in each counter of its payment and target. */
export const contribution = relation(
  'contribution',
  ['kind', 'target_kind', 'state', ...paymentColumns, ...targetColumns.map((column) => `target_${column}`)],
  combinations.flatMap((combination) =>
    operationStates.map((state) => {
      const { payment, target } = approvalOf(combination);
      const { kind, targetKind } = combination;
      return [kind, targetKind, state, ...shares(state, paymentShares(payment)), ...shares(state, targetShares(target))];
    }),
  ),
);

export const counterColumns = { payment: paymentColumns, target: targetColumns };

/** `expected_line`: the ledger lines of an approved operation, each over its whole amount. */
export const expectedLine = relation(
  'expected_line',
  ['kind', 'target_kind', 'line', 'entry_kind', 'layer', 'debit_account', 'credit_account'],
  combinations.flatMap((combination) =>
    approvalOf(combination).ledger.map(({ kind, layer, debit, credit }, line) => {
      return [combination.kind, combination.targetKind, line, kind, layer, accounts[debit], accounts[credit]];
    }),
  ),
);

/** `settled_kind`: which way the money of what is settled goes. */
export const settledKind = relation('settled_kind', ['kind', 'sign'], Object.entries(settledKinds));

/** `settlement_line`: the ledger lines of a part of a batch, by the sign of its gross; each over its gross or its fees. */
export const settlementLine = relation(
  'settlement_line',
  ['sign', 'of', 'entry_kind', 'layer', 'debit_account', 'credit_account'],
  [
    ...[1, -1].flatMap((gross) => settlementLines({ gross, fees: 0 }).map((line) => ({ sign: gross, of: 'gross', ...line }))),
    ...[1, 0, -1].flatMap((sign) => settlementLines({ gross: 0, fees: 1 }).map((line) => ({ sign, of: 'fees', ...line }))),
  ].map(({ sign, of, kind, layer, debit, credit }) => [sign, of, kind, layer, accounts[debit], accounts[credit]]),
);

/**
 * Before its first event an operation is submitted and its payment in process; one that is rejected, or waits for its shopper, is recorded with
 * an event that says so.
 */
export const initialStates = { operation: 'submitted', payment: 'processing' } as const;

/** `operation_step`: every event that an operation of a kind may have in a state. */
export const operationStep = relation(
  'operation_step',
  ['kind', 'target_kind', 'from_state', 'name', 'to_state'],
  [
    ...combinations.flatMap(({ kind, targetKind }) =>
      movesOf({ kind, targetKind }).map(([from, event, to]) => {
        return [kind, targetKind, from, effectOf({ kind, targetKind, amount: 1, event }).event, to];
      }),
    ),
    ...confirmations().map(({ kind, targetKind, name }) => [kind, targetKind, 'approved', name, 'approved']),
    ...rejections().map(({ kind, targetKind, name }) => [kind, targetKind, initialStates.operation, name, 'rejected']),
    ...combinations.map(({ kind, targetKind }) => [kind, targetKind, initialStates.operation, importedEvent(kind), 'approved']),
  ],
);

/** `payment_step`: how each such event may change the payment. */
export const paymentStep = relation(
  'payment_step',
  ['kind', 'target_kind', 'name', 'from_state', 'to_state'],
  [
    ...combinations.flatMap(({ kind, targetKind }) => {
      const events = new Set(movesOf({ kind, targetKind }).map(([, event]) => event));
      return [...events].flatMap((event) => {
        const effect = effectOf({ kind, targetKind, amount: 1, event });
        return paymentChanges(effect.paymentEvent).map(([from, to]) => [kind, targetKind, effect.event, from, to]);
      });
    }),
    ...rejections().map(({ kind, targetKind, name }) => [kind, targetKind, name, initialStates.payment, 'failed']),
    ...confirmations().flatMap(({ kind, targetKind, name }) => paymentStates.map((state) => [kind, targetKind, name, state, state])),
    ...combinations.flatMap((combination) =>
      paymentChanges(approvalOf(combination).paymentEvent).map(([from, to]) => {
        return [combination.kind, combination.targetKind, importedEvent(combination.kind), from, to];
      }),
    ),
  ],
);

/** What is posted has its outcome from the start; only what a shopper has asked for waits for a shopper. */
function movesOf({ kind, targetKind }: Combination): typeof operationTransitions.rows {
  return operationTransitions.rows.filter(([from, event, to]) => {
    if (isPosted(kind)) return from === initialStates.operation && event === 'approve';
    return targetKind === undefined || (from !== 'awaiting' && to !== 'awaiting');
  });
}

function confirmations(): readonly (Combination & { readonly name: string })[] {
  return combinations.filter(({ kind }) => isPosted(kind)).map((posted) => ({ ...posted, name: confirmedEventOf(posted.kind) }));
}

function rejections(): readonly (Combination & { readonly name: string })[] {
  return combinations.filter(({ targetKind }) => targetKind === undefined).map((first) => ({ ...first, name: `${first.kind}.rejected` }));
}

/** A `move` becomes one of three, by the amounts; without an event the state stays. */
function paymentChanges(event: Effect['paymentEvent']): readonly (readonly [from: string, to: string])[] {
  if (event === undefined) return paymentStates.map((state) => [state, state]);
  const meant: readonly PaymentEvent[] = event === 'move' ? ['move', 'finish_charged', 'finish_voided'] : [event];
  return paymentTransitions.rows.filter(([, name]) => meant.includes(name)).map(([from, , to]) => [from, to]);
}
