/** A gateway with its sandbox on free ports, and a client of the OPP dialect that keeps its hands off what it sends. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { writeDemoMerchants } from '../../src/local/demo-merchants.ts';
import { startSandbox } from '../../src/local/sandbox.ts';
import { createDatabase } from './database.ts';

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

/** One entry of the acquirer host's books; amounts in minor units. */
export interface BookEntry {
  readonly rrn: string;
  readonly terminal: string;
  readonly kind: string;
  readonly amount: number;
  readonly capturedAmount: number;
  readonly refundedAmount: number;
  readonly reversedAmount: number;
  readonly remainingAmount: number;
  readonly state: string;
}

export interface OppStack {
  readonly url: string;
  readonly databaseUrl: string;
  readonly control: string;
  send(request: RawRequest): Promise<Reply>;
  /** A form post as the caller; a parameter that is undefined is left out. */
  post(path: string, parameters: Parameters, more?: { readonly as?: Caller; readonly headers?: Record<string, string> }): Promise<Reply>;
  get(path: string, parameters?: Parameters, more?: { readonly as?: Caller }): Promise<Reply>;
  books(rrn: string): Promise<readonly BookEntry[]>;
  stop(): Promise<void>;
}

export function bearerOf(userId: string, password: string): string {
  return `Bearer ${Buffer.from(`${userId}|${password}`).toString('base64')}`;
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

/** `env`: settings beside those that the stack itself needs. */
export async function startOppStack(env: Readonly<Record<string, string>> = {}): Promise<OppStack> {
  const folder = await mkdtemp(join(tmpdir(), 'polygate-opp-'));
  const database = await createDatabase();
  await writeDemoMerchants(database.url);
  const sandbox = await startSandbox({
    ...{ acquirerPort: 0, httpPort: 0, dataDirectory: join(folder, 'sandbox') },
    log: (message) => process.stderr.write(`${message}\n`),
  });
  const config = readConfig({
    mode: 'sandbox',
    file: undefined,
    env: {
      ...{ PORT: '0', DATABASE_URL: database.url, DATA_DIRECTORY: folder, LOG_LEVEL: 'fatal', ACQUIRER_TIMEOUT_MS: '1000' },
      ...{ ACQUIRER_ADDRESS: `127.0.0.1:${sandbox.acquirerPort}`, ...env },
    },
  });
  const gateway = await startGateway(config);
  const control = `http://127.0.0.1:${sandbox.httpPort}/control`;
  const send = (request: RawRequest) => exchange(gateway.url, request);
  return {
    url: gateway.url,
    databaseUrl: database.url,
    control,
    send,
    post: (path, parameters, { as = demo, headers = {} } = {}) =>
      send({
        method: 'POST',
        path,
        headers: { authorization: as.bearer, 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...headers },
        body: encode({ entityId: as.entityId, ...parameters }),
      }),
    get: (path, parameters = {}, { as = demo } = {}) =>
      send({
        ...{ method: 'GET', path: `${path}?${encode({ entityId: as.entityId, ...parameters })}` },
        headers: { authorization: as.bearer },
      }),
    async books(rrn) {
      const { entries }: { entries: BookEntry[] } = JSON.parse(await (await fetch(`${control}/books?rrn=${rrn}`)).text());
      return entries;
    },
    async stop() {
      await gateway.stop();
      await sandbox.stop();
      await database.drop();
      await rm(folder, { recursive: true });
    },
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

/** Asserts status and code, and the envelope; returns the reply. */
export function expectReply(reply: Reply, status: number, code: string): Reply {
  assert.deepEqual({ status: reply.status, code: reply.code }, { status, code }, reply.text);
  assertEnvelope(reply);
  return reply;
}

export const approved = '000.100.110';
