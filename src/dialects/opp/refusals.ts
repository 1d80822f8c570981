/** Core's refusals, rejections, declines and failures in result codes. Total: a new one stops the build until this page has decided. */
import type { DisputeReason } from '../../core/dispute/reason.ts';
import type { DeclineReason } from '../../core/payment/decline.ts';
import type { FailureReason, RejectionReason } from '../../core/payment/operation.ts';
import type { Refusal, RefusalCode } from '../../core/refusals.ts';
import { Problem } from './problem.ts';
import type { ResultCode } from './result-codes.ts';

/** Operations on existing ones; each has its own words for "not with this one". */
export type BackOfficeType = 'CP' | 'RV' | 'RF' | 'RB' | 'CB' | 'CR' | 'RC';

type ByType = Readonly<Record<BackOfficeType, ResultCode>>;

const notSoMuch: ByType = {
  CP: '700.400.100',
  RV: '700.400.300',
  RF: '700.400.200',
  RB: '700.300.300',
  CB: '700.400.400',
  CR: '700.400.420',
  RC: '700.300.300',
};

/** The unknown id answers as the platform does: a refund finds no brand to work with. */
const refusals: Readonly<Record<RefusalCode, ResultCode | ByType>> = {
  amount_too_low: '100.550.300',
  amount_too_large: '100.550.301',
  currency_not_enabled: '600.200.500',
  brand_not_enabled: '600.200.201',
  method_not_enabled: '600.200.201',
  flow_not_enabled: '600.200.201',
  flow_not_supported: '600.200.310',
  receipt_not_supported: '600.200.310',
  receipt_by_bank_only: '700.400.562',
  capture_not_supported: '700.400.101',
  void_not_supported: '700.300.800',
  token_unknown: '100.150.200',
  token_deleted: '100.150.202',
  token_rejected: '100.150.203',
  agreement_inconsistent: '100.900.500',
  agreement_unknown: '600.200.501',
  balance_too_low: '800.100.164',
  card_gone: '100.150.205',
  operation_unknown: {
    CP: '700.400.510',
    RV: '700.400.530',
    RF: '600.200.500',
    RB: '700.100.100',
    CB: '700.400.550',
    CR: '700.400.420',
    RC: '700.400.560',
  },
  operation_of_other_channel: '700.400.700',
  operation_pending: '700.400.570',
  operation_unsuccessful: '700.300.200',
  wrong_kind: {
    CP: '700.400.510',
    RV: '700.400.530',
    RF: '700.400.520',
    RB: '700.300.100',
    CB: '700.400.550',
    CR: '700.400.420',
    RC: '700.400.560',
  },
  currency_mismatch: '700.100.500',
  exceeds_authorized: notSoMuch,
  exceeds_captured: notSoMuch,
  nothing_left: notSoMuch,
  already_captured: notSoMuch,
  already_refunded: notSoMuch,
  already_settled: '700.300.700',
  charged_back: '700.300.600',
  already_charged_back: '700.400.400',
  charged_back_before: '700.300.500',
  no_chargeback: '700.400.420',
  chargeback_already_reversed: '700.400.410',
  chargeback_amount_differs: '100.550.701',
  checkout_closed: '200.300.404',
  never_due: '100.250.120',
  schedule_unknown: '100.360.303',
  payment_busy: '800.700.100',
  key_reused: '200.200.106',
  key_in_flight: '800.600.100',
  unavailable: '800.800.800',
};

const keyReused = 'was sent with another request before; a repeat has the same parameters, and another request a key of its own';

export function problemOf(refusal: Refusal, type: BackOfficeType | undefined): Problem {
  const code = refusals[refusal.code];
  const status = refusal.code === 'unavailable' ? 503 : 400;
  // The code's own text speaks of a UUID, which no request has.
  const about = refusal.code === 'key_reused' ? { parameterErrors: [{ name: 'Idempotency-Key', value: null, message: keyReused }] } : {};
  return new Problem(typeof code === 'string' ? code : code[type ?? 'RF'], { status, ...about });
}

/** The result of a chargeback that the acquirer has told: why the bank took the money back. */
export const disputeCodes: Readonly<Record<DisputeReason, ResultCode>> = {
  fraud: '000.100.220',
  not_recognized: '000.100.222',
  not_authorized: '000.100.230',
  not_received: '000.100.221',
  not_as_described: '000.100.206',
  canceled: '000.100.206',
  credit_not_processed: '000.100.225',
  duplicate: '000.100.224',
  processing_error: '000.100.299',
  unspecified: '000.100.200',
};

export const rejectionCodes: Readonly<Record<RejectionReason, ResultCode>> = {
  invalid_card_number: '100.100.101',
  card_expired: '100.100.303',
  brand_mismatch: '100.100.700',
  cvc_missing: '100.100.600',
  cvc_length: '100.100.601',
  authentication_failed: '100.380.401',
  authentication_forbidden: '100.390.100',
  shopper_canceled: '100.396.101',
  shopper_timed_out: '100.396.103',
  authentication_unavailable: '100.390.107',
  directory_unreachable: '100.390.111',
  card_gone: '900.100.310',
  cvc_gone: '100.390.112',
  retry_forbidden: '800.200.160',
  retries_exhausted: '800.120.101',
  card_blocked: '800.300.101',
  bin_blocked: '800.300.401',
  ip_blocked: '800.300.301',
  email_blocked: '800.300.200',
  country_blocked: '800.300.102',
  card_too_often: '800.120.101',
  ip_too_often: '800.120.102',
  email_too_often: '800.120.103',
  card_testing: '800.120.401',
  review_declined: '100.400.319',
  review_expired: '100.400.500',
  review_uncaptured: '800.100.100',
};

export const failureCodes: Readonly<Record<FailureReason, ResultCode>> = {
  acquirer_unreachable: '900.100.600',
  card_not_stored: '900.100.310',
  card_purged: '100.150.205',
};

export const declineCodes: Readonly<Record<DeclineReason, ResultCode>> = {
  refer_to_issuer: '800.100.152',
  do_not_honor: '800.100.152',
  unspecified: '800.100.100',
  invalid_merchant: '800.100.190',
  lost_card: '800.100.165',
  stolen_card: '800.100.159',
  pick_up_card: '800.100.171',
  invalid_transaction: '800.100.154',
  invalid_amount: '800.100.174',
  invalid_card_number: '800.100.151',
  no_such_issuer: '800.100.169',
  no_such_account: '800.100.195',
  account_closed: '800.100.172',
  insufficient_funds: '800.100.155',
  expired_card: '800.100.157',
  invalid_cvc: '800.100.153',
  pin_problem: '800.100.166',
  not_permitted_to_cardholder: '800.100.170',
  not_permitted_to_terminal: '800.100.190',
  suspected_fraud: '800.100.158',
  partly_approved: '800.100.155',
  address_check_failed: '800.400.100',
  cvc_check_failed: '800.100.153',
  over_amount_limit: '800.100.162',
  over_count_limit: '800.100.163',
  restricted_card: '800.100.168',
  security_violation: '800.100.158',
  authentication_required: '300.100.100',
  blocked_by_holder: '800.100.160',
  against_the_law: '800.100.170',
  mandate_revoked: '800.100.197',
  format_error: '800.100.156',
  duplicate: '800.110.100',
  record_not_found: '800.100.191',
  issuer_unavailable: '800.100.176',
  system_malfunction: '900.100.201',
  acquirer_unreachable: '900.100.600',
};
