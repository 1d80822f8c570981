/** The other side of 3-D Secure for tests: a 3DS Server and a shop that write their messages by hand, as plain JSON, without the product's library. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** JSON as it came. */
export type Json = Readonly<Record<string, unknown>>;

/** A post that the shop's or 3DS Server's addresses received. */
export interface Received {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/** A listening 3DS Server and shop. */
export interface Requestor {
  readonly url: string;
  readonly received: readonly Received[];
  /** What the server says to the next RReq instead of a right RRes. */
  answerNext(answer: (rreq: Json) => { status: number; body: string }): void;
  /** The results that came for a transaction. */
  results(threeDSServerTransID: string): readonly Json[];
  /** Resolves with the first result for a transaction. */
  result(threeDSServerTransID: string): Promise<Json>;
  /** A right AReq of the browser channel for 12.34 euro; changes of undefined take an element away. */
  areq(acctNumber: string, changes?: Json): Json;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Starts one on a free port. */
export async function startRequestor(): Promise<Requestor> {
  const received: Received[] = [];
  const answers: ((rreq: Json) => { status: number; body: string })[] = [];
  const watchers = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    received.push({ path: request.url ?? '', contentType: request.headers['content-type'] ?? '', body });
    const { status, body: answer } = request.url === '/rreq' ? (answers.shift() ?? rightAnswer)(JSON.parse(body) as Json) : NOTED;
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(answer);
    for (const watcher of watchers) watcher();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const results = (id: string): readonly Json[] =>
    received
      .filter(({ path }) => path === '/rreq')
      .map(({ body }) => JSON.parse(body) as Json)
      .filter(({ threeDSServerTransID }) => threeDSServerTransID === id);
  return {
    url,
    received,
    answerNext: (answer) => answers.push(answer),
    results,
    result: (id) =>
      new Promise((resolve) => {
        const watcher = (): void => {
          const [first] = results(id);
          if (first === undefined) return;
          watchers.delete(watcher);
          resolve(first);
        };
        watchers.add(watcher);
        watcher();
      }),
    areq: (acctNumber, changes = {}) => withoutUndefined({ ...standardAReq(url), acctNumber, ...changes }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const NOTED = { status: 200, body: 'thank you' };

function rightAnswer({ messageVersion, threeDSServerTransID, acsTransID, dsTransID }: Json): { status: number; body: string } {
  const answer = { messageType: 'RRes', messageVersion, threeDSServerTransID, acsTransID, dsTransID, resultsStatus: '01' };
  return { status: 200, body: JSON.stringify(answer) };
}

function withoutUndefined(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function standardAReq(url: string): Json {
  return {
    messageType: 'AReq',
    messageVersion: '2.2.0',
    messageCategory: '01',
    deviceChannel: '02',
    threeDSServerTransID: randomUUID(),
    threeDSServerRefNumber: '3DS_LOA_SER_TEST_020200_00001',
    threeDSServerURL: `${url}/rreq`,
    threeDSRequestorID: 'az0123456789',
    threeDSRequestorName: 'Example Requestor',
    threeDSRequestorURL: 'https://shop.example/about',
    threeDSRequestorAuthenticationInd: '01',
    acquirerBIN: '000000999',
    acquirerMerchantID: '9876543210001',
    mcc: '5411',
    merchantCountryCode: '276',
    merchantName: 'Blümchen & Söhne <Café>',
    purchaseAmount: '123456',
    purchaseCurrency: '978',
    purchaseExponent: '2',
    purchaseDate: '20261121091500',
    browserAcceptHeader: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    browserUserAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    browserLanguage: 'en-GB',
    browserJavascriptEnabled: true,
    browserJavaEnabled: false,
    browserColorDepth: '24',
    browserScreenHeight: '1080',
    browserScreenWidth: '1920',
    browserTZ: '-60',
    browserIP: '192.0.2.7',
    notificationURL: `${url}/challenge-done`,
    threeDSCompInd: 'U',
  };
}

/** Sends a message to the directory server and reads its answer. */
export async function askDirectory(sandboxUrl: string, message: unknown): Promise<Json> {
  const response = await fetch(`${sandboxUrl}/ds`, {
    method: 'POST',
    headers: { 'content-type': 'application/JSON; charset=utf-8' },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json; charset=utf-8$/i);
  return (await response.json()) as Json;
}

/** The form fields with which the browser goes to the ACS. */
export function challengeForm(ares: Json, sessionData?: string): Readonly<Record<string, string>> {
  const { messageVersion, threeDSServerTransID, acsTransID } = ares;
  const creq = { messageType: 'CReq', messageVersion, threeDSServerTransID, acsTransID, challengeWindowSize: '05' };
  const field = Buffer.from(JSON.stringify(creq)).toString('base64url');
  return sessionData === undefined ? { creq: field } : { creq: field, threeDSSessionData: sessionData };
}

/** The JSON in a base64url form field. */
export function fromField(value: string | undefined): Json {
  assert.ok(value !== undefined && /^[A-Za-z0-9_-]+$/.test(value), `expected base64url without padding, found ${value}`);
  return JSON.parse(Buffer.from(value, 'base64url').toString('utf8')) as Json;
}
