/** Names and secrets as the platform gives them out: `ch_…` for a channel, one secret key `sk_…` that is login and password in one. */
import { hash, randomBytes } from 'node:crypto';
import type { DialectAccess } from '../dialect.ts';

const isKey = (text: string): boolean => /^sk_[0-9a-f]{32}$/.test(text);

export const access: DialectAccess = {
  newWireId: () => `ch_${newHex().slice(0, 24)}`,
  isWireId: (text) => /^[A-Za-z0-9_.-]{1,64}$/.test(text),
  newIdentifier: () => identifierOf(`sk_${newHex()}`),
  isIdentifier: (text) => /^[0-9a-f]{32}$/.test(text),
  identifierOf,
  newSecret: () => `sk_${newHex()}`,
  isSecret: isKey,
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

/** Without a run of digits as long as a card number, so that no scan can take it for one. */
function newHex(): string {
  for (;;) {
    const text = randomBytes(16).toString('hex');
    if (!/\d{12}/.test(text)) return text;
  }
}
