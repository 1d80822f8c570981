/** DE39 to the core's decline reasons: ISO 8583:1987 codes and those the schemes added. */
import type { CardBrand } from '../../core/instrument/card.ts';
import type { DeclineReason } from '../../core/payment/decline.ts';

/** Approved; 08, 11 and 85 are approvals with a remark. */
const approved = new Set(['00', '08', '11', '85']);

export function isApproved(code: string): boolean {
  return approved.has(code);
}

/** Approved for less than was asked; DE4 of the answer is the part. */
export function isPartial(code: string): boolean {
  return code === '10';
}

/**
 * "Request in progress" (09) and "answer received too late" (68) may leave money where it should not be. They are treated like no answer: the
 * operation's rule undoes or repeats it.
 */
export function isUncertain(code: string): boolean {
  return code === '09' || code === '68';
}

const reasons: Readonly<Record<string, DeclineReason>> = {
  '01': 'refer_to_issuer',
  '02': 'refer_to_issuer',
  '03': 'invalid_merchant',
  '04': 'pick_up_card',
  '05': 'do_not_honor',
  '07': 'pick_up_card',
  '12': 'invalid_transaction',
  '13': 'invalid_amount',
  '14': 'invalid_card_number',
  '15': 'no_such_issuer',
  '19': 'system_malfunction',
  '25': 'record_not_found',
  '30': 'format_error',
  '39': 'no_such_account',
  '41': 'lost_card',
  '43': 'stolen_card',
  '46': 'account_closed',
  '51': 'insufficient_funds',
  '52': 'no_such_account',
  '53': 'no_such_account',
  '54': 'expired_card',
  '55': 'pin_problem',
  '57': 'not_permitted_to_cardholder',
  '58': 'not_permitted_to_terminal',
  '59': 'suspected_fraud',
  '61': 'over_amount_limit',
  '62': 'restricted_card',
  '63': 'security_violation',
  '65': 'over_count_limit',
  '70': 'authentication_required',
  '75': 'pin_problem',
  '78': 'blocked_by_holder',
  '82': 'invalid_cvc',
  '86': 'pin_problem',
  '91': 'issuer_unavailable',
  '92': 'issuer_unavailable',
  '93': 'against_the_law',
  '94': 'duplicate',
  '96': 'system_malfunction',
  '1A': 'authentication_required',
  '5C': 'blocked_by_holder',
  '6P': 'invalid_cvc',
  '9G': 'blocked_by_holder',
  N3: 'over_amount_limit',
  N4: 'over_amount_limit',
  N7: 'invalid_cvc',
  R0: 'mandate_revoked',
  R1: 'mandate_revoked',
  R3: 'mandate_revoked',
  Z5: 'blocked_by_holder',
};

/** Codes that mean something else with a brand than elsewhere: Mastercard's issuers ask with 65 for what Visa's ask with 1A. */
const reasonsByBrand: Partial<Readonly<Record<CardBrand, Readonly<Record<string, DeclineReason>>>>> = {
  mastercard: { '65': 'authentication_required' },
  maestro: { '65': 'authentication_required' },
};

/** The reason of a decline; codes no one has told us about are `unspecified`, never an approval. */
export function declineReasonOf(code: string, brand: CardBrand = 'unknown'): DeclineReason {
  return reasonsByBrand[brand]?.[code] ?? reasons[code] ?? 'unspecified';
}
