/** What the core needs of the store of what happened to tokens. */
import type { TokenAct } from '../instrument/token.ts';
import type { IdempotencyKey } from './new-operation.ts';

/** Keeps what happened to tokens outside payments. */
export interface TokenActStore {
  /** `taken`: nothing was written; the key, or the token for an act of this kind, has one already. */
  record(act: TokenAct, key?: Pick<IdempotencyKey, 'key' | 'inputHash'>): Promise<'recorded' | 'taken'>;
  find(key: { readonly merchantId: string; readonly token: string; readonly kind: TokenAct['kind'] }): Promise<TokenAct | undefined>;
  findByKey(key: {
    readonly merchantId: string;
    readonly channelId: string;
    readonly key: string;
  }): Promise<{ readonly act: TokenAct; readonly inputHash: Uint8Array } | undefined>;
}
