/** What the dialects bring along, as the other parts ask for it: by the dialect's name, or by the dialect of a channel. */
import type { Channel } from '../core/merchant/channel.ts';
import type { ShopperStep } from '../core/payment/shopper-step.ts';
import type { BillWriter } from '../core/subscription/bill.ts';
import type { DialectCallbacks, DialectContext, DialectStatement, ShopperReturn } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';

/** How merchants are told what happened. */
export const callbacksByDialect: ReadonlyMap<string, DialectCallbacks> = new Map(
  dialects.flatMap(({ name, callbacks }) => (callbacks === undefined ? [] : [[name, callbacks]])),
);

export const statementsByDialect: ReadonlyMap<string, DialectStatement> = new Map(
  dialects.flatMap(({ name, statement }) => (statement === undefined ? [] : [[name, statement]])),
);

/** Under which names of an operation's data a shopper's e-mail stands. */
export const emailFields: readonly string[] = dialects.flatMap(({ emailIn }) => (emailIn === undefined ? [] : [emailIn]));

/** Of the dialects that have subscriptions. */
export function billWriters(context: Pick<DialectContext, 'engine' | 'mode'>): ReadonlyMap<string, BillWriter> {
  return new Map(dialects.flatMap(({ name, billing }) => (billing === undefined ? [] : [[name, billing(context)] as const])));
}

/** How long the channel's dialect lets a hold stand, in ms; undefined: as long as the card's scheme does. */
export function holdLifeOf(channel: Channel): number | undefined {
  return dialects.find(({ name }) => name === channel.dialect)?.holdLifeMs?.(channel);
}

/** How a shopper goes back to the shop: as the dialect of the payment's channel has it; undefined: by the return URL as it is. */
export function returnStepOf(context: Pick<DialectContext, 'engine' | 'directory'>) {
  return async (back: ShopperReturn): Promise<ShopperStep | undefined> =>
    dialects.find(({ name }) => name === back.channel.dialect)?.returnStep?.(context, back);
}
