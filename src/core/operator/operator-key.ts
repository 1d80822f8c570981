/** Keys of operators: told once, when they are made; of each only the hash is kept, which is enough for a secret of 256 random bits. */
import { createHash, randomBytes } from 'node:crypto';

export function newOperatorKey(): string {
  return `pgo_${randomBytes(32).toString('base64url')}`;
}

/** What is kept of a key: its SHA-256. */
export function hashOfKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
