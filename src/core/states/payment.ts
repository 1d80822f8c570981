/** The life of a payment. No state says "partially": that is an amount, and whoever needs the word derives it from the amounts. */
import { transitionTable } from './transition.ts';

export const paymentStates = ['processing', 'authorized', 'captured', 'paid_out', 'voided', 'failed'] as const;

/**
 * - `processing`: its first operation has no certain outcome yet.
 * - `authorized`: money is held, and some of the hold is left to capture or release.
 * - `captured`: nothing is held any more; money was taken (how much is left of it after refunds, the amounts say).
 * - `paid_out`: money went to the card, and nothing else can follow.
 * - `voided`: everything held or taken was reversed.
 * - `failed`: declined, rejected, or undone.
 */
export type PaymentState = (typeof paymentStates)[number];

export const paymentEvents = ['hold', 'charge', 'pay_out', 'fail', 'reopen', 'move', 'finish_charged', 'finish_voided'] as const;

/**
 * What operations mean for their payment. A capture or a reversal is a `move` while something of the hold is left, else it finishes
 * the payment: `finish_charged` when taken money remains, `finish_voided` when none does.
 */
export type PaymentEvent = (typeof paymentEvents)[number];

export const paymentTransitions = transitionTable<PaymentState, PaymentEvent>('payment', [
  ['processing', 'hold', 'authorized'],
  ['processing', 'charge', 'captured'],
  ['processing', 'pay_out', 'paid_out'],
  ['processing', 'fail', 'failed'],
  ['failed', 'reopen', 'processing'],
  ['authorized', 'move', 'authorized'],
  ['authorized', 'finish_charged', 'captured'],
  ['authorized', 'finish_voided', 'voided'],
  ['captured', 'finish_charged', 'captured'],
  ['captured', 'finish_voided', 'voided'],
]);
