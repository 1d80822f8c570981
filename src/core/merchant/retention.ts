/**
 * How long a card number is kept: for a term from the last payment with it, which the operator makes long enough for refunds and disputes
 * (PCI DSS 4.0.1, 3.2.1).
 */
import type { Channel } from './channel.ts';

export interface Retention {
  /** Of merchants that have no term of their own, business ms. */
  readonly panRetentionMs: number;
}

/** When the card number of something done at `atMs` is deleted; both business time, epoch ms. */
export function purgeTime(atMs: number, { panRetentionMs: own }: Pick<Channel, 'panRetentionMs'>, { panRetentionMs }: Retention): number {
  return atMs + (own ?? panRetentionMs);
}

/** What a merchant is told of an act that needs a card number whose term has ended. */
export const cardPurgedText = 'the number of the card is no longer kept, so nothing was sent; a refund has to be made in another way';
