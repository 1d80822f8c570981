/** Ids in time order: operations are found by when they were made, without an index for it. */

/** No id comes before it. */
export const lowestId = '00000000-0000-0000-0000-000000000000';

/** No id comes after it. */
export const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The lowest UUIDv7 of a moment: 48 bits of epoch ms (wall time), then zeros. */
export function firstIdAt(epochMs: number): string {
  const hex = Math.max(0, Math.floor(epochMs)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
