/** Card data of a direct post: each field against its limits, the first that is wrong named with the platform's code. */
import { isIP } from 'node:net';
import { brandOf, type CardBrand, isExpired, parseCvc, parsePan } from '../../core/instrument/card.ts';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { Instrument } from '../../core/payment/authorize-command.ts';
import type { ShopperBrowser } from '../../core/three-d-secure/authentication.ts';
import type { Message } from './problem.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface PaymentRequest {
  readonly instrument: Instrument;
  readonly brand: CardBrand;
  readonly keepsCard: boolean;
}

export type CardProblem = Message & { readonly field: string };

const named = (field: string, code: string, message: string): CardProblem => ({ field, code, message });

const texts = {
  cardholder_name: { max: 30, form: /^[A-Za-zÀ-ɏ '.-]+$/, expected: 'Latin letters, spaces, apostrophes, dots and dashes' },
  card_number: { max: 19, form: /^\d{12,19}$/, expected: '12 to 19 digits without spaces' },
  expires: { max: 5, form: /^(?:0[1-9]|1[0-2])\/\d{2}$/, expected: 'MM/YY' },
  cvc: { max: 4, form: /^\d{3,4}$/, expected: '3 or 4 digits' },
} as const;

type TextName = keyof typeof texts;

/** A name may hold a card number by mistake; the limit of letters keeps it out. */
function readText(fields: Fields, name: TextName): string | CardProblem {
  const value = fields[name];
  const { max, form, expected } = texts[name];
  if (value === undefined || value === null || value === '')
    return named(name, `validation_${name}_not_provided`, `\`${name}\` is missing`);
  if (typeof value !== 'string') return named(name, `validation_${name}_invalid`, `\`${name}\` must be text`);
  if (value.length > max) return named(name, `validation_${name}_too_long`, `\`${name}\` may have ${max} characters at most`);
  if (!form.test(value)) return named(name, `validation_${name}_invalid`, `\`${name}\` is invalid: expected ${expected}`);
  return value;
}

/** `nowMs`: business time. A wrong check digit and a past expiry are recorded: they count as failed payments. */
export function readCard(fields: Fields, nowMs: number): PaymentRequest | CardProblem {
  const read = (['cardholder_name', 'card_number', 'expires', 'cvc'] as const).map((name) => readText(fields, name));
  const wrong = read.find((one) => typeof one !== 'string');
  if (wrong !== undefined) return wrong;
  const [holder = '', number = '', expires = '', code = ''] = read as readonly string[];
  const [month = '', year = ''] = expires.split('/');
  const expiry = { month: Number(month), year: 2000 + Number(year) };
  const pan = parsePan(number);
  const cvc = parseCvc(code);
  const brand = pan === undefined ? 'unknown' : brandOf(pan);
  const summary = { brand, bin: number.slice(0, 6), last4: number.slice(-4), expiry, holder: maskCardNumbers(holder) };
  const keepsCard = fields.remember_card === 'on';
  if (pan === undefined || cvc === undefined)
    return { instrument: { type: 'rejected', summary, reason: 'invalid_card_number' }, brand, keepsCard };
  if (isExpired(expiry, nowMs)) return { instrument: { type: 'rejected', summary, reason: 'card_expired' }, brand, keepsCard };
  return { instrument: { type: 'card', pan, cvc, summary }, brand, keepsCard };
}

/** As the seed's table has them; a template for whatever the merchant's server leaves out. */
export const browserDefaults = {
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.96 Safari/537.36',
  accept_header: 'text/html',
  language: 'en-US',
  java_enabled: false,
  javascript_enabled: true,
  color_depth: 24,
  utc_offset: 0,
  screen_width: 1920,
  screen_height: 1080,
} as const;

const lengths = { user_agent: 2_048, accept_header: 2_048, language: 8 } as const;
/** Screens come as unsigned numbers of 64 bits, beyond what a number holds exactly. */
const ranges = {
  color_depth: [0, 255],
  utc_offset: [-32_768, 32_767],
  screen_width: [0, 2 ** 64],
  screen_height: [0, 2 ** 64],
} as const;

/** What the merchant's server says of the payer's browser. */
export function readBrowserFields(fields: Fields): ShopperBrowser | CardProblem {
  const { remote_ip: ip } = fields;
  if (ip === undefined || ip === null || ip === '')
    return named('remote_ip', 'validation_remote_ip_not_provided', '`remote_ip` is missing');
  if (typeof ip !== 'string' || isIP(ip) === 0 || ip.includes('%')) {
    return named('remote_ip', 'validation_remote_ip_invalid', '`remote_ip` is invalid: expected an IPv4 or IPv6 address');
  }
  for (const [name, max] of Object.entries(lengths)) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') return named(name, `validation_${name}_invalid`, `\`${name}\` must be text`);
    if (value.length > max) return named(name, `validation_${name}_too_long`, `\`${name}\` may have ${max} characters at most`);
  }
  for (const [name, [min, max]] of Object.entries(ranges)) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      return named(name, `validation_${name}_invalid`, `\`${name}\` is invalid: expected an integer from ${min} to ${max}`);
    }
  }
  for (const name of ['java_enabled', 'javascript_enabled'] as const) {
    const value = fields[name];
    if (value !== undefined && value !== null && typeof value !== 'boolean') {
      return named(name, `validation_${name}_invalid`, `\`${name}\` must be true or false`);
    }
  }
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
  const all = { ...browserDefaults, ...given } as unknown as Record<keyof typeof browserDefaults, never>;
  return {
    ...{ userAgent: all.user_agent, acceptHeader: all.accept_header, language: all.language, javaEnabled: all.java_enabled },
    ...{ javascriptEnabled: all.javascript_enabled, colorDepth: all.color_depth, timeZoneMinutes: all.utc_offset },
    ...{ screenWidth: all.screen_width, screenHeight: all.screen_height, ip: ip.replace(/^::ffff:(?=\d)/, '') },
  };
}

export function isCardProblem(read: object): read is CardProblem {
  return 'field' in read;
}
