/** The shopper's pages in live mode: who may show them in a frame, that they need no cookie, and how often a merchant may ask how a checkout stands. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer, request, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { writeMerchants } from '../bench/merchants.ts';
import { readConfig } from '../src/config.ts';
import { type Gateway, startGateway } from '../src/gateway.ts';
import { freePort } from '../src/local/ports.ts';
import { createKeyFile } from '../src/vault/key-file.ts';
import { startBrowser } from './harness/browser.ts';
import { createDatabase } from './harness/database.ts';
import { challenge, type Directory, startDirectory } from './harness/directory.ts';
import { debit, encode, type Parameters } from './harness/opp.ts';
import { browserData } from './harness/shopper.ts';

const folder = await mkdtemp(join(tmpdir(), 'polygate-live-pages-'));
const [keyFile, certificateFile] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
const openssl = spawnSync(
  'openssl',
  ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost']
    .concat(['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'])
    .concat(['-keyout', keyFile, '-out', certificateFile]),
);
const skip = openssl.status !== 0 && 'there is no openssl here to make a certificate with';

const cleanUp: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
after(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

const challenged = '5555555555554444';

interface Live {
  readonly directory: Directory;
  readonly port: number;
  readonly merchant: { readonly entityId: string; readonly bearerToken: string };
}

let running: Promise<Live> | undefined;
/** A live gateway with a merchant; its acquirer is away. */
function live(): Promise<Live> {
  running ??= startLive();
  return running;
}

async function startLive(): Promise<Live> {
  const database = await createDatabase();
  cleanUp.push(database.drop);
  const [merchant] = await writeMerchants({ databaseUrl: database.url, count: 1 });
  assert.ok(merchant !== undefined);
  const masterKeyFile = join(folder, 'master.key');
  await createKeyFile(masterKeyFile);
  const port = await freePort();
  const directory = await startDirectory(challenged, { cert: readFileSync(certificateFile), key: readFileSync(keyFile) });
  cleanUp.push(directory.close);
  const env = {
    ...{
      DATABASE_URL: database.url,
      DATA_DIRECTORY: join(folder, 'data'),
      HOST: '127.0.0.1',
      PORT: String(port),
      MASTER_KEY_FILE: masterKeyFile,
    },
    ...{ ACQUIRER_ADDRESS: `127.0.0.1:${await freePort()}`, ACQUIRER_INSTITUTION_ID: '123456' },
    ...{ DIRECTORY_SERVER_URL: directory.url, DIRECTORY_SERVER_CA_FILE: certificateFile, PUBLIC_URL: `https://localhost:${port}` },
    ...{ TLS_CERTIFICATE_FILE: certificateFile, TLS_KEY_FILE: keyFile },
  };
  const gateway: Gateway = await startGateway(readConfig({ mode: 'live', file: undefined, env }), {
    logDestination: { write: () => undefined },
  });
  cleanUp.push(gateway.stop);
  return { directory, port, merchant };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

async function call(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body = ''): Promise<Answer> {
  const { port } = await live();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request({ host: 'localhost', port, method, path, headers, ca: readFileSync(certificateFile) }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') });
    });
  });
  sent.on('error', reject).end(body);
  return promise;
}

const browser = { accept: 'text/html' };
const form = { ...browser, 'content-type': 'application/x-www-form-urlencoded' };

async function post(path: string, parameters: Parameters): Promise<Answer> {
  const { entityId, bearerToken } = (await live()).merchant;
  return call('POST', path, { ...form, authorization: `Bearer ${bearerToken}` }, encode({ entityId, ...parameters }));
}

async function get(path: string): Promise<Answer> {
  const { entityId, bearerToken } = (await live()).merchant;
  return call('GET', `${path}?entityId=${entityId}`, { authorization: `Bearer ${bearerToken}` });
}

interface Checkout {
  readonly id: string;
  /** Of its page. */
  readonly path: string;
}

async function openCheckout(): Promise<Checkout> {
  const { text } = await post('/v1/checkouts', { paymentType: 'DB', amount: '12.50', currency: 'EUR' });
  const { id } = JSON.parse(text) as { readonly id: string };
  const [secret = '', node = ''] = id.split('.');
  return { id, path: `/pay/${node.slice(3)}${secret.toLowerCase()}` };
}

/** The page of a payment whose shopper is to be challenged. */
async function challengePath(): Promise<string> {
  const { directory } = await live();
  directory.answerNext((areq) => ({ ...challenge(areq), acsURL: 'https://bank.example/acs' }));
  const shopper = { ...browserData, shopperResultUrl: 'https://shop.example/back', 'card.number': challenged, paymentBrand: undefined };
  const { text } = await post('/v1/payments', debit(shopper));
  const { redirect } = JSON.parse(text) as { readonly redirect: { readonly url: string } };
  return new URL(redirect.url).pathname;
}

const directive = ({ headers }: Answer, name: string): string | undefined =>
  String(headers['content-security-policy'])
    .split('; ')
    .find((part) => part.startsWith(`${name} `));

test('pages may stand in frames of encrypted pages alone; what is for operators and merchants in none', { skip }, async () => {
  const { path } = await openCheckout();
  const rows: readonly (readonly [answer: Answer, framedBy: string])[] = [
    // The page of a checkout has the shopper to itself unless the merchant has asked for one that fits into a frame.
    [await call('GET', path, browser), "'none'"],
    [await call('POST', path, form, 'number=1'), "'none'"],
    [await call('GET', '/pay/none', browser), "'none'"],
    [await call('GET', `${path}?embedded=1`, browser), 'https:'],
    [await call('POST', `${path}?embedded=1`, form, 'number=1'), 'https:'],
    [await call('GET', '/pay/none?embedded=1', browser), 'https:'],
    // Merchants show the way to an issuer in frames, too.
    [await call('GET', await challengePath(), browser), 'https:'],
    [await call('GET', '/p/none', browser), "'none'"],
  ];
  for (const [answer, framedBy] of rows) {
    assert.equal(directive(answer, 'frame-ancestors'), `frame-ancestors ${framedBy}`, answer.text.slice(0, 300));
    assert.equal(answer.headers['x-frame-options'], framedBy === "'none'" ? 'DENY' : undefined);
  }
  const { headers } = await call('GET', '/docs/opp', browser);
  assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/);
});

test('a form that another site’s page sends is taken as it is: no cookie is set, and none is needed', { skip }, async () => {
  const { path } = await openCheckout();
  const challengePage = await challengePath();
  const crossSite = { ...form, origin: 'https://bank.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  for (const address of [path, challengePage, '/p/none', '/pay/none']) {
    const [own, others] = [await call('POST', address, form, 'number=1'), await call('POST', address, crossSite, 'number=1')];
    assert.equal(others.status, own.status, address);
    for (const { headers } of [own, others, await call('GET', address)]) assert.equal(headers['set-cookie'], undefined);
  }
});

async function serve(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('in Chromium: the page shows in a frame of a shop with a certificate, and in one without it does not', { skip }, async () => {
  const { port } = await live();
  const { path } = await openCheckout();
  const shop = `<!doctype html><title>Shop</title><iframe src="https://localhost:${port}${path}?embedded=1"></iframe>`;
  const answer: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(shop);
  };
  const tls: ServerOptions = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
  const ports = [await serve(createTlsServer(tls, answer)), await serve(createServer(answer))];
  const chromium: Browser = await startBrowser();
  cleanUp.push(() => chromium.close());
  const context = await chromium.newContext({ ignoreHTTPSErrors: true });
  const open = async (url: string) => {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: 'load' });
    return page;
  };
  const secure = await open(`https://localhost:${ports[0]}/`);
  await secure.frameLocator('iframe').locator('#number').waitFor();
  const plain = await open(`http://127.0.0.1:${ports[1]}/`);
  assert.equal(plain.frames().length, 2);
  assert.equal(await plain.frameLocator('iframe').locator('#number').count(), 0);
  assert.match(plain.frames()[1]?.url() ?? '', /^chrome-error:/);
  assert.deepEqual(await context.cookies(), []);
});

test('how a checkout stands is told nine times a minute, a payment twice; then the answer says when to come again', { skip }, async () => {
  const [{ id }, other] = [await openCheckout(), await openCheckout()];
  const path = `/v1/checkouts/${id}/payment`;
  for (let left = 8; left >= 0; left -= 1) {
    const { status, headers } = await get(path);
    assert.deepEqual([status, headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']], [200, '9', String(left)]);
  }
  const tenth = await get(path);
  assert.deepEqual([tenth.status, tenth.headers['x-ratelimit-limit'], tenth.headers['x-ratelimit-remaining']], [429, '9', '0']);
  const seconds = Number(tenth.headers['retry-after']);
  assert.ok(seconds > 0 && seconds <= 60, `${seconds} seconds`);
  assert.match(tenth.text, /"code":"800\.120\.100"/);
  assert.equal((await get(`/v1/checkouts/${other.id}/payment`)).status, 200);
  const payment = JSON.parse((await post('/v1/payments', debit())).text) as { readonly id: string };
  const statuses: number[] = [];
  for (let time = 0; time < 3; time += 1) statuses.push((await get(`/v1/payments/${payment.id}`)).status);
  assert.deepEqual(statuses, [400, 400, 429]);
});
