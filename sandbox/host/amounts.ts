/** Amounts by which a platform's test system is told to decline, as data: by the last two digits, on that platform's own terminal only. */

/** By terminal, then by the last two digits of the amount in minor units: DE39. */
const AMOUNT_CODES: ReadonlyMap<string, ReadonlyMap<number, string>> = new Map([
  [
    'PAYZ0001',
    new Map([
      [5, '05'],
      [51, '51'],
      [33, '33'],
    ]),
  ],
]);

/** The code for an amount of a new payment; undefined for nearly all. */
export function codeOfAmount({ terminal, amountMinor }: { readonly terminal: string; readonly amountMinor: number }): string | undefined {
  return AMOUNT_CODES.get(terminal)?.get(amountMinor % 100);
}
