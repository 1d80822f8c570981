/**
 * So many requests a second, for each of many subjects. One number is kept of each: when its allowance would be whole again (the generic cell rate
 * algorithm, ITU-T I.371).
 */
import { createRecent } from './recent.ts';

/** A whole allowance needs a few seconds at most; a subject that is forgotten later has one anyway. */
const keptMs = 10_000;
const subjectsAtMost = 100_000;

export interface Rate {
  /** Takes one request, or as many as it weighs, from the subject's allowance. Returns 0, or the ms after which there is enough; then nothing was taken. */
  take(subject: string, perSecond: number, weight?: number): number;
  /** The last one taken does not count. */
  giveBack(subject: string, perSecond: number): void;
}

export interface RateOptions {
  /** A clock that never goes back, since a step back would lock everybody out for as long. */
  readonly nowMs: () => number;
  /** So much time's worth may come at once. */
  readonly atOnceMs: number;
}

export function createRate({ nowMs, atOnceMs }: RateOptions): Rate {
  const wholeAtMs = createRecent<number>({ keptMs, atMost: subjectsAtMost, nowMs });
  return {
    take(subject, perSecond, weight = 1) {
      const now = nowMs();
      const oneMs = 1_000 / perSecond;
      const wholeMs = Math.max(atOnceMs, oneMs);
      // What weighs more than a whole allowance needs a whole one.
      const next = Math.max(wholeAtMs.get(subject) ?? now, now) + Math.min(weight * oneMs, wholeMs);
      const beyondMs = next - now - wholeMs;
      // Halves of a microsecond are arithmetic, not requests.
      if (beyondMs > 0.000_5) return beyondMs;
      wholeAtMs.set(subject, next);
      return 0;
    },
    giveBack(subject, perSecond) {
      const at = wholeAtMs.get(subject);
      if (at !== undefined) wholeAtMs.set(subject, at - 1_000 / perSecond);
    },
  };
}
