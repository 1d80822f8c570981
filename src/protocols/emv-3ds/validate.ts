/** Checks an object against its table, both on the way in and on the way out. */

import { type Facts, holds, valueIn } from './conditions.ts';
import { isObject, type JsonObject } from './json.ts';
import type { Format, Row, Version } from './rule.ts';

/** Codes that a check of single elements can find, the weightiest first. */
const FOUND_CODES = ['201', '203', '207', '304', '306'] as const;

type FoundCode = (typeof FOUND_CODES)[number];

/** One finding: which element, and what about it. The value is not repeated. */
export interface Finding {
  readonly errorCode: FoundCode;
  readonly path: string;
  readonly says: string;
}

/** How strict to be. */
export interface CheckOptions {
  readonly version: Version;
  /** Writing: elements that the table does not know, or not for this message, are findings. Reading: the first are dropped, the second kept. */
  readonly isOutgoing: boolean;
  /** Lets `http:` URLs pass where 2.3.1 wants https: for a sandbox on one machine. */
  readonly allowsPlainHttp: boolean;
  readonly areq: JsonObject | undefined;
}

/** The object's known elements, and what is wrong with them. */
export interface Checked {
  readonly value: JsonObject;
  readonly findings: readonly Finding[];
}

/** Beyond these nothing is looked at any more: a list of a million bad ranges needs no million findings. */
const MOST_FINDINGS = 50;

/** Checks one message or object. */
export function checkObject(rows: readonly Row[], object: JsonObject, options: CheckOptions, path = ''): Checked {
  const findings: Finding[] = [];
  const value: Record<string, unknown> = {};
  const known = rowsOf(rows, options.version);
  const facts: Facts = { here: object, areq: options.areq };
  for (const row of known.values()) {
    const found = valueIn(object, row.name);
    const at = path + row.name;
    if (found === undefined) {
      if (isNeeded(row, facts)) findings.push({ errorCode: '201', path: at, says: 'is missing' });
      continue;
    }
    if (options.isOutgoing && row.only !== undefined && !holds(row.only, facts)) {
      findings.push({ errorCode: '203', path: at, says: 'does not belong into this message' });
    }
    const checked = checkValue(row.format, found, options, at);
    findings.push(...checked.findings);
    // Names come from the tables, so none of them is `__proto__`.
    if (checked.value !== undefined) value[row.name] = checked.value;
    if (findings.length >= MOST_FINDINGS) break;
  }
  if (options.isOutgoing) {
    for (const [name, member] of Object.entries(object)) {
      if (member !== undefined && !known.has(name)) {
        findings.push({ errorCode: '203', path: path + name, says: `is unknown to version ${options.version}` });
      }
    }
  }
  return { value, findings };
}

/** The weightiest code among findings, and the elements it is about. */
export function weightiest(findings: readonly Finding[]): { readonly errorCode: FoundCode; readonly paths: readonly string[] } | undefined {
  for (const errorCode of FOUND_CODES) {
    const paths = findings.filter((finding) => finding.errorCode === errorCode).map(({ path }) => path);
    if (paths.length > 0) return { errorCode, paths: [...new Set(paths)] };
  }
  return undefined;
}

const byVersion = new WeakMap<readonly Row[], Map<Version, ReadonlyMap<string, Row>>>();

/** The rows that a version knows, by name. */
function rowsOf(rows: readonly Row[], version: Version): ReadonlyMap<string, Row> {
  const versions = byVersion.get(rows) ?? new Map<Version, ReadonlyMap<string, Row>>();
  byVersion.set(rows, versions);
  const known = versions.get(version) ?? selectRows(rows, version);
  versions.set(version, known);
  return known;
}

function selectRows(rows: readonly Row[], version: Version): ReadonlyMap<string, Row> {
  const selected = rows.filter((row) => row.versions.includes(version));
  const known = new Map(selected.map((row) => [row.name, row]));
  if (known.size !== selected.length) throw new Error(`a table has two rows of one name for version ${version}`);
  return known;
}

function isNeeded({ need }: Row, facts: Facts): boolean {
  if (need === 'required') return true;
  return need !== 'optional' && holds(need, facts);
}

interface CheckedValue {
  /** Undefined when nothing is left of it. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
}

function checkValue(format: Format, value: unknown, options: CheckOptions, path: string): CheckedValue {
  const bad = (says: string, errorCode: FoundCode = '203'): CheckedValue => ({ value, findings: [{ errorCode, path, says }] });
  const good: CheckedValue = { value, findings: [] };
  switch (format.kind) {
    case 'text':
      return typeof value === 'string' && fits(value, format) ? meaning(format.code, value, { good, bad }) : bad(`expected ${format.says}`);
    case 'url':
      return typeof value === 'string' && value.length <= format.most && isUrl(value, options)
        ? good
        : bad(`expected an absolute URL of at most ${format.most} characters${wantsHttps(options) ? ', https only' : ''}`);
    case 'code':
      return checkCode(format, value, { good, bad, version: options.version });
    case 'flag':
      return typeof value === 'boolean' ? good : bad('expected true or false');
    case 'list':
      return checkList(format, value, options, path) ?? bad(`expected a list of ${format.least} to ${format.most}`);
    case 'object': {
      if (!isObject(value) || Object.keys(value).length === 0) return bad('expected an object that is not empty');
      const checked = checkObject(format.rows, value, options, `${path}.`);
      // With nothing in it that this version knows, the object is as unknown as what it holds.
      return Object.keys(checked.value).length === 0 ? { value: undefined, findings: checked.findings } : checked;
    }
    case 'opaque':
      return value !== null && value !== '' && JSON.stringify(value).length <= format.most
        ? good
        : bad(`expected at most ${format.most} characters of JSON`);
  }
}

function fits(value: string, { least, most, pattern }: Extract<Format, { kind: 'text' }>): boolean {
  return value.length >= least && value.length <= most && (pattern === undefined || pattern.test(value));
}

interface Verdicts {
  readonly good: CheckedValue;
  readonly bad: (says: string, errorCode?: FoundCode) => CheckedValue;
}

/**
 * Countries 901 to 999 are for private use, currencies 955 to 964 are metals, bonds and test codes, 999 is none: the specification refuses
 * them by number. Category 0000 is no category.
 */
function meaning(kind: Extract<Format, { kind: 'text' }>['code'], value: string, { good, bad }: Verdicts): CheckedValue {
  const number = Number(value);
  switch (kind) {
    case undefined:
      return good;
    case 'country':
      return number === 0 || number > 900 ? bad('is no country of ISO 3166-1', '304') : good;
    case 'currency':
      return number === 0 || (number >= 955 && number <= 964) || number === 999 ? bad('is no currency of ISO 4217', '304') : good;
    case 'merchant category':
      return number === 0 ? bad('is no merchant category of ISO 18245', '306') : good;
  }
}

const TWO_DIGITS = /^[0-9]{2}$/;

function checkCode(
  format: Extract<Format, { kind: 'code' }>,
  value: unknown,
  { good, bad, version }: Verdicts & { readonly version: Version },
): CheckedValue {
  const says = `expected one of ${format.values.join(', ')}${format.openToSchemes ? ' or 80 to 99' : ''}`;
  if (typeof value !== 'string') return bad(says);
  if (format.values.includes(value) || (format.openToSchemes && /^[89][0-9]$/.test(value))) return good;
  const isReserved = TWO_DIGITS.test(value) && value !== '00' && TWO_DIGITS.test(format.values[0] ?? '');
  // 2.3.1 tells a value that it keeps for later from one of the wrong shape.
  return isReserved && version === '2.3.1' ? bad(says, '207') : bad(says);
}

function checkList(
  format: Extract<Format, { kind: 'list' }>,
  value: unknown,
  options: CheckOptions,
  path: string,
): CheckedValue | undefined {
  if (!Array.isArray(value) || value.length < format.least || value.length > format.most) return undefined;
  const findings: Finding[] = [];
  const entries: unknown[] = [];
  for (const entry of value as readonly unknown[]) {
    const checked = checkValue(format.of, entry, options, path);
    if (checked.value !== undefined) entries.push(checked.value);
    findings.push(...checked.findings);
    if (findings.length >= MOST_FINDINGS) break;
  }
  return { value: entries.length === 0 ? undefined : entries, findings };
}

const wantsHttps = ({ version, allowsPlainHttp }: CheckOptions): boolean => version === '2.3.1' && !allowsPlainHttp;

function isUrl(value: string, options: CheckOptions): boolean {
  // The parser would quietly take spaces and line ends away.
  if (/[\s\\]/.test(value)) return false;
  const url = URL.parse(value);
  if (url === null) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && !wantsHttps(options));
}
