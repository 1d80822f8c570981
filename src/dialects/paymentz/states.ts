/** How a payment stands, in the protocol's long and short statuses, and what came of an operation, as a result. Total over core's states. */
import { isCharge, isChargedBack, type OperationNode, type OperationView } from '../../core/payment/operation.ts';
import { stateShown } from '../../core/risk/review.ts';
import { byReason } from '../by-reason.ts';
import { declineCodes, failureCodes, rejectionCodes } from './refusals.ts';
import { descriptions, type Result, type ResultCode, resultOf } from './result-codes.ts';

const shortStatuses = {
  begun: 'P',
  authstarted: 'P',
  '3D Authstarted': '3D',
  authsuccessful: 'Y',
  authfailed: 'N',
  authcancelled: 'C',
  cancelstarted: 'P',
  cancelled: 'C',
  capturestarted: 'P',
  capturesuccess: 'Y',
  capturefailed: 'N',
  settled: 'Y',
  markedforreversal: 'P',
  reversed: 'Y',
  chargeback: 'N',
  failed: 'N',
  payoutstarted: 'P',
  payoutsuccessful: 'Y',
  payoutfailed: 'N',
} as const;

export type LongStatus = keyof typeof shortStatuses;

export const longStatuses = Object.keys(shortStatuses) as readonly LongStatus[];

export function shortStatusOf(status: LongStatus): (typeof shortStatuses)[LongStatus] {
  return shortStatuses[status];
}

type Phase = 'waiting' | 'open' | 'done' | 'failed' | 'rejected';

function phaseOf(operation: OperationView): Phase {
  switch (stateShown(operation)) {
    case 'awaiting':
      return 'waiting';
    case 'submitted':
    case 'pending':
    case 'unknown':
    case 'escalated':
      return 'open';
    case 'approved':
      return 'done';
    case 'declined':
    case 'failed':
    case 'undone':
      return 'failed';
    case 'rejected':
      return 'rejected';
  }
}

/** Of an operation by itself, whatever else has happened to its payment. */
export function statusOfOperation(operation: OperationView): LongStatus {
  const phase = phaseOf(operation);
  const isOpen = phase === 'open' || phase === 'waiting';
  switch (operation.kind) {
    case 'preauthorization':
    case 'debit':
    case 'rebill':
      return statusOfFirst(operation, phase);
    case 'payout':
      return isOpen ? 'payoutstarted' : phase === 'done' ? 'payoutsuccessful' : 'payoutfailed';
    case 'capture':
      return isOpen ? 'capturestarted' : phase === 'done' ? 'capturesuccess' : 'capturefailed';
    case 'reversal':
      if (isOpen) return 'cancelstarted';
      if (phase !== 'done') return 'failed';
      return (operation.remaining ?? 0) > 0 ? 'authsuccessful' : 'authcancelled';
    case 'refund':
      return isOpen ? 'markedforreversal' : phase === 'done' ? 'reversed' : 'failed';
    case 'chargeback':
      return 'chargeback';
    case 'chargeback_reversal':
    case 'receipt':
      return 'capturesuccess';
  }
}

/** What an act has made of its payment: what is released beside a capture leaves it captured, also when a hold ends by itself. */
export function statusOfAct(operation: OperationView, operations: readonly OperationNode[]): LongStatus {
  const status = statusOfOperation(operation);
  const isCaptured = operations.some(({ kind, state }) => kind === 'capture' && state === 'approved');
  return operation.kind === 'reversal' && status === 'authsuccessful' && isCaptured ? 'capturesuccess' : status;
}

function statusOfFirst({ kind, reason, bank }: OperationView, phase: Phase): LongStatus {
  switch (phase) {
    case 'waiting':
      return '3D Authstarted';
    case 'open':
      return 'authstarted';
    case 'done':
      return kind === 'preauthorization' ? 'authsuccessful' : 'capturesuccess';
    case 'failed':
      return bank !== undefined && reason === 'shopper_canceled' ? 'authcancelled' : 'authfailed';
    case 'rejected':
      return reason === 'shopper_canceled' ? 'authcancelled' : isAboutAuthentication(reason) ? 'authfailed' : 'failed';
  }
}

function isAboutAuthentication(reason: OperationView['reason']): boolean {
  return byReason(rejectionCodes, reason)?.startsWith('12') === true;
}

/** Of a payment, by what has happened to it last. */
export function statusOfPayment(operations: readonly OperationNode[]): LongStatus {
  const [first, ...later] = operations;
  if (first === undefined) throw new Error('a payment has no operation');
  const isGivenUp = stateShown(first) === 'rejected';
  if (isGivenUp || first.state !== 'approved' || first.kind === 'payout') return statusOfOperation(first);
  const of = (kind: OperationView['kind'], phase: Phase) => later.some((one) => one.kind === kind && phaseOf(one) === phase);
  if (operations.some((one) => isCharge(one) && isChargedBack(one))) return 'chargeback';
  if (of('refund', 'open')) return 'markedforreversal';
  if (of('refund', 'done')) return 'reversed';
  if (of('reversal', 'open')) return 'cancelstarted';
  const given = later.filter(({ kind, state, targetId }) => kind === 'reversal' && state === 'approved' && targetId === first.operationId);
  if (given.length > 0 && given.reduce((sum, { amount }) => sum + amount, 0) >= first.amount) {
    return first.kind === 'preauthorization' ? 'authcancelled' : 'cancelled';
  }
  const charges = operations.filter((one) => isCharge(one) && one.state === 'approved');
  // A batch has paid it out, or all of its parts.
  if (charges.length > 0 && charges.every(({ settled }) => settled)) return 'settled';
  if (of('capture', 'done') || of('receipt', 'done')) return 'capturesuccess';
  if (of('capture', 'open')) return 'capturestarted';
  return of('capture', 'failed') ? 'capturefailed' : statusOfOperation(first);
}

const successes = {
  preauthorization: '00001',
  debit: '00001',
  rebill: '00001',
  payout: '00009',
  capture: '00004',
  reversal: '00006',
  refund: '00005',
  chargeback: '00001',
  chargeback_reversal: '00001',
  receipt: '00001',
} as const satisfies Readonly<Record<OperationView['kind'], ResultCode>>;

/** What came of an operation. */
export function resultOfOperation(operation: OperationView): Result {
  switch (stateShown(operation)) {
    case 'awaiting':
      return resultOf('00019');
    case 'submitted':
    case 'pending':
    case 'unknown':
    case 'escalated':
      return resultOf('00003');
    case 'approved':
      return resultOf(successes[operation.kind]);
    case 'declined':
    case 'failed':
    case 'undone':
    case 'rejected':
      return failureOf(operation);
  }
}

function failureOf(operation: OperationView): Result {
  switch (operation.kind) {
    case 'capture':
      return resultOf('10005');
    case 'refund':
      return resultOf('10006');
    case 'reversal':
      return resultOf('10007');
    default:
      return resultOf(codeOf(operation));
  }
}

/** The acquirer's own code, where it has one of the two digits that the family is made of; else what it was taken to mean. */
function codeOf({ kind, state, reason, responseCode, bank }: OperationView): ResultCode {
  if (kind === 'payout' && (reason === 'unspecified' || reason === 'undone')) return '10008';
  if (state === 'undone') return '11068';
  if (bank !== undefined) return reason === 'shopper_canceled' ? '12003' : '10001';
  const own = `110${responseCode}`;
  if (state === 'declined' && responseCode !== undefined && /^\d\d$/.test(responseCode) && own in descriptions) return own as ResultCode;
  return byReason(declineCodes, reason) ?? byReason(rejectionCodes, reason) ?? byReason(failureCodes, reason) ?? '10001';
}
