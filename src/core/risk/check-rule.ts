/** Rules about what the issuer has found of the holder's address and of the code on the card. They are looked at when it has approved: it is known only then. */
import type { CheckResult } from '../instrument/card-checks.ts';

/** `address`: street and postcode together. */
export const checkSubjects = ['address', 'street', 'postcode', 'cvc'] as const;

export type CheckSubject = (typeof checkSubjects)[number];

/** What a rule can be against. What was not compared because nothing was sent, or the issuer tells nothing, is met by no rule. */
export const badResults = ['mismatch', 'not_checked', 'unavailable'] as const satisfies readonly CheckResult[];

export type BadResult = (typeof badResults)[number];

/** `decline`: the approval is reversed at once, and the payment is declined. `review`: it is held until an operator has looked at it. */
export const checkActions = ['decline', 'review'] as const;

export interface CheckRule {
  readonly kind: 'check';
  readonly action: (typeof checkActions)[number];
  readonly subject: CheckSubject;
  readonly value: BadResult;
}

/** Why an approval is not taken. */
export type FailedCheck = 'address_check_failed' | 'cvc_check_failed';
