/** Names of statements that are put together from parts: PostgreSQL tells names apart by their first 63 bytes only. */
import { createHash } from 'node:crypto';

const longest = 63;

/** The parts in one name; where that is too long, its beginning and a hash of all of it. */
export function statementName(parts: readonly string[]): string {
  const name = parts.join('_');
  if (name.length <= longest) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, longest - hash.length - 1)}_${hash}`;
}
