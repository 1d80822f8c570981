/** Reads JSON that came from outside: bounded in size and depth, strict about UTF-8, and able to say which elements stand there twice. */

/** A JSON object as it was read. Its members are own properties only. */
export type JsonObject = { readonly [name: string]: unknown };

/** What was read, or why it is no JSON object. `duplicates` names elements that an object holds more than once, as paths like `a.b`. */
export type JsonReading =
  | { readonly ok: true; readonly value: JsonObject; readonly duplicates: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** The largest message: the lists of card ranges of the big schemes take some megabytes. */
export const LONGEST_MESSAGE_BYTES = 64 * 1_048_576;
/** No message nests deeper than six; the data of a message extension may go further. */
const MOST_LEVELS = 32;
const MOST_DUPLICATES_NAMED = 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** True for a JSON object, false for arrays, null and simple values. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads bytes or text as one JSON object. Never throws. */
export function readJson(source: Uint8Array | string, limitBytes = LONGEST_MESSAGE_BYTES): JsonReading {
  const text = textOf(source, limitBytes);
  if (typeof text !== 'string') return text;
  const scan = scanNames(text);
  if (scan === 'too-deep') return { ok: false, problem: `nested deeper than ${MOST_LEVELS} levels` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'not JSON' };
  }
  if (!isObject(value)) return { ok: false, problem: 'not a JSON object' };
  return { ok: true, value, duplicates: scan };
}

function textOf(source: Uint8Array | string, limitBytes: number): string | { readonly ok: false; readonly problem: string } {
  if (source.length > limitBytes) return { ok: false, problem: `longer than ${limitBytes} bytes` };
  if (typeof source === 'string') return source;
  try {
    return utf8.decode(source);
  } catch {
    return { ok: false, problem: 'not UTF-8' };
  }
}

interface Level {
  /** Names seen so far; undefined for an array. */
  readonly names: Set<string> | undefined;
  /** The name, or nothing in an array, under which the next value stands. */
  current: string | undefined;
}

/**
 * One pass over the text, before anything recursive may see it: counts levels, and finds names that an object has twice, which `JSON.parse`
 * would drop silently. On text that is no JSON the answer means nothing, and JSON.parse refuses it afterwards.
 */
function scanNames(text: string): readonly string[] | 'too-deep' {
  const levels: Level[] = [];
  const duplicates = new Set<string>();
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      const end = endOfString(text, index);
      const level = levels.at(-1);
      if (level?.names !== undefined && isName(text, end)) {
        level.current = nameIn(text.slice(index, end + 1));
        if (level.names.has(level.current) && duplicates.size < MOST_DUPLICATES_NAMED) duplicates.add(pathOf(levels));
        level.names.add(level.current);
      }
      index = end;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (levels.length === MOST_LEVELS) return 'too-deep';
      levels.push({ names: code === OPEN_OBJECT ? new Set() : undefined, current: undefined });
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) levels.pop();
  }
  return [...duplicates];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;

/** Position of the closing quote; the text's last position when there is none. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index++;
    else if (code === QUOTE) return index;
  }
  return text.length;
}

function isName(text: string, end: number): boolean {
  let index = end + 1;
  while (index < text.length && ' \t\r\n'.includes(text.charAt(index))) index++;
  return text.charCodeAt(index) === COLON;
}

/** The name without quotes; escapes are resolved, since `"a"` and `"\u0061"` are one name. */
function nameIn(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

const pathOf = (levels: readonly Level[]): string =>
  levels.flatMap(({ current }) => (current === undefined ? [] : [current.slice(0, 64)])).join('.');
