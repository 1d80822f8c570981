/** What a purchase comes to: each line is rounded once, half up, and the rest is whole numbers. Amounts in minor units. */
import type { Decimal } from './decimal.ts';

export interface Product {
  readonly name: string;
  readonly price: number;
  readonly quantity: Decimal;
  readonly discount: number;
  readonly tax: Decimal;
  readonly category: string;
  readonly totalOverride: number | null;
}

/** Quantities have four decimals and percentages two, so that a line has eight in all. */
const quantityScale = 10_000n;
const taxScale = 10_000n;

/** The line before tax, times the scale of quantities; negative when its discount is too large. */
function net({ price, quantity, discount }: Product): bigint {
  return BigInt(price) * quantity.scaled - BigInt(discount) * quantityScale;
}

export function isDiscountTooLarge(product: Product): boolean {
  return net(product) < 0n;
}

function lineTotal(product: Product): bigint {
  if (product.totalOverride !== null) return BigInt(product.totalOverride);
  const scale = quantityScale * taxScale;
  return (net(product) * (taxScale + product.tax.scaled) + scale / 2n) / scale;
}

/** May be beyond what can be paid, or below zero. */
export function totalOf({
  products,
  debt,
  totalOverride,
}: {
  readonly products: readonly Product[];
  readonly debt: number;
  readonly totalOverride: number | null;
}): number {
  if (totalOverride !== null) return totalOverride;
  const sum = products.reduce((total, product) => total + lineTotal(product), BigInt(debt));
  return sum > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(sum);
}

/** What a line comes to, for whoever reads the order. */
export function amountOfLine(product: Product): number {
  const line = lineTotal(product);
  return line > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(line);
}
