/** Payments that were made elsewhere, as an import brings them and as the acquirer's books have them. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import type { Booking, HostControl } from './host-control.ts';
import type { Operator, Ran } from './operator.ts';

export const entityId = '0f0e0d0c0b0a09080706050403020100';
export const terminal = 'OLDTERM1';
export const card = { number: '5555555555554444', holder: 'Ada Example', expiryMonth: '12', expiryYear: '2039' };
export type Json = Readonly<Record<string, unknown>>;

/** As the platform gives them out: they may begin with a digit, and are no UUIDs. */
export const newId = (): string => `8ac7a4${randomBytes(13).toString('hex').replaceAll(/\d{9}/g, 'abcdefabc')}`;
export const yesterday = (time: string): string => `${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}T${time}Z`;

let lastNumber = 0;
export function newTrace(time: string) {
  lastNumber += 1;
  const digits = String(lastNumber).padStart(6, '0');
  return { rrn: `OLDGATE${digits.slice(1)}`, stan: digits, terminal, transmittedAt: yesterday(time), approvalCode: `AB${digits.slice(2)}` };
}

export function operation(paymentType: string, amount: string, time: string, more: Json = {}) {
  return { id: newId(), paymentType, amount, timestamp: yesterday(time), acquirer: newTrace(time), ...more };
}

export type Line = ReturnType<typeof operation>;

export function payment(paymentType: string, amount: string, more: Json = {}): Line & Json {
  return { ...operation(paymentType, amount, '10:00:00'), entityId, currency: 'EUR', card, merchantTransactionId: 'old order', ...more };
}

const types: Readonly<Record<string, { readonly kind: Booking['kind']; readonly mti: string }>> = {
  PA: { kind: 'authorization', mti: '0100' },
  DB: { kind: 'debit', mti: '0200' },
  CP: { kind: 'capture', mti: '0220' },
  RF: { kind: 'refund', mti: '0200' },
  RV: { kind: 'reversal', mti: '0420' },
};

/** The acquirer knows what happened there before. */
export async function bookAtHost(
  host: HostControl,
  { paymentType, amount, acquirer }: Line,
  original?: Line,
  more: Partial<Booking> = {},
): Promise<void> {
  const named =
    original === undefined
      ? {}
      : {
          originalMti: types[original.paymentType]?.mti ?? '',
          originalStan: original.acquirer.stan,
          originalTransmittedAt: original.acquirer.transmittedAt,
        };
  const minor = Math.round(Number(amount) * 100);
  const kind = types[paymentType]?.kind ?? 'debit';
  await host.book({ kind, pan: card.number, currency: '978', amount: minor, ...acquirer, ...named, ...more });
}

/** A line as it stands in the file of an import. */
export async function sealTo(key: JWK, line: unknown): Promise<string> {
  const text = typeof line === 'string' ? line : JSON.stringify(line);
  const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid: key.kid ?? '' };
  return new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader(header).encrypt(await importJWK(key, 'ECDH-ES'));
}

export type Imported = 'tokens' | 'payments';

export interface ImportResult {
  readonly imported: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly problems: readonly { readonly line: number; readonly problem: string }[];
}

interface ImportFile {
  readonly noun: Imported;
  /** Written first. */
  readonly file: string;
  readonly text: string;
  /** They follow the command. */
  readonly args?: readonly string[];
}

/** Imports lines as they are given. */
export async function importFile(
  operator: Operator,
  { noun, file, text, args = [] }: ImportFile,
): Promise<Ran & { readonly result: ImportResult }> {
  await writeFile(file, text);
  const ran = await operator.run(['import', noun, file, '--dialect', 'opp', '--json', ...args]);
  return { ...ran, result: ran.json as ImportResult };
}
