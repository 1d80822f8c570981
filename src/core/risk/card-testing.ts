/**
 * Finds whoever tries out cards: many different ones that are declined, from one address, under one mail address or with the same first digits (BIN
 * enumeration), often for small amounts. What it knows is in the memory of one node, and nothing of it is a card: cards are told apart by a keyed hash whose key is the
 * node's own. It looks at new cards only; stored ones were good once. Rules of the field: Visa's enumeration monitoring, Stripe's card testing signals.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Pan } from '../instrument/card.ts';
import { currencyOf } from '../money/currency.ts';
import { type DeclineReason, declineModelOf } from '../payment/decline.ts';
import { addressOf } from './one-address.ts';
import { normalized } from './rule.ts';
import { createTallies, type Tally } from './tallies.ts';

/** Where it was found: at a shopper's address, under a shopper's mail address, with a BIN, or at a merchant as a whole. */
export type TestedSubject = 'address' | 'email' | 'bin' | 'merchant';

export interface CardTestingLimits {
  readonly windowMs: number;
  /** Different cards declined within the window. Of a BIN and of a merchant, those of small amounts count twice. */
  readonly cardsPerAddress: number;
  readonly cardsPerEmail: number;
  readonly cardsPerBin: number;
  readonly cardsPerMerchant: number;
  /** The least share of declines, 1 to 100. */
  readonly declinePercent: number;
}

export interface CardTestingOptions {
  readonly limits: CardTestingLimits;
  /** Business time. */
  readonly nowMs: () => number;
  readonly onFound: (found: { readonly subject: TestedSubject; readonly merchantId: string; readonly untilMs: number }) => void;
}

/** A payment with a new card. */
export interface Tried {
  readonly merchantId: string;
  /** Of the shopper, as the merchant tells it. */
  readonly ip: string | undefined;
  readonly email: string | undefined;
  readonly pan: Pan;
}

export interface Answered extends Tried {
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly answer: 'approved' | DeclineReason;
}

export interface CardTesting {
  /** `refuse`: its address, or its mail address, tries out cards. `authenticate`: cards like it are tried out, so its holder has to authenticate. */
  suspects(tried: Tried): 'refuse' | 'authenticate' | undefined;
  /** What an acquirer has answered. */
  note(answered: Answered): void;
}

/** In major units; where a currency has no smaller one, a hundred times as much. */
const smallAmount = 5;
const bytesOfCard = 9;

export function createCardTesting({ limits, nowMs, onFound }: CardTestingOptions): CardTesting {
  const { cardsPerAddress, cardsPerEmail, cardsPerBin, cardsPerMerchant, windowMs } = limits;
  const key = randomBytes(32);
  const tallies = {
    address: createTallies({ windowMs, nowMs }),
    email: createTallies({ windowMs, nowMs }),
    bin: createTallies({ windowMs, nowMs }),
    merchant: createTallies({ windowMs, nowMs }),
  };

  function hashOf(text: string): string {
    return createHmac('sha256', key).update(text).digest('base64').slice(0, bytesOfCard);
  }

  function isTesting(subject: TestedSubject, { approved, declined, cards, smallCards }: Tally): boolean {
    if (declined * 100 < limits.declinePercent * (declined + approved)) return false;
    if (subject === 'address') return cards.size >= cardsPerAddress;
    if (subject === 'email') return cards.size >= cardsPerEmail;
    return cards.size + smallCards.size >= (subject === 'bin' ? cardsPerBin : cardsPerMerchant);
  }

  function keysOf({ merchantId, ip, email, pan }: Tried): readonly (readonly [TestedSubject, string])[] {
    const address = ip === undefined ? undefined : normalized('ip', ip);
    const mailAddress = email === undefined ? undefined : normalized('email', email);
    return [
      ['merchant', merchantId],
      ['bin', `${merchantId} ${issuerDigits(pan)}`],
      ...(address === undefined ? [] : [['address', `${merchantId} ${addressOf(address)}`] as const]),
      ...(mailAddress === undefined ? [] : [['email', `${merchantId} ${hashOf(mailAddress)}`] as const]),
    ];
  }

  return {
    suspects(tried) {
      // In quiet times nothing more is looked at.
      if (Object.values(tallies).every(({ isQuiet }) => isQuiet())) return undefined;
      const suspected = keysOf(tried).flatMap(([subject, name]) => (tallies[subject].isSuspected(name) ? [subject] : []));
      if (suspected.length === 0) return undefined;
      return suspected.some((subject) => subject === 'address' || subject === 'email') ? 'refuse' : 'authenticate';
    },
    note({ amount, currency, answer, ...tried }) {
      if (answer === 'approved') {
        for (const [subject, name] of keysOf(tried)) tallies[subject].approve(name);
        return;
      }
      if (!tellsOfCard(answer)) return;
      const card = hashOf(tried.pan.reveal());
      const isSmall = amount <= smallAmount * 10 ** (currencyOf(currency)?.decimals || 2);
      for (const [subject, name] of keysOf(tried)) {
        const tally = tallies[subject].decline(name, { card, isSmall });
        if (!isTesting(subject, tally)) continue;
        const untilMs = tallies[subject].suspect(name);
        onFound({ subject, merchantId: tried.merchantId, untilMs });
      }
    },
  };
}

/** The digits that say who has issued the card (ISO/IEC 7812-1). */
function issuerDigits(pan: Pan): string {
  return pan.reveal().slice(0, 8);
}

/** A decline that says something of the card; an outage of an issuer declines many cards and nobody tries them out. */
function tellsOfCard(reason: DeclineReason): boolean {
  return declineModelOf(reason).mustAct === 'shopper' && reason !== 'partly_approved' && reason !== 'authentication_required';
}
