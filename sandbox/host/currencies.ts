/** How many decimals a currency has, by its ISO 4217 number. Only those that differ from two are listed. */

const WITHOUT_DECIMALS = [
  '108',
  '152',
  '174',
  '262',
  '324',
  '352',
  '392',
  '410',
  '548',
  '600',
  '646',
  '704',
  '800',
  '940',
  '950',
  '952',
  '953',
];
const WITH_THREE_DECIMALS = ['048', '368', '400', '414', '434', '512', '788'];
const WITH_FOUR_DECIMALS = ['927', '990'];

const MINOR_PER_MAJOR = new Map<string, number>([
  ...WITHOUT_DECIMALS.map((currency) => [currency, 1] as const),
  ...WITH_THREE_DECIMALS.map((currency) => [currency, 1_000] as const),
  ...WITH_FOUR_DECIMALS.map((currency) => [currency, 10_000] as const),
]);

/** Minor units in one major unit: 1 for yen, 100 for euro, 1,000 for Kuwaiti dinar. */
export function minorPerMajor(currency: string): number {
  return MINOR_PER_MAJOR.get(currency) ?? 100;
}
