/** The forms that settings can take: how the text is read, what to say when it cannot be, and how to show it without a secret. */
import { isIP } from 'node:net';

export type Parsed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false };

/** `expected` completes the sentence "expected …"; `show` is safe to print. */
export type Form<Value> = {
  readonly expected: string;
  readonly parse: (text: string) => Parsed<Value>;
  readonly show: (text: string) => string;
};

export type NetworkAddress = { readonly host: string; readonly port: number };
export type LogLevel = (typeof logLevels)[number];

const retryLimitModes = ['all', 'never_again', 'off'] as const;
export type RetryLimits = (typeof retryLimitModes)[number];

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const proxyNames = ['loopback', 'linklocal', 'uniquelocal'];
const bad = { ok: false } as const;

function good<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

const quote = (text: string): string => JSON.stringify(text);

/** Digits only: `1e3`, `0x10`, ` 8` and `8.0` are slips, not numbers. */
function digits(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A whole number within bounds, both included. */
export function wholeNumber({ min, max, unit }: { readonly min: number; readonly max: number; readonly unit?: string }): Form<number> {
  return {
    expected: `a whole number from ${min} to ${max}${unit === undefined ? '' : ` (${unit})`}`,
    show: quote,
    parse(text) {
      const value = digits(text);
      return value !== undefined && value >= min && value <= max ? good(value) : bad;
    },
  };
}

export const port: Form<number> = wholeNumber({ min: 0, max: 65_535 });

/** Text without control characters, at most `max` characters. */
export function characters({ max, expected }: { readonly max: number; readonly expected: string }): Form<string> {
  return { expected, show: quote, parse: (text) => (text.length <= max && /^\P{Cc}+$/u.test(text) ? good(text) : bad) };
}

/** Scheme, host and port, without a slash at the end; `http` only on loopback or where somebody else ends TLS. */
export const webUrl: Form<string> = {
  expected: 'a URL, as in https://pay.example.com',
  show: quote,
  parse(text) {
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') return bad;
    return good(url.href.replace(/\/$/, ''));
  },
};

/** Where mails are handed in. */
export const smtpUrl: Form<string> = {
  expected: 'a URL as in smtps://user:password@mail.example.com or smtp://mail.example.com:587',
  show: showUrl,
  parse(text) {
    const url = URL.parse(text);
    if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return bad;
    return /^\/?$/.test(url.pathname) && url.search === '' && url.hash === '' ? good(text) : bad;
  },
};

export const mailAddress: Form<string> = {
  expected: 'one mail address, as in payments@example.com',
  show: quote,
  parse: (text) => (text.length <= 254 && /^[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,63}$/.test(text) ? good(text) : bad),
};

/** ISO 3166-1, three digits. */
export const countryNumber: Form<string> = {
  expected: 'an ISO 3166-1 country number of three digits, as in 276',
  show: quote,
  parse: (text) => (/^\d{3}$/.test(text) && Number(text) > 0 && Number(text) < 900 ? good(text) : bad),
};

export const filePath: Form<string> = characters({ max: 4096, expected: 'a path, absolute or from the working directory' });

export const hostName: Form<string> = {
  expected: 'an IP address or a host name, as in 127.0.0.1 or 0.0.0.0',
  show: quote,
  parse: (text) => (isHost(text) ? good(text) : bad),
};

export const address: Form<NetworkAddress> = {
  expected: 'host:port, as in acquirer.example.com:8583 or [2001:db8::1]:8583',
  show: quote,
  parse(text) {
    const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
    const host = match?.[1] ?? match?.[2];
    const number = digits(match?.[3] ?? '');
    if (host === undefined || number === undefined || number < 1 || number > 65_535) return bad;
    return isHost(host) ? good({ host, port: number }) : bad;
  },
};

/** DE32 has at most 11 digits (ISO 8583:1987). */
export const institution: Form<string> = {
  expected: '1 to 11 digits',
  show: quote,
  parse: (text) => (/^\d{1,11}$/.test(text) ? good(text) : bad),
};

export const logLevel: Form<LogLevel> = {
  expected: `one of ${logLevels.join(', ')}`,
  show: quote,
  parse(text) {
    const found = logLevels.find((level) => level === text);
    return found === undefined ? bad : good(found);
  },
};

export const onOff: Form<'on' | 'off'> = {
  expected: 'on or off',
  show: quote,
  parse: (text) => (text === 'on' || text === 'off' ? good(text) : bad),
};

export const retryLimits: Form<RetryLimits> = {
  expected: `one of ${retryLimitModes.join(', ')}`,
  show: quote,
  parse(text) {
    const found = retryLimitModes.find((mode) => mode === text);
    return found === undefined ? bad : good(found);
  },
};

/** Either how many proxies stand in front, or which addresses they have; both as Fastify's `trustProxy` takes them. */
export const proxies: Form<number | readonly string[]> = {
  expected: `a number of proxies from 1 to 10, or addresses, CIDR ranges or ${proxyNames.join(', ')}, separated by commas`,
  show: quote,
  parse(text) {
    const hops = digits(text);
    if (hops !== undefined) return hops >= 1 && hops <= 10 ? good(hops) : bad;
    const parts = text.split(',').map((part) => part.trim());
    return parts.every(isProxy) ? good(parts) : bad;
  },
};

/** Ranges of addresses, each `network/bits` or an address alone; `none` is an empty list. */
export const networks: Form<readonly string[]> = {
  expected: 'addresses or CIDR ranges, separated by commas, or none',
  show: quote,
  parse(text) {
    if (text === 'none') return good([]);
    const parts = text.split(',').map((part) => part.trim());
    return parts.every((part) => !proxyNames.includes(part) && isProxy(part)) ? good(parts) : bad;
  },
};

/** Long enough that nobody finds it by trying, and fit for a header (RFC 6750, 2.1). */
export const secret: Form<string> = {
  expected: '16 to 256 letters, digits or any of - . _ ~ + / =',
  show: () => 'not usable (value hidden)',
  parse: (text) => (/^[\w.~+/=-]{16,256}$/.test(text) ? good(text) : bad),
};

export const postgresUrl: Form<string> = {
  expected: 'a URL as in postgres://user:password@host:5432/database',
  show: showUrl,
  parse(text) {
    const url = URL.parse(text);
    if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol)) return bad;
    return url.hostname !== '' && url.pathname.length > 1 ? good(text) : bad;
  },
};

/** The URL with its password hidden; nothing of a text that is no URL, because no one can say which part of it is secret. */
function showUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'not a URL (value hidden)';
  if (url.password !== '') url.password = '***';
  url.search = url.search === '' ? '' : '?***';
  return quote(url.href);
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || (text.length <= 253 && /^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/i.test(text) && !/^[\d.]+$/.test(text));
}

function isProxy(text: string): boolean {
  if (proxyNames.includes(text)) return true;
  const [network, bits, ...rest] = text.split('/');
  const family = isIP(network ?? '');
  if (family === 0 || rest.length > 0) return false;
  const size = bits === undefined ? 0 : digits(bits);
  return size !== undefined && size <= (family === 4 ? 32 : 128);
}

/** Card schemes that have a directory server of their own; Maestro's is Mastercard's. */
export const directorySchemes = ['visa', 'mastercard', 'amex', 'discover', 'diners', 'jcb', 'unionpay'] as const;
export type DirectoryScheme = (typeof directorySchemes)[number];

export type SchemeUrl = { readonly scheme: DirectoryScheme; readonly url: string };

/** Pairs of scheme and URL, each scheme once. */
export const schemeUrls: Form<readonly SchemeUrl[]> = {
  expected: `pairs like visa=https://ds.example.com mastercard=https://…, of ${directorySchemes.join(', ')}`,
  show: quote,
  parse(text) {
    const found: SchemeUrl[] = [];
    for (const pair of text.split(/[\s,]+/).filter((part) => part !== '')) {
      const [, name = '', address = ''] = /^([a-z]+)=(.+)$/.exec(pair) ?? [];
      const scheme = directorySchemes.find((known) => known === name);
      const url = webUrl.parse(address);
      if (scheme === undefined || !url.ok || found.some((other) => other.scheme === scheme)) return bad;
      found.push({ scheme, url: url.value });
    }
    return found.length === 0 ? bad : good(found);
  },
};
