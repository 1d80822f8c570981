/** What a channel has activated: brands of cards, and the ways that payments may go. What is absent is all. */
import type { CardBrand } from '../instrument/card.ts';
import { type Refusal, refusal } from '../refusals.ts';
import type { Channel, Flow } from './channel.ts';

/** Why a channel may not use an instrument in this way; undefined: it may. Money that goes out to a card goes no such way. */
export function refuseInactive(
  channel: Pick<Channel, 'brands' | 'flows'>,
  { brand, flow }: { readonly brand?: CardBrand; readonly flow?: Flow },
): Refusal | undefined {
  if (brand !== undefined && channel.brands !== undefined && !channel.brands.includes(brand)) return refusal('brand_not_enabled', 'card');
  if (flow !== undefined && channel.flows !== undefined && !channel.flows.includes(flow)) return refusal('flow_not_enabled');
  return undefined;
}
