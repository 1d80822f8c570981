/** Names and secrets as they are given out: UUIDs for brands, and keys that say themselves which credential they are. */
import { randomBytes, randomUUID } from 'node:crypto';
import { randomHex } from '../../core/random-hex.ts';
import type { DialectAccess } from '../dialect.ts';
import { identifierOf, purposeOf } from './auth.ts';
import { isUuid } from './ids.ts';

export const access: DialectAccess = {
  newWireId: randomUUID,
  isWireId: isUuid,
  newIdentifier: () => `key-${randomHex(8)}`,
  isIdentifier: (text) => /^(?:s2s-)?[a-z0-9-]{4,44}$/.test(text),
  identifierOfGiven: (key, asked = '') => identifierOf(key, purposeOf(asked)),
  newSecret: () => randomBytes(24).toString('base64url'),
  isSecret: (text) => /^[\x21-\x7e]{16,128}$/.test(text),
  expected: {
    wireId: 'a UUID in lower case',
    identifier:
      '4 to 44 of a-z, 0-9 and -; one that begins with s2s- is an S2S token, any other an API key; of a key that is brought along only that is read',
    secret: '16 to 128 printable ASCII characters without spaces',
  },
  show: ({ identifier, secret }) => [
    { name: identifier.startsWith('s2s-') ? 'S2S token' : 'API key', value: Buffer.from(`${identifier}:${secret}`).toString('base64url') },
  ],
};
