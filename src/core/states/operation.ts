/**
 * The life of an operation: one act at the acquirer. States say what may happen next; how much has moved is in the ledger. An operation
 * that was sent and not answered is `unknown` until its rule has resolved it (docs/decisions.md, "unknown is a state").
 */
import { transitionTable } from './transition.ts';

export const operationStates = [
  'awaiting',
  'submitted',
  'pending',
  'approved',
  'declined',
  'rejected',
  'failed',
  'unknown',
  'undone',
  'escalated',
] as const;

/**
 * - `awaiting`: recorded, and waits for the shopper; nothing of it has been sent, or what was sent was declined for want of authentication.
 * - `submitted`: recorded with its trace and its reservation; about to be sent, or sent.
 * - `pending`: the bank has it, and tells later what came of it: its shopper is there, or has yet to pay.
 * - `approved`, `declined`: what the acquirer said.
 * - `rejected`: recorded on the merchant's behalf but never sent (a PAN that fails its check digit, a shopper who did not authenticate).
 * - `failed`: recorded, and certainly never sent (the vault could not keep the card).
 * - `unknown`: sent, or perhaps sent, and not answered; or approved in a way that nobody wants, and not yet undone.
 * - `undone`: was unknown; the acquirer has confirmed that nothing of it stands.
 * - `escalated`: was unknown; only an operator can decide.
 */
export type OperationState = (typeof operationStates)[number];

export const operationEvents = [
  'submit',
  'refuse',
  'step_up',
  'hand_over',
  'defer',
  'approve',
  'decline',
  'approve_partly',
  'fail_checks',
  'fail',
  'lose',
  'confirm_undone',
  'reopen',
  'escalate',
  'resume',
  'approve_for_review',
  'accept_review',
  'refuse_review',
] as const;

/**
 * `submit`: the shopper has done what was needed. `refuse`: they have not, and will not. `step_up`: the issuer wants them to authenticate first.
 * `hand_over`: the bank has taken it up. `defer`: the shopper will pay later.
 * `approve_partly`: for a part that the merchant does not take; it is being undone. `fail_checks`: approved, but not for the holder's own address or code, as the
 * merchant wants it; it is being undone. `lose`: no answer in time. `reopen`: an approval came after the undoing was closed, so it must be undone again.
 * `resume`: an operator lets it be asked again. `approve_for_review`: approved by the acquirer, and held until an operator has looked at it, who then lets
 * it through (`accept_review`) or not (`refuse_review`): the state is the acquirer's word and stays, the reason says the rest.
 */
export type OperationEvent = (typeof operationEvents)[number];

export const operationTransitions = transitionTable<OperationState, OperationEvent>('operation', [
  ['awaiting', 'submit', 'submitted'],
  ['awaiting', 'refuse', 'rejected'],
  ['submitted', 'step_up', 'awaiting'],
  ['submitted', 'hand_over', 'pending'],
  ['unknown', 'hand_over', 'pending'],
  ['escalated', 'hand_over', 'pending'],
  ['pending', 'defer', 'pending'],
  ['pending', 'approve', 'approved'],
  ['pending', 'decline', 'declined'],
  ['submitted', 'approve', 'approved'],
  ['submitted', 'decline', 'declined'],
  ['submitted', 'approve_partly', 'unknown'],
  ['submitted', 'fail_checks', 'unknown'],
  ['submitted', 'fail', 'failed'],
  ['submitted', 'lose', 'unknown'],
  ['unknown', 'approve', 'approved'],
  ['unknown', 'decline', 'declined'],
  ['unknown', 'fail', 'failed'],
  ['unknown', 'confirm_undone', 'undone'],
  ['unknown', 'escalate', 'escalated'],
  ['undone', 'reopen', 'unknown'],
  ['escalated', 'approve', 'approved'],
  ['escalated', 'decline', 'declined'],
  ['escalated', 'confirm_undone', 'undone'],
  ['escalated', 'resume', 'unknown'],
  ['submitted', 'approve_for_review', 'approved'],
  ['escalated', 'approve_for_review', 'approved'],
  ['approved', 'accept_review', 'approved'],
  ['approved', 'refuse_review', 'approved'],
]);

/** States in which an operation still holds its reservation and may still change. */
export const openOperationStates = [
  'awaiting',
  'submitted',
  'pending',
  'unknown',
  'escalated',
] as const satisfies readonly OperationState[];

export function isOpen(state: OperationState): boolean {
  return openOperationStates.some((open) => open === state);
}

/** States in which an operation has come to nothing: it can never become a charge, since a late approval is reversed. */
export const unsuccessfulOperationStates = ['declined', 'rejected', 'failed', 'undone'] as const satisfies readonly OperationState[];

export function isUnsuccessful(state: OperationState): boolean {
  return unsuccessfulOperationStates.some((unsuccessful) => unsuccessful === state);
}
