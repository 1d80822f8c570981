/** The idempotency key under which an attempt at a checkout is recorded: from the checkout and a number alone it is known whether there was one. */
import type { CheckoutKey } from './checkout-terms.ts';

/** Merchants' own keys are ASCII, so none can be equal to it. */
export function attemptKey({ checkoutId }: Pick<CheckoutKey, 'checkoutId'>, attempt: number): string {
  return `§checkout ${checkoutId} ${attempt}`;
}

/** As a regular expression that JavaScript and PostgreSQL read alike; the checkout and the attempt are the words after the first. */
export const attemptKeyPattern = '^§checkout [0-9a-f-]{36} [0-9]+$';
