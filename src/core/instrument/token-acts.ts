/** What acts on tokens have in common: their idempotency key, and their record. */
import type { Engine } from '../payment/engine.ts';
import { sameInput } from '../payment/idempotency.ts';
import type { IdempotencyKey } from '../ports/new-operation.ts';
import { type Refused, refused } from '../refusals.ts';
import type { TokenAct } from './token.ts';

/** Keys of acts on tokens are apart from those of payments: a key names one act of its channel there. */
export type TokenKey = Pick<IdempotencyKey, 'key' | 'inputHash'>;

/** `repeat`: this request, by its idempotency key, had made the act before. */
export type TokenActResult = Refused | { readonly kind: 'recorded'; readonly act: TokenAct; readonly repeat: boolean };

/** The act of the request that had this key before; undefined when there was none. */
export async function repeatedAct(
  engine: Engine,
  { merchantId, channelId, key }: { readonly merchantId: string; readonly channelId: string; readonly key: TokenKey | undefined },
): Promise<TokenActResult | undefined> {
  if (key === undefined) return undefined;
  const found = await engine.tokenActs.findByKey({ merchantId, channelId, key: key.key });
  if (found === undefined) return undefined;
  if (!sameInput(found, key)) return refused('key_reused', 'idempotencyKey');
  return { kind: 'recorded', act: found.act, repeat: true };
}

/** Records an act. What another request of the same moment has recorded stands: as a repetition, or as a deletion that came first. */
export async function recordAct(engine: Engine, act: TokenAct, key: TokenKey | undefined): Promise<TokenActResult> {
  if ((await engine.tokenActs.record(act, key)) === 'recorded') return { kind: 'recorded', act, repeat: false };
  const { merchantId, channelId } = act;
  return (await repeatedAct(engine, { merchantId, channelId, key })) ?? refused('token_deleted', 'token');
}
