/**
 * The third kind of no: what an issuer or its acquirer declined, normalized. The raw code stays beside it. Categories and retry rules
 * follow the schemes' published groups (Visa decline categories 1 to 4, Mastercard merchant advice).
 */

/**
 * `hard`: never again with this card. `wait`: may succeed later. `fix_data`: something in the request must change. `authenticate`: the
 * shopper must authenticate. `generic`: the issuer gives no reason. `technical`: a system failed.
 */
export type DeclineCategory = 'hard' | 'wait' | 'fix_data' | 'authenticate' | 'generic' | 'technical';

export interface DeclineModel {
  readonly category: DeclineCategory;
  /** Whether the same card may be tried again at all. */
  readonly retryable: boolean;
  readonly mustAct: 'shopper' | 'merchant' | 'operator' | 'nobody';
}

const model = {
  refer_to_issuer: ['generic', true, 'shopper'],
  do_not_honor: ['generic', true, 'shopper'],
  unspecified: ['generic', true, 'shopper'],
  invalid_merchant: ['fix_data', false, 'operator'],
  lost_card: ['hard', false, 'shopper'],
  stolen_card: ['hard', false, 'shopper'],
  pick_up_card: ['hard', false, 'shopper'],
  invalid_transaction: ['hard', false, 'merchant'],
  invalid_amount: ['fix_data', false, 'merchant'],
  invalid_card_number: ['hard', false, 'shopper'],
  no_such_issuer: ['hard', false, 'shopper'],
  no_such_account: ['fix_data', false, 'shopper'],
  account_closed: ['hard', false, 'shopper'],
  insufficient_funds: ['wait', true, 'shopper'],
  expired_card: ['fix_data', false, 'shopper'],
  invalid_cvc: ['fix_data', true, 'shopper'],
  pin_problem: ['fix_data', true, 'shopper'],
  not_permitted_to_cardholder: ['hard', false, 'shopper'],
  not_permitted_to_terminal: ['fix_data', false, 'operator'],
  suspected_fraud: ['wait', true, 'shopper'],
  // Approved for a part that the merchant does not take; the part was reversed.
  partly_approved: ['wait', true, 'shopper'],
  // Approved, although the holder's address or the code differs, and the merchant's rules are against that; it was reversed.
  address_check_failed: ['fix_data', true, 'shopper'],
  cvc_check_failed: ['fix_data', true, 'shopper'],
  over_amount_limit: ['wait', true, 'shopper'],
  over_count_limit: ['wait', true, 'shopper'],
  restricted_card: ['wait', true, 'shopper'],
  security_violation: ['hard', false, 'shopper'],
  authentication_required: ['authenticate', true, 'shopper'],
  blocked_by_holder: ['wait', true, 'shopper'],
  against_the_law: ['wait', false, 'nobody'],
  mandate_revoked: ['hard', false, 'merchant'],
  format_error: ['technical', false, 'operator'],
  duplicate: ['technical', false, 'operator'],
  record_not_found: ['technical', false, 'operator'],
  issuer_unavailable: ['technical', true, 'nobody'],
  system_malfunction: ['technical', true, 'nobody'],
  acquirer_unreachable: ['technical', true, 'operator'],
} as const satisfies Record<string, readonly [DeclineCategory, boolean, DeclineModel['mustAct']]>;

export type DeclineReason = keyof typeof model;

export function isDeclineReason(reason: string | undefined): reason is DeclineReason {
  return reason !== undefined && Object.hasOwn(model, reason);
}

export function declineModelOf(reason: DeclineReason): DeclineModel {
  const [category, retryable, mustAct] = model[reason];
  return { category, retryable, mustAct };
}

/** Visa's category 1, and the codes of other schemes that mean the same. */
const neverAgain: ReadonlySet<DeclineReason> = new Set([
  'pick_up_card',
  'lost_card',
  'stolen_card',
  'invalid_transaction',
  'invalid_card_number',
  'no_such_issuer',
  'account_closed',
  'not_permitted_to_cardholder',
  'mandate_revoked',
]);

/** Mastercard's merchant advice: do not try this card again; stop what the merchant initiates with it. */
const adviceNeverAgain = '03';
const adviceStopRecurring = '21';

/** What a decline rules out for good: any payment, or those that the merchant initiates. */
export function ruledOutBy(reason: DeclineReason, adviceCode?: string): 'payments' | 'merchant_initiated' | undefined {
  const isRevoked = reason === 'mandate_revoked';
  if (adviceCode === adviceNeverAgain || (neverAgain.has(reason) && !isRevoked)) return 'payments';
  return isRevoked || adviceCode === adviceStopRecurring ? 'merchant_initiated' : undefined;
}
