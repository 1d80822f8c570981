/**
 * Payments that were made elsewhere, with what has become of them since. Their history is replayed through the same rules that a payment made
 * here follows, so that an imported payment is, from its import on, a payment like any other. Only what succeeded is history: a declined
 * operation has moved no money.
 */
import type { CardSummary, Pan } from '../instrument/card.ts';
import type { LedgerLine } from '../ledger/accounts.ts';
import { type PaymentEvent, type PaymentState, paymentTransitions } from '../states/payment.ts';
import { type Effect, effectOf, noPaymentDelta, noTargetDelta, type PaymentDelta, type TargetDelta } from './effect.ts';
import type { OperationKind, SentKind, Trace } from './operation.ts';

export interface ImportedOperation {
  /** UUID, from the id that it had before. */
  readonly operationId: string;
  readonly kind: SentKind;
  readonly targetId?: string;
  /** Minor units. */
  readonly amount: number;
  /** Epoch ms. */
  readonly createdAtMs: number;
  readonly merchantReference?: string;
  readonly dialectData: Readonly<Record<string, string>>;
  /** As the acquirer knows it; without a message type, the usual one of the kind. */
  readonly trace: Omit<Trace, 'accountId' | 'mti'> & { readonly mti?: string };
  readonly approvalCode?: string;
  readonly networkReference?: string;
}

export type ImportedCard =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'card'; readonly pan: Pan; readonly summary: CardSummary };

export interface ImportedPayment {
  /** The channel's id in the dialect. */
  readonly wireId: string;
  readonly currency: string;
  readonly card: ImportedCard;
  /** The authorization or debit first, then the others in the order in which they happened. */
  readonly operations: readonly ImportedOperation[];
}

/** A card that was stored elsewhere under a token. */
export interface ImportedToken {
  readonly wireId: string;
  readonly token: string;
  readonly pan: Pan;
  readonly summary: CardSummary;
}

/** One operation of the history: what it changed, and how the payment stood after it. */
export interface ReplayedStep {
  readonly operation: ImportedOperation;
  readonly targetKind?: OperationKind;
  /** Name of the event. */
  readonly event: string;
  readonly ledger: readonly LedgerLine[];
  readonly paymentState: PaymentState;
  /** The payment's amounts after it. */
  readonly amounts: PaymentDelta;
  /** Of a reversal: what remained of its target. */
  readonly remaining?: number;
}

export interface Replayed {
  readonly state: PaymentState;
  readonly amounts: PaymentDelta;
  readonly steps: readonly ReplayedStep[];
  /** What was given back of each operation, by its id. */
  readonly givenBack: ReadonlyMap<string, TargetDelta>;
}

/** What an operation of an imported history is told as; nobody is to be told of it again. */
export function importedEvent(kind: OperationKind): string {
  return `${kind}.imported`;
}

/** Replays a history; or says which of its operations cannot have happened. */
export function replay({ operations }: ImportedPayment): Replayed | { readonly problem: string } {
  const steps: ReplayedStep[] = [];
  const givenBack = new Map<string, TargetDelta>();
  let state: PaymentState = 'processing';
  let amounts = noPaymentDelta;
  for (const operation of operations) {
    const target = operations.find(({ operationId }) => operationId === operation.targetId);
    const problem = problemOf(operation, target, { amounts, back: givenBack.get(operation.targetId ?? '') ?? noTargetDelta, steps });
    if (problem !== undefined) return { problem: `${operation.kind} ${operation.operationId.replaceAll('-', '')}: ${problem}` };
    const { kind, amount } = operation;
    const effect = effectOf({ kind, targetKind: target?.kind, amount, event: 'approve' });
    amounts = added(amounts, effect.payment);
    const next = stateAfter(state, effect, amounts);
    if (next === undefined) return { problem: `${kind}: it cannot happen to a payment that is ${state}` };
    state = next;
    if (target !== undefined) givenBack.set(target.operationId, added(givenBack.get(target.operationId) ?? noTargetDelta, effect.target));
    const event = importedEvent(kind);
    const remaining = kind === 'reversal' && target !== undefined ? remainingOf(target, { amounts, givenBack }) : undefined;
    steps.push({
      ...{ operation, event, ledger: effect.ledger, paymentState: state, amounts },
      ...(target === undefined ? {} : { targetKind: target.kind }),
      ...(remaining === undefined ? {} : { remaining }),
    });
  }
  return { state, amounts, steps, givenBack };
}

/** What an approval adds it keeps; what it gives back of a reservation was never reserved here. */
function added<T extends PaymentDelta | TargetDelta>(amounts: T, delta: T): T {
  const sums = Object.entries(amounts).map(([name, value]) => [name, value + Math.max(0, delta[name as keyof T] as number)]);
  return Object.fromEntries(sums) as T;
}

function stateAfter(state: PaymentState, { paymentEvent }: Effect, amounts: PaymentDelta): PaymentState | undefined {
  if (paymentEvent === undefined) return state;
  return paymentTransitions.next(state, paymentEvent === 'move' ? moveOf(amounts) : paymentEvent);
}

function moveOf({ authorized, captured, released, reversed }: PaymentDelta): PaymentEvent {
  if (authorized - captured - released > 0) return 'move';
  return captured - reversed > 0 ? 'finish_charged' : 'finish_voided';
}

interface Standing {
  readonly amounts: PaymentDelta;
  readonly back: TargetDelta;
  readonly steps: readonly ReplayedStep[];
}

function problemOf(
  { kind, amount, targetId }: ImportedOperation,
  target: ImportedOperation | undefined,
  standing: Standing,
): string | undefined {
  const isFirst = kind === 'preauthorization' || kind === 'debit';
  if (isFirst !== (standing.steps.length === 0))
    return isFirst ? 'a payment has only one first operation' : 'it comes before the first operation';
  if (isFirst) return targetId === undefined ? undefined : 'a first operation acts upon nothing';
  if (target === undefined || !standing.steps.some(({ operation }) => operation === target))
    return 'what it acts upon does not come before it';
  const { authorized, captured, released } = standing.amounts;
  const heldLeft = authorized - captured - released;
  const takenLeft = target.amount - standing.back.refunded - standing.back.reversed;
  switch (kind) {
    case 'capture':
      if (target.kind !== 'preauthorization') return `it cannot act upon a ${target.kind}`;
      return amount <= heldLeft ? undefined : `it takes ${amount} of a hold that has ${heldLeft} left (minor units)`;
    case 'refund':
      if (target.kind !== 'debit' && target.kind !== 'capture') return `it cannot act upon a ${target.kind}`;
      return amount <= takenLeft ? undefined : `it returns ${amount} of ${takenLeft} that is left (minor units)`;
    case 'reversal': {
      if (target.kind === 'refund' || target.kind === 'reversal') return `it cannot act upon a ${target.kind}`;
      const left = target.kind === 'preauthorization' ? heldLeft : takenLeft;
      return amount <= left ? undefined : `it reverses ${amount} of ${left} that is left (minor units)`;
    }
    default:
      return `a ${kind} cannot be imported`;
  }
}

function remainingOf(
  { operationId, kind, amount }: ImportedOperation,
  { amounts, givenBack }: { readonly amounts: PaymentDelta; readonly givenBack: ReadonlyMap<string, TargetDelta> },
): number {
  if (kind === 'preauthorization') return amounts.authorized - amounts.released;
  return amount - (givenBack.get(operationId)?.reversed ?? 0);
}
