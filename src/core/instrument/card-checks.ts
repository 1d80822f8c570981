/**
 * What an issuer has found of what only the holder of a card should know: where its statements go, and the code on its back. It tells so beside its
 * answer and need not decline for it; what to make of it is the merchant's affair.
 */
import type { BillingAddress } from './billing-address.ts';
import type { CardBrand } from './card.ts';

/** `not_checked`: the issuer has not compared it. `unavailable`: it could not, or takes no part. */
export const checkResults = ['match', 'mismatch', 'not_checked', 'unavailable'] as const;

export type CheckResult = (typeof checkResults)[number];

/** What of an address is compared; names are compared by American Express alone. */
const addressParts = ['street', 'postcode', 'name'] as const;

type AddressPart = (typeof addressParts)[number];

/** `code`: one letter or digit, as the scheme has it; it may be one that nobody here knows. */
export interface CardChecks {
  readonly address?: { readonly code: string } & Readonly<Record<AddressPart, CheckResult>>;
  readonly cvc?: { readonly code: string; readonly result: CheckResult };
}

type Found = readonly [street: CheckResult, postcode: CheckResult, name?: CheckResult];

const both: Found = ['match', 'match'];
const neither: Found = ['not_checked', 'not_checked'];
const impossible: Found = ['unavailable', 'unavailable'];

/** Codes of Visa and Mastercard, for cards of the United States, the United Kingdom and elsewhere. */
const addressCodes: Readonly<Record<string, Found>> = {
  Y: both,
  X: both,
  D: both,
  M: both,
  F: both,
  A: ['match', 'mismatch'],
  Z: ['mismatch', 'match'],
  W: ['mismatch', 'match'],
  N: ['mismatch', 'mismatch'],
  B: ['match', 'not_checked'],
  P: ['not_checked', 'match'],
  C: neither,
  I: neither,
  G: impossible,
  U: impossible,
  R: impossible,
  S: impossible,
  E: impossible,
};

/** Where American Express means something else by a letter. */
const amexAddressCodes: Readonly<Record<string, Found>> = {
  D: ['mismatch', 'match', 'mismatch'],
  E: ['match', 'match', 'mismatch'],
  F: ['match', 'mismatch', 'mismatch'],
  K: ['mismatch', 'mismatch', 'match'],
  L: ['mismatch', 'match', 'match'],
  M: ['match', 'match', 'match'],
  O: ['match', 'mismatch', 'match'],
  W: ['mismatch', 'mismatch', 'mismatch'],
};

/** `S`: the card should bear a code, and the merchant has said that it does not. */
const cvcCodes: Readonly<Record<string, CheckResult>> = {
  M: 'match',
  Y: 'match',
  N: 'mismatch',
  P: 'not_checked',
  S: 'not_checked',
  U: 'unavailable',
};

/** What was sent to be compared. */
export interface Compared {
  readonly brand?: CardBrand;
  readonly address?: BillingAddress;
}

/** From the codes of an answer. What a code means that nobody has told us about is not known, so nothing counts as compared by it. */
export function cardChecksOf(codes: { readonly address?: string; readonly cvc?: string }, compared: Compared): CardChecks | undefined {
  const { address, cvc } = codes;
  if (address === undefined && cvc === undefined) return undefined;
  return {
    ...(address === undefined ? {} : { address: { code: address, ...addressFound(address, compared) } }),
    ...(cvc === undefined ? {} : { cvc: { code: cvc, result: cvcCodes[cvc] ?? 'not_checked' } }),
  };
}

/** Of a part that was not sent the codes say that it does not match; there was nothing to compare. */
function addressFound(code: string, { brand, address = {} }: Compared): Readonly<Record<AddressPart, CheckResult>> {
  const [street, postcode, name = 'not_checked'] = (brand === 'amex' ? amexAddressCodes[code] : undefined) ?? addressCodes[code] ?? neither;
  const sent = (part: string | undefined, found: CheckResult) => (part === undefined && found === 'mismatch' ? 'not_checked' : found);
  return { street: sent(address.street, street), postcode: sent(address.postcode, postcode), name };
}

const nothing = '-';

/** As it is stored and told: the address's code, street, postcode and name, then the code's own; `Z mismatch match not_checked M match`. */
export function writeCardChecks({ address, cvc }: CardChecks): string {
  const words = [address?.code, ...addressParts.map((part) => address?.[part]), cvc?.code, cvc?.result];
  return words.map((word) => word ?? nothing).join(' ');
}

/** What {@link writeCardChecks} has written. */
export function readCardChecks(text: string): CardChecks {
  const [code = nothing, street, postcode, name, cvcCode = nothing, result] = text.split(' ');
  return {
    ...(code === nothing ? {} : { address: { code, street: resultOf(street), postcode: resultOf(postcode), name: resultOf(name) } }),
    ...(cvcCode === nothing ? {} : { cvc: { code: cvcCode, result: resultOf(result) } }),
  };
}

function resultOf(word: string | undefined): CheckResult {
  return checkResults.find((result) => result === word) ?? 'not_checked';
}
