/** Core's refusals, rejections, declines and failures in the words of the protocol. Total: a new one stops the build until this page has decided. */
import { cardPurgedText } from '../../core/merchant/retention.ts';
import type { DeclineReason } from '../../core/payment/decline.ts';
import type { FailureReason, RejectionReason } from '../../core/payment/operation.ts';
import type { Refusal, RefusalCode } from '../../core/refusals.ts';
import { type ErrorCode, messageOf, Problem } from './problem.ts';

/** A code, and the field of the body that it is about. */
const refusals: Readonly<Record<RefusalCode, ErrorCode | readonly [code: ErrorCode, field: string]>> = {
  amount_too_low: ['validation_failed', 'amount'],
  amount_too_large: ['validation_failed', 'amount'],
  currency_not_enabled: ['validation_failed', 'currency'],
  brand_not_enabled: ['validation_failed', 'payment_method.number'],
  flow_not_enabled: ['validation_failed', 'payment_data.payment_type'],
  method_not_enabled: ['validation_failed', 'payment_method.type'],
  flow_not_supported: ['validation_failed', 'payment_method.type'],
  receipt_not_supported: 'invalid_state',
  receipt_by_bank_only: 'invalid_state',
  capture_not_supported: 'invalid_state',
  void_not_supported: 'invalid_state',
  token_unknown: 'payment_method_not_found',
  token_deleted: 'payment_method_not_found',
  token_rejected: 'payment_method_not_found',
  agreement_inconsistent: ['validation_failed', 'payment_data.payment_sub_type'],
  agreement_unknown: ['validation_failed', 'payment_data.previous_payment_id'],
  balance_too_low: 'invalid_state',
  card_gone: 'invalid_state',
  operation_unknown: 'payment_not_found',
  operation_of_other_channel: 'payment_not_found',
  operation_pending: 'invalid_state',
  operation_unsuccessful: 'invalid_state',
  wrong_kind: 'invalid_state',
  currency_mismatch: ['validation_failed', 'currency'],
  exceeds_authorized: ['amount_exceeded', 'amount'],
  exceeds_captured: ['amount_exceeded', 'amount'],
  nothing_left: ['amount_exceeded', 'amount'],
  already_captured: 'invalid_state',
  already_refunded: ['amount_exceeded', 'amount'],
  already_settled: 'invalid_state',
  charged_back: 'invalid_state',
  already_charged_back: 'invalid_state',
  charged_back_before: 'invalid_state',
  no_chargeback: 'invalid_state',
  chargeback_already_reversed: 'invalid_state',
  chargeback_amount_differs: ['validation_failed', 'amount'],
  checkout_closed: 'invalid_state',
  never_due: ['validation_failed', 'capture_delay'],
  schedule_unknown: 'invalid_state',
  payment_busy: 'request_in_progress',
  key_reused: 'idempotency_mismatch',
  key_in_flight: 'request_in_progress',
  unavailable: 'service_unavailable',
};

/** `byReference`: the request's key was its reference. */
export function problemOf(
  { code, meaning, field: at }: Refusal,
  { byReference = false }: { readonly byReference?: boolean } = {},
): Problem {
  if (code === 'key_reused' && (byReference || at === 'merchantReference')) {
    return duplicateReference();
  }
  const answer = refusals[code];
  const [error, field] = typeof answer === 'string' ? [answer] : answer;
  const message = error === 'validation_failed' || error === 'payment_not_found' ? messageOf(error) : sentence(meaning);
  return new Problem(error, {
    message,
    ...(field === undefined ? {} : { details: [{ field, issue: meaning }] }),
    ...(error === 'request_in_progress' || error === 'service_unavailable' ? { retryAfterMs: 1_000 } : {}),
  });
}

export function duplicateReference(): Problem {
  return new Problem('duplicate_reference', { details: [{ field: 'reference', issue: messageOf('duplicate_reference') }] });
}

function sentence(meaning: string): string {
  return `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`;
}

/** `result` of an answer: a code, and what it says in words. */
export type ResultWords = readonly [code: string, message: string];

export const declines: Readonly<Record<DeclineReason, ResultWords>> = {
  refer_to_issuer: ['01', 'refer_to_issuer'],
  do_not_honor: ['05', 'do_not_honour'],
  unspecified: ['05', 'declined'],
  invalid_merchant: ['03', 'invalid_merchant'],
  lost_card: ['41', 'lost_card'],
  stolen_card: ['43', 'stolen_card'],
  pick_up_card: ['04', 'pick_up_card'],
  invalid_transaction: ['12', 'invalid_transaction'],
  invalid_amount: ['13', 'invalid_amount'],
  invalid_card_number: ['14', 'invalid_number'],
  no_such_issuer: ['15', 'no_such_issuer'],
  no_such_account: ['14', 'no_such_account'],
  account_closed: ['46', 'account_closed'],
  insufficient_funds: ['51', 'insufficient_funds'],
  expired_card: ['54', 'expired_card'],
  invalid_cvc: ['82', 'cvc_mismatch'],
  pin_problem: ['55', 'pin_problem'],
  not_permitted_to_cardholder: ['57', 'not_permitted'],
  not_permitted_to_terminal: ['58', 'not_permitted'],
  suspected_fraud: ['59', 'suspected_fraud'],
  partly_approved: ['10', 'partly_approved'],
  address_check_failed: ['59', 'suspected_fraud'],
  cvc_check_failed: ['82', 'cvc_mismatch'],
  over_amount_limit: ['61', 'over_amount_limit'],
  over_count_limit: ['65', 'over_count_limit'],
  restricted_card: ['62', 'restricted_card'],
  security_violation: ['63', 'security_violation'],
  authentication_required: ['1A', 'sca_required'],
  blocked_by_holder: ['78', 'blocked_by_holder'],
  against_the_law: ['93', 'against_the_law'],
  mandate_revoked: ['R1', 'mandate_revoked'],
  format_error: ['30', 'format_error'],
  duplicate: ['94', 'duplicate'],
  record_not_found: ['25', 'record_not_found'],
  issuer_unavailable: ['91', 'issuer_unavailable'],
  system_malfunction: ['96', 'system_malfunction'],
  acquirer_unreachable: ['processor_error', 'the processor could not be reached'],
};

/** Where the payment stands after a rejection. `expired`: nobody came in time. */
export type EndedAs = 'declined' | 'failed' | 'cancelled' | 'expired';

export const rejections: Readonly<Record<RejectionReason, readonly [endedAs: EndedAs, ...words: ResultWords]>> = {
  invalid_card_number: ['declined', '14', 'invalid_number'],
  card_expired: ['declined', '54', 'expired_card'],
  brand_mismatch: ['declined', '14', 'invalid_number'],
  cvc_missing: ['declined', '82', 'cvc_missing'],
  cvc_length: ['declined', '82', 'cvc_length'],
  authentication_failed: ['declined', '3ds_failed', 'the cardholder was not authenticated'],
  authentication_forbidden: ['declined', '3ds_failed', 'the issuer forbids the payment'],
  authentication_unavailable: ['declined', '3ds_failed', 'the issuer could not authenticate the cardholder'],
  directory_unreachable: ['failed', '3ds_failed', 'the authentication could not be made'],
  shopper_canceled: ['cancelled', 'customer_cancelled', 'the customer called the payment off'],
  shopper_timed_out: ['expired', 'customer_timeout', 'the customer did not finish in time'],
  card_gone: ['failed', 'card_not_kept', 'the card could not be kept until the customer was done'],
  cvc_gone: ['failed', 'card_not_kept', 'the verification code could not be kept until the customer was done'],
  retry_forbidden: ['declined', 'retry_forbidden', 'the scheme forbids to try this card again'],
  retries_exhausted: ['declined', 'retries_exhausted', 'the scheme’s number of tries is used up'],
  card_blocked: ['declined', '59', 'suspected_fraud'],
  bin_blocked: ['declined', '59', 'suspected_fraud'],
  ip_blocked: ['declined', '59', 'suspected_fraud'],
  email_blocked: ['declined', '59', 'suspected_fraud'],
  country_blocked: ['declined', '59', 'suspected_fraud'],
  card_too_often: ['declined', '65', 'over_count_limit'],
  ip_too_often: ['declined', '65', 'over_count_limit'],
  email_too_often: ['declined', '65', 'over_count_limit'],
  card_testing: ['declined', '59', 'suspected_fraud'],
  review_declined: ['declined', '59', 'suspected_fraud'],
  review_expired: ['declined', '59', 'suspected_fraud'],
  review_uncaptured: ['declined', '05', 'do_not_honour'],
};

export const failures: Readonly<Record<FailureReason, ResultWords>> = {
  acquirer_unreachable: ['processor_error', 'the processor could not be reached'],
  card_not_stored: ['processor_error', 'the card could not be kept or read'],
  card_purged: ['card_not_kept', cardPurgedText],
};
