/** Reads bodies: forms, also those that were never percent-encoded, and JSON, nested or flat, into flat names with text values. */
import { isUtf8 } from 'node:buffer';
import { Problem, parameterProblem } from './problem.ts';

/** Names and values as they came, under names without meaning yet. */
export type Flat = Readonly<Record<string, string>>;

const namesAtMost = 500;
const deepest = 6;

class Collector {
  readonly values: Record<string, string> = Object.create(null);
  readonly #seen = new Set<string>();

  /** Empty values mean absent. */
  add(name: string, value: string): void {
    if (this.#seen.has(name)) throw parameterProblem('20002', name, 'must not be there twice');
    if (this.#seen.size >= namesAtMost) throw unreadable(`more than ${namesAtMost} parameters`);
    if (!name.isWellFormed() || !value.isWellFormed()) throw unreadable('the body holds half a character');
    this.#seen.add(name);
    const trimmed = value.trim();
    if (trimmed !== '') this.values[name] = trimmed;
  }
}

function unreadable(text: string): Problem {
  return new Problem('20002', { status: 400, text });
}

function utf8(body: Buffer): string {
  if (!isUtf8(body)) throw unreadable('the body is not UTF-8');
  return body.toString('utf8');
}

/** Many clients send URLs and spaces raw: what is no percent-encoding stays as it is. */
export function parseForm(body: Buffer): Flat {
  const collector = new Collector();
  for (const piece of utf8(body).split('&')) {
    if (piece === '') continue;
    const at = piece.indexOf('=');
    collector.add(decode(at < 0 ? piece : piece.slice(0, at)).trim(), at < 0 ? '' : decode(piece.slice(at + 1)));
  }
  return collector.values;
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  // Whole runs at once, since a character may be several bytes.
  return spaced.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      throw unreadable('the body is not UTF-8 once it is percent-decoded');
    }
  });
}

/** A number as it was written: JSON itself would read 30.20 as 30.2, and long ids as other ids. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function keepNumbers(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value;
}

export function parseJson(body: Buffer): Flat {
  const collector = new Collector();
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8(body), keepNumbers);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw unreadable('the body is not JSON');
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed) || parsed instanceof NumberText) {
    throw unreadable('the body must be a JSON object');
  }
  flatten(collector, parsed, '', 1);
  return collector.values;
}

/** `{"card":{"cvv":"1"}}` and `{"card.cvv":"1"}` are the same; lists have numbers: `product[0].quantity`. */
function flatten(collector: Collector, value: unknown, name: string, depth: number): void {
  if (depth > deepest) throw unreadable('the body is nested too deeply');
  if (value === null) collector.add(name, '');
  else if (value instanceof NumberText) collector.add(name, numberText(name, value));
  else if (typeof value === 'string' || typeof value === 'boolean') collector.add(name, String(value));
  else {
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value as object)) {
      flatten(collector, inner, isList ? `${name}[${key}]` : name === '' ? key : `${name}.${key}`, depth + 1);
    }
  }
}

/** Amounts have two decimals, and checksums are made over them so, also where the number has fewer. */
function numberText(name: string, { text }: NumberText): string {
  if (!/amount$/i.test(name) && !/Total$/.test(name)) return text;
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d{0,2}))?$/.exec(text) ?? [];
  return whole === undefined ? text : `${whole}.${fraction.padEnd(2, '0')}`;
}
