/** Ids on the wire: a prefix that tells what it names, and the internal id in the 26 characters of a ULID, which holds the same 128 bits. */
import { uuidOf } from '../../core/made-uuid.ts';

/** Crockford's base 32: no I, L, O and U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export type IdPrefix = 'pay' | 'cap' | 'void' | 'ref' | 'cb' | 'cbr' | 'rcp' | 'evt' | 'req' | 'ses' | 'link';

/** UUID → `pay_01J…`. */
export function toWireId(prefix: IdPrefix, uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (let place = 0; place < 26; place += 1) {
    text = alphabet.charAt(Number(rest % 32n)) + text;
    rest /= 32n;
  }
  return `${prefix}_${text}`;
}

/** `pay_01J…` → UUID; undefined for what is no id with this prefix. */
export function fromWireId(prefix: IdPrefix, id: string): string | undefined {
  const [, text] = /^([a-z]+_)?([0-7][0-9A-HJKMNP-TV-Z]{25})$/.exec(id)?.slice(1) ?? [];
  if (text === undefined || !id.startsWith(`${prefix}_`)) return undefined;
  let value = 0n;
  for (const character of text) value = value * 32n + BigInt(alphabet.indexOf(character));
  return uuidOf(value.toString(16).padStart(32, '0'));
}

/** A stored card: `pm_` and the vault's token, 32 hex characters. */
export function toMethodId(token: string): string {
  return `pm_${token}`;
}

/** Undefined for what cannot be one. */
export function fromMethodId(id: string): string | undefined {
  return /^pm_([0-9a-f]{32})$/.exec(id)?.[1];
}
