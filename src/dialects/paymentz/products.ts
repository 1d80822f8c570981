/** Lines of an invoice: `product.…` of a form has one, the list `product` of JSON has several. */

import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { OrderLine } from '../../core/payment/checkout-terms.ts';
import type { Flat } from './body.ts';
import { parameterProblem } from './problem.ts';
import { readAmount } from './read.ts';

const form = /^product(?:\[(\d{1,2})\])?\.(productDescription|productAmount|quantity|productTotal)$/;

export function isProductName(name: string): boolean {
  return form.test(name);
}

export interface Products {
  readonly lines: readonly OrderLine[];
  /** Minor units; absent without products. */
  readonly total?: number;
}

/** Throws for a line without a total, or with one that is none. */
export function readProducts(flat: Flat, currency: string): Products {
  const found = new Map<number, Record<string, string>>();
  for (const [name, value] of Object.entries(flat)) {
    const [, index = '0', field = ''] = form.exec(name) ?? [];
    if (field !== '') found.set(Number(index), { ...found.get(Number(index)), [field]: value });
  }
  if (found.size === 0) return { lines: [] };
  const lines = [...found].toSorted(([a], [b]) => a - b).map(([, product]) => lineOf(product, currency));
  return { lines, total: lines.reduce((sum, { amount = 0 }) => sum + amount, 0) };
}

function lineOf({ productDescription = 'Product', productTotal, quantity }: Readonly<Record<string, string>>, currency: string): OrderLine {
  if (productTotal === undefined) throw parameterProblem('20001', 'product.productTotal', 'is missing');
  if (!/^[0-9]{1,10}\.[0-9]{2}$/.test(productTotal))
    throw parameterProblem('20002', 'product.productTotal', 'must be an amount with two decimals');
  if (quantity !== undefined && !/^[0-9]{1,6}$/.test(quantity)) throw parameterProblem('20002', 'product.quantity', 'must be a number');
  return {
    name: maskCardNumbers(productDescription).slice(0, 120),
    amount: readAmount(productTotal, currency),
    ...(quantity === undefined || quantity === '1' ? {} : { quantity }),
  };
}
