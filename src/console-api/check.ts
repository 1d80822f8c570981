/** Holds requests to their forms, and says of each field that does not fit what it must be. */
import type { TObject, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { ConsoleProblem, type FieldFault } from './problem.ts';

/** Checks values against a form; throws a problem that names each field at fault. */
export function checker(schema: TObject, what: 'path' | 'query' | 'body'): (value: unknown) => void {
  // Compiled when the first request comes: the start does not wait for what nobody asks for.
  let compiled: Validator | undefined;
  return (value) => {
    compiled ??= Compile(schema);
    if (compiled.Check(value)) return;
    const faults = faultsOf(schema, compiled.Errors(value) as readonly SchemaError[]);
    const names = faults.map(({ field, detail }) => (field === '' ? `The ${what} ${detail}` : `${field} ${detail}`));
    throw new ConsoleProblem('bad_request', `${names.join('; ')}.`, faults);
  };
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** One fault per field: the outermost, which says what may be there. */
function faultsOf(schema: TSchema, errors: readonly SchemaError[]): readonly FieldFault[] {
  const faults = new Map<string, string>();
  for (const { keyword, instancePath, params, message } of errors) {
    const at = instancePath.split('/').slice(1);
    const names = [
      ...listed(params.requiredProperties),
      ...(keyword === 'additionalProperties' ? listed(params.additionalProperties) : []),
    ];
    if (names.length > 0) for (const name of names) faults.set([...at, name].join('.'), wordOf(keyword));
    else if (keyword !== 'boolean') faults.set(at.join('.'), expectedOf(schema, at) ?? message);
  }
  return [...faults].map(([field, detail]) => ({ field, detail }));
}

function wordOf(keyword: string): string {
  return keyword === 'additionalProperties' ? 'is not known here' : 'is missing';
}

function listed(names: unknown): readonly string[] {
  return Array.isArray(names) ? names.map(String) : [];
}

interface AnySchema {
  readonly properties?: Readonly<Record<string, AnySchema>>;
  readonly patternProperties?: Readonly<Record<string, AnySchema>>;
  readonly items?: AnySchema;
  readonly anyOf?: readonly AnySchema[];
  readonly type?: string;
  readonly 'x-expected'?: string;
}

/** What stands in the form at a place, as `must be …`; undefined where it says nothing of its own. */
function expectedOf(schema: AnySchema, at: readonly string[]): string | undefined {
  let here: AnySchema | undefined = schema;
  for (const part of at) {
    const inner: AnySchema | undefined = here?.anyOf?.find(({ type }) => type !== 'null') ?? here;
    here = inner?.properties?.[part] ?? inner?.items ?? Object.values(inner?.patternProperties ?? {})[0];
  }
  const expected = here === undefined ? undefined : writtenOf(here);
  return expected === undefined ? undefined : `must be ${expected}`;
}

const plain: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  object: 'an object',
  null: 'null',
  string: 'text',
};

function writtenOf(schema: AnySchema): string | undefined {
  if (schema['x-expected'] !== undefined) return schema['x-expected'];
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => writtenOf(one) ?? 'something else').join(' or ');
  if (schema.items !== undefined) return `a list, each ${writtenOf(schema.items) ?? 'of it fitting'}, without repetition`;
  return schema.type === undefined ? undefined : plain[schema.type];
}
