/**
 * What the outcome of an operation changes: its payment's amounts, its target's counters, the ledger, the event. A pure function from
 * (operation, event); the store applies the result by increments, so that outcomes may arrive in any order.
 */
import { awayFromMerchant, type LedgerLine, paidOut, towardsMerchant } from '../ledger/accounts.ts';
import type { OperationEvent } from '../states/operation.ts';
import type { PaymentEvent } from '../states/payment.ts';
import { isPosted, type OperationKind } from './operation.ts';

/** Increments of a payment's amounts, in minor units; negative gives a reservation back. */
export interface PaymentDelta {
  readonly authorized: number;
  readonly captured: number;
  readonly capturePending: number;
  readonly released: number;
  readonly releasePending: number;
  readonly refunded: number;
  readonly reversed: number;
  readonly chargedBack: number;
  readonly chargebackReversed: number;
}

/** Increments of the counters of the operation acted upon. */
export interface TargetDelta {
  readonly refunded: number;
  readonly refundPending: number;
  readonly reversed: number;
  readonly reversePending: number;
  readonly chargedBack: number;
  readonly chargebackReversed: number;
}

export interface Effect {
  /** Absent: the payment's state stays. `move` is refined by the store, which alone knows the amounts after the increments. */
  readonly paymentEvent?: Exclude<PaymentEvent, 'finish_charged' | 'finish_voided'>;
  readonly payment: PaymentDelta;
  readonly target: TargetDelta;
  readonly ledger: readonly LedgerLine[];
  /** Name of the event the merchant is told. */
  readonly event: string;
}

/** Nothing changes. */
export const noPaymentDelta: PaymentDelta = {
  authorized: 0,
  captured: 0,
  capturePending: 0,
  released: 0,
  releasePending: 0,
  refunded: 0,
  reversed: 0,
  chargedBack: 0,
  chargebackReversed: 0,
};
/** Nothing changes. */
export const noTargetDelta: TargetDelta = {
  refunded: 0,
  refundPending: 0,
  reversed: 0,
  reversePending: 0,
  chargedBack: 0,
  chargebackReversed: 0,
};

/** What a reversal acts upon decides whether it gives up a hold or takes back money. */
export type TargetKind = OperationKind | undefined;

export interface Outcome {
  readonly kind: OperationKind;
  readonly targetKind: TargetKind;
  readonly amount: number;
  readonly event: OperationEvent;
}

/** The effect of an outcome. While an operation stays unknown or escalated its reservation stays as well. */
export function effectOf(outcome: Outcome): Effect {
  const name = eventName(outcome);
  const keep: Effect = { payment: noPaymentDelta, target: noTargetDelta, ledger: [], event: name };
  switch (outcome.event) {
    case 'submit':
    case 'step_up':
    case 'hand_over':
    case 'defer':
    case 'approve_partly':
    case 'fail_checks':
    case 'lose':
    case 'escalate':
    case 'resume':
    case 'accept_review':
    case 'refuse_review':
      return keep;
    case 'reopen':
      return { ...keep, paymentEvent: 'reopen' };
    case 'approve':
    case 'approve_for_review':
      return { ...keep, ...approved(outcome) };
    case 'refuse':
    case 'decline':
    case 'fail':
    case 'confirm_undone':
      return { ...keep, ...givenBack(outcome) };
  }
}

function approved({ kind, targetKind, amount }: Outcome): Partial<Effect> {
  switch (kind) {
    case 'preauthorization':
      return { paymentEvent: 'hold', payment: { ...noPaymentDelta, authorized: amount }, ledger: [towardsMerchant('hold', amount)] };
    case 'debit':
      return { paymentEvent: 'charge', payment: { ...noPaymentDelta, captured: amount }, ledger: [towardsMerchant('debit', amount)] };
    case 'rebill':
      return { paymentEvent: 'charge', payment: { ...noPaymentDelta, captured: amount }, ledger: [towardsMerchant('rebill', amount)] };
    case 'payout':
      return { paymentEvent: 'pay_out', ledger: [paidOut(amount)] };
    case 'capture':
      return {
        paymentEvent: 'move',
        payment: { ...noPaymentDelta, captured: amount, capturePending: -amount },
        ledger: [awayFromMerchant('hold_release', amount), towardsMerchant('capture', amount)],
      };
    case 'receipt':
      return {
        paymentEvent: 'move',
        payment: { ...noPaymentDelta, captured: amount },
        ledger: [awayFromMerchant('hold_release', amount), towardsMerchant('receipt', amount)],
      };
    case 'refund':
      return {
        payment: { ...noPaymentDelta, refunded: amount },
        target: { ...noTargetDelta, refunded: amount, refundPending: -amount },
        ledger: [awayFromMerchant('refund', amount)],
      };
    case 'reversal':
      if (targetKind === 'preauthorization') {
        return {
          paymentEvent: 'move',
          payment: { ...noPaymentDelta, released: amount, releasePending: -amount },
          ledger: [awayFromMerchant('hold_release', amount)],
        };
      }
      return {
        paymentEvent: 'move',
        payment: { ...noPaymentDelta, reversed: amount },
        target: { ...noTargetDelta, reversed: amount, reversePending: -amount },
        ledger: [awayFromMerchant('charge_reversal', amount)],
      };
    case 'chargeback':
      return {
        payment: { ...noPaymentDelta, chargedBack: amount },
        target: { ...noTargetDelta, chargedBack: amount },
        ledger: [awayFromMerchant('chargeback', amount)],
      };
    case 'chargeback_reversal':
      return {
        payment: { ...noPaymentDelta, chargebackReversed: amount },
        target: { ...noTargetDelta, chargebackReversed: amount },
        ledger: [towardsMerchant('chargeback_reversal', amount)],
      };
  }
}

function givenBack({ kind, targetKind, amount }: Outcome): Partial<Effect> {
  switch (kind) {
    case 'preauthorization':
    case 'debit':
    case 'rebill':
    case 'payout':
      return { paymentEvent: 'fail' };
    case 'capture':
      return { payment: { ...noPaymentDelta, capturePending: -amount } };
    case 'refund':
      return { target: { ...noTargetDelta, refundPending: -amount } };
    case 'reversal':
      if (targetKind === 'preauthorization') return { payment: { ...noPaymentDelta, releasePending: -amount } };
      return { target: { ...noTargetDelta, reversePending: -amount } };
    case 'chargeback':
    case 'chargeback_reversal':
    case 'receipt':
      // Posted in one step, so there never is a reservation.
      return {};
  }
}

const pastTense: Record<OperationEvent, string> = {
  submit: 'submitted',
  refuse: 'rejected',
  step_up: 'awaiting',
  hand_over: 'pending',
  defer: 'deferred',
  approve: 'approved',
  decline: 'declined',
  approve_partly: 'partly_approved',
  fail_checks: 'checks_failed',
  fail: 'failed',
  lose: 'unknown',
  confirm_undone: 'undone',
  reopen: 'reopened',
  escalate: 'escalated',
  resume: 'resumed',
  approve_for_review: 'in_review',
  accept_review: 'approved',
  refuse_review: 'rejected',
};

/** The acquirer has told as well what the merchant had declared. Changes no amount. */
export function confirmedEventOf(kind: OperationKind): string {
  return `${kind}.confirmed`;
}

function eventName({ kind, event }: Outcome): string {
  if (isPosted(kind) && event === 'approve') return `${kind}.posted`;
  return `${kind}.${pastTense[event]}`;
}
