/** What is said of a token that cannot be paid with: never there, refused when it was made, or deleted. */
import type { Engine } from '../payment/engine.ts';
import { type Refusal, refusal } from '../refusals.ts';

/** Asked only after the vault did not find the token, so it may take its time. */
export async function whyNoToken(
  { vault, tokenActs }: Engine,
  key: { readonly merchantId: string; readonly token: string },
): Promise<Refusal> {
  const known = await vault.describeToken(key);
  if (known?.deleted === true) return refusal('token_deleted', 'token');
  const made = await tokenActs.find({ ...key, kind: 'tokenization' });
  if (made?.rejection !== undefined) return refusal('token_rejected', 'token');
  const ended = await tokenActs.find({ ...key, kind: 'deletion' });
  return refusal(ended === undefined ? 'token_unknown' : 'token_deleted', 'token');
}
