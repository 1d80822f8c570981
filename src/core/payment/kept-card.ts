/**
 * Paying with a card that a page has kept for one payment: by the page's session, or by the token that came of it. Whichever way it is named, one
 * payment takes it; a repetition of that payment is the same payment.
 */
import type { Cvc } from '../instrument/card.ts';
import { attemptKey } from './attempt-key.ts';
import type { Checkout } from './checkout-terms.ts';
import type { Engine } from './engine.ts';

/** How long a card that is kept for one payment waits for it. */
export const onePaymentWithinMs = 2 * 3_600_000;

/** Member of the data of such a token's record: the id of the checkout that notes what it was spent for. */
export const spentWith = 'spentWith';

export interface KeptCard {
  readonly token: string;
  readonly checkoutId: string;
}

/** The card that a page has kept; undefined while there is none, and when its time is over. */
export async function keptCardOf(engine: Engine, checkout: Checkout): Promise<KeptCard | undefined> {
  const { merchantId, checkoutId, channelId, chosenToken } = checkout;
  const found = await engine.tokenActs.findByKey({ merchantId, channelId, key: attemptKey(checkout, 1) });
  const token = found?.act.token ?? chosenToken;
  return token === undefined || (found !== undefined && isOver(engine, found.act)) ? undefined : { token, checkoutId };
}

/** For a token that is for one payment: which checkout notes it. `over`: it waited too long. Undefined for any other token. */
export async function onePaymentOf(
  engine: Engine,
  { merchantId, token }: { readonly merchantId: string; readonly token: string },
): Promise<KeptCard | 'over' | undefined> {
  const act = await engine.tokenActs.find({ merchantId, token, kind: 'tokenization' });
  const checkoutId = act?.dialectData[spentWith];
  if (act === undefined || checkoutId === undefined) return undefined;
  return isOver(engine, act) ? 'over' : { token, checkoutId };
}

function isOver(
  { clock }: Engine,
  { dialectData, createdAtMs }: { readonly dialectData: Readonly<Record<string, string>>; readonly createdAtMs: number },
): boolean {
  return dialectData[spentWith] !== undefined && clock.businessNow() >= createdAtMs + onePaymentWithinMs;
}

/** `by` names the payment, and nothing else: its idempotency key, or its number. */
export interface Spending extends KeptCard {
  readonly merchantId: string;
  readonly by: string;
}

/** Takes the card for a payment, with the code that the shopper typed while there is one; undefined when another payment has it. */
export async function spendKeptCard(
  { checkouts, vault }: Engine,
  { merchantId, checkoutId, by }: Spending,
): Promise<{ readonly cvc?: Cvc } | undefined> {
  if (!(await checkouts.spend({ merchantId, checkoutId, by }))) return undefined;
  const cvc = await vault.readCvc({ merchantId, visitId: checkoutId });
  return cvc === undefined ? {} : { cvc };
}

/** The payment was refused before it was recorded: another one may take the card. */
export async function giveBackKeptCard({ checkouts }: Engine, { merchantId, checkoutId, by }: Spending): Promise<void> {
  await checkouts.unspend({ merchantId, checkoutId, by });
}

/** The payment is recorded: nobody needs the code any more (PCI DSS 3.3.1). */
export async function forgetCode({ vault, log }: Engine, { merchantId, checkoutId }: Spending): Promise<void> {
  await vault.dropCvc({ merchantId, visitId: checkoutId }).catch((error: unknown) => {
    log.warn(
      { checkoutId, error: String(error) },
      'the code of a card that was paid with could not be deleted; it goes by itself within minutes',
    );
  });
}
