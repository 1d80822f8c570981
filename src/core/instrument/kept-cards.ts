/** Cards that a customer has let the merchant keep, by whatever payment or page: those that can still be paid with. */
import type { Engine } from '../payment/engine.ts';
import type { CardSummary } from './card.ts';
import type { KeptCard } from './customer.ts';

export interface CustomerCard extends KeptCard {
  readonly card: CardSummary;
}

/** Nobody has more cards; what comes after is left out. */
const cardsAtMost = 1_000;

/** Oldest first. `customerReference`: by which the merchant names the customer. */
export async function keptCardsOf(
  { customers, vault }: Pick<Engine, 'customers' | 'vault'>,
  { merchantId, customerReference }: { readonly merchantId: string; readonly customerReference: string },
): Promise<readonly CustomerCard[]> {
  const kept = await customers.keptCards({ merchantId, customerReference, limit: cardsAtMost });
  const known = await Promise.all(kept.map(({ token }) => vault.resolveToken({ merchantId, token })));
  return kept.flatMap((one, index) => {
    const card = known[index]?.summary;
    return card === undefined ? [] : [{ ...one, card }];
  });
}
