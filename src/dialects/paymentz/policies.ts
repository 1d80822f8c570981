/** What an operator sets for a terminal: what the form of the member's own page may say there, where its checksum does not cover it. */

import type { Channel } from '../../core/merchant/channel.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { Dialect } from '../dialect.ts';

/** What operators may set. */
export const policies: NonNullable<Dialect['policies']> = {
  checkoutCurrency: { accepts: (value) => typeof value === 'string' && currencyOf(value) !== undefined, expected: 'an ISO 4217 code' },
  checkoutType: { accepts: (value) => value === 'DB' || value === 'PA', expected: 'DB or PA' },
  checkoutDirect: { accepts: (value) => typeof value === 'boolean', expected: 'true or false' },
};

export interface Policies {
  /** The only currency of forms: `"checkoutCurrency": "EUR"`. What is not one of the protocol's is equal to no form's, as below. */
  readonly checkoutCurrency?: unknown;
  /** The only `transactionType` of forms: `"checkoutType": "DB"`. */
  readonly checkoutType?: unknown;
  /** A form may ask for payments without authentication: `"checkoutDirect": true`. */
  readonly checkoutDirect: boolean;
}

export function policiesOf({ policies: { checkoutCurrency, checkoutType, checkoutDirect } }: Pick<Channel, 'policies'>): Policies {
  return { checkoutCurrency, checkoutType, checkoutDirect: checkoutDirect === true };
}
