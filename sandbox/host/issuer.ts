/** What the host and the issuers behind it answer to a request: DE39, from the request, the card table and the books. */

import { triggerOf } from './amount-triggers.ts';
import { APPROVED, type Books, type Entry, NOT_FOUND, PAYOUT_FUNDS_MAJOR, remainingMinor } from './books.ts';
import { CARD_RULES, type CardRule } from './cards.ts';
import { minorPerMajor } from './currencies.ts';
import { type Delivery, NORMAL } from './delivery.ts';
import { type FinancialRequest, isStartedByMerchant } from './request.ts';

/** An answer before it has numbers of its own. */
export interface Decision {
  /** DE39. */
  readonly code: string;
  /** DE127 of the answer; empty when there is none. */
  readonly privateText: string;
  /** Of a partial approval: the part. */
  readonly approvedMinor?: number;
  /**
   * False for technical refusals of an advice: the gateway must repeat an advice until it is taken, so its repeat is looked at afresh instead of
   * getting the refusal for ever.
   */
  readonly isFinal: boolean;
}

export const FORMAT_ERROR = '30';
const OVER_LIMIT = '61';
const INSUFFICIENT_FUNDS = '51';
const INVALID_CARD = '14';
const INVALID_TRANSACTION = '12';
export const CVC_MISMATCH = 'N7';
const SOFT_DECLINE = '1A';
const TOO_LATE = '68';
const DO_NOT_HONOR = '05';

const LARGEST_MAJOR = 1_000_000;
const HOLDER_TERMINAL = 'OPP00001';
const HOLDER_CODE = /^[1-9]\d\d\.\d{3}\.\d{3}$/;

/** True on terminals that know the card triggers; those whose name begins with PLAIN approve whatever card. */
export function knowsCardTriggers(terminal: string): boolean {
  return !terminal.startsWith('PLAIN');
}

/** The rule of the card, where the terminal knows card triggers. Advices are never subject to it: they report what has happened. */
export function ruleOf(request: FinancialRequest): CardRule | undefined {
  if (request.act === 'capture' || request.act === 'reversal' || !knowsCardTriggers(request.terminal)) return undefined;
  return CARD_RULES.get(request.pan);
}

/** The reason for which the holder of the card disputes this charge at once; undefined for nearly all. */
export function disputeReasonOf({ act, terminal, pan }: FinancialRequest): string | undefined {
  if ((act !== 'debit' && act !== 'capture') || !knowsCardTriggers(terminal)) return undefined;
  const rule = CARD_RULES.get(pan);
  return rule?.kind === 'disputes' ? rule.reason : undefined;
}

/** What happens to the first answer of a request, by its amount or by its card. */
export function deliveryOf(request: FinancialRequest, rule: CardRule | undefined): Delivery {
  if (triggerOf(request)?.kind === 'unanswered') return { how: 'lost' };
  return rule?.kind === 'approves' ? rule.delivery : NORMAL;
}

const final = (code: string, privateText = ''): Decision => ({ code, privateText, isFinal: true });
const refusedAdvice = (code: string): Decision => ({ code, privateText: '', isFinal: false });

/** The answer to a message that has not been answered before. Reads the books and changes nothing. */
export function decide(request: FinancialRequest, context: { readonly books: Books; readonly accountId: string }): Decision {
  const { books } = context;
  const trigger = triggerOf(request);
  if (trigger?.kind === 'declined') return final(trigger.code);
  switch (request.act) {
    case 'authorization':
    case 'debit':
    case 'payout':
      if (books.wasReversedBeforeArrival(request)) return final(TOO_LATE);
      return decideByIssuer(request, books);
    case 'refund':
      if (books.wasReversedBeforeArrival(request)) return final(TOO_LATE);
      return decideRefund(request, context);
    case 'capture':
      return decideCapture(request, context);
    case 'reversal':
      return decideReversal(request, context);
  }
}

function decideByIssuer(request: FinancialRequest, books: Books): Decision {
  const perMajor = minorPerMajor(request.currency);
  if (request.amountMinor > LARGEST_MAJOR * perMajor) return final(OVER_LIMIT);
  // The code on the card is the shopper's to give, and the shopper is not there.
  if (isStartedByMerchant(request) && request.details['92'] !== undefined) return final(FORMAT_ERROR);
  const { act, merchant, currency, amountMinor } = request;
  if (act === 'payout' && books.paidOutMinor(merchant, currency) + amountMinor > PAYOUT_FUNDS_MAJOR * perMajor)
    return final(INSUFFICIENT_FUNDS);
  if (!knowsCardTriggers(request.terminal)) return final(APPROVED);
  if (request.terminal === HOLDER_TERMINAL && request.holder !== undefined && HOLDER_CODE.test(request.holder)) {
    return final(DO_NOT_HONOR, request.holder);
  }
  if (!passesLuhn(request.pan)) return final(INVALID_CARD);
  const rule = CARD_RULES.get(request.pan);
  switch (rule?.kind) {
    case 'declines':
      return final(rule.code);
    case 'checks-cvc': {
      const cvc = request.details['92'];
      return final(cvc === undefined || rule.accepted.includes(cvc) ? APPROVED : CVC_MISMATCH);
    }
    case 'wants-authentication':
      return final(isAuthenticated(request) ? APPROVED : SOFT_DECLINE);
    case 'holds': {
      if (request.act === 'payout') return final(APPROVED);
      const left = rule.amountMajor * perMajor - books.spentMinor(request.currency);
      return final(request.amountMinor <= left ? APPROVED : INSUFFICIENT_FUNDS);
    }
    case 'approves':
    case 'disputes':
    case 'request-lost':
    case undefined:
      return final(APPROVED);
  }
}

function isAuthenticated(request: FinancialRequest): boolean {
  return request.act === 'payout' || request.isByMailOrPhone || isStartedByMerchant(request) || (request.details['43'] ?? '') !== '';
}

interface DecisionContext {
  readonly books: Books;
  readonly accountId: string;
}

/** True when the later message is about the same card and currency as the booked one. */
function matches(request: FinancialRequest, entry: Entry, accountId: string): boolean {
  return entry.fact.currency === request.currency && entry.fact.account.id === accountId;
}

function decideRefund(request: FinancialRequest, { books, accountId }: DecisionContext): Decision {
  const original = request.original === undefined ? undefined : books.original(request.original)?.entry;
  if (original === undefined) return final(NOT_FOUND);
  const isRefundable = original.fact.act === 'debit' || original.fact.act === 'capture';
  if (!isRefundable || !matches(request, original, accountId)) return final(INVALID_TRANSACTION);
  return final(request.amountMinor <= remainingMinor(original) ? APPROVED : OVER_LIMIT);
}

function decideCapture(request: FinancialRequest, { books, accountId }: DecisionContext): Decision {
  const original = request.original === undefined ? undefined : books.original(request.original)?.entry;
  if (original === undefined || original.fact.act !== 'authorization') return final(NOT_FOUND);
  // An advice reports a fact: one beyond the hold is booked too, and stands out in the books.
  return matches(request, original, accountId) ? final(APPROVED) : refusedAdvice(FORMAT_ERROR);
}

function decideReversal(request: FinancialRequest, { books, accountId }: DecisionContext): Decision {
  const found = request.original === undefined ? undefined : books.original(request.original);
  if (found === undefined) return final(NOT_FOUND);
  if (found.entry === undefined) return final(APPROVED);
  // What was approved for a part is named by the amount that was asked for: its answer may have been lost.
  const isItsAmount = request.amountMinor === found.fact.amountMinor || request.amountMinor === found.entry.amountMinor;
  const isAboutIt = matches(request, found.entry, accountId) && isItsAmount;
  const isPossible = (request.remainingMinor ?? 0) <= found.entry.amountMinor;
  return isAboutIt && isPossible ? final(APPROVED) : refusedAdvice(FORMAT_ERROR);
}

/** ISO/IEC 7812-1 annex B. */
function passesLuhn(pan: string): boolean {
  let sum = 0;
  for (let index = pan.length - 1, isDoubled = false; index >= 0; index--, isDoubled = !isDoubled) {
    const digit = pan.charCodeAt(index) - 0x30;
    const counted = isDoubled ? digit * 2 : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return pan.length >= 12 && sum % 10 === 0;
}
