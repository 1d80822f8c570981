/** Random numbers that a seed repeats, for tests whose failures have to be seen again. */

export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  oneOf<T>(choices: readonly T[]): T;
}

/** A linear congruential generator modulo 2^48 with the constants of POSIX drand48: poor randomness, and plenty for choosing. */
export function seededRandom(seed: number): Random {
  const mask = (1n << 48n) - 1n;
  let state = ((BigInt(seed) << 16n) + 0x330en) & mask;
  const below = (limit: number): number => {
    state = (state * 0x5deece66dn + 0xbn) & mask;
    return Number(((state >> 16n) * BigInt(limit)) >> 32n);
  };
  return {
    below,
    oneOf(choices) {
      const choice = choices[below(choices.length)];
      if (choice === undefined) throw new RangeError('nothing to choose from');
      return choice;
    },
  };
}
