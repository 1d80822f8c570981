/** UUIDs that are made of something, not drawn. */
import { createHash } from 'node:crypto';

/** The same for the same text, on every node and at every time: version 8 of RFC 9562, of the text's SHA-256. */
export function madeUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return uuidOf(`${hex.slice(0, 12)}8${hex.slice(13, 16)}8${hex.slice(17, 32)}`);
}

/** 32 hexadecimal digits with the hyphens of a UUID. */
export function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
