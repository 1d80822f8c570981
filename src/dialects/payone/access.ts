/** Names and secrets as the platform gives them out: an account name (PSPID), and an API key with its secret, with which requests are signed. */
import { randomBytes, randomInt } from 'node:crypto';
import type { DialectAccess } from '../dialect.ts';
import { isMerchantName } from './auth.ts';

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

const randomText = (length: number): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');

export const access: DialectAccess = {
  newWireId: () => `Shop${randomText(12)}`,
  isWireId: isMerchantName,
  newIdentifier: () => randomText(20),
  isIdentifier: (text) => /^[\x21-\x39\x3b-\x7e]{1,128}$/.test(text),
  signsWithSecret: true,
  newSecret: () => randomBytes(32).toString('base64'),
  isSecret: (text) => /^[\x21-\x7e]{16,256}$/.test(text),
  expected: {
    wireId: '1 to 50 letters, digits, points, hyphens and underscores',
    identifier: '1 to 128 printable ASCII characters without spaces and colons',
    secret: '16 to 256 printable ASCII characters without spaces',
  },
  show: ({ identifier, secret }) => [
    { name: 'API key (apiKeyId)', value: identifier },
    { name: 'API secret (secretApiKey)', value: secret },
  ],
};
