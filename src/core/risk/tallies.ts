/** Answers counted by name within a time, in bounded memory, and which names are suspected for how long. */

/** Within the window. */
export interface Tally {
  approved: number;
  declined: number;
  /** Different cards that were declined; small amounts are in both. */
  readonly cards: Set<string>;
  readonly smallCards: Set<string>;
}

export interface Tallies {
  approve(name: string): void;
  /** Returns the tally with it. */
  decline(name: string, decline: { readonly card: string; readonly isSmall: boolean }): Tally;
  /** For the window, and each time that it happens again twice as long, up to a day. Returns the end. The name is counted from zero again. */
  suspect(name: string): number;
  isSuspected(name: string): boolean;
  /** Nobody is suspected. */
  isQuiet(): boolean;
}

/** Names counted at a time; beyond it the oldest is forgotten. */
const namesAtMost = 20_000;
const longestMs = 86_400_000;

interface Suspicion {
  readonly untilMs: number;
  readonly lengthMs: number;
}

interface Half {
  sinceMs: number;
  now: Tally;
  before: Tally | undefined;
}

export function createTallies({ windowMs, nowMs }: { readonly windowMs: number; readonly nowMs: () => number }): Tallies {
  const halves = new Map<string, Half>();
  const suspicions = new Map<string, Suspicion>();
  /** No suspicion lasts longer; the map may hold what is over. */
  let quietFromMs = Number.NEGATIVE_INFINITY;

  /** Counted in halves of a window, so that at least one half and at most a whole one is in sight. */
  function turn(half: Half): Half {
    const ageMs = nowMs() - half.sinceMs;
    if (ageMs < windowMs / 2) return half;
    half.before = ageMs < windowMs ? half.now : undefined;
    half.now = emptyTally();
    half.sinceMs = nowMs();
    return half;
  }

  return {
    approve(name) {
      // Only where something was declined lately: else every honest shopper would be remembered.
      const half = halves.get(name);
      if (half !== undefined) turn(half).now.approved += 1;
    },
    decline(name, { card, isSmall }) {
      const known = halves.get(name);
      const half = known === undefined ? { sinceMs: nowMs(), now: emptyTally(), before: undefined } : turn(known);
      if (known === undefined) remember(halves, name, half);
      half.now.declined += 1;
      half.now.cards.add(card);
      if (isSmall) half.now.smallCards.add(card);
      return half.before === undefined ? half.now : sumOf(half.now, half.before);
    },
    suspect(name) {
      const now = nowMs();
      const last = suspicions.get(name);
      const isAgain = last !== undefined && now < last.untilMs + longestMs;
      const lengthMs = isAgain ? Math.min(2 * last.lengthMs, longestMs) : windowMs;
      const untilMs = now + lengthMs;
      suspicions.delete(name);
      remember(suspicions, name, { untilMs, lengthMs });
      halves.delete(name);
      quietFromMs = Math.max(quietFromMs, untilMs);
      return untilMs;
    },
    isSuspected: (name) => nowMs() < (suspicions.get(name)?.untilMs ?? Number.NEGATIVE_INFINITY),
    isQuiet: () => nowMs() >= quietFromMs,
  };
}

function emptyTally(): Tally {
  return { approved: 0, declined: 0, cards: new Set(), smallCards: new Set() };
}

function sumOf(a: Tally, b: Tally): Tally {
  return {
    approved: a.approved + b.approved,
    declined: a.declined + b.declined,
    cards: a.cards.union(b.cards),
    smallCards: a.smallCards.union(b.smallCards),
  };
}

function remember<V>(map: Map<string, V>, name: string, value: V): void {
  if (map.size >= namesAtMost) map.delete(map.keys().next().value as string);
  map.set(name, value);
}
