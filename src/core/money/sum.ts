/** Sums of amounts. No amount is beyond 2^53, where numbers begin to have gaps, but the sum of many may be: so they are `bigint`, and written digit by digit. */

const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => object };

/** For JSON, whose numbers may have any number of digits: a number as long as that is exact. */
export function shownSum(sum: bigint): number | object {
  const number = Number(sum);
  return Number.isSafeInteger(number) ? number : rawJSON(String(sum));
}
