/** The console API's clock, as a test or a user's own suite moves it. */
import assert from 'node:assert/strict';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

export interface ClockReading {
  readonly business_time: string;
  readonly wall_time: string;
  readonly offset_seconds: number;
  readonly done?: Readonly<Record<string, number>>;
}

export const operatorKey = 'sandbox-operator-key';
export const viewerKey = 'sandbox-viewer-key';

/** One request with a JSON body, as it is. */
export function callConsole(
  url: string,
  { method = 'GET', path = '/console-api/clock', key, body }: { method?: string; path?: string; key?: string; body?: string },
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    ...(body === undefined ? {} : { body }),
  });
}

export async function readClock(url: string): Promise<ClockReading> {
  const response = await callConsole(url, { key: viewerKey });
  assert.equal(response.status, 200);
  return (await response.json()) as ClockReading;
}

/** Moves the clock; returns when all that became due is done. */
export async function moveClock(url: string, seconds: number): Promise<ClockReading> {
  const response = await callConsole(url, { method: 'POST', key: operatorKey, body: JSON.stringify({ advance_seconds: seconds }) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as ClockReading;
}

/** What a request to the console API was answered. */
export interface ConsoleReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Read as deeply nested values; what is not there reads as undefined.
  readonly body: ConsoleBody;
}

export interface ConsoleBody {
  readonly [name: string]: ConsoleBody & readonly ConsoleBody[] & string;
}

export interface ConsoleRequest {
  readonly key?: string;
  readonly body?: object;
  readonly query?: Readonly<Record<string, string>>;
}

export type ConsoleMethod = 'get' | 'post' | 'patch' | 'delete';

export interface ConsoleClient {
  /** `path` is the one of the document, as in `/payments/{payment_id}`, with its parts filled in from `ids`. */
  call(
    method: ConsoleMethod,
    path: string,
    request?: ConsoleRequest & { readonly ids?: Readonly<Record<string, string>> },
  ): Promise<ConsoleReply>;
  /** The same; it has to succeed. */
  done(
    method: ConsoleMethod,
    path: string,
    request?: ConsoleRequest & { readonly ids?: Readonly<Record<string, string>> },
  ): Promise<ConsoleBody>;
  /** What was called so far, as `get /payments`. */
  readonly called: ReadonlySet<string>;
}

export interface ConsoleDocument {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, { readonly content: Content }>> }>>>
  >;
  readonly components: { readonly schemas: { readonly Problem: object } };
}

type Content = Readonly<Record<string, { readonly schema: object }>>;

/** A client that holds every answer to what the document of the API says of it. */
export function createConsoleClient(urlOf: () => string): ConsoleClient {
  let document: Promise<ConsoleDocument> | undefined;
  const readDocument = (): Promise<ConsoleDocument> => {
    document ??= fetch(`${urlOf()}/docs/console/openapi.json`).then((response) => response.json() as Promise<ConsoleDocument>);
    return document;
  };
  const called = new Set<string>();
  const call: ConsoleClient['call'] = async (method, path, { key = operatorKey, body, query = {}, ids = {} } = {}) => {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? ''));
    const search = new URLSearchParams(query).toString();
    const response = await fetch(`${urlOf()}/console-api${filled}${search === '' ? '' : `?${search}`}`, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    called.add(`${method} ${path}`);
    const type = response.headers.get('content-type')?.split(';', 1)[0] ?? '';
    const reply = {
      status: response.status,
      headers: response.headers,
      text,
      body: (type.endsWith('json') ? JSON.parse(text) : {}) as ConsoleBody,
    };
    assertDescribed(await readDocument(), { method, path, type, reply });
    return reply;
  };
  return {
    call,
    called,
    async done(method, path, request) {
      const { status, text, body } = await call(method, path, request);
      assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
      return body;
    },
  };
}

interface Answered {
  readonly method: ConsoleMethod;
  /** Of the document, without `/console-api`. */
  readonly path: string;
  readonly type: string;
  readonly reply: Pick<ConsoleReply, 'status' | 'text' | 'body'>;
}

/** Asserts that the document has this answer: the status, the word of a problem, and the shape. */
export function assertDescribed(
  { paths, components }: ConsoleDocument,
  { method, path, type, reply: { status, body, text } }: Answered,
): void {
  const answer = paths[`/console-api${path}`]?.[method]?.responses[String(status)] as
    | { readonly content: Content; readonly description: string }
    | undefined;
  assert.ok(answer !== undefined, `${method} ${path} is not said to answer ${status}: ${text}`);
  const described = answer.content[type];
  assert.ok(described !== undefined, `${method} ${path} is not said to answer ${status} as ${type}: ${text}`);
  if (type === 'text/csv') return;
  const isProblem = type === 'application/problem+json';
  if (isProblem)
    assert.ok(answer.description.includes(`\`${body.error}\``), `${method} ${path} is not said to answer ${body.error}: ${text}`);
  const check = checkOf((isProblem ? components.schemas.Problem : described.schema) as TSchema);
  assert.deepEqual(check.Check(body) ? [] : check.Errors(body), [], `${method} ${path} has another shape: ${text.slice(0, 2_000)}`);
}

const checks = new WeakMap<TSchema, Validator>();

/** Compiling a schema takes longer than most of the requests. */
function checkOf(schema: TSchema): Validator {
  const check = checks.get(schema) ?? Compile(schema);
  checks.set(schema, check);
  return check;
}
