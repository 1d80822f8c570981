/** Payment products: the platform's numbers for brands and methods, and which of them are taken here. */
import type { BankMethod } from '../../core/instrument/bank.ts';
import type { CardBrand } from '../../core/instrument/card.ts';

export interface CardProduct {
  readonly id: number;
  readonly kind: 'card';
  readonly label: string;
  /** What the number of a card may tell. Schemes of one country share their cards with an international one. */
  readonly brands: readonly CardBrand[];
}

export interface RedirectProduct {
  readonly id: number;
  readonly kind: 'redirect';
  readonly label: string;
  readonly method: BankMethod;
}

export type Product = CardProduct | RedirectProduct;

const card = (id: number, label: string, ...brands: readonly CardBrand[]): CardProduct => ({ id, kind: 'card', label, brands });

/** In the order in which they are offered. */
export const products: readonly Product[] = [
  card(1, 'Visa', 'visa'),
  card(3, 'Mastercard', 'mastercard'),
  card(2, 'American Express', 'amex'),
  card(117, 'Maestro', 'maestro'),
  card(132, 'Diners Club', 'diners'),
  card(128, 'Discover', 'discover'),
  card(125, 'JCB', 'jcb'),
  card(56, 'UnionPay', 'unionpay'),
  card(130, 'Cartes Bancaires', 'visa', 'mastercard', 'maestro'),
  card(3012, 'Bancontact', 'maestro', 'visa', 'mastercard', 'unknown'),
  { id: 809, kind: 'redirect', label: 'iDEAL', method: 'ideal' },
  { id: 5408, kind: 'redirect', label: 'Bank transfer', method: 'sofort' },
];

/** Other numbers of the platform: they exist, and are not taken here. */
const elsewhere = [
  ...[302, 320, 771, 840, 3103, 3112, 3116, 3124, 3203, 3301, 3302, 3303, 3304, 3305, 5001, 5100, 5111, 5112, 5125, 5127, 5129, 5131, 5133],
  ...[5402, 5403, 5404, 5405, 5406, 5407, 5500, 5600, 5601, 5700, 5908],
];

export function productOf(id: number): Product | undefined {
  return products.find((product) => product.id === id);
}

export function isProductElsewhere(id: number): boolean {
  return elsewhere.includes(id);
}

/** The product that a card's number tells; undefined for a brand that the platform has no product for. */
export function productOfBrand(brand: CardBrand): CardProduct | undefined {
  return products.find((product): product is CardProduct => product.kind === 'card' && product.brands[0] === brand);
}

export function productOfMethod(method: BankMethod): RedirectProduct | undefined {
  return products.find((product): product is RedirectProduct => product.kind === 'redirect' && product.method === method);
}
