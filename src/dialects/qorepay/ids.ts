/**
 * Ids on the wire: UUIDs of version 4. Those of purchases appear in addresses without their merchant, so they carry its routing number: in the
 * last six digits, which are combined with the first six. What remains is 98 random bits: nobody guesses a purchase.
 */
import { hash, randomBytes } from 'node:crypto';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import { uuidOf } from '../../core/made-uuid.ts';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** A new id of a purchase, which no scan can take for a card number; always the same one from the same `seed`, of 16 bytes or more. */
export function newPurchaseId(routingNumber: number, seed?: Uint8Array): string {
  return idFrom(
    seed,
    (hex) => `${hex.slice(0, 26)}${(routingNumber ^ Number.parseInt(hex.slice(0, 6), 16)).toString(16).padStart(6, '0')}`,
  );
}

/** A new id of what is named by its merchant alone; always the same one from the same `seed`. */
export function newId(seed?: Uint8Array): string {
  return idFrom(seed, (hex) => hex);
}

function idFrom(seed: Uint8Array | undefined, digitsOf: (hex: string) => string): string {
  for (let round = 0; ; round += 1) {
    const hex =
      seed === undefined ? randomBytes(16).toString('hex') : hash('sha256', Buffer.concat([seed, Buffer.of(round)]), 'hex').slice(0, 32);
    const all = digitsOf(hex);
    const digits = `${all.slice(0, 12)}4${all.slice(13, 16)}${'89ab'[Number.parseInt(all[16] ?? '0', 16) % 4]}${all.slice(17)}`;
    const id = uuidOf(digits);
    if (!/\d(?:-?\d){11}/.test(id) && maskCardNumbers(id) === id) return id;
  }
}

/** Undefined for what is no id of a purchase. */
export function routingNumberOf(purchaseId: string): number | undefined {
  if (!form.test(purchaseId)) return undefined;
  return Number.parseInt(purchaseId.slice(-6), 16) ^ Number.parseInt(purchaseId.slice(0, 6), 16);
}

/** Inner ids are of version 7, in the order of time; here they look like all others. */
export function shownId(id: string): string {
  return `${id.slice(0, 14)}4${id.slice(15)}`;
}

/** The other way around. */
export function innerId(shown: string): string {
  return `${shown.slice(0, 14)}7${shown.slice(15)}`;
}
