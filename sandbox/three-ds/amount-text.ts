/** An amount as a shopper reads it. */

/** ISO 4217 numbers to letters, for the currencies that shops commonly charge; others are shown by their number. */
const LETTERS = new Map(
  `008 ALL,012 DZD,032 ARS,036 AUD,048 BHD,050 BDT,051 AMD,116 KHR,124 CAD,144 LKR,152 CLP,156 CNY,170 COP,188 CRC,203 CZK,208 DKK,214 DOP,230 ETB,320 GTQ,344 HKD,348 HUF,352 ISK,356 INR,360 IDR,368 IQD,376 ILS,388 JMD,392 JPY,398 KZT,400 JOD,404 KES,410 KRW,414 KWD,422 LBP,434 LYD,458 MYR,480 MUR,484 MXN,496 MNT,504 MAD,512 OMR,524 NPR,554 NZD,566 NGN,578 NOK,586 PKR,590 PAB,600 PYG,604 PEN,608 PHP,634 QAR,643 RUB,682 SAR,702 SGD,704 VND,710 ZAR,752 SEK,756 CHF,764 THB,780 TTD,784 AED,788 TND,800 UGX,818 EGP,826 GBP,834 TZS,840 USD,858 UYU,860 UZS,901 TWD,925 SLE,933 BYN,936 GHS,941 RSD,944 AZN,946 RON,949 TRY,950 XAF,952 XOF,967 ZMW,971 AFN,975 BGN,977 BAM,978 EUR,980 UAH,981 GEL,985 PLN,986 BRL`
    .split(',')
    .map((entry) => [entry.slice(0, 3), entry.slice(4)] as const),
);

/**
 * `€12.34`. `amountMinor` are digits, which may be more than a number holds; `exponent` says how many of them are decimals.
 */
export function amountText({ amountMinor, currency, exponent }: { amountMinor: string; currency: string; exponent: number }): string {
  const digits = amountMinor.padStart(exponent + 1, '0');
  const whole = BigInt(digits.slice(0, digits.length - exponent)).toLocaleString('en');
  const decimals = exponent === 0 ? '' : `.${digits.slice(-exponent)}`;
  const letters = LETTERS.get(currency);
  if (letters === undefined) return `${whole}${decimals} (currency ${currency})`;
  const sign = new Intl.NumberFormat('en', { style: 'currency', currency: letters, currencyDisplay: 'narrowSymbol' })
    .formatToParts(0)
    .find(({ type }) => type === 'currency')?.value;
  return sign === undefined || /[A-Z]{2}/.test(sign) ? `${whole}${decimals} ${letters}` : `${sign}${whole}${decimals} ${letters}`;
}
