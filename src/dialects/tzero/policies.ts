/** What an operator sets for a channel: where its shoppers go back to, and in which unit its amounts are. */

import type { Channel } from '../../core/merchant/channel.ts';
import type { Dialect } from '../dialect.ts';

export interface Policies {
  /** Where the shopper goes in the end: `"returnUrl": "https://shop.example/done"`. */
  readonly returnUrl?: string;
  /** Origins that a request may name a `return_url` or a `callback_url` of its own at: `"allowedOrigins": ["https://shop.example"]`. */
  readonly allowedOrigins: readonly string[];
  /** Amounts are in major units, with decimals: `"amountUnit": "major"`. */
  readonly amountsAreMajor: boolean;
}

/** What operators may set. */
export const policies: NonNullable<Dialect['policies']> = {
  returnUrl: { accepts: isWebAddress, expected: 'an http or https URL' },
  allowedOrigins: {
    accepts: (value) => Array.isArray(value) && value.length <= 50 && value.every(isWebAddress),
    expected: 'a list of at most 50 origins, as in https://shop.example',
  },
  amountUnit: { accepts: (value) => value === 'minor' || value === 'major', expected: 'minor or major' },
};

/** Policies are the operator's JSON: what has another form counts as absent. */
export function policiesOf({ policies: given }: Pick<Channel, 'policies'>): Policies {
  const { returnUrl, allowedOrigins, amountUnit } = given;
  return {
    ...(isWebAddress(returnUrl) ? { returnUrl } : {}),
    allowedOrigins: Array.isArray(allowedOrigins) ? allowedOrigins.filter(isWebAddress).map((url) => new URL(url).origin) : [],
    amountsAreMajor: amountUnit === 'major',
  };
}

export function isWebAddress(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 2_048 && /^https?:\/\//i.test(value) && URL.canParse(value);
}
