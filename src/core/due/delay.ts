/** How long something is to wait, as people write it: a number and a unit, as in `90m`, `12h`, `1d`. */

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** In ms; undefined for what is no duration. Zero is none. */
export function parseDelay(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const delayMs = Number(digits) * (unitsMs[unit ?? ''] ?? Number.NaN);
  return delayMs > 0 ? delayMs : undefined;
}
