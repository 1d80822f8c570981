/** What a brand may ask to be different. */
import type { Channel } from '../../core/merchant/channel.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { Dialect } from '../dialect.ts';

const oneOf = (...words: readonly string[]) => ({
  accepts: (value: unknown) => words.some((word) => word === value),
  expected: words.join(' or '),
});

/** What operators may set. */
export const policies: NonNullable<Dialect['policies']> = {
  ...{ s2s_3ds_method: oneOf('POST', 'GET'), s2s_3ds_md: oneOf('filled', 'empty') },
  currency: { accepts: isCurrency, expected: 'a currency of ISO 4217, as in NGN' },
};

function isCurrency(value: unknown): value is string {
  return typeof value === 'string' && currencyOf(value) !== undefined;
}

export interface Policies {
  /** How the payer's browser is said to go to the proxy page; the page takes both. */
  readonly s2s_3ds_method: 'GET' | 'POST';
  /** Whether MD is filled. */
  readonly s2s_3ds_md: 'filled' | 'empty';
  /** Of purchases that name none; without the policy the only one that the brand takes. */
  readonly currency?: string;
}

export function policiesOf({ policies, currencies = [] }: Channel): Policies {
  const currency = isCurrency(policies.currency) ? policies.currency : currencies.length === 1 ? currencies[0] : undefined;
  return {
    s2s_3ds_method: policies.s2s_3ds_method === 'GET' ? 'GET' : 'POST',
    s2s_3ds_md: policies.s2s_3ds_md === 'empty' ? 'empty' : 'filled',
    ...(currency === undefined ? {} : { currency }),
  };
}
