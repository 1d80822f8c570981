/** UUIDs that are made of something, not drawn. */
import { createHash } from 'node:crypto';

/** The same for the same text, on every node and at every time: version 8 of RFC 9562, of the text's SHA-256. */
export function madeUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
