/**
 * The last net against card data in logs. The first is that `Pan` and `Cvc` print masked; this one takes what reached a log as plain text
 * or as a field of a merchant's request. It is a net, not a permission: a hit is a defect somewhere else (PCI DSS 4.0.1, 3.3.1 and 3.4.1).
 */
import { brandOf, Pan, passesLuhn } from '../core/instrument/card.ts';
import { type Group, groupsOf, isWrittenAsCard, separator, uuid } from '../core/instrument/mask.ts';

let hits = 0;

/** How many card numbers and verification codes the net has taken out of finished lines since the start. In tests it must stay 0. */
export function redactionHits(): number {
  return hits;
}

/** As in any text, but that JSON has an escape for the tab and commas of its own. */
const between = String.raw`(?:(?!,)${separator}|\\t)?`;
/** Whether a line needs a closer look. Milliseconds since 1970 begin with 1 and are no reason for one: no card number does. */
const suspicious = new RegExp(String.raw`[2-68](?:${between}\d){12}|[^\P{Nd}0-9](?:${between}\p{Nd}){12}|cv[cvn]|security_?code`, 'iu');
/** UUIDs are matched so that they are passed over as a whole: their groups of digits can look like a card number. */
const uuidOrDigits = new RegExp(String.raw`(${uuid})|\p{Nd}(?:${between}\p{Nd}){12,}`, 'giu');
const namedCode = /((?:cv[cvn]2?|security_?code)\\*["']?\s*(?:[:=>]|%3D)\s*)(\\*["']?)(\d{3,4})(?!\d)/gi;

/**
 * Masks card numbers (13 to 19 digits, grouped or not, with a card prefix and a right check digit; also after a length prefix) to the first
 * six and last four, and codes that are called CVV or the like. JSON stays JSON. Never throws.
 */
export function redactLine(line: string): string {
  try {
    if (!suspicious.test(line)) return line;
    return maskCodes(maskRuns(line));
  } catch {
    return '{"level":50,"msg":"a log line was left out: it could not be searched for card data"}\n';
  }
}

function maskRuns(line: string): string {
  const isInString = createStringTracker(line);
  return line.replace(uuidOrDigits, (match, id: string | undefined, offset: number) => {
    const masked = id === undefined ? maskRun(line, match, offset) : match;
    if (masked === match) return match;
    hits += 1;
    // A bare JSON number becomes a string.
    return isInString(offset) ? masked : `"${masked}"`;
  });
}

function maskCodes(line: string): string {
  const isInString = createStringTracker(line);
  return line.replace(namedCode, (_, name: string, quote: string, _code, offset: number) => {
    hits += 1;
    return quote === '' && !isInString(offset + name.length) ? `${name}"***"` : `${name}${quote}***`;
  });
}

function maskRun(line: string, match: string, offset: number): string {
  // Letters of hex at either end: that group is a piece of an id or a digest. A D after a number is how track 2 goes on, not hex, and the
  // letter of an escape (\b, \f) is not there at all.
  const before = line.slice(Math.max(0, offset - 2), offset);
  const after = line.slice(offset + match.length, offset + match.length + 8);
  return maskNumbers(match, {
    skipFirst: /[a-f]$/i.test(before) && !before.startsWith('\\'),
    skipLast: /^[a-f]/i.test(after) && !/^D\d{7}/i.test(after),
  });
}

/** Looks at every sequence of whole groups, since other numbers may stand before and after: `1000 4242 4242 4242 4242`. */
function maskNumbers(run: string, { skipFirst, skipLast }: { readonly skipFirst: boolean; readonly skipLast: boolean }): string {
  const groups = groupsOf(run).slice(0, skipLast ? -1 : undefined);
  let masked = '';
  let done = 0;
  for (let first = skipFirst ? 1 : 0; first < groups.length; first += 1) {
    const found = findNumber(run, groups, first);
    if (found === undefined) continue;
    masked += run.slice(done, groups[first]?.from) + found.masked;
    done = groups[found.last]?.to ?? run.length;
    first = found.last;
  }
  return masked + run.slice(done);
}

function findNumber(run: string, groups: readonly Group[], first: number): { readonly last: number; readonly masked: string } | undefined {
  let digits = '';
  for (let last = first; last < groups.length && digits.length < 21; last += 1) {
    digits += groups[last]?.digits;
    const masked = maskNumber(digits);
    if (masked !== undefined && isWrittenAsCard(run, groups.slice(first, last + 1))) return { last, masked };
  }
  return undefined;
}

/** The masked form if the digits are a card number, or one after its length in two digits as in ISO 8583; else undefined. */
function maskNumber(digits: string): string | undefined {
  if (isCardNumber(digits)) return new Pan(digits).masked;
  const tail = digits.slice(2);
  return Number(digits.slice(0, 2)) === tail.length && isCardNumber(tail) ? digits.slice(0, 2) + new Pan(tail).masked : undefined;
}

function isCardNumber(digits: string): boolean {
  return digits.length >= 13 && digits.length <= 19 && passesLuhn(digits) && brandOf(new Pan(digits)) !== 'unknown';
}

/**
 * Tells whether an offset lies within a JSON string of the line. Offsets must ascend: the line is read once, however many hits it has, so
 * that a long line of numbers cannot hold up the process.
 */
function createStringTracker(line: string): (offset: number) => boolean {
  let index = 0;
  let inside = false;
  return (offset) => {
    for (; index < offset; index += 1) {
      const character = line[index];
      if (inside && character === '\\') index += 1;
      else if (character === '"') inside = !inside;
    }
    return inside;
  };
}

const removed = '[removed]';
const maxDepth = 8;

/** Names are compared in lower case and without punctuation, so `card.cvv`, `X-Secret-Key` and `idempotency_key` need no lists of spellings. */
const secretNames =
  /^(?:pan|primaryaccountnumber|accountnumber|(?:card)?(?:cv[cvn]2?|csc|securitycode)|cardverification(?:code|value)?|pin|pinblock|pwd|skey|track[12]?(?:data)?|cavv|authenticationvalue|cryptogram)$|(?:cardnumber|password|passwd|passphrase|authorization|secret|secretkey|apikey|privatekey|masterkey|accesstoken|idempotenc[ye]key|cookie)$/;

const decisions = new Map<string, boolean>();

function isSecretName(name: string): boolean {
  const known = decisions.get(name);
  if (known !== undefined) return known;
  const plain = name.toLowerCase().replaceAll(/[^a-z\d.]/g, '');
  const secret = secretNames.test(plain.replaceAll('.', '')) || secretNames.test(plain.slice(plain.lastIndexOf('.') + 1));
  // Names may come from requests: the memory of decisions must not grow with them.
  if (decisions.size < 2_000) decisions.set(name, secret);
  return secret;
}

/**
 * Takes secrets out of what is about to be logged, by the names of its fields, at any depth; what holds none is returned as it is. Objects
 * of a class are left to their own `toJSON` or serializer. Never throws.
 */
export function removeSecrets<T>(value: T): T {
  try {
    return clean(value, '', 0) as T;
  } catch {
    return { redaction: 'left out: it could not be read' } as T;
  }
}

function clean(value: unknown, parentName: string, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const isArray = Array.isArray(value);
  if (!isArray && !isPlain(value)) return value;
  if (depth === maxDepth) return '[too deep]';
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const [name, before] of Object.entries(value)) {
    const isSecret =
      !isArray && before !== undefined && before !== null && (isSecretName(name) || (name === 'number' && /card/i.test(parentName)));
    const after = isSecret ? removed : clean(before, isArray ? parentName : name, depth + 1);
    if (after === before) continue;
    copy ??= isArray ? [...value] : { ...value };
    (copy as Record<string, unknown>)[name] = after;
  }
  return copy ?? value;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
