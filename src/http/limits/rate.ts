/**
 * So many requests a second, for each of many subjects. One number is kept of each: when its allowance would be whole again (the generic cell rate
 * algorithm, ITU-T I.371). A second's worth may come at once.
 */
import { createRecent } from './recent.ts';

/** A whole allowance needs a second; a subject that is forgotten later has one anyway. */
const keptMs = 10_000;
const subjectsAtMost = 100_000;

export interface Rate {
  /** Takes one request, or as many as it weighs, from the subject's allowance. Returns 0, or the ms after which there is enough; then nothing was taken. */
  take(subject: string, perSecond: number, weight?: number): number;
  /** The last one taken does not count. */
  giveBack(subject: string, perSecond: number): void;
}

/** `nowMs`: a clock that never goes back, since a step back would lock everybody out for as long. */
export function createRate(nowMs: () => number): Rate {
  const wholeAtMs = createRecent<number>({ keptMs, atMost: subjectsAtMost, nowMs });
  return {
    take(subject, perSecond, weight = 1) {
      const now = nowMs();
      // What weighs more than a whole allowance needs a whole one.
      const cost = Math.min(weight, Math.max(1, perSecond)) * (1_000 / perSecond);
      const next = Math.max(wholeAtMs.get(subject) ?? now, now) + cost;
      const beyondMs = next - now - 1_000;
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
