/**
 * Rules by which a merchant refuses or reviews payments: lists of what is suspect, limits on how often something may try, and what issuers find
 * (check-rule.ts).
 */
import { isIP } from 'node:net';
import type { BillingAddress } from '../instrument/billing-address.ts';
import type { CheckRule } from './check-rule.ts';

/** What of a payment can be on a block list. */
export const blockSubjects = ['card', 'bin', 'ip', 'email', 'country'] as const;

export type BlockSubject = (typeof blockSubjects)[number];

/** By what attempts can be counted. */
export const limitSubjects = ['card', 'ip', 'email'] as const satisfies readonly BlockSubject[];

export type LimitSubject = (typeof limitSubjects)[number];

/** What becomes of a payment that matches: it is not sent, or it is authorized and held until an operator has looked at it. */
export const riskActions = ['block', 'review'] as const;

export type RiskAction = (typeof riskActions)[number];

/** An entry of a list. What one of `value` is: see {@link normalized}. */
export interface BlockRule {
  readonly kind: 'block';
  readonly action: RiskAction;
  readonly subject: BlockSubject;
  readonly value: string;
}

/** At most so many attempts of one card, address or shopper within the time before. */
export interface LimitRule {
  readonly kind: 'limit';
  readonly action: RiskAction;
  readonly subject: LimitSubject;
  readonly attempts: number;
  readonly windowMs: number;
  /** Of one channel: attempts elsewhere do not count. */
  readonly ofChannel?: true;
}

export type RiskRule = BlockRule | LimitRule | CheckRule;

/** A merchant's rules are in the memory of every node, so there is an end to them. */
export const rulesAtMost = 1_000;

/** The longest time that attempts are counted over, in ms; they are remembered so long. */
export const longestWindowMs = 30 * 86_400_000;

/** Where a payment comes from, in the words of the merchant's request; what is no address or country counts as absent. */
export interface Origin {
  readonly ip?: string | undefined;
  readonly email?: string | undefined;
  /** Of the billing address, ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
  /** The rest of that address: no rule looks at it, the issuer does. */
  readonly address?: BillingAddress | undefined;
}

/** Why a payment is held for an operator: which rule it has met; `card_checks`: it may meet one when its issuer has answered. */
export type ReviewCause = `${BlockSubject}_listed` | `${LimitSubject}_too_often` | 'card_checks';

/**
 * Of a payment that was authorized: an operator has yet to look at it, or has let it through, or the merchant has called all of it off before anybody did.
 * `review_capturing`: it was let through, and the capture that is to follow is not certain.
 */
export type ReviewReason = 'in_review' | 'review_accepted' | 'review_capturing' | 'review_voided';

/**
 * Why a payment that was authorized and held for review is given up: an operator has declined it, nobody looked at it in time, or the acquirer refused to
 * capture what was let through.
 */
export type GivenUpReason = 'review_declined' | 'review_expired' | 'review_uncaptured';

/** Why a payment is recorded and not sent, or given up. */
export type RiskReason = `${BlockSubject}_blocked` | `${LimitSubject}_too_often` | 'card_testing' | GivenUpReason;

export const givenUpReasons: readonly GivenUpReason[] = ['review_declined', 'review_expired', 'review_uncaptured'];

const reasons: ReadonlySet<string> = new Set([
  ...blockSubjects.map((subject) => `${subject}_blocked` as const),
  ...limitSubjects.map((subject) => `${subject}_too_often` as const),
  'card_testing',
  ...givenUpReasons,
]);

export function isGivenUpReason(reason: string | undefined): reason is GivenUpReason {
  return givenUpReasons.some((one) => one === reason);
}

export function isRiskReason(reason: string | undefined): reason is RiskReason {
  return reason !== undefined && reasons.has(reason);
}

/**
 * The one way in which a value is written, so that rules and payments can be compared; undefined when it is none. card: the vault's fingerprint, hex;
 * bin: first six digits; ip: IPv4, or IPv6 in its shortest form; email: in lower case; country: ISO 3166-1 alpha-2.
 */
export function normalized(subject: BlockSubject, text: string): string | undefined {
  const value = text.trim();
  switch (subject) {
    case 'card':
      return /^[0-9a-f]{32,128}$/.test(value) ? value : undefined;
    case 'bin':
      return /^\d{6}$/.test(value) ? value : undefined;
    case 'ip':
      return normalizedIp(value);
    case 'email':
      return /^[^\s@]{1,200}@[^\s@]{1,200}$/.test(value) ? value.toLowerCase() : undefined;
    case 'country':
      return /^[A-Za-z]{2}$/.test(value) ? value.toUpperCase() : undefined;
  }
}

/** An IPv4 address inside an IPv6 one is the IPv4 address: a shopper does not change by the socket that took the request. */
function normalizedIp(text: string): string | undefined {
  switch (isIP(text)) {
    case 4:
      return text;
    case 6: {
      // A zone is no part of an address on the wire, and no URL takes one.
      const shortest = URL.parse(`http://[${text.replace(/%.*$/, '')}]`)?.hostname.slice(1, -1);
      const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(shortest ?? '') ?? [];
      return high === undefined || low === undefined ? shortest : [high, low].flatMap(bytesOf).join('.');
    }
    default:
      return undefined;
  }
}

/** The two bytes of a group of an IPv6 address. */
function bytesOf(group: string): readonly number[] {
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}
