/** An operation's state as a result. Total over the core's states. */
import { disputeReasonOf } from '../../core/dispute/reason.ts';
import type { TokenAct } from '../../core/instrument/token.ts';
import { heldInPart } from '../../core/payment/capture.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { calledOff, isHeldForChecks, isInReview, stateShown } from '../../core/risk/review.ts';
import type { Authentication } from '../../core/three-d-secure/authentication.ts';
import { directoryRule, failureOf } from '../../core/three-d-secure/verdict.ts';
import { byReason } from '../by-reason.ts';
import type { Mode } from '../dialect.ts';
import { declineCodes, disputeCodes, failureCodes, rejectionCodes } from './refusals.ts';
import { descriptions, type Result, type ResultCode, resultOf } from './result-codes.ts';

/**
 * In live mode a success is a success; in the sandbox it says who answered. A chargeback that the bank has told says why instead; one that only
 * the merchant has declared has no reason, and its request succeeded. Less than was asked for is for the merchant to look at.
 */
function approvedCode(operation: OperationView, mode: Mode): ResultCode {
  if (operation.kind === 'chargeback' && operation.declared !== true) return disputeCodes[disputeReasonOf(operation.hostCode)];
  if (operation.requestedAmount !== undefined || operation.dialectData[heldInPart] !== undefined) return '000.400.040';
  return successCode(operation.dialectData, mode);
}

function successCode({ testMode }: Readonly<Record<string, string>>, mode: Mode): ResultCode {
  if (mode === 'live') return '000.000.000';
  return testMode === 'EXTERNAL' ? '000.100.112' : '000.100.110';
}

/** Of what the gateway did by itself, as it was asked to. `dialectData`: the request's, which may name the test mode. */
export function successOf(dialectData: Readonly<Record<string, string>>, mode: Mode): Result {
  return resultOf(successCode(dialectData, mode));
}

/** Where the issuer's findings may be why it is held, they say so: first those about the address. */
function reviewCode(operation: OperationView): ResultCode {
  const { address, cvc } = isHeldForChecks(operation) ? (operation.checks ?? {}) : {};
  if (address !== undefined && (address.street !== 'match' || address.postcode !== 'match')) return '000.400.010';
  return cvc !== undefined && cvc.result !== 'match' ? '000.400.020' : '000.400.070';
}

export function resultOfOperation(operation: OperationView, mode: Mode): Result {
  if (isInReview(operation)) return resultOf(reviewCode(operation));
  if (operation.reason === calledOff) return resultOf('100.396.201');
  switch (stateShown(operation)) {
    case 'approved':
      return resultOf(
        operation.bank?.awaitsReceipt === true && operation.kind === 'preauthorization' ? '800.400.500' : approvedCode(operation, mode),
      );
    case 'pending':
      return resultOf(operation.reason === 'payment_deferred' ? '800.400.500' : '000.200.000');
    case 'awaiting':
    case 'submitted':
    case 'unknown':
    case 'escalated':
      return resultOf('000.200.000');
    case 'undone':
      return resultOf('900.100.301');
    case 'declined':
      return declined(operation);
    case 'rejected':
      return resultOf(byReason(rejectionCodes, operation.reason) ?? '100.100.101');
    case 'failed':
      return resultOf(byReason(failureCodes, operation.reason) ?? '900.100.310');
  }
}

/** Of an act on a stored card; without one the card was stored by a payment that succeeded. */
export function resultOfTokenAct(act: TokenAct | undefined, mode: Mode): Result {
  return resultOf(act?.rejection === undefined ? successCode(act?.dialectData ?? {}, mode) : rejectionCodes[act.rejection]);
}

/** A payment at a bank that nobody made in its time is told apart from an authentication that was not. */
const bankDeclines: Readonly<Record<string, ResultCode>> = { shopper_canceled: '100.396.101', shopper_timed_out: '100.395.501' };

/** A host that speaks this protocol's own codes is taken at its word. */
function declined({ hostCode, reason, bank }: OperationView): Result {
  if (bank !== undefined) return resultOf(bankDeclines[reason ?? ''] ?? '100.397.102');
  if (hostCode !== undefined && /^[1-9]\d\d\.\d{3}\.\d{3}$/.test(hostCode)) return { code: hostCode, description: describe(hostCode) };
  return resultOf(byReason(declineCodes, reason) ?? '800.100.100');
}

function describe(code: string): string {
  return code in descriptions ? descriptions[code as ResultCode] : 'transaction declined';
}

/** Of an authentication without a payment: succeeded, still under way, or why there is none. Total over its states. */
export function resultOfAuthentication(
  { state, challengeCancel, rule }: Authentication,
  dialectData: Readonly<Record<string, string>>,
  mode: Mode,
): Result {
  switch (state) {
    case 'ready':
    case 'method':
    case 'asked':
    case 'challenged':
      return resultOf('000.200.000');
    case 'authenticated':
    case 'attempted':
    case 'informed':
      return successOf(dialectData, mode);
    case 'failed':
    case 'forbidden':
    case 'expired':
      return resultOf(rejectionCodes[failureOf({ state, ...(challengeCancel === undefined ? {} : { challengeCancel }) })]);
    case 'not_enrolled':
    case 'unavailable':
      return resultOf(rule?.startsWith(directoryRule) === true ? '000.400.107' : '000.400.101');
  }
}
