/** Which language a page speaks, and how amounts look in it. */

import { formatDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import { de } from './texts/de.ts';
import { en, type Texts } from './texts/en.ts';
import { es } from './texts/es.ts';
import { fr } from './texts/fr.ts';

export type { Texts };

const texts = { en, de, fr, es } as const satisfies Readonly<Record<string, Texts>>;

export type LanguageCode = keyof typeof texts;

export interface Language {
  readonly code: LanguageCode;
  /** Language and, where the browser named one, region: decides how numbers look. */
  readonly locale: string;
  readonly texts: Texts;
}

export const languageCodes = Object.keys(texts) as readonly LanguageCode[];

const longestHeader = 1_000;

/**
 * The first language of these that we speak: what was asked for by name (a tag like `de` or `fr-CA`), then what the browser prefers
 * (`Accept-Language`, RFC 9110 12.5.4), then English.
 */
export function languageOf({
  asked,
  acceptLanguage = '',
}: {
  readonly asked?: string | undefined;
  readonly acceptLanguage?: string | undefined;
}): Language {
  for (const tag of [...(asked === undefined ? [] : [asked.replaceAll('_', '-')]), ...preferred(acceptLanguage)]) {
    const [, code = '', region] = /^([a-z]{2})(?:-[a-z]{4})?(?:-([a-z]{2}))?(?:-|$)/i.exec(tag) ?? [];
    const known = code.toLowerCase();
    if (!isLanguageCode(known)) continue;
    return { code: known, locale: region === undefined ? known : `${known}-${region.toUpperCase()}`, texts: texts[known] };
  }
  return { code: 'en', locale: 'en', texts: en };
}

function isLanguageCode(code: string): code is LanguageCode {
  return Object.hasOwn(texts, code);
}

function preferred(header: string): readonly string[] {
  return header
    .slice(0, longestHeader)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(/\s*;\s*/);
      const quality = parameters.map((parameter) => /^q=([01](?:\.\d{0,3})?)$/i.exec(parameter)?.[1]).find((found) => found !== undefined);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}

/** The address of a page that is to speak the language of the one before it. */
export function inLanguage(address: string, asked: unknown): string {
  return typeof asked === 'string' && isLanguageCode(asked) ? `${address}?language=${asked}` : address;
}

/** An amount of minor units as people of this language write it, with the currency's symbol: 1250 EUR → `12,50 €`. */
export function amountText({ locale }: Language, amount: number, currencyCode: string): string {
  const currency = currencyOf(currencyCode);
  if (currency === undefined) throw new RangeError(`not a currency: ${currencyCode}`);
  const format = new Intl.NumberFormat(locale, {
    ...{ style: 'currency', currency: currencyCode },
    ...{ minimumFractionDigits: currency.decimals, maximumFractionDigits: currency.decimals },
  });
  // The number is given as text, so that no amount passes through a float.
  return format.format(formatDecimalAmount(amount, currency) as Intl.StringNumericLiteral);
}

/** A day, in UTC; epoch ms. */
export function dayText({ locale }: Language, atMs: number): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(atMs);
}

/** Month and year as on a card. */
export function expiryText({ month, year }: { readonly month: number; readonly year: number }): string {
  return `${String(month).padStart(2, '0')} / ${String(year % 100).padStart(2, '0')}`;
}
