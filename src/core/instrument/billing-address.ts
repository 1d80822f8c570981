/** The address of a card's holder, as far as issuers compare it with the one that they know. */
import { maskCardNumbers } from './mask.ts';

export interface BillingAddress {
  readonly street?: string;
  readonly postcode?: string;
}

/** Longer than any that an issuer looks at. */
const longest = 100;

/**
 * From the words of a merchant's request, which may be missing or empty; a number that is told apart goes before its street. Undefined: there is nothing to
 * compare. It never holds a card number.
 */
export function billingAddressOf(given: {
  readonly houseNumber?: string | undefined;
  readonly street?: string | undefined;
  readonly postcode?: string | undefined;
}): BillingAddress | undefined {
  const { houseNumber = '', street = '', postcode = '' } = given;
  const line = kept(`${houseNumber} ${street}`);
  const code = kept(postcode);
  if (line === '' && code === '') return undefined;
  return { ...(line === '' ? {} : { street: line }), ...(code === '' ? {} : { postcode: code }) };
}

function kept(text: string): string {
  return maskCardNumbers(text.trim()).slice(0, longest);
}
