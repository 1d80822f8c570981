/** Names that are no settings, where one was probably meant. */
import type { Setting } from './config-setting.ts';
import { settings } from './config-table.ts';

const names = Object.values<Setting<unknown>>(settings).map(({ name }) => name);

/** Letters that may be wrong, left out, too many or swapped with their neighbor. */
const slipsAtMost = 2;
/** Of a name: below it, one with as many slips is another word. */
const lettersPerSlip = 4;
/** Shorter names in an environment are anybody's. */
const shortestInEnvironment = 8;

/** The setting that `name` is close to; undefined where none is, and for a setting itself. */
export function meantSetting(name: string): string | undefined {
  if (names.includes(name)) return undefined;
  const plain = name
    .toUpperCase()
    .replaceAll('-', '_')
    .replace(/^POLYGATE_/, '');
  const atMost = Math.min(slipsAtMost, Math.floor(plain.length / lettersPerSlip));
  const near = names.map((known) => ({ known, slips: slipsBetween(plain, known) })).filter(({ slips }) => slips <= atMost);
  return near.toSorted((one, other) => one.slips - other.slips)[0]?.known;
}

/** A sentence for each variable of an environment that counts for nothing and is called almost like a setting. Values are not looked at. */
export function misspeltVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.keys(env).flatMap((name) => {
    const meant = name.length < shortestInEnvironment ? undefined : meantSetting(name);
    return meant === undefined
      ? []
      : [`${name} in the environment is no setting of Polygate and counts for nothing; did you mean ${meant}?`];
  });
}

/** How many slips make one word of the other (optimal string alignment); `Infinity` where their lengths alone say too many. */
function slipsBetween(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > slipsAtMost) return Number.POSITIVE_INFINITY;
  const rows = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    rows.push(line);
    for (let column = 1; column <= other.length; column += 1) {
      const changed = at(row - 1, column - 1) + (one[row - 1] === other[column - 1] ? 0 : 1);
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      line.push(Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, changed, isSwapped ? at(row - 2, column - 2) + 1 : changed));
    }
  }
  return at(one.length, other.length);
}
