/**
 * The first kind of no: a refusal leaves no trace. It is returned, never thrown, and comes from this closed list, over which every
 * dialect's `refusals.ts` is total. (The others: a rejection is recorded but never sent; a decline is the issuer's.)
 */

/** `field`: the caller can mend its request. `state`: the payment does not allow it. `again`: the same request may succeed later. */
export type RefusalCategory = 'field' | 'state' | 'again';

const list = {
  amount_too_low: ['field', 'the amount must be above zero'],
  amount_too_large: ['field', 'the amount has more than twelve digits of minor units'],
  currency_not_enabled: ['field', 'the channel is not configured for this currency'],
  brand_not_enabled: ['field', 'the channel is not configured for this card brand'],
  method_not_enabled: ['field', 'the channel has not activated this method of payment'],
  flow_not_enabled: ['field', 'the channel has not activated this way of payment'],
  flow_not_supported: ['field', 'the method of payment does not support this kind of payment'],
  receipt_not_supported: ['state', 'the payment was made with a card, whose money comes with a capture'],
  receipt_by_bank_only: ['state', 'only the bank tells when the money of this payment is there'],
  capture_not_supported: ['state', 'the money of a payment at a bank comes with receipts, not with a capture'],
  void_not_supported: ['state', 'money that has come from a bank can only be refunded'],
  token_unknown: ['field', 'no such token'],
  token_deleted: ['state', 'the token was deleted'],
  token_rejected: ['state', 'the card was refused when it was to be stored'],
  agreement_inconsistent: ['field', 'who starts the payment, its place in the agreement and its type do not fit together'],
  agreement_unknown: ['field', 'the payment that made the agreement is not known, or did not succeed'],
  balance_too_low: ['state', 'the payout balance does not cover the amount'],
  card_gone: ['state', 'the card is no longer stored'],
  operation_unknown: ['state', 'no such operation'],
  operation_of_other_channel: ['state', 'the operation belongs to another channel'],
  operation_pending: ['again', 'the referenced operation has no certain outcome yet'],
  operation_unsuccessful: ['state', 'the referenced operation did not succeed'],
  wrong_kind: ['state', 'the referenced operation is of a kind that does not allow this'],
  currency_mismatch: ['field', 'the currency differs from that of the referenced operation'],
  exceeds_authorized: ['state', 'the amount is more than what is left of the authorization'],
  exceeds_captured: ['state', 'the amount is more than what is left of the captured money'],
  nothing_left: ['state', 'nothing is left to reverse'],
  already_captured: ['state', 'it was captured already, and can be once'],
  already_refunded: ['state', 'money of it was refunded or reversed already'],
  already_settled: ['state', 'it is settled with the acquirer; from then on it can only be refunded'],
  charged_back: ['state', 'it is charged back; until the chargeback is reversed it cannot be refunded or reversed'],
  already_charged_back: ['state', 'it is charged back already, or nothing of it is left'],
  charged_back_before: ['state', 'it was charged back before, and each charge can be declared charged back once'],
  no_chargeback: ['state', 'there is no chargeback that could be reversed'],
  chargeback_already_reversed: ['state', 'the chargeback is reversed already'],
  chargeback_amount_differs: ['field', 'a chargeback is reversed whole: the amount differs from that of the chargeback'],
  checkout_closed: ['state', 'the checkout is paid, has expired, or was tried too often'],
  never_due: ['field', 'the timetable has no time to come'],
  schedule_unknown: ['state', 'there is no such schedule that still pays'],
  payment_busy: ['again', 'another operation on the same payment is under way'],
  key_reused: ['field', 'the idempotency key was used with another request'],
  key_in_flight: ['again', 'a request with the same idempotency key is under way'],
  unavailable: ['again', 'the payment system cannot take the request now; nothing was recorded'],
} as const satisfies Record<string, readonly [RefusalCategory, string]>;

export type RefusalCode = keyof typeof list;

export const refusalCodes = Object.keys(list) as readonly RefusalCode[];

export interface Refusal {
  readonly code: RefusalCode;
  readonly category: RefusalCategory;
  readonly meaning: string;
  /** The core's name of the input at fault, where there is one. */
  readonly field?: 'amount' | 'currency' | 'card' | 'token' | 'agreement' | 'timetable' | 'idempotencyKey' | 'merchantReference';
  readonly retryable: boolean;
}

/** The answer of an act that is refused: nothing of it was recorded. */
export interface Refused {
  readonly kind: 'refused';
  readonly refusal: Refusal;
}

export function refusal(code: RefusalCode, field?: Refusal['field']): Refusal {
  const [category, meaning] = list[code];
  return { code, category, meaning, retryable: category === 'again', ...(field === undefined ? {} : { field }) };
}

export function refused(code: RefusalCode, field?: Refusal['field']): Refused {
  return { kind: 'refused', refusal: refusal(code, field) };
}
