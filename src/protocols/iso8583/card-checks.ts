/** What an issuer compares besides the card: the address of its holder on the way there (DE123), and the results of its comparisons on the way back (DE44). */

/** Where a holder's statements go. */
export interface HolderAddress {
  readonly postcode?: string;
  readonly street?: string;
}

/** One letter or digit each, as the schemes have them; absent: the issuer has said nothing of it. */
export interface CheckResults {
  readonly address?: string;
  readonly cvc?: string;
}

// Visa's fixed form of the field: nine characters of postcode, then the beginning of the street.
const POSTCODE_LENGTH = 9;
const STREET_LENGTH = 20;

/**
 * DE123. Undefined where nothing of the address can be written: the link carries ASCII, and a postcode that is cut off would be another one, so a longer one
 * is left out.
 */
export function packAddress({ postcode = '', street = '' }: HolderAddress): string | undefined {
  const code = ascii(postcode)
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '');
  const line = ascii(street).replace(/\s+/g, ' ').trim().slice(0, STREET_LENGTH);
  const text = `${(code.length > POSTCODE_LENGTH ? '' : code).padEnd(POSTCODE_LENGTH)}${line}`.trimEnd();
  return text === '' ? undefined : text;
}

/** The address in a DE123. */
export function unpackAddress(text: string): HolderAddress {
  const postcode = text.slice(0, POSTCODE_LENGTH).trim();
  const street = text.slice(POSTCODE_LENGTH).trim();
  return { ...(postcode === '' ? {} : { postcode }), ...(street === '' ? {} : { street }) };
}

function ascii(text: string): string {
  return text.normalize('NFD').replace(/[^\x20-\x7e]/g, '');
}

// As in Visa's field 44: 44.2 is the address, 44.10 the code on the card.
const ADDRESS_AT = 1;
const CVC_AT = 10;

/** DE44, as bytes in hex. Undefined: there is nothing to tell. */
export function packCheckResults({ address = ' ', cvc = ' ' }: CheckResults): string | undefined {
  const text = `${' '.repeat(ADDRESS_AT)}${address}`.padEnd(CVC_AT) + cvc;
  return text.trim() === '' ? undefined : Buffer.from(text.trimEnd(), 'latin1').toString('hex');
}

/** The results in a DE44. It only adds to an answer: what is no letter or digit is left out, whatever bytes it is. */
export function unpackCheckResults(hex: string): CheckResults {
  const text = Buffer.from(hex, 'hex').toString('latin1');
  const [address, cvc] = [text.charAt(ADDRESS_AT), text.charAt(CVC_AT)];
  return { ...(isCode(address) ? { address } : {}), ...(isCode(cvc) ? { cvc } : {}) };
}

function isCode(character: string): boolean {
  return /^[0-9A-Z]$/.test(character);
}
