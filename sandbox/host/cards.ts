/** The issuer's test cards as data: what each does that an ordinary card, which approves, does not. */

import type { Delivery } from './delivery.ts';

/** What one card does. */
export type CardRule =
  /** Every request is declined with this DE39. */
  | { readonly kind: 'declines'; readonly code: string }
  /** A CVC that is sent and is not in the list gets N7; no CVC at all is fine. */
  | { readonly kind: 'checks-cvc'; readonly accepted: readonly string[] }
  /** 1A (soft decline) unless the shopper was authenticated; payments that the merchant starts, and orders by mail or telephone, have no shopper and pass. */
  | { readonly kind: 'wants-authentication' }
  /** Has this much of each currency, in major units; 51 beyond. */
  | { readonly kind: 'holds'; readonly amountMajor: number }
  /** The network loses the request: the host never learns of it. */
  | { readonly kind: 'request-lost' }
  /** Approves, and the cardholder disputes every charge with this reason as soon as it is booked. */
  | { readonly kind: 'disputes'; readonly reason: string }
  /** Approves, and something happens to the answer. */
  | { readonly kind: 'approves'; readonly delivery: Delivery };

/** How long the answer of the card that answers too late takes. */
export const LATE_ANSWER_MS = 3_000;

/** The card whose account runs dry. */
export const LIMITED_CARD = '4000000000000986';

/** By card number. Cards that only differ in 3-D Secure approve here and are not listed. */
export const CARD_RULES: ReadonlyMap<string, CardRule> = new Map<string, CardRule>([
  ['4444333322221111', { kind: 'checks-cvc', accepted: ['123'] }],
  ['5555555555554444', { kind: 'checks-cvc', accepted: ['123'] }],
  ['4000000000000127', { kind: 'checks-cvc', accepted: [] }],
  ['4000000000000101', { kind: 'wants-authentication' }],
  ['4000000000000002', { kind: 'declines', code: '05' }],
  ['4000000000009995', { kind: 'declines', code: '51' }],
  ['4000000000000069', { kind: 'declines', code: '54' }],
  ['4000000000000119', { kind: 'declines', code: '96' }],
  ['4000000000000259', { kind: 'disputes', reason: '10.4' }],
  ['4000000000000911', { kind: 'request-lost' }],
  ['4000000000000929', { kind: 'approves', delivery: { how: 'lost' } }],
  ['4000000000000937', { kind: 'approves', delivery: { how: 'delayed', delayMs: LATE_ANSWER_MS } }],
  ['4000000000000945', { kind: 'approves', delivery: { how: 'twice' } }],
  ['4000000000000952', { kind: 'approves', delivery: { how: 'disconnect' } }],
  [LIMITED_CARD, { kind: 'holds', amountMajor: 100 }],
]);
