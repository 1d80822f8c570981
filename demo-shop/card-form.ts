/** Reads the checkout's form: what is wrong with it in words for the shopper, or what to pay with. */
import type { BrowserInput, CardInput } from './gateways/shopper.ts';

export type Fields = Readonly<Record<string, string>>;

export interface CheckoutInput {
  readonly card: CardInput;
  readonly email: string;
}

/** A message for each field that needs one. */
export type Faults = Readonly<Partial<Record<'email' | 'holder' | 'number' | 'expiry' | 'cvc', string>>>;

export function readCheckout(fields: Fields): { readonly input: CheckoutInput } | { readonly faults: Faults } {
  const number = (fields.number ?? '').replace(/[\s-]/g, '');
  const [, month = '', year = ''] = /^\s*(\d{1,2})\s*\/?\s*(?:20)?(\d{2})\s*$/.exec(fields.expiry ?? '') ?? [];
  const holder = (fields.holder ?? '').trim();
  const email = (fields.email ?? '').trim();
  const cvc = (fields.cvc ?? '').trim();
  const faults: Faults = {
    ...(/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? {} : { email: 'Enter an e-mail address, so that we can send the receipt.' }),
    ...(holder.length >= 3 ? {} : { holder: 'Enter the name on the card.' }),
    ...(/^\d{12,19}$/.test(number) && passesLuhn(number) ? {} : { number: numberFault(number) }),
    ...(Number(month) >= 1 && Number(month) <= 12 ? {} : { expiry: 'Enter month and year, as in 12/34.' }),
    ...(/^\d{3,4}$/.test(cvc) ? {} : { cvc: 'Three or four digits.' }),
  };
  if (Object.keys(faults).length > 0) return { faults };
  return { input: { email, card: { number, holder, cvc, expiryMonth: month.padStart(2, '0'), expiryYear: `20${year}` } } };
}

function numberFault(number: string): string {
  return number === '' ? 'Enter the card number.' : 'Check the card number: a digit seems to be wrong.';
}

function passesLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, sign, index) => {
    const doubled = Number(sign) * (index % 2 === 0 ? 1 : 2);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/** Of the browser that sent the form: what its script wrote into hidden fields, and usual values where there was no script. */
export function readBrowser(fields: Fields, headers: Readonly<Record<string, string | string[] | undefined>>, ip: string): BrowserInput {
  const whole = (name: string, standard: number): number => (/^-?\d{1,6}$/.test(fields[name] ?? '') ? Number(fields[name]) : standard);
  const header = (name: string, standard: string): string => String(headers[name] ?? standard).slice(0, 1_000);
  return {
    acceptHeader: header('accept', 'text/html'),
    userAgent: header('user-agent', 'unknown browser'),
    language: /^[a-zA-Z]{2,3}(-[a-zA-Z]{2})?$/.test(fields.language ?? '') ? (fields.language as string) : 'en',
    screenHeight: whole('screenHeight', 900),
    screenWidth: whole('screenWidth', 1440),
    colorDepth: whole('colorDepth', 24),
    timezoneOffset: whole('timezoneOffset', 0),
    javaScript: fields.javaScript === 'true',
    ip,
  };
}
