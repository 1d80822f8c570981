/** How many requests of each merchant are under way, so that one of them cannot have the whole node. Nothing is kept of who has none. */

export interface Places {
  /** False: all places of the merchant are taken. */
  enter(merchantId: string): boolean;
  leave(merchantId: string): void;
}

export function createPlaces(atMost: number): Places {
  const taken = new Map<string, number>();
  return {
    enter(merchantId) {
      const count = taken.get(merchantId) ?? 0;
      if (count >= atMost) return false;
      taken.set(merchantId, count + 1);
      return true;
    },
    leave(merchantId) {
      const count = taken.get(merchantId) ?? 0;
      if (count > 1) taken.set(merchantId, count - 1);
      else taken.delete(merchantId);
    },
  };
}
