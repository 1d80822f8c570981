/** Names and secrets as the platform gives them out: numbers for terminals and members, 32 characters for keys. */
import { randomInt } from 'node:crypto';
import { randomHex } from '../../core/random-hex.ts';
import type { DialectAccess } from '../dialect.ts';

const number = (digits: number): string => String(randomInt(10 ** (digits - 1), 10 ** digits));

export const access: DialectAccess = {
  signsWithSecret: true,
  // A certificate of compliance, or the questionnaire of those who have none.
  asksForOneOf: ['aoc', 'saq'],
  partners: {
    newIdentifier: () => number(6),
    isIdentifier: (text) => /^[1-9][0-9]{0,9}$/.test(text),
    expected: 'a number of at most 10 digits',
    show: ({ identifier, login, secret }) => [
      { name: 'authentication.partnerId', value: identifier },
      { name: 'partner.userName', value: login },
      { name: 'authentication.sKey', value: secret },
    ],
  },
  newWireId: () => number(6),
  isWireId: (text) => /^[1-9][0-9]{0,5}$/.test(text),
  newIdentifier: () => number(8),
  isIdentifier: (text) => /^[1-9][0-9]{0,9}$/.test(text),
  newSecret: () => randomHex(16),
  // Longer and shorter ones exist; a separator of checksums does not.
  isSecret: (text) => /^[\x21-\x7b\x7d\x7e]{16,128}$/.test(text),
  expected: {
    wireId: 'a number of at most 6 digits',
    identifier: 'a number of at most 10 digits',
    secret: '16 to 128 printable ASCII characters without spaces and |',
  },
  show: ({ identifier, secret }) => [
    { name: 'authentication.memberId', value: identifier },
    { name: 'authentication.sKey', value: secret },
  ],
};
