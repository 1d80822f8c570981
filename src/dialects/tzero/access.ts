/** Names and secrets as the platform gives them out: `ch_…` for a channel, one secret key `sk_…` that is login and password in one. */
import { hash } from 'node:crypto';
import { randomHex } from '../../core/random-hex.ts';
import type { DialectAccess } from '../dialect.ts';

export const access: DialectAccess = {
  newWireId: () => `ch_${randomHex(12)}`,
  isWireId: (text) => /^[A-Za-z0-9_.-]{1,64}$/.test(text),
  newIdentifier: () => identifierOf(`sk_${randomHex(16)}`),
  isIdentifier: (text) => /^[0-9a-f]{32}$/.test(text),
  identifierOf,
  newSecret: () => `sk_${randomHex(16)}`,
  isSecret: (text) => /^sk_[0-9a-f]{32}$/.test(text),
  expected: {
    wireId: '1 to 64 letters, digits, hyphens, dots and underscores',
    identifier: 'no --identifier: it follows from the secret key',
    secret: 'sk_ and 32 characters of 0-9 and a-f',
  },
  show: ({ secret }) => [{ name: 'X-Secret-Key', value: secret }],
};

/** A request brings nothing but the key: it is found by a part of its hash, which tells nothing of it that the hash beside it does not. */
export function identifierOf(secret: string): string {
  return hash('sha256', secret, 'hex').slice(0, 32);
}
