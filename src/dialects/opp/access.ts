/** Names and secrets as the platform gives them out: 32 hex characters for entities and users, a password, and both as a bearer token. */
import { randomInt } from 'node:crypto';
import { randomHexName } from '../../core/random-hex.ts';
import type { DialectAccess } from '../dialect.ts';

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
/** 57 characters: 24 of them are 139 bits. */
const secretLength = 24;

const isHex = (text: string): boolean => /^[a-f0-9]{32}$/.test(text);

export const access: DialectAccess = {
  newWireId: randomHexName,
  isWireId: isHex,
  newIdentifier: randomHexName,
  // Users' ids of older accounts are no hex.
  isIdentifier: (text) => /^[\x21-\x7b\x7d\x7e]{1,32}$/.test(text),
  newSecret: () => Array.from({ length: secretLength }, () => letters[randomInt(letters.length)]).join(''),
  isSecret: (text) => /^[\x21-\x7e]{8,128}$/.test(text),
  expected: {
    wireId: '32 characters of 0-9 and a-f',
    identifier: '1 to 32 printable ASCII characters without spaces and |',
    secret: '8 to 128 printable ASCII characters without spaces',
  },
  show: ({ identifier, secret }) => [
    { name: 'authentication.userId', value: identifier },
    { name: 'authentication.password', value: secret },
    { name: 'Authorization', value: `Bearer ${Buffer.from(`${identifier}|${secret}`).toString('base64')}` },
  ],
};
