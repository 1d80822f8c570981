/**
 * Reads bodies: strict JSON in UTF-8, of which nothing is repeated in errors. Empty texts and nulls mean absent, as the guide's sample sends them;
 * members that nobody knows are ignored, as the platform does.
 */
import { isUtf8 } from 'node:buffer';
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { shownName } from '../shown-name.ts';
import { type FieldIssue, Problem } from './problem.ts';

/** Deeper than any body of the protocol; what stands below is nobody's business. */
const deepest = 6;

/** The value of a body; an empty one is an object without members. Throws 400 for what is no JSON object. */
export function parseJson(bytes: Buffer): object {
  if (!isUtf8(bytes)) throw new Problem('malformed_json');
  const text = bytes.toString('utf8');
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('malformed_json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem('malformed_json', { message: 'The body must be a JSON object.' });
  }
  return value;
}

/** Without what means absent. Throws for text that no database can keep. */
function cleaned(value: unknown, path: readonly string[], issues: FieldIssue[]): unknown {
  if (value === null || value === '') return undefined;
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed())
      issues.push({ field: fieldOf(path), issue: 'must not contain NUL characters or halves of surrogate pairs' });
    return value;
  }
  if (typeof value !== 'object' || path.length >= deepest) return value;
  if (Array.isArray(value)) return value.slice(0, 100).map((item, index) => cleaned(item, [...path, String(index)], issues));
  const members = Object.entries(value).flatMap(([name, member]) => {
    const kept = cleaned(member, [...path, name], issues);
    if (name.includes('\0') || !name.isWellFormed()) issues.push({ field: fieldOf(path), issue: 'has a member whose name cannot be kept' });
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return Object.fromEntries(members);
}

function fieldOf(path: readonly string[]): string {
  return path.length === 0 ? 'body' : shownName(path.join('.').replaceAll('\0', ''));
}

/** The JSON inside an encrypted body. `open`: decrypts it, and rejects when it cannot. */
export async function parseJwe(bytes: Buffer, open: (jwe: string) => Promise<Uint8Array>): Promise<object> {
  const text = bytes.toString('latin1').trim();
  if (!/^[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) throw new Problem('malformed_jwe');
  let clear: Uint8Array;
  try {
    clear = await open(text);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotRecorded') throw error;
    throw new Problem('malformed_jwe');
  }
  return parseJson(Buffer.from(clear));
}

export interface BodyReader<T extends TSchema> {
  /** The body as its schema has it. Throws 422 that names all members at fault. */
  read(body: unknown): Static<T>;
  /** What is wrong with a part of a body that stands under this name, also in a body that does not fit otherwise; nothing where it fits. */
  issuesOf(part: unknown, under: string): readonly FieldIssue[];
}

/** Reads bodies of one schema. */
export function readerOf<T extends TSchema>(schema: T): BodyReader<T> {
  // Compiled when the first body comes: the start does not wait for endpoints that nobody uses.
  let compiled: Validator<Record<never, never>, T> | undefined;
  const issuesIn = (value: unknown, under: readonly string[]): readonly FieldIssue[] => {
    compiled ??= Compile(schema);
    if (compiled.Check(value)) return [];
    const issues = compiled.Errors(value).flatMap((error) => issuesFrom(schema, error as ValidationError, under));
    return [...new Map(issues.map((issue) => [issue.field, issue])).values()];
  };
  return {
    read(body) {
      const unkept: FieldIssue[] = [];
      const value = cleaned(body, [], unkept);
      const issues = unkept.length > 0 ? unkept : issuesIn(value, []);
      if (issues.length > 0) throw new Problem('validation_failed', { details: issues });
      return value as Static<T>;
    },
    issuesOf: (part, under) => issuesIn(cleaned(part, [under], []), [under]),
  };
}

interface ValidationError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: { readonly requiredProperties?: readonly string[] };
}

function issuesFrom(schema: TSchema, { keyword, instancePath, params }: ValidationError, under: readonly string[]): readonly FieldIssue[] {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keyword === 'required') {
    return (params.requiredProperties ?? []).map((name) => ({ field: fieldOf([...under, ...path, name]), issue: 'is required' }));
  }
  const found = nodeAt(schema, path);
  return [{ field: fieldOf([...under, ...found.path]), issue: `must be ${found.expected}` }];
}

/** The innermost part with words of its own: inside a union it is the union that was missed. */
function nodeAt(schema: TSchema, path: readonly string[]): { readonly path: readonly string[]; readonly expected: string } {
  let node = schema as Node | undefined;
  let found: { path: readonly string[]; expected: string } = { path: [], expected: node?.['x-expected'] ?? 'of another form' };
  for (const [index, name] of path.entries()) {
    node = node?.properties?.[name] ?? Object.values(node?.patternProperties ?? {})[0];
    if (node?.['x-expected'] !== undefined) found = { path: path.slice(0, index + 1), expected: node['x-expected'] };
  }
  return found;
}

interface Node {
  readonly 'x-expected'?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly patternProperties?: Readonly<Record<string, Node>>;
}
