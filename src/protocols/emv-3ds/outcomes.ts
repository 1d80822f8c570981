/** What the result of an authentication means: the indicator that belongs to it, who bears the loss, and whether to go on. */

import type { ARes } from './message.ts';

/** Card schemes as far as their rules differ. `elo`, `unionpay`, `jcb`, `diners` and `amex` follow the indicators that Visa has. */
export type Scheme = 'visa' | 'mastercard' | 'amex' | 'jcb' | 'diners' | 'unionpay' | 'elo' | 'mir';

/** `transStatus` of an ARes or RReq. */
export type TransStatus = 'Y' | 'A' | 'N' | 'U' | 'R' | 'C' | 'D' | 'I' | 'S';

/** What an authentication came to; `none` when there was none. */
export type OutcomeStatus = TransStatus | 'none';

/** May the payment be authorized? `merchant-decides`: the rules allow it, at the merchant's risk. */
export type Permission = 'yes' | 'merchant-decides' | 'never' | 'not-yet';

/** The rule that applied, kept with the payment: disputes are argued with it. */
export interface Outcome {
  readonly permission: Permission;
  /** True when the issuer bears the loss of a fraud. */
  readonly shiftsLiability: boolean;
  /** The indicator that fits the result. Send the one that came with the message where there is one; this one is to compare and to fill. */
  readonly eci: string | undefined;
  /** Name of the row that said so. */
  readonly rule: string;
}

/** What kind of authentication it was. */
export type Purpose = 'payment' | 'exemption' | 'data-only' | 'recurring';

type Family = 'visa' | 'mastercard';

/** Mastercard counts the other way; MIR took its numbers. */
const FAMILIES: Readonly<Record<Scheme, Family>> = {
  visa: 'visa',
  amex: 'visa',
  jcb: 'visa',
  diners: 'visa',
  unionpay: 'visa',
  elo: 'visa',
  mastercard: 'mastercard',
  mir: 'mastercard',
};

interface OutcomeRow {
  readonly permission: Permission;
  readonly shiftsLiability: boolean;
  readonly eci: Readonly<Record<Family, string>> | undefined;
}

const NONE = { visa: '07', mastercard: '00' };

/** By result, of a payment. */
const OUTCOMES: Readonly<Record<OutcomeStatus, OutcomeRow>> = {
  Y: { permission: 'yes', shiftsLiability: true, eci: { visa: '05', mastercard: '02' } },
  A: { permission: 'yes', shiftsLiability: true, eci: { visa: '06', mastercard: '01' } },
  // The shopper was asked and is not the cardholder, as far as anybody can tell.
  N: { permission: 'merchant-decides', shiftsLiability: false, eci: NONE },
  U: { permission: 'merchant-decides', shiftsLiability: false, eci: NONE },
  none: { permission: 'merchant-decides', shiftsLiability: false, eci: NONE },
  // The issuer forbids the authorization.
  R: { permission: 'never', shiftsLiability: false, eci: undefined },
  I: { permission: 'yes', shiftsLiability: false, eci: { visa: '07', mastercard: '06' } },
  C: { permission: 'not-yet', shiftsLiability: false, eci: undefined },
  D: { permission: 'not-yet', shiftsLiability: false, eci: undefined },
  S: { permission: 'not-yet', shiftsLiability: false, eci: undefined },
};

/** An authentication that was no plain payment, by what it was for. Only rows that differ. */
const BY_PURPOSE: Readonly<Record<Exclude<Purpose, 'payment'>, Partial<Record<OutcomeStatus, OutcomeRow>>>> = {
  // An exemption that the merchant asked for and got leaves the merchant liable, whatever letter it came with.
  exemption: { I: OUTCOMES.I },
  'data-only': {
    Y: { permission: 'yes', shiftsLiability: false, eci: { visa: '07', mastercard: '04' } },
    I: { permission: 'yes', shiftsLiability: false, eci: { visa: '07', mastercard: '04' } },
    U: { permission: 'merchant-decides', shiftsLiability: false, eci: { visa: '07', mastercard: '04' } },
  },
  // Mastercard has a number of its own for later payments of an agreement whose first one was authenticated.
  recurring: { Y: { permission: 'yes', shiftsLiability: true, eci: { visa: '05', mastercard: '07' } } },
};

/**
 * What a result means for a payment with a card of a scheme. A `Y` or `A` without an authentication value proves nothing to the issuer and
 * counts as `U`.
 */
export function outcomeOf({
  scheme,
  status,
  hasAuthenticationValue,
  purpose = 'payment',
}: {
  readonly scheme: Scheme;
  readonly status: OutcomeStatus;
  readonly hasAuthenticationValue: boolean;
  readonly purpose?: Purpose;
}): Outcome {
  const isUnproven = (status === 'Y' || status === 'A') && !hasAuthenticationValue && purpose !== 'data-only';
  const effective = isUnproven ? 'U' : status;
  const own = purpose === 'payment' ? undefined : BY_PURPOSE[purpose][effective];
  const { eci, ...row } = own ?? OUTCOMES[effective];
  const family = FAMILIES[scheme];
  const rule = [own === undefined ? 'payment' : purpose, effective, family, ...(isUnproven ? ['no-value'] : [])].join('/');
  return { ...row, eci: eci?.[family], rule };
}

/** What a refusal was about, for merchants. */
export type ReasonGroup = 'card' | 'risk' | 'capability' | 'time' | 'scheme' | 'other';

const REASON_GROUPS: readonly (readonly [ReasonGroup, readonly string[]])[] = [
  ['card', ['05', '06', '08', '10', '12', '13']],
  ['risk', ['01', '09', '11', '15', '16']],
  ['capability', ['02', '03', '20', '21', '23', '27']],
  ['time', ['14', '22', '24', '25', '26', '28']],
];

/** What a `transStatusReason` is about. */
export function reasonGroup(reason: string): ReasonGroup {
  if (/^[89][0-9]$/.test(reason)) return 'scheme';
  return REASON_GROUPS.find(([, reasons]) => reasons.includes(reason))?.[0] ?? 'other';
}

/** The texts of `transStatusReason`. */
export const REASON_TEXTS: Readonly<Record<string, string>> = {
  '01': 'Card authentication failed',
  '02': 'Unknown device',
  '03': 'Unsupported device',
  '04': 'Exceeds authentication frequency limit',
  '05': 'Expired card',
  '06': 'Invalid card number',
  '07': 'Invalid transaction',
  '08': 'No card record',
  '09': 'Security failure',
  '10': 'Stolen card',
  '11': 'Suspected fraud',
  '12': 'Transaction not permitted to cardholder',
  '13': 'Cardholder not enrolled in service',
  '14': 'Transaction timed out at the ACS',
  '15': 'Low confidence',
  '16': 'Medium confidence',
  '17': 'High confidence',
  '18': 'Very high confidence',
  '19': 'Exceeds the maximum number of challenges',
  '20': 'Non-payment transaction not supported',
  '21': 'Transaction without a shopper not supported',
  '22': 'Technical issue at the ACS',
  '23': 'Decoupled authentication required but not requested',
  '24': 'Decoupled authentication took too long',
  '25': 'Not enough time for decoupled authentication',
  '26': 'Authentication attempted but not performed by the cardholder',
  '27': 'Preferred authentication method not supported',
  '28': 'Content security policy check failed',
  '29': 'Authentication attempted, decoupled fallback wanted',
  '30': 'More authentication needed',
};

/** The status of a message in the closed list of this file; undefined for what is none. */
export function statusOf(message: Pick<ARes, 'transStatus'>): TransStatus | undefined {
  return STATUSES.find((status) => status === message.transStatus);
}

const STATUSES = ['Y', 'A', 'N', 'U', 'R', 'C', 'D', 'I', 'S'] as const satisfies readonly TransStatus[];
