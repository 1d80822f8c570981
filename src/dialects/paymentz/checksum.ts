/**
 * Checksums: MD5 over fields joined by `|`, with the secret key among them at a place that differs from one request to the next. MD5 is the protocol's;
 * the token beside it is what keeps strangers out.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** A field of a formula: who asks, their key, or a value of the request. */
type Field = 'who' | 'key' | { readonly value: string };

const value = (text = ''): Field => ({ value: text });

/** What each request is signed over, in order. */
export const formulas = {
  payment: (merchantTransactionId: string | undefined, amount: string | undefined): readonly Field[] => [
    'who',
    'key',
    value(merchantTransactionId),
    value(amount),
  ],
  /** A capture, a refund, a repeated payment, and a payment with a registration, whose id it is then. */
  idAndAmount: (id: string | undefined, amount: string | undefined): readonly Field[] => ['who', 'key', value(id), value(amount)],
  /** A reversal, an inquiry, the end of a registration. */
  id: (id: string | undefined): readonly Field[] => ['who', 'key', value(id)],
  list: (): readonly Field[] => ['who', 'key'],
  registration: (account: string | undefined): readonly Field[] => ['who', 'key', value(account)],
  customer: (givenName: string | undefined, surname: string | undefined, email: string | undefined): readonly Field[] => [
    'who',
    'key',
    value(givenName),
    value(surname),
    value(email),
  ],
  invoice: (reference: string | undefined, amount: string | undefined, url: string | undefined): readonly Field[] => [
    'who',
    'key',
    value(reference),
    value(amount),
    value(url),
  ],
  /** By the invoice's number; a new one for it names the way back as well. */
  invoiceNumber: (number: string | undefined, ...more: readonly (string | undefined)[]): readonly Field[] => [
    value(number),
    'who',
    'key',
    ...more.map((text) => value(text)),
  ],
  checkout: (
    totype: string | undefined,
    amount: string | undefined,
    reference: string | undefined,
    url: string | undefined,
  ): readonly Field[] => ['who', value(totype), value(amount), value(reference), value(url), 'key'],
  /** Of payment links as well. */
  payout: (merchantTransactionId: string | undefined, amount: string | undefined): readonly Field[] => [
    'who',
    value(merchantTransactionId),
    value(amount),
    'key',
  ],
} as const;

export type Formula = readonly Field[];

/** Who may have signed, and with what. */
export interface Signer {
  readonly who: string;
  readonly key: string;
}

export function checksumOf(formula: Formula, { who, key }: Signer): string {
  return md5(formula.map((field) => (field === 'who' ? who : field === 'key' ? key : field.value)));
}

/** Of messages and of the browser's way back. `status`: the short one. */
export function resultChecksum(
  result: { readonly paymentId: string; readonly merchantTransactionId: string; readonly amount: string; readonly status: string },
  key: string,
): string {
  return md5([result.paymentId, result.merchantTransactionId, result.amount, result.status, key]);
}

function md5(fields: readonly string[]): string {
  return createHash('md5').update(fields.join('|'), 'utf8').digest('hex');
}

/** Whether the checksum is one that a signer would have made under one of the formulas; takes as long whichever it is. */
export function isSigned(checksum: string, allowed: readonly Formula[], signers: readonly Signer[]): boolean {
  const given = Buffer.from(checksum.toLowerCase().padEnd(32).slice(0, 32), 'latin1');
  let isRight = false;
  for (const formula of allowed) {
    for (const signer of signers) {
      isRight = timingSafeEqual(given, Buffer.from(checksumOf(formula, signer), 'latin1')) || isRight;
    }
  }
  return isRight;
}
