/** How long the randomized ISO 8583 suites run, and the seed that repeats them: `POLYGATE_SEED=n`, `POLYGATE_SOAK=1`. */

/** Fast-check parameters for a property that takes `runs` cases in a normal run and ten times as many in a soak. */
export function soak(runs: number): { readonly seed: number; readonly numRuns: number } {
  return { seed: SEED, numRuns: process.env.POLYGATE_SOAK === '1' ? runs * 10 : runs };
}

const SEED = process.env.POLYGATE_SEED === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(process.env.POLYGATE_SEED);

console.log(`randomized with POLYGATE_SEED=${SEED}`);
