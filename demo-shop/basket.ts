/** Baskets, one for each browser that has a cookie of the shop. They live as long as the process: this is a shop to try things out with. */
import { randomBytes } from 'node:crypto';
import { type Product, productWith } from './catalog.ts';

export interface Line {
  readonly product: Product;
  readonly count: number;
}

export interface Basket {
  lines(): readonly Line[];
  /** Adds, or takes away with a negative number; within nought and nine of each product. */
  add(productId: string, count: number): void;
  empty(): void;
}

const basketsAtMost = 1_000;
const ofEachAtMost = 9;

export interface Baskets {
  /** The basket of a cookie, or a new one with its cookie. */
  of(cookie: string | undefined): { readonly basket: Basket; readonly cookie: string };
}

export function createBaskets(): Baskets {
  const known = new Map<string, Basket>();
  return {
    of(cookie) {
      const found = cookie === undefined ? undefined : known.get(cookie);
      if (cookie !== undefined && found !== undefined) return { basket: found, cookie };
      const made = { basket: createBasket(), cookie: randomBytes(16).toString('hex') };
      known.set(made.cookie, made.basket);
      if (known.size > basketsAtMost) known.delete(known.keys().next().value as string);
      return made;
    },
  };
}

function createBasket(): Basket {
  const counts = new Map<string, number>();
  return {
    lines: () =>
      [...counts].flatMap(([id, count]) => {
        const product = productWith(id);
        return product === undefined ? [] : [{ product, count }];
      }),
    add(productId, count) {
      if (productWith(productId) === undefined) return;
      const now = Math.min(ofEachAtMost, (counts.get(productId) ?? 0) + count);
      if (now > 0) counts.set(productId, now);
      else counts.delete(productId);
    },
    empty: () => counts.clear(),
  };
}

/** Minor units. */
export function totalOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { product, count }) => sum + product.price * count, 0);
}

export function countOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { count }) => sum + count, 0);
}
