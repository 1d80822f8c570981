/** What the shop sells. Prices in minor units of EUR. */

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly blurb: string;
  readonly price: number;
  /** Which drawing of `art.svg` shows it. */
  readonly art: 'bag' | 'cup' | 'kettle' | 'dripper' | 'tin';
  /** Its background: one of the tints of the style sheet. */
  readonly tint: 'clay' | 'sage' | 'sky' | 'sand' | 'plum' | 'fern';
}

export const currency = 'EUR';

export const products: readonly Product[] = [
  {
    id: 'harbor-blend',
    name: 'Harbor Blend',
    blurb: 'Dark chocolate, walnut, a little smoke. 250 g.',
    price: 1350,
    art: 'bag',
    tint: 'clay',
  },
  { id: 'meadow', name: 'Meadow, single origin', blurb: 'Jasmine and apricot from Sidama. 250 g.', price: 1690, art: 'bag', tint: 'sage' },
  { id: 'morning-tea', name: 'Morning Tea', blurb: 'Assam with a malty backbone. 100 g tin.', price: 980, art: 'tin', tint: 'fern' },
  { id: 'dripper', name: 'Stoneware dripper', blurb: 'Hand-thrown, for one or two cups.', price: 3200, art: 'dripper', tint: 'sand' },
  { id: 'cup', name: 'Everyday cup', blurb: 'Keeps warm, stacks well. 180 ml.', price: 1450, art: 'cup', tint: 'sky' },
  { id: 'kettle', name: 'Gooseneck kettle', blurb: 'Pours slowly, on purpose. 0.9 l.', price: 7900, art: 'kettle', tint: 'plum' },
];

export function productWith(id: string): Product | undefined {
  return products.find((product) => product.id === id);
}

/** `€13.50`. */
export function moneyText(amount: number): string {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency }).format(amount / 100);
}
