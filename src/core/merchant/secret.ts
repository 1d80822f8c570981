/** Secrets of merchants and of those who act for them: of each its SHA-256 is kept, which is enough for what is random and long. */
import { hash, timingSafeEqual } from 'node:crypto';

/** What is kept of a secret. */
export function hashOfSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Those whose secret this is; how long the comparison takes tells nothing of what is kept. */
export function holdersOf<Holder extends { readonly secretHash: Uint8Array }>(
  holders: readonly Holder[],
  secret: string,
): readonly Holder[] {
  const digest = hashOfSecret(secret);
  return holders.filter(({ secretHash }) => secretHash.length === digest.length && timingSafeEqual(secretHash, digest));
}
