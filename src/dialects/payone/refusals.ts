/**
 * Core's refusals, rejections, declines and failures in the platform's words. Total: a new one stops the build until this page has decided. Numbers of
 * declines follow the platform's pattern: 30, the two digits of the issuer's answer, 1001.
 */
import { cardPurgedText } from '../../core/merchant/retention.ts';
import { type DeclineReason, declineModelOf, isDeclineReason } from '../../core/payment/decline.ts';
import type { FailureReason, OperationView, RejectionReason } from '../../core/payment/operation.ts';
import type { Refusal, RefusalCode } from '../../core/refusals.ts';
import { stateShown } from '../../core/risk/review.ts';
import { byReason } from '../by-reason.ts';
import { notAllowed, Problem, type ProblemId, type WireError } from './problem.ts';

/** Names of the members that a refusal can be about, as the request has them. */
export interface FieldNames {
  readonly amount: string;
  readonly currency: string;
  readonly token?: string;
}

/** Of a payment. */
export const paymentNames: FieldNames = {
  amount: 'order.amountOfMoney.amount',
  currency: 'order.amountOfMoney.currencyCode',
  token: 'cardPaymentMethodSpecificInput.token',
};

type Meaning = ProblemId | { readonly id: ProblemId; readonly status: number };

const again = { id: 'SERVICE_UNAVAILABLE', status: 503 } as const;
const inProgress = { id: 'DUPLICATE_REQUEST_IN_PROGRESS', status: 409 } as const;
const notNow = 'ACTION_NOT_ALLOWED_ON_TRANSACTION';

const refusals: Readonly<Record<RefusalCode, Meaning>> = {
  amount_too_low: 'INVALID_VALUE',
  amount_too_large: 'INVALID_VALUE',
  currency_not_enabled: 'INVALID_VALUE',
  brand_not_enabled: 'PAYMENT_PRODUCT_NOT_AVAILABLE',
  flow_not_enabled: 'PAYMENT_PRODUCT_NOT_AVAILABLE',
  method_not_enabled: 'PAYMENT_PRODUCT_NOT_AVAILABLE',
  flow_not_supported: 'PAYMENT_PRODUCT_NOT_AVAILABLE',
  receipt_not_supported: notNow,
  receipt_by_bank_only: notNow,
  capture_not_supported: notNow,
  void_not_supported: notNow,
  token_unknown: 'UNKNOWN_TOKEN_ID',
  token_deleted: 'UNKNOWN_TOKEN_ID',
  token_rejected: 'UNKNOWN_TOKEN_ID',
  agreement_inconsistent: 'INVALID_VALUE',
  agreement_unknown: notNow,
  balance_too_low: notNow,
  card_gone: notNow,
  operation_unknown: { id: 'UNKNOWN_PAYMENT_ID', status: 404 },
  operation_of_other_channel: { id: 'UNKNOWN_PAYMENT_ID', status: 404 },
  operation_pending: notNow,
  operation_unsuccessful: notNow,
  wrong_kind: notNow,
  currency_mismatch: 'INVALID_VALUE',
  exceeds_authorized: notNow,
  exceeds_captured: notNow,
  nothing_left: notNow,
  already_captured: notNow,
  already_refunded: notNow,
  already_settled: notNow,
  charged_back: notNow,
  already_charged_back: notNow,
  charged_back_before: notNow,
  no_chargeback: notNow,
  chargeback_already_reversed: notNow,
  chargeback_amount_differs: 'INVALID_VALUE',
  checkout_closed: notNow,
  never_due: 'INVALID_VALUE',
  schedule_unknown: notNow,
  payment_busy: { id: notNow, status: 409 },
  key_reused: inProgress,
  key_in_flight: inProgress,
  unavailable: again,
};

export function problemOf({ code, field, meaning, retryable }: Refusal, names: FieldNames): Problem {
  const found = refusals[code];
  const { id, status } = typeof found === 'string' ? { id: found, status: 400 } : found;
  const about = code === 'nothing_left' ? 'amount' : field;
  const propertyName = about === 'amount' || about === 'currency' || about === 'token' ? names[about] : undefined;
  const named = propertyName === undefined ? {} : { propertyName };
  // Clients look for these words in the text as well.
  if (id === notNow && status === 400) return notAllowed({ ...named, retriable: retryable });
  return new Problem(id, { status, text: meaning, ...named });
}

type Words = readonly [errorCode: string, id: string];

const declines: Readonly<Record<DeclineReason, Words>> = {
  refer_to_issuer: ['30011001', 'REFER_TO_ISSUER'],
  do_not_honor: ['30051001', 'DO_NOT_HONOUR'],
  unspecified: ['30041001', 'REFUSED_BY_ISSUER'],
  invalid_merchant: ['30031001', 'INVALID_MERCHANT'],
  lost_card: ['30411001', 'LOST_CARD'],
  stolen_card: ['30431001', 'STOLEN_CARD'],
  pick_up_card: ['30041001', 'REFUSED_BY_ISSUER'],
  invalid_transaction: ['30121001', 'INVALID_TRANSACTION'],
  invalid_amount: ['30131001', 'INVALID_AMOUNT'],
  invalid_card_number: ['30141001', 'INVALID_CARD'],
  no_such_issuer: ['30151001', 'NO_SUCH_ISSUER'],
  no_such_account: ['30521001', 'NO_SUCH_ACCOUNT'],
  account_closed: ['30461001', 'ACCOUNT_CLOSED'],
  insufficient_funds: ['30511001', 'INSUFFICIENT_FUNDS'],
  expired_card: ['30541001', 'EXPIRED_CARD'],
  invalid_cvc: ['30821001', 'INVALID_CVV'],
  pin_problem: ['30551001', 'INVALID_PIN'],
  not_permitted_to_cardholder: ['30571001', 'NOT_PERMITTED_TO_CARDHOLDER'],
  not_permitted_to_terminal: ['30581001', 'NOT_PERMITTED_TO_TERMINAL'],
  suspected_fraud: ['30591001', 'SUSPECTED_FRAUD'],
  partly_approved: ['30101001', 'PARTLY_APPROVED'],
  address_check_failed: ['30591001', 'SUSPECTED_FRAUD'],
  cvc_check_failed: ['30821001', 'INVALID_CVV'],
  over_amount_limit: ['30611001', 'EXCEEDS_AMOUNT_LIMIT'],
  over_count_limit: ['30651001', 'EXCEEDS_COUNT_LIMIT'],
  restricted_card: ['30621001', 'RESTRICTED_CARD'],
  security_violation: ['30631001', 'SECURITY_VIOLATION'],
  authentication_required: ['40001139', 'AUTHENTICATION_REQUIRED'],
  blocked_by_holder: ['30781001', 'BLOCKED_BY_CARDHOLDER'],
  against_the_law: ['30931001', 'AGAINST_THE_LAW'],
  mandate_revoked: ['30001140', 'AUTHORISATION_REVOKED'],
  format_error: ['30301001', 'FORMAT_ERROR'],
  duplicate: ['30941001', 'DUPLICATE_TRANSACTION'],
  record_not_found: ['30251001', 'RECORD_NOT_FOUND'],
  issuer_unavailable: ['30911001', 'ISSUER_UNAVAILABLE'],
  system_malfunction: ['30961001', 'SYSTEM_MALFUNCTION'],
  acquirer_unreachable: ['30921001', 'ACQUIRER_UNREACHABLE'],
};

const suspectedFraud: Words = ['30591001', 'SUSPECTED_FRAUD'];

const authenticationFailed: Words = ['40001134', 'AUTHENTICATION_FAILURE'];

const rejections: Readonly<Record<RejectionReason, Words>> = {
  invalid_card_number: ['30001130', 'INVALID_CARD'],
  card_expired: ['30331001', 'EXPIRED_CARD'],
  brand_mismatch: ['30001131', 'CARDNUMBER_PAYMENTPRODUCTID_MISMATCH'],
  cvc_missing: ['30001141', 'CVV_MISSING'],
  cvc_length: ['30001142', 'INVALID_CVV'],
  retry_forbidden: ['30001101', 'NEVER_RETRY'],
  retries_exhausted: ['30001102', 'TOO_MANY_ATTEMPTS'],
  card_blocked: suspectedFraud,
  bin_blocked: suspectedFraud,
  ip_blocked: suspectedFraud,
  email_blocked: suspectedFraud,
  country_blocked: suspectedFraud,
  card_too_often: suspectedFraud,
  ip_too_often: suspectedFraud,
  email_too_often: suspectedFraud,
  card_testing: suspectedFraud,
  review_declined: suspectedFraud,
  review_expired: suspectedFraud,
  review_uncaptured: ['30051001', 'DO_NOT_HONOUR'],
  authentication_failed: authenticationFailed,
  authentication_forbidden: authenticationFailed,
  shopper_canceled: ['30171001', 'CANCELLED_BY_SHOPPER'],
  shopper_timed_out: ['40001135', 'AUTHENTICATION_TIMED_OUT'],
  authentication_unavailable: ['40001137', 'AUTHENTICATION_UNAVAILABLE'],
  directory_unreachable: ['40001138', 'AUTHENTICATION_UNAVAILABLE'],
  card_gone: ['30001105', 'CARD_DATA_GONE'],
  cvc_gone: ['30001106', 'CVV_GONE'],
};

const failures: Readonly<Record<FailureReason, Words>> = {
  acquirer_unreachable: ['30921001', 'ACQUIRER_UNREACHABLE'],
  card_not_stored: ['50001081', 'CARD_NOT_STORED'],
  card_purged: ['30001105', 'CARD_DATA_GONE'],
};

/** It was not answered in time and has been reversed since; the issuer's words for it are "response received too late". */
const undone: Words = ['30681001', 'NO_ANSWER_REVERSED'];

/** The errors of a payment or operation that did not succeed; none for others. */
export function errorsOf(operation: OperationView): readonly WireError[] {
  const words = wordsOf(operation);
  if (words === undefined) return [];
  const [errorCode, id] = words;
  const isPurged = operation.reason === 'card_purged';
  const isTechnical = (operation.state === 'failed' || operation.state === 'undone') && !isPurged;
  const error: WireError = {
    ...{ errorCode, code: '9999', category: isTechnical ? 'IO_ERROR' : 'PAYMENT_PLATFORM_ERROR', httpStatusCode: 402 },
    ...{ id, message: isPurged ? cardPurgedText : '', retriable: isTechnical },
  };
  if (words !== authenticationFailed) return [error];
  const text = 'Error coming from a third party';
  return [error, { ...error, errorCode: '50001111', id: 'THIRD_PARTY_ERROR', message: text }];
}

function wordsOf(operation: OperationView): Words | undefined {
  const { reason } = operation;
  switch (stateShown(operation)) {
    case 'declined':
      return byReason(declines, reason) ?? byReason(rejections, reason) ?? declines.unspecified;
    case 'rejected':
      return byReason(rejections, reason) ?? declines.unspecified;
    case 'failed':
      return byReason(failures, reason) ?? failures.acquirer_unreachable;
    case 'undone':
      return undone;
    case 'awaiting':
    case 'submitted':
    case 'pending':
    case 'approved':
    case 'unknown':
    case 'escalated':
      return undefined;
  }
}

/** What may be tried after a decline; undefined where nothing is said. */
export function reattemptOf({ state, reason }: OperationView): object | undefined {
  if (state !== 'declined' || !isDeclineReason(reason)) return undefined;
  const { category, retryable } = declineModelOf(reason);
  if (category === 'fix_data') return { indicator: 'updateBeforeRetry' };
  return { indicator: retryable ? 'retryLater' : 'neverRetry' };
}
