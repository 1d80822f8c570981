/** Core's refusals, rejections, declines and failures in result codes. Total: a new one stops the build until this page has decided. */
import type { DeclineReason } from '../../core/payment/decline.ts';
import type { FailureReason, RejectionReason } from '../../core/payment/operation.ts';
import type { Refusal, RefusalCode } from '../../core/refusals.ts';
import { Problem } from './problem.ts';
import { descriptions, type ResultCode } from './result-codes.ts';

const refusals: Readonly<Record<RefusalCode, ResultCode>> = {
  amount_too_low: '20007',
  amount_too_large: '20007',
  currency_not_enabled: '20006',
  brand_not_enabled: '20005',
  method_not_enabled: '20005',
  flow_not_enabled: '20005',
  flow_not_supported: '20005',
  receipt_not_supported: '20010',
  receipt_by_bank_only: '20010',
  capture_not_supported: '20010',
  void_not_supported: '20010',
  token_unknown: '20013',
  token_deleted: '20013',
  token_rejected: '20013',
  agreement_inconsistent: '20002',
  agreement_unknown: '20010',
  balance_too_low: '20018',
  card_gone: '20010',
  operation_unknown: '20009',
  operation_of_other_channel: '20009',
  operation_pending: '20010',
  operation_unsuccessful: '20010',
  wrong_kind: '20010',
  currency_mismatch: '20006',
  exceeds_authorized: '20012',
  exceeds_captured: '20012',
  nothing_left: '20012',
  already_captured: '20010',
  already_refunded: '20011',
  already_settled: '20010',
  charged_back: '20010',
  already_charged_back: '20010',
  charged_back_before: '20010',
  no_chargeback: '20010',
  chargeback_already_reversed: '20010',
  chargeback_amount_differs: '20002',
  checkout_closed: '20010',
  never_due: '20002',
  schedule_unknown: '20009',
  payment_busy: '20010',
  key_reused: '20015',
  key_in_flight: '20015',
  unavailable: '30002',
};

/** The parameter that core's name of a field means. */
const parameters: Readonly<Record<NonNullable<Refusal['field']>, string>> = {
  amount: 'amount',
  currency: 'currency',
  card: 'card',
  token: 'registrationId',
  agreement: 'recurringType',
  timetable: 'recurringType',
  idempotencyKey: 'merchantTransactionId',
  merchantReference: 'merchantTransactionId',
};

export function problemOf({ code, field, meaning }: Refusal): Problem {
  const result = refusals[code];
  if (result === '20013') return new Problem(result);
  const name = field === undefined ? '' : `${parameters[field]}: `;
  const text = result === '20015' || result === '30002' || result === '20009' ? descriptions[result] : `${name}${meaning}`;
  return new Problem(result, { status: code === 'unavailable' ? 503 : 200, text });
}

export const rejectionCodes: Readonly<Record<RejectionReason, ResultCode>> = {
  invalid_card_number: '11014',
  card_expired: '11054',
  brand_mismatch: '10002',
  cvc_missing: '11082',
  cvc_length: '11082',
  retry_forbidden: '10002',
  retries_exhausted: '11065',
  card_blocked: '11034',
  bin_blocked: '11034',
  ip_blocked: '11034',
  email_blocked: '11034',
  country_blocked: '11034',
  card_too_often: '11065',
  ip_too_often: '11065',
  email_too_often: '11065',
  card_testing: '11034',
  review_declined: '11034',
  review_expired: '11034',
  review_uncaptured: '11005',
  authentication_failed: '12001',
  authentication_forbidden: '12002',
  shopper_canceled: '12003',
  shopper_timed_out: '12004',
  authentication_unavailable: '12005',
  directory_unreachable: '12005',
  card_gone: '10001',
  cvc_gone: '12004',
};

export const failureCodes: Readonly<Record<FailureReason, ResultCode>> = {
  acquirer_unreachable: '11091',
  card_not_stored: '10001',
  card_purged: '10001',
};

/** 11000 and the response code of ISO 8583, where the reason has one. */
export const declineCodes: Readonly<Record<DeclineReason, ResultCode>> = {
  refer_to_issuer: '11002',
  do_not_honor: '11005',
  unspecified: '10001',
  invalid_merchant: '11003',
  lost_card: '11041',
  stolen_card: '11043',
  pick_up_card: '11004',
  invalid_transaction: '11012',
  invalid_amount: '11013',
  invalid_card_number: '11014',
  no_such_issuer: '11015',
  no_such_account: '11053',
  account_closed: '11046',
  insufficient_funds: '11051',
  expired_card: '11054',
  invalid_cvc: '11082',
  pin_problem: '11055',
  not_permitted_to_cardholder: '11057',
  not_permitted_to_terminal: '11058',
  suspected_fraud: '11034',
  partly_approved: '11010',
  address_check_failed: '11034',
  cvc_check_failed: '11082',
  over_amount_limit: '11061',
  over_count_limit: '11065',
  restricted_card: '11062',
  security_violation: '11063',
  authentication_required: '20014',
  blocked_by_holder: '11021',
  against_the_law: '11093',
  mandate_revoked: '11021',
  format_error: '11030',
  duplicate: '11094',
  record_not_found: '11025',
  issuer_unavailable: '11091',
  system_malfunction: '11096',
  acquirer_unreachable: '11091',
};
