/** Core's refusals, rejections, declines and failures in the platform's codes. Total: a new one stops the build until this page has decided. */
import { cardPurgedText } from '../../core/merchant/retention.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import type { Refusal, RefusalCode } from '../../core/refusals.ts';
import { fieldProblem, generalProblem, type Message, Problem, unavailable } from './problem.ts';

const attemptCodes: Readonly<Record<NonNullable<OperationView['reason']>, readonly [code: string, message: string]>> = {
  refer_to_issuer: ['authorization_failed', 'The issuer wants to be asked by the payer'],
  do_not_honor: ['do_not_honour', 'The issuer declined without a reason'],
  unspecified: ['payment_rejected_other_reason', 'The payment was declined'],
  invalid_merchant: ['acquirer_configuration_error', 'The acquirer does not know the merchant'],
  lost_card: ['lost_card', 'The card was reported lost'],
  stolen_card: ['stolen_card', 'The card was reported stolen'],
  pick_up_card: ['restricted_card', 'The card may not be used'],
  invalid_transaction: ['transaction_not_supported_or_not_valid_for_card', 'The card does not allow this kind of payment'],
  invalid_amount: ['invalid_amount', 'The amount is not accepted'],
  invalid_card_number: ['invalid_card_number', 'The card number is not valid'],
  no_such_issuer: ['invalid_issuer_number', 'The card has no issuer'],
  no_such_account: ['invalid_card_data', 'The card has no account'],
  account_closed: ['restricted_card', 'The account of the card is closed'],
  insufficient_funds: ['insufficient_funds', 'The account does not cover the amount'],
  expired_card: ['expired_card', 'The card has expired'],
  invalid_cvc: ['validation_cvc_invalid', '`cvc` is invalid'],
  pin_problem: ['authorization_failed', 'The issuer wants a PIN'],
  not_permitted_to_cardholder: ['transaction_not_permitted_to_cardholder', 'The cardholder may not make this payment'],
  not_permitted_to_terminal: ['transaction_not_permitted_on_terminal', 'The terminal may not make this payment'],
  suspected_fraud: ['suspected_fraud', 'The issuer suspects fraud'],
  partly_approved: ['partial_forbidden', 'Only a part of the amount was approved'],
  address_check_failed: ['suspected_fraud', 'The billing address is not that of the cardholder'],
  cvc_check_failed: ['validation_cvc_invalid', 'The CVC is wrong'],
  over_amount_limit: ['exceeds_withdrawal_limit', 'The amount is beyond the limit of the card'],
  over_count_limit: ['exceeds_frequency_limit', 'The card was used too often'],
  restricted_card: ['restricted_card', 'The card may not be used'],
  security_violation: ['security_violation', 'The issuer tells of a violation of security'],
  authentication_required: ['soft_decline_contact_support', 'The issuer wants the payer to authenticate'],
  blocked_by_holder: ['restricted_card', 'The cardholder has blocked the card'],
  against_the_law: ['payment_rejected_other_reason', 'The payment is against the law'],
  mandate_revoked: ['recurring_token_expired', 'The cardholder has revoked the agreement'],
  format_error: ['acquirer_error_cs', 'The acquirer could not read the payment'],
  duplicate: ['general_transaction_error', 'The acquirer has had this payment before'],
  record_not_found: ['reconcile_error', 'The acquirer does not find the payment'],
  issuer_unavailable: ['issuer_not_available', 'The issuer cannot be reached'],
  system_malfunction: ['acquirer_internal_error', 'A system of the acquirer has failed'],
  acquirer_unreachable: ['acquirer_connection_error', 'The acquirer cannot be reached'],
  card_expired: ['invalid_expires', 'The card has expired'],
  brand_mismatch: ['unknown_payment_method', 'The card is not of this brand'],
  cvc_missing: ['validation_cvc_not_provided', '`cvc` is missing'],
  cvc_length: ['validation_cvc_invalid', '`cvc` has another length on cards of this brand'],
  retry_forbidden: ['decline_irregular_transaction_pattern', 'The issuer forbids another try with this card'],
  retries_exhausted: ['decline_irregular_transaction_pattern', 'The card was tried too often'],
  card_blocked: ['suspected_fraud', 'The merchant does not take this card'],
  bin_blocked: ['suspected_fraud', 'The merchant does not take cards of this issuer'],
  ip_blocked: ['suspected_fraud', 'The merchant takes no payments from this address'],
  email_blocked: ['suspected_fraud', 'The merchant takes no payments of this payer'],
  country_blocked: ['suspected_fraud', 'The merchant takes no payments from this country'],
  card_too_often: ['exceeds_frequency_limit', 'The card was tried too often'],
  ip_too_often: ['exceeds_frequency_limit', 'This address has tried too often'],
  email_too_often: ['exceeds_frequency_limit', 'This payer has tried too often'],
  card_testing: ['suspected_fraud', 'Somebody seems to be trying out cards'],
  in_review: ['suspected_fraud', 'The payment is held for review'],
  review_accepted: ['general_transaction_error', 'The capture was not made'],
  review_capturing: ['general_transaction_error', 'The capture is not certain yet'],
  review_voided: ['general_transaction_error', 'The payment was called off under review'],
  review_declined: ['suspected_fraud', 'The payment was held for review and declined'],
  review_expired: ['suspected_fraud', 'The payment was held for review, and nobody let it through in time'],
  review_uncaptured: ['general_transaction_error', 'The payment was let through after a review, and the acquirer refused to capture it'],
  authentication_failed: ['3ds_authentication_failed', 'The payer did not authenticate'],
  authentication_forbidden: ['3ds_authentication_failed', 'The issuer refused to authenticate the payer'],
  shopper_canceled: ['3ds_authentication_failed', 'The authentication was called off'],
  shopper_timed_out: ['timeout_3ds_enrollment_check', 'The payer did not come back in time'],
  authentication_unavailable: ['3ds_authentication_failed', 'The issuer cannot authenticate the payer'],
  directory_unreachable: ['timeout_3ds_enrollment_check', 'The directory server cannot be reached'],
  card_gone: ['general_transaction_error', 'The card is no longer stored'],
  cvc_gone: ['general_transaction_error', 'The code of the card could not be kept'],
  card_not_stored: ['general_transaction_error', 'The card could not be stored or read; nothing was sent'],
  card_purged: ['general_transaction_error', cardPurgedText],
  undone: ['timeout', 'The acquirer did not answer, and the payment was reversed'],
  never_arrived: ['timeout', 'The payment never reached the acquirer'],
  payment_deferred: ['general_transaction_error', 'The payer will pay later'],
  hold_expired: ['general_transaction_error', 'Nobody captured the hold in time'],
  delayed_capture: ['general_transaction_error', 'The capture was not made'],
  rest_released: ['general_transaction_error', 'The rest was not released'],
};

/** Of payouts to bank accounts: what is about a card elsewhere. */
const accountCodes: Partial<typeof attemptCodes> = {
  no_such_account: ['payment_rejected_other_reason', 'The bank knows no such account'],
  account_closed: ['payment_rejected_other_reason', 'The account is closed'],
};

/** Why an operation did not succeed, as its attempt says it. */
export function attemptErrorOf({ reason, account }: Pick<OperationView, 'reason' | 'account'>): Message {
  if (reason === undefined) return { code: 'general_transaction_error', message: 'Unrecognized transaction error' };
  const [code, message] = (account === undefined ? undefined : accountCodes[reason]) ?? attemptCodes[reason];
  return { code, message };
}

/** Acts on a purchase. */
export type Act = 'pay' | 'charge' | 'capture' | 'release' | 'refund' | 'cancel' | 'mark_as_paid' | 'resend_invoice';

/** What is said of a purchase that does not allow an act as it stands. */
export const wrongStatus: Readonly<Record<Act, Message>> = {
  pay: { code: 'purchase_already_paid_for', message: 'This Purchase cannot be paid any more.' },
  charge: { code: 'purchase_charge_wrong_status', message: 'Only Purchases that were not paid yet can be charged.' },
  capture: { code: 'purchase_capture_wrong_status', message: 'Only Purchases with `status == hold` can be captured.' },
  release: { code: 'purchase_release_wrong_status', message: 'Only Purchases with `status == hold` can be released.' },
  refund: { code: 'purchase_refund_wrong_status', message: 'Only paid Purchases can be refunded.' },
  cancel: { code: 'purchase_cancel_wrong_status', message: 'Only Purchases that were not paid yet can be cancelled.' },
  resend_invoice: {
    code: 'purchase_resend_invoice_wrong_status',
    message: 'Only Purchases that can be paid, or that were, have an invoice to send.',
  },
  mark_as_paid: { code: 'purchase_mark_as_paid_wrong_status', message: 'Only Purchases that were not paid yet can be marked as paid.' },
};

export function wrongStatusProblem(act: Act): Problem {
  const { code, message } = wrongStatus[act];
  return generalProblem(400, code, message);
}

/** `state`: the purchase does not allow it. `limit`: more than there is. `token`, `busy`, `config`: as they say. `field`: the amount or the currency. */
type Kind =
  | 'state'
  | 'limit'
  | 'token'
  | 'busy'
  | 'config'
  | 'amount'
  | 'too_large'
  | 'currency'
  | 'key'
  | 'unavailable'
  | 'missing'
  | 'refunded';

const kinds: Readonly<Record<RefusalCode, Kind>> = {
  amount_too_low: 'amount',
  amount_too_large: 'too_large',
  currency_not_enabled: 'currency',
  brand_not_enabled: 'config',
  method_not_enabled: 'config',
  flow_not_supported: 'config',
  flow_not_enabled: 'config',
  receipt_not_supported: 'state',
  receipt_by_bank_only: 'state',
  capture_not_supported: 'state',
  void_not_supported: 'state',
  token_unknown: 'token',
  token_deleted: 'token',
  token_rejected: 'token',
  agreement_inconsistent: 'token',
  agreement_unknown: 'token',
  balance_too_low: 'limit',
  card_gone: 'token',
  operation_unknown: 'missing',
  operation_of_other_channel: 'missing',
  operation_pending: 'state',
  operation_unsuccessful: 'state',
  wrong_kind: 'state',
  currency_mismatch: 'currency',
  exceeds_authorized: 'limit',
  exceeds_captured: 'limit',
  nothing_left: 'state',
  already_captured: 'state',
  already_refunded: 'refunded',
  already_settled: 'state',
  charged_back: 'state',
  already_charged_back: 'state',
  charged_back_before: 'state',
  no_chargeback: 'state',
  chargeback_already_reversed: 'state',
  chargeback_amount_differs: 'amount',
  checkout_closed: 'state',
  never_due: 'amount',
  schedule_unknown: 'missing',
  payment_busy: 'busy',
  key_reused: 'key',
  key_in_flight: 'busy',
  unavailable: 'unavailable',
};

/** `left`: what there is, where the amount is more. */
export function problemOf({ code, meaning }: Refusal, act: Act, left = 0): Problem {
  switch (kinds[code]) {
    case 'state':
      return wrongStatusProblem(act);
    case 'limit':
      if (left > 0) return fieldProblem('amount', 'max_value', `Ensure this value is less than or equal to ${left}.`);
      return act === 'refund' ? fullyRefunded() : wrongStatusProblem(act);
    case 'refunded':
      return fullyRefunded();
    case 'token':
      return generalProblem(400, 'invalid_recurring_token', 'Invalid or inactive recurring token!');
    case 'busy':
      return generalProblem(400, `purchase_${act}_error`, 'Another operation on this Purchase is under way; try again in a moment.');
    case 'config':
      return fieldProblem(
        'payment_method_whitelist',
        'invalid_payment_method_whitelist',
        `This payment method cannot be used: ${meaning}.`,
      );
    case 'amount':
      return fieldProblem('amount', 'min_value', 'Ensure this value is greater than or equal to 1.');
    case 'too_large':
      return new Problem(400, {
        purchase: { total: [{ code: 'max_value', message: 'Ensure this value is less than or equal to 999999999999.' }] },
      });
    case 'currency':
      return new Problem(400, { purchase: { currency: [{ code: 'invalid_choice', message: 'This currency cannot be used here.' }] } });
    case 'key':
      return generalProblem(400, 'idempotency_key_reused', 'The Idempotency-Key was used with another request.');
    case 'missing':
      return generalProblem(404, 'not_found', 'Not found.');
    case 'unavailable':
      return unavailable();
  }
}

/** Why an order of so much was not made. `under`: the object of the request that has amount and currency. */
export function moneyProblemOf(refusal: Refusal, under: string): Problem {
  const { errors } = problemOf(refusal, 'pay');
  switch (kinds[refusal.code]) {
    case 'amount':
      return new Problem(400, { [under]: errors });
    case 'too_large':
      return new Problem(400, {
        [under]: { amount: [{ code: 'max_value', message: 'Ensure this value is less than or equal to 999999999999.' }] },
      });
    case 'currency':
      return new Problem(400, { [under]: { currency: [{ code: 'invalid_choice', message: 'This currency cannot be used here.' }] } });
    default:
      return problemOf(refusal, 'pay');
  }
}

export function fullyRefunded(): Problem {
  return generalProblem(400, 'purchase_refund_not_possible', 'This Purchase was already fully refunded.');
}
