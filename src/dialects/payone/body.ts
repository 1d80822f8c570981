/** Bodies: read as JSON without trusting it, then held to what an endpoint takes. */
import type { Static } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { shownName } from '../shown-name.ts';
import { invalid, missing, Problem } from './problem.ts';
import type { BodySchema } from './wire.ts';

const deepest = 16;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The body as plain data, without members that are empty or null: they mean absent. Throws a {@link Problem} for what is no JSON object. */
export function parseBody(body: Buffer): object {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(body));
  } catch {
    throw new Problem('SCHEMA_VALIDATION_FAILED', { text: 'the body is no JSON in UTF-8' });
  }
  const cleaned = clean(value, 0);
  if (typeof cleaned !== 'object' || cleaned === null || Array.isArray(cleaned)) {
    throw new Problem('SCHEMA_VALIDATION_FAILED', { text: 'the body must be a JSON object' });
  }
  return cleaned;
}

function clean(value: unknown, depth: number): unknown {
  if (depth > deepest) throw new Problem('SCHEMA_VALIDATION_FAILED', { text: `the body is nested deeper than ${deepest} levels` });
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.filter((member) => member !== null).map((member) => clean(member, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== null && member !== '');
  return Object.fromEntries(entries.map(([name, member]) => [cleanText(name), clean(member, depth + 1)]));
}

/** What no database keeps. */
function cleanText(text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new Problem('SCHEMA_VALIDATION_FAILED', { text: 'the body holds a NUL or half of a surrogate pair' });
  }
  return text;
}

/** A reader of bodies of one endpoint: gives the body with its type, or throws one {@link Problem} about the first thing that is wrong. */
export function readerOf<Schema extends BodySchema>(schema: Schema): (body: unknown) => Static<Schema> {
  // Compiled when the first body comes: the start does not wait for endpoints that nobody uses.
  let compiled: Validator<Record<never, never>, Schema> | undefined;
  return (body) => {
    compiled ??= Compile(schema);
    const given = body ?? {};
    if (compiled.Check(given)) return given as Static<Schema>;
    throw problemOf(compiled.Errors(given));
  };
}

interface ValidationError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

function problemOf(errors: Iterable<ValidationError>): Problem {
  for (const { keyword, instancePath, params, message } of errors) {
    const path = instancePath.slice(1).replaceAll('/', '.');
    const within = (name: unknown) => (path === '' ? String(name) : `${path}.${String(name)}`);
    if (keyword === 'boolean') continue;
    if ('additionalProperties' in params && Array.isArray(params.additionalProperties)) {
      const name = shownName(within(params.additionalProperties[0]));
      return new Problem('SCHEMA_VALIDATION_FAILED', { propertyName: name, text: `${name} is no member of this request` });
    }
    if ('requiredProperties' in params && Array.isArray(params.requiredProperties)) return missing(within(params.requiredProperties[0]));
    return invalid(shownName(path), `${shownName(path)} ${message}`);
  }
  return new Problem('SCHEMA_VALIDATION_FAILED');
}
