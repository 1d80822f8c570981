/** What is refused of the money that a request asks for, whatever else it is about. */
import type { Channel } from '../merchant/channel.ts';
import { type Refusal, refusal } from '../refusals.ts';
import { largestAmount } from './amount.ts';

/** Why nobody can be asked for an amount, in minor units; undefined: somebody can. */
export function refuseAmount(amount: number): Refusal | undefined {
  if (amount <= 0) return refusal('amount_too_low', 'amount');
  return amount > largestAmount ? refusal('amount_too_large', 'amount') : undefined;
}

/** The same of a channel, which may be held to some currencies. */
export function refuseMoney({ currencies }: Pick<Channel, 'currencies'>, amount: number, currency: string): Refusal | undefined {
  const refused = refuseAmount(amount);
  if (refused !== undefined) return refused;
  return currencies === undefined || currencies.includes(currency) ? undefined : refusal('currency_not_enabled', 'currency');
}
