/** Turns card numbers into accounts: a keyed hash and a mask. The number itself is never written anywhere. */

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** One cardholder's account as the books know it. */
export interface Account {
  /** HMAC-SHA-256 of the card number under this data directory's key, its first 128 bits in hex. */
  readonly id: string;
  /** First six and last four digits. */
  readonly masked: string;
}

/** Gives the account of a card number. */
export type AccountOf = (pan: string) => Account;

const KEY_BYTES = 32;
const ID_LENGTH = 32;
// Enough for the test cards and a busy run's favorites; beyond it the hash (about 3 µs) is simply computed again.
const MOST_REMEMBERED = 32_768;

/** First six and last four digits of a card number, the rest as asterisks. */
function maskPan(pan: string): string {
  return pan.length < 13 ? '*'.repeat(pan.length) : `${pan.slice(0, 6)}${'*'.repeat(pan.length - 10)}${pan.slice(-4)}`;
}

/** Opens the accounts of a data directory; makes its random key (mode 600) when there is none. */
export function openAccounts(dataDirectory: string): AccountOf {
  const key = createSecretKey(readOrMakeKey(join(dataDirectory, 'account.key')));
  const remembered = new Map<string, Account>();
  return (pan) => {
    const known = remembered.get(pan);
    if (known !== undefined) return known;
    const account = { id: createHmac('sha256', key).update(pan).digest('hex').slice(0, ID_LENGTH), masked: maskPan(pan) };
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(pan, account);
    return account;
  };
}

function readOrMakeKey(path: string): Buffer {
  const existing = readKey(path);
  if (existing !== undefined) return existing;
  const key = randomBytes(KEY_BYTES);
  const file = openSync(path, 'wx', 0o600);
  writeSync(file, `${key.toString('hex')}\n`);
  fsyncSync(file);
  closeSync(file);
  return key;
}

function readKey(path: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const key = Buffer.from(text, 'hex');
  if (text.length !== KEY_BYTES * 2 || key.length !== KEY_BYTES) {
    throw new Error(
      `${path} is no key of ${KEY_BYTES} bytes in hex; restore it, or remove the whole data directory to start with empty books`,
    );
  }
  return key;
}
