/**
 * Whoever sends wrong credentials again and again has to wait longer and longer. Counted by address, and by the name that the credentials are for; but
 * nobody waits for what others do: an address that has lately sent the right credentials for a name is always listened to, and an address that has sent
 * none for it is listened to once, however many others have failed.
 */
import { createRecent } from './recent.ts';

const firstWaitMs = 1_000;
const longestWaitMs = 300_000;
const failuresKeptMs = 3_600_000;
const knownKeptMs = 86_400_000;
const entriesAtMost = 50_000;

/** `address` as `addressOf` writes it; `name` with the protocol that it is a name of. */
export interface Login {
  readonly address: string;
  readonly name: string;
}

export interface Logins {
  /** How long this address has to wait before credentials for this name are looked at; 0: not at all. */
  waitMs(login: Login): number;
  fail(login: Login): void;
  succeed(login: Login): void;
  /** Somebody has lately been let in from there. */
  isKnown(address: string): boolean;
}

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

export interface LoginsOptions {
  /** So many may be wrong before the first wait. */
  readonly freeFailures: number;
  readonly nowMs: () => number;
}

export function createLogins({ freeFailures, nowMs }: LoginsOptions): Logins {
  const failed = { keptMs: failuresKeptMs, atMost: entriesAtMost, nowMs };
  const known = { keptMs: knownKeptMs, atMost: entriesAtMost, nowMs };
  const ofAddress = createRecent<Failures>(failed);
  const ofName = createRecent<Failures>(failed);
  /** Apart from the others, so that inventing names makes nobody's success forgotten. */
  const lastOfBoth = createRecent<number>(failed);
  const knownLogins = createRecent<true>(known);
  const knownAddresses = createRecent<true>(known);

  const leftOf = (lastMs: number, count: number): number => Math.max(0, lastMs + waitAfter(count, freeFailures) - nowMs());

  return {
    waitMs({ address, name }) {
      const byAddress = ofAddress.get(address);
      if (byAddress === undefined || knownLogins.get(`${address} ${name}`) === true) return 0;
      const lastMs = lastOfBoth.get(`${address} ${name}`);
      const byName = lastMs === undefined ? 0 : leftOf(lastMs, ofName.get(name)?.count ?? 0);
      return Math.max(byName, leftOf(byAddress.lastMs, byAddress.count));
    },
    fail({ address, name }) {
      const lastMs = nowMs();
      ofAddress.set(address, { count: (ofAddress.get(address)?.count ?? 0) + 1, lastMs });
      ofName.set(name, { count: (ofName.get(name)?.count ?? 0) + 1, lastMs });
      lastOfBoth.set(`${address} ${name}`, lastMs);
    },
    succeed({ address, name }) {
      knownLogins.set(`${address} ${name}`, true);
      knownAddresses.set(address, true);
    },
    isKnown: (address) => knownAddresses.get(address) === true,
  };
}

/** Doubles with each failure. */
function waitAfter(count: number, freeFailures: number): number {
  return count <= freeFailures ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(count - freeFailures - 1, 20));
}
