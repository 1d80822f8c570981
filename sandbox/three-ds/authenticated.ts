/** Which transactions the issuers have authenticated, for merchants who name them later. It lives in memory and ends with the process. */

/** Transactions by the ACS's id, each with its card. */
export interface Authenticated {
  add(acsTransID: string, pan: string): void;
  /** Whether it was authenticated, and for this card. */
  has(acsTransID: string, pan: string): boolean;
}

/** The oldest is forgotten beyond this. */
const MOST_TRANSACTIONS = 50_000;

/** None at first. */
export function createAuthenticated(): Authenticated {
  const cards = new Map<string, string>();
  return {
    add(acsTransID, pan) {
      const [oldest] = cards.keys();
      if (cards.size >= MOST_TRANSACTIONS && oldest !== undefined) cards.delete(oldest);
      cards.set(acsTransID, pan);
    },
    has: (acsTransID, pan) => cards.get(acsTransID) === pan,
  };
}
