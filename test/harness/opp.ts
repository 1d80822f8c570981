/** The stack with a client of the OPP dialect that sends whatever it is told to, and looks at the answer as it came. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { after, before } from 'node:test';
import { audit, auditAfterEach } from './auditor.ts';
import type { HostEntry } from './host-control.ts';
import { type Stack, startStack } from './stack.ts';
import { rememberCard } from './traces.ts';

export const demo = { entityId: '0f0e0d0c0b0a09080706050403020100', bearer: bearerOf('0f0e0d0c0b0a09080706050403020100', 'sandbox') };
export const plain = { ...demo, entityId: '0f0e0d0c0b0a09080706050403020199' };
export const other = { entityId: '0f0e0d0c0b0a09080706050403020102', bearer: bearerOf('0f0e0d0c0b0a09080706050403020102', 'sandbox2') };

export type Caller = typeof demo;

/** Everything a client can look at. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // Answers are read as deeply nested text; a leaf that is not there reads as undefined.
  readonly body: Body;
  readonly code: string | undefined;
}

export interface Body {
  readonly [name: string]: Body & string;
}

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export type Parameters = Readonly<Record<string, string | undefined>>;

/** A client on a stack, with its books. */
export interface OppCalls {
  readonly url: string;
  readonly databaseUrl: string;
  /** What is behind it: the database, the host, starting and stopping. Its own client is not audited. */
  readonly parts: Stack;
  send(request: RawRequest): Promise<Reply>;
  /** A form post as the caller; a parameter that is undefined is left out. */
  post(path: string, parameters: Parameters, more?: { readonly as?: Caller; readonly headers?: Record<string, string> }): Promise<Reply>;
  get(path: string, parameters?: Parameters, more?: { readonly as?: Caller }): Promise<Reply>;
  /** A DELETE with its parameters in the query. */
  remove(path: string, parameters?: Parameters, more?: { readonly as?: Caller; readonly headers?: Record<string, string> }): Promise<Reply>;
  books(rrn: string): Promise<readonly HostEntry[]>;
}

/** A stack that its user ends. */
export interface OppStack extends OppCalls {
  /** Ends the stack after the auditor has looked at all of it. */
  finish(): Promise<void>;
  /** Ends the stack without the auditor. */
  stop(): Promise<void>;
}

export function bearerOf(userId: string, password: string): string {
  return `Bearer ${Buffer.from(`${userId}|${password}`).toString('base64')}`;
}

/** A reference or key that nothing else has, without digits, of which some would look like a card number. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomUUID().replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '')}`;
}

/** A debit that is approved; `more` replaces and removes. */
export function debit(more: Parameters = {}): Parameters {
  return {
    paymentType: 'DB',
    amount: '12.50',
    currency: 'EUR',
    paymentBrand: 'VISA',
    'card.number': '4111111111111111',
    'card.holder': 'Ada Example',
    'card.expiryMonth': '12',
    'card.expiryYear': '2034',
    'card.cvv': '123',
    ...more,
  };
}

/**
 * The stack of a test file: started before its tests, audited after each of them, ended after the last. `env`: settings that differ from
 * those of a test. `audited: false` is for files that do on purpose what the auditor takes for a leak.
 */
export function useOppStack({
  env = {},
  audited = true,
  onStart = () => Promise.resolve(),
}: {
  readonly env?: Readonly<Record<string, string>>;
  readonly audited?: boolean;
  /** What else has to be there before the first test. */
  readonly onStart?: (stack: Stack) => Promise<void>;
} = {}): OppCalls {
  let running: Stack | undefined;
  const started = (): Stack => {
    if (running === undefined) throw new Error('The stack runs only while tests do.');
    return running;
  };
  before(async () => {
    running = await startStack({ env });
    await onStart(running);
  });
  if (audited) auditAfterEach(() => running);
  after(async () => running?.stop());
  return callsOn(started);
}

/** For a file that needs more than one stack. `env`: settings that differ from those of a test. */
export async function startOppStack(env: Readonly<Record<string, string>> = {}): Promise<OppStack> {
  const stack = await startStack({ env });
  const finish = () => audit(stack).finally(stack.stop);
  return Object.assign(
    callsOn(() => stack),
    { finish, stop: stack.stop },
  );
}

function callsOn(started: () => Stack): OppCalls {
  const urlOf = () => `http://127.0.0.1:${started().config.port}`;
  const send = async (request: RawRequest): Promise<Reply> => {
    const reply = await exchange(urlOf(), request);
    // The long fractions of metrics can look like a card number.
    if (reply.code !== undefined) started().traces.answers.push(reply.text);
    return reply;
  };
  return {
    get url() {
      return urlOf();
    },
    get databaseUrl() {
      return started().databaseUrl;
    },
    get parts() {
      return started();
    },
    send,
    post(path, parameters, { as = demo, headers = {} } = {}) {
      rememberCard(started().traces, { pan: parameters['card.number'], cvc: parameters['card.cvv'] });
      return send({
        ...{ method: 'POST', path, body: encode({ entityId: as.entityId, ...parameters }) },
        headers: { authorization: as.bearer, 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...headers },
      });
    },
    get: (path, parameters = {}, { as = demo } = {}) =>
      send({
        ...{ method: 'GET', path: `${path}?${encode({ entityId: as.entityId, ...parameters })}` },
        headers: { authorization: as.bearer },
      }),
    remove: (path, parameters = {}, { as = demo, headers = {} } = {}) =>
      send({
        ...{ method: 'DELETE', path: `${path}?${encode({ entityId: as.entityId, ...parameters })}` },
        headers: { authorization: as.bearer, ...headers },
      }),
    books: async (rrn) => (await started().host.books()).filter((entry) => entry.rrn === rrn),
  };
}

/** Form encoding of what is given; undefined is left out. */
export function encode(parameters: Parameters): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given).toString();
}

/** One request over a connection of its own, written as it is; the answer must have come in one piece with its length. */
export function exchange(baseUrl: string, { method, path, headers = {}, body = '' }: RawRequest): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const { hostname, port } = new URL(baseUrl);
  const length = body.length === 0 ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const call = httpRequest({ hostname, port, method, path, headers: { ...length, ...headers }, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => resolve(readReply(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString('utf8'))));
  });
  call.on('error', reject);
  call.end(body);
  return promise;
}

function readReply(status: number, headers: IncomingHttpHeaders, text: string): Reply {
  const body: Body = headers['content-type']?.startsWith('application/json') === true ? JSON.parse(text) : {};
  return { status, headers, text, body, code: body.result?.code };
}

/** What every answer of the dialect has, whatever it says. */
export function assertEnvelope(reply: Reply): void {
  assert.equal(reply.headers['content-type'], 'application/json;charset=UTF-8');
  assert.equal(reply.headers['content-length'], String(Buffer.byteLength(reply.text)));
  assert.equal(reply.headers['cache-control'], 'private, no-cache, no-store');
  assert.match(reply.body.buildNumber ?? '', /^[0-9a-f]{40}@\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000$/);
  assert.match(reply.body.timestamp ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?\+0000$/);
  assert.match(reply.body.ndc ?? '', /^[a-zA-Z0-9]+_[0-9a-f]{32}$/);
  assert.match(reply.code ?? '', /^\d{3}\.\d{3}\.\d{3}$/);
  assert.ok((reply.body.result?.description ?? '').length > 0);
  for (const leaf of leavesOf(reply.body)) assert.ok(typeof leaf === 'string' || leaf === null, `a leaf that is no text: ${leaf}`);
}

function leavesOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [value];
}

/** The only entry that the host has booked under the answer's RRN. */
export async function bookedOnce(stack: OppCalls, reply: Reply): Promise<HostEntry> {
  const rrn = reply.body.resultDetails?.ConnectorTxID1 ?? '';
  const [entry, ...more] = await stack.books(rrn);
  assert.ok(entry !== undefined && more.length === 0, `one entry under ${rrn}`);
  return entry;
}

/** Asserts status and code, and the envelope; returns the reply. */
export function expectReply(reply: Reply, status: number, code: string): Reply {
  assert.deepEqual({ status: reply.status, code: reply.code }, { status, code }, reply.text);
  assertEnvelope(reply);
  return reply;
}

export const approved = '000.100.110';
