/** Makes requests from a dialect's own description: good ones, and good ones with something wrong in body, path or headers. */
import fc, { type Arbitrary } from 'fast-check';
import { brandOf, Pan, passesLuhn } from '../../src/core/instrument/card.ts';
import type { Content, Operation, Parameter } from './document.ts';
import { hostile, mutate, mutations, type Source, valid } from './values.ts';

/** Who sends it: a caller of the recipe, `nobody`, or somebody with `wrong` credentials. */
export type Sender = string;

/** All but the credentials, which are made when it is sent. */
export interface FuzzRequest {
  readonly operation: Operation;
  readonly sender: Sender;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly mayGoUnanswered: boolean;
}

export interface Recipe extends Source {
  readonly operations: readonly Operation[];
  /** Names that stand in paths and may be there or not. */
  readonly ids: readonly string[];
  /** Who may send, each as often as the others; the first is let do everything. */
  readonly callers: readonly Sender[];
  /** Adds to a good body what follows from the rest of it: a checksum. */
  readonly complete: (body: Readonly<Record<string, unknown>>, path: string) => Readonly<Record<string, unknown>>;
}

const bodyTricks = ['truncated', 'cut off', 'not UTF-8', 'garbage', 'huge', 'empty', 'twice', 'deep', 'prototype', 'other form'] as const;
type BodyTrick = 'none' | (typeof bodyTricks)[number];

const wrongTypes = [
  ...[
    '',
    'text/xml',
    'text/plain',
    'application/octet-stream',
    'application/json; charset=utf-16',
    'application/json;charset=',
    'nonsense',
    '*/*',
  ],
  ...[
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'application/jose',
    'application/json, text/html',
  ],
];

const rareMethods = ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'GET', 'POST', 'FOO'];

const headerTricks: readonly (readonly (readonly [string, string])[])[] = [
  [['content-type', 'application/json']],
  [['idempotency-key', 'k'.repeat(5_000)]],
  [['idempotency-key', '漢字\u0001']],
  [['idempotency-key', '']],
  [['x-gcs-idempotence-key', 'k'.repeat(300)]],
  [['authorization', 'Bearer']],
  [['authorization', `Bearer ${'=A'.repeat(400)}`]],
  [['authorization', 'Basic Og==']],
  [['x-forwarded-for', "1.2.3.4, ' or 1=1, ::::"]],
  [['forwarded', 'for="_x;";;']],
  [['x-http-method-override', 'DELETE']],
  [['accept', 'application/xml;q=x,;;,*']],
  [['accept-language', '\u00ff\u00fe']],
  [['accept-encoding', 'gzip;q=nan, br']],
  [['content-encoding', 'gzip']],
  [['expect', '100-continue']],
  [['expect', 'miracles']],
  [['content-length', '-1']],
  [['content-length', '5']],
  [['transfer-encoding', 'gzip, chunked']],
  [['traceparent', '00-00-00-zz']],
  [['cookie', `a=${'b'.repeat(6_000)}`]],
  [['x-filler', 'y'.repeat(40_000)]],
  Array.from({ length: 300 }, (_, index) => [`x-many-${index}`, 'z'] as const),
];

const oddIds = [
  ...[
    '%00',
    '%',
    '%zz',
    '%ff%fe',
    '%ed%a0%80',
    '..',
    '%2e%2e%2f%2e%2e',
    '..%2f..%2fconsole',
    '',
    ' ',
    '%20',
    '*',
    "'",
    '%27%20or%201=1',
    '__proto__',
    'null',
  ],
  ...[
    '0',
    '-1',
    '1e9',
    '99999999999999999999999999',
    'a'.repeat(200),
    'a'.repeat(9_000),
    '%E6%BC%A2',
    ';x=1',
    'a%2Fb',
    '{id}',
    '%0d%0ax:1',
  ],
];

const targetTricks: readonly ((target: string) => string)[] = [
  (target) => `${target}/`,
  (target) => `/${target}`,
  (target) => target.replace('/', '/./'),
  (target) => target.toUpperCase(),
  (target) => `${target}${target.includes('?') ? '&' : '?'}a[]=1&a[]=2&a=3&__proto__[x]=1&%ff=%fe&=&&`,
  (target) => `${target}?${'q=1&'.repeat(2_000)}`,
  (target) => `http://elsewhere.example${target}`,
  (target) => `${target}#here`,
  (target) => target.replaceAll('/', '%2F'),
  (target) => `${target}/more/than/there/is`,
  (target) => `${target}\u0000`,
  (target) => target.replace(/^\//, '\\'),
];

/** One request. */
export function fuzzRequest(recipe: Recipe): Arbitrary<FuzzRequest> {
  const byOperation = new Map<Operation, Arbitrary<FuzzRequest>>();
  return fc.constantFrom(...recipe.operations).chain((operation) => {
    const made = byOperation.get(operation) ?? requestOf(recipe, operation);
    byOperation.set(operation, made);
    return made;
  });
}

/** `often` of a hundred times the first, else the second. */
function mostly<T>(often: number, usual: Arbitrary<T>, rare: Arbitrary<T>): Arbitrary<T> {
  return fc.oneof({ weight: often, arbitrary: usual }, { weight: 100 - often, arbitrary: rare });
}

const asItIs = (target: string) => target;

/** All that varies, and how often it is wrong. */
const varied = (recipe: Recipe, operation: Operation) => ({
  sender: mostly<Sender>(90, fc.constantFrom(...recipe.callers), fc.constantFrom('nobody', 'wrong')),
  method: mostly(95, fc.constant(operation.method), fc.constantFrom(...rareMethods)),
  path: pathOf(recipe, operation),
  query: queryOf(recipe, operation),
  trick: mostly(93, fc.constant(asItIs), fc.constantFrom(...targetTricks)),
  content: contentOf(recipe, operation),
  bodyTrick: mostly<BodyTrick>(75, fc.constant('none'), fc.constantFrom(...bodyTricks)),
  cut: fc.double({ min: 0, max: 1, noNaN: true }),
  type: mostly(92, fc.constant(undefined), fc.constantFrom(...wrongTypes)),
  more: mostly<readonly (readonly [string, string])[]>(85, headersOf(recipe, operation), fc.constantFrom(...headerTricks)),
});

/**
 * Requests of the merchant that are good but for one name in the path, which is odd: each operation that has names in its path, each of them, each odd
 * one. By chance alone a good body rarely comes with the odd name that would break something.
 */
export function oddPathRequests(recipe: Recipe, seed: number): readonly FuzzRequest[] {
  return recipe.operations.flatMap((operation) => {
    const names = operation.path.match(/\{[^}]+\}/g) ?? [];
    return names.flatMap((_, odd) => {
      return oddIds.flatMap((id, index) => {
        const made = requestOf(recipe, operation, { ...straight(recipe, operation), path: pathOf(recipe, operation, { odd, id }) });
        return fc.sample(made, { numRuns: id === '%00' ? 8 : 1, seed: seed + index });
      });
    });
  });
}

/** Nothing is wrong, and the first caller sends it. */
export const straight = (recipe: Recipe, operation: Operation) => ({
  ...varied(recipe, operation),
  ...{ sender: fc.constantFrom(...recipe.callers.slice(0, 1)), method: fc.constant(operation.method), trick: fc.constant(asItIs) },
  ...{ bodyTrick: fc.constant<BodyTrick>('none'), type: fc.constant(undefined), more: headersOf(recipe, operation) },
  ...{ path: pathOf(recipe, operation, { odd: -1, id: '' }), content: contentOf(recipe, operation, fc.constant([])) },
});

export function requestOf(recipe: Recipe, operation: Operation, parts = varied(recipe, operation)): Arbitrary<FuzzRequest> {
  return fc.record(parts).map(({ sender, method, path, query, trick, content, bodyTrick, cut, type, more }) => {
    const body = content === undefined ? Buffer.alloc(0) : spoil(bodyTrick, write(recipe, path, content), cut);
    const mediaType = type ?? content?.written;
    const length = content !== undefined && bodyTrick === 'cut off' ? body.length + 100 : body.length;
    const hasBody = content !== undefined || !['GET', 'HEAD'].includes(method);
    return {
      ...{ operation, sender, method, body },
      target: defused(recipe, trick(`${path}${query}`)),
      headers: [
        ['host', '127.0.0.1'],
        ['connection', 'close'],
        ...(mediaType === undefined ? [] : [['content-type', mediaType] as const]),
        ...(hasBody ? [['content-length', String(length)] as const] : []),
        ...more.map(([name, value]) => [name, defused(recipe, value)] as const),
      ] satisfies (readonly [string, string])[],
      mayGoUnanswered:
        (content !== undefined && (bodyTrick === 'cut off' || bodyTrick === 'huge')) || more.some(([name]) => framing.includes(name)),
    };
  });
}

const framing = ['content-length', 'transfer-encoding'];

/** `only`: the one name that is odd, counted from 0, and what it is; absent: each is odd now and then. */
function pathOf({ ids, values }: Recipe, { path }: Operation, only?: { readonly odd: number; readonly id: string }): Arbitrary<string> {
  const parts = path.split(/(\{[^}]+\})/).map((part, index) => {
    if (!part.startsWith('{')) return fc.constant(part);
    const good = values[part.slice(1, -1)] ?? ids;
    if (only !== undefined) {
      const usual = fc.constantFrom(...good.map((id) => encodeURIComponent(String(id))));
      return only.odd === (index - 1) / 2 ? fc.constant(only.id) : usual;
    }
    return mostly(85, fc.constantFrom(...good.map((id) => encodeURIComponent(String(id)))), fc.constantFrom(...oddIds));
  });
  return fc.tuple(...parts).map((written) => written.join(''));
}

function queryOf(recipe: Recipe, { parameters }: Operation): Arbitrary<string> {
  const known = parameters.filter((parameter) => parameter.in === 'query' && !recipe.never.includes(parameter.name));
  if (known.length === 0) return mostly(95, fc.constant(''), fc.constantFrom('?a=1', '?', '?id=%ff'));
  const always = known.filter(({ name, required }) => required === true || recipe.values[name] !== undefined);
  return fc.subarray(known.filter((parameter) => !always.includes(parameter))).chain((chosen) => {
    const values = [...always, ...chosen].map((parameter) => mostly(80, goodValue(recipe, parameter), hostile(recipe)));
    return fc.tuple(...values).map((given) => {
      const names = [...always, ...chosen].map(({ name }) => name);
      return names.length === 0 ? '' : `?${names.map((name, index) => `${encode(name)}=${encode(asText(given[index]))}`).join('&')}`;
    });
  });
}

function headersOf(recipe: Recipe, { parameters }: Operation): Arbitrary<readonly (readonly [string, string])[]> {
  const known = parameters.filter((parameter) => parameter.in === 'header');
  return fc.subarray(known).chain((chosen) =>
    fc
      .tuple(...chosen.map((parameter) => mostly(80, goodValue(recipe, parameter), hostile(recipe))))
      // A line break in a header would be another header.
      .map((values) =>
        chosen.map(
          ({ name }, index) =>
            [
              name,
              asText(values[index])
                .slice(0, 2_000)
                .replaceAll(/[\r\n]/g, ' '),
            ] as const,
        ),
      ),
  );
}

function goodValue(recipe: Recipe, { name, schema = {}, example }: Parameter): Arbitrary<unknown> {
  return valid(recipe, example === undefined ? schema : { ...schema, example }, name);
}

interface Made {
  readonly good: unknown;
  readonly changed: (body: unknown) => unknown;
  /** What the body is written as, and says it is. */
  readonly written: string;
}

export function contentOf(recipe: Recipe, { contents }: Operation, changing = mutations(recipe)): Arbitrary<Made | undefined> {
  if (contents.length === 0) return fc.constant(undefined);
  const one = ({ mediaType, schema, example }: Content): Arbitrary<Made> => {
    const made = valid(recipe, schema);
    const good = example === undefined ? made : mostly(50, fc.constant(example), made);
    const written = mediaType.startsWith('multipart/') ? `${mediaType}; boundary=xyz` : mediaType;
    return fc.record({ good, changes: changing }).map(({ good, changes }) => ({
      ...{ good, written },
      changed: (body) => mutate(body, changes),
    }));
  };
  return fc.constantFrom(...contents).chain(one);
}

function write(recipe: Recipe, path: string, { good, changed, written }: Made): Buffer {
  const isObject = typeof good === 'object' && good !== null && !Array.isArray(good);
  const sent = changed(isObject ? recipe.complete(good as Record<string, unknown>, path) : good);
  return Buffer.from(defused(recipe, written.startsWith('application/json') ? (JSON.stringify(sent) ?? '') : writeForm(sent, written)));
}

function writeForm(body: unknown, mediaType: string): string {
  const entries = typeof body === 'object' && body !== null ? Object.entries(body) : [['body', body] as const];
  if (!mediaType.startsWith('multipart/')) return entries.map(([name, value]) => `${encode(name)}=${encode(asText(value))}`).join('&');
  const parts = entries.map(([name, value]) => `--xyz\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${asText(value)}\r\n`);
  return `${parts.join('')}--xyz--\r\n`;
}

function spoil(trick: BodyTrick, body: Buffer, cut: number): Buffer {
  const at = Math.floor(body.length * cut);
  switch (trick) {
    case 'none':
    case 'cut off':
      return body;
    case 'truncated':
      return body.subarray(0, at);
    case 'not UTF-8':
      return Buffer.concat([body.subarray(0, at), Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80]), body.subarray(at)]);
    case 'garbage':
      return Buffer.from(Array.from({ length: 64 }, (_, index) => Math.floor(cut * 997 + index * 89) % 256));
    case 'huge':
      return Buffer.concat([body, Buffer.alloc(2_500_000, 0x20)]);
    case 'empty':
      return Buffer.alloc(0);
    case 'twice':
      return Buffer.concat([body, body]);
    case 'deep':
      return Buffer.from('['.repeat(20_000));
    case 'prototype':
      return Buffer.from(body.toString('utf8').replace('{', '{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}},'));
    case 'other form':
      return Buffer.from(
        body.toString('utf8').startsWith('{') ? `json=${encode(body.toString('utf8'))}` : JSON.stringify(body.toString('utf8')),
      );
  }
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

function asText(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** Without numbers that look like a card's by chance: only those that the search knows may be found. */
function defused({ pans }: Recipe, text: string): string {
  return text.replaceAll(/\d(?:[ -]?\d){12,18}/g, (run) => {
    const digits = run.replaceAll(/\D/g, '');
    const isChance = !pans.includes(digits) && passesLuhn(digits) && brandOf(new Pan(digits)) !== 'unknown';
    return isChance ? `${run.slice(0, -1)}${(Number(run.at(-1)) + 1) % 10}` : run;
  });
}
