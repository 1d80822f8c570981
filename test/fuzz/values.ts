/** Values for a request: those that a schema asks for, and those that nobody should send. */
import fc, { type Arbitrary } from 'fast-check';
import { resolve, type Schema } from './document.ts';

/** What values are made from. */
export interface Source {
  readonly document: object;
  /** Good values by the name of a field or parameter; they come before what the schema says. */
  readonly values: Readonly<Record<string, readonly unknown[]>>;
  /** Names that a good request leaves out: a second way to log in. */
  readonly never: readonly string[];
  /** Card numbers. No other number that looks like one is ever sent. */
  readonly pans: readonly string[];
}

const cardNumberName = /^(?:.*\.)?(?:number|card_?number)$/i;
const byFormat: Readonly<Record<string, readonly string[]>> = {
  date: ['2026-01-31', '2024-02-29'],
  'date-time': ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00+02:00'],
  uuid: ['1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a1b2c3d'],
  uri: ['http://127.0.0.1:9/back'],
  url: ['http://127.0.0.1:9/back'],
  email: ['ada@shop.example'],
};

/** What fields of such names take in every protocol, where a schema says no more than that it is text. */
const byName: readonly (readonly [RegExp, readonly string[]])[] = [
  [/currency(?:_?code)?$/i, ['EUR']],
  [/email$/i, ['ada@shop.example']],
  [/(?:url|redirect|callback)$/i, ['http://127.0.0.1:9/back']],
];

/** A value that the schema allows, as far as the schema says; `name`: of the field that it is for. */
export function valid(source: Source, given: Schema, name = '', depth = 0): Arbitrary<unknown> {
  const known = source.values[name];
  if (known !== undefined) return fc.constantFrom(...known);
  if (cardNumberName.test(name)) return fc.constantFrom(...source.pans);
  const schema = resolve(source.document, given);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined && schema.enum.length > 0) return fc.constantFrom(...schema.enum);
  const examples = [...(schema.examples ?? []), ...(schema.example === undefined ? [] : [schema.example])];
  const usual = schema.type === 'string' ? byName.find(([pattern]) => pattern.test(name))?.[1] : undefined;
  const made = usual === undefined ? generated(source, schema, depth) : fc.constantFrom(...usual);
  return examples.length === 0 ? made : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...examples) }, { weight: 1, arbitrary: made });
}

function generated(source: Source, schema: Schema, depth: number): Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined && choices.length > 0)
    return fc.constantFrom(...choices).chain((choice) => valid(source, choice, '', depth + 1));
  const type =
    typeof schema.type === 'string' ? schema.type : (schema.type?.[0] ?? (schema.properties === undefined ? 'string' : 'object'));
  switch (type) {
    case 'object':
      return depth > 6 ? fc.constant({}) : object(source, schema, depth);
    case 'array': {
      const item = depth > 6 ? fc.constant(null) : valid(source, schema.items ?? {}, '', depth + 1);
      return fc.array(item, { minLength: schema.minItems ?? 0, maxLength: Math.max(3, schema.minItems ?? 0) });
    }
    case 'integer':
      return fc.integer({ min: Math.max(schema.minimum ?? 0, -1_000_000), max: Math.min(schema.maximum ?? 100_000, 100_000) });
    case 'number':
      return fc.constantFrom(1, 12.5, 0.01, schema.minimum ?? 2);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return text(schema);
  }
}

/** All that is required, and a few of the rest. */
function object(source: Source, { properties = {}, required = [] }: Schema, depth: number): Arbitrary<unknown> {
  const allowed = Object.keys(properties).filter((name) => !source.never.includes(name));
  const always = allowed.filter((name) => required.includes(name) || source.values[name] !== undefined);
  return fc
    .subarray(
      allowed.filter((name) => !always.includes(name)),
      { maxLength: Math.min(5, allowed.length - always.length) },
    )
    .chain((chosen) => {
      const names = [...always, ...chosen];
      const values = names.map((name) => valid(source, properties[name] ?? {}, name, depth + 1));
      return fc.tuple(...values).map((members) => Object.fromEntries(names.map((name, index) => [name, members[index]])));
    });
}

function text({ pattern, format, maxLength = 40 }: Schema): Arbitrary<string> {
  const named = format === undefined ? undefined : byFormat[format];
  if (named !== undefined) return fc.constantFrom(...named);
  if (pattern === undefined) return fc.string({ maxLength: Math.min(maxLength, 60) });
  try {
    return fc.stringMatching(new RegExp(pattern), { size: 'small' });
  } catch {
    // A pattern that the generator has no words for, as one that looks ahead.
    return fc.constantFrom('a', 'abc-1', '12.50', '2026-01-31');
  }
}

/** Nested so deep that a careless reader runs out of stack. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** What no schema asks for: wrong types, limits, control characters, injections, card numbers where none belong. */
export function hostile({ pans }: Pick<Source, 'pans'>): Arbitrary<unknown> {
  const words: readonly unknown[] = [
    ...[null, true, false, 0, -0, -1, 1.5, 1e21, 1e308, 5e-324, Number.MAX_SAFE_INTEGER, 2 ** 53, -2_147_483_649],
    ...[
      '',
      ' ',
      '\u0000',
      'a\u0000b',
      '\r\nx-injected: 1',
      '\u001b[31m',
      '\ufeff',
      '\u202e',
      '漢字',
      '𝔘𝔫𝔦',
      'e\u0301',
      '\ud800',
      '\udfff a',
    ],
    ...[
      '-0',
      'NaN',
      'Infinity',
      '1e9',
      '0x10',
      '1,50',
      '１２',
      '٣',
      '00012',
      '+1',
      '.5',
      '99999999999999999999999',
      'true',
      'null',
      '[object Object]',
    ],
    ...[
      "' or 1=1 --",
      '"; drop table payment; --',
      '<script>alert(1)</script>',
      '../../../etc/passwd',
      '$'.concat('{jndi:ldap://x}'),
      '%s%n%x',
      '%00',
    ],
    ...[
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'javascript:alert(1)',
      'file:///etc/passwd',
      'http://[::1',
      'http://a b/',
    ],
    ...['a'.repeat(300), 'a'.repeat(70_000), '漢'.repeat(3_000), '9'.repeat(400), '2026-02-30', '9999-12-31T23:59:60Z', '0000-00-00'],
    ...[[], {}, [null], [[]], [{}], { a: 1 }, { length: -1 }, nested(12), nested(60), nested(600), Array.from({ length: 500 }, () => 0)],
    ...pans.flatMap((pan) => [pan, Number(pan), `card ${pan}`, pan.replaceAll(/(\d{4})(?=\d)/g, '$1 '), [pan], { number: pan }]),
  ];
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...words) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.oneof(fc.integer(), fc.double(), fc.float()) },
    { weight: 1, arbitrary: fc.object({ maxDepth: 3, maxKeys: 4 }) },
  );
}

/** One thing that is changed in a good body. `at` counts its places, around the corner. */
export interface Mutation {
  readonly at: number;
  readonly kind: 'replace' | 'remove' | 'add' | 'wrap';
  readonly name: string;
  readonly value: unknown;
}

export function mutations(source: Pick<Source, 'pans'>): Arbitrary<readonly Mutation[]> {
  const mutation = fc.record({
    at: fc.nat(1_000),
    kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'wrap') as Arbitrary<Mutation['kind']>,
    name: fc.constantFrom(
      'surprise',
      'id',
      'amount',
      'constructor',
      'toString',
      'a.b',
      'a[0]',
      'a[',
      '',
      ' ',
      '\u0000',
      '漢',
      'x'.repeat(3_000),
    ),
    value: hostile(source),
  });
  return fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 5, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) });
}

/** The body with the changes made to a copy of it. */
export function mutate(body: unknown, changes: readonly Mutation[]): unknown {
  const root = { body: structuredClone(body) };
  for (const { at, kind, name, value: given } of changes) {
    // The same value may come more than once, and must not come to hold itself.
    const value = structuredClone(given);
    const places = placesOf(root);
    const place = places[at % places.length];
    if (place === undefined) continue;
    const { holder, key } = place;
    const now = holder[key];
    if (kind === 'remove') delete holder[key];
    else if (kind === 'wrap') holder[key] = [now];
    else if (kind === 'add' && typeof now === 'object' && now !== null) Object.assign(now, { [name]: value });
    else holder[key] = value;
  }
  return root.body;
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesOf(holder: object, depth = 0): readonly Place[] {
  if (depth > 8) return [];
  return Object.entries(holder).flatMap(([key, value]) => [
    { holder: holder as Record<string, unknown>, key },
    ...(typeof value === 'object' && value !== null ? placesOf(value, depth + 1) : []),
  ]);
}
