/** Makes one payment through a dialect, against a running sandbox, and shows what went over the wire on both sides of the gateway. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Config } from '../config.ts';
import { maskCardNumbers } from '../core/instrument/mask.ts';
import type { SamplePayment, SampleRequest } from '../dialects/demo.ts';
import { dialects } from '../dialects/registry.ts';
import { shopUrlOf } from './demo-shop.ts';

const timeoutMs = 30_000;

type Answer = { readonly status: number; readonly head: string; readonly body: string };

/** Pays through `dialect` and prints the requests and the answers, card data masked. Throws with the remedy when there is nothing to pay at. */
export async function pay(config: Config, dialect: string): Promise<void> {
  if (config.mode === 'live') throw new Error('`polygate pay` makes payments with published test cards, so it pays in the sandbox only.');
  const spoken = dialects.filter(({ sandbox }) => sandbox !== undefined);
  const sandbox = spoken.find(({ name }) => name === dialect)?.sandbox;
  if (sandbox === undefined) {
    throw new Error(`There is no dialect "${dialect}". This version speaks: ${spoken.map(({ name }) => name).join(', ')}.`);
  }
  const sample = sandbox.sample({ baseUrl: baseUrlOf(config), shopUrl: shopUrlOf(config.sandboxShopPort) });
  const answer = await makePayment(sample);
  await showExchange(config, sample.rrnOf(answer.body));
  if (answer.status >= 300) throw new Error(`The payment was answered with HTTP ${answer.status}; the body above says why.`);
}

/** Where the gateway of this configuration is found from this machine. */
function baseUrlOf({ host, port, tlsCertificateFile }: Config): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `${tlsCertificateFile === undefined ? 'http' : 'https'}://${name}:${port}`;
}

/** The last answer, or the first that is no success. */
async function makePayment({ request, next = [] }: SamplePayment): Promise<Answer> {
  let answer = await ask(request);
  const bodies = [answer.body];
  for (const requestOf of next) {
    if (answer.status >= 300) break;
    answer = await ask(requestOf(bodies));
    bodies.push(answer.body);
  }
  return answer;
}

async function ask(request: SampleRequest): Promise<Answer> {
  const url = new URL(request.url);
  const length = Buffer.byteLength(request.body);
  const headers = { host: url.host, ...request.headers, ...(length === 0 ? {} : { 'content-length': String(length) }) };
  const head = [
    `${request.method} ${url.pathname}${url.search} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const startedAt = performance.now();
  const answer = await exchange({ ...request, headers }).catch((error: unknown) => {
    throw new Error(
      `Nothing answers at ${url.origin} (${reasonOf(error)}). Start the sandbox in another terminal with \`npm start\`, or set PORT to where it listens.`,
    );
  });
  const durationMs = Math.round(performance.now() - startedAt);
  show(`to the gateway at ${url.origin}`, [head.join('\n'), request.maskedBody].filter((part) => part !== '').join('\n\n'));
  show(`from the gateway, after ${durationMs} ms`, `${answer.head}\n\n${maskCardNumbers(indented(answer.body))}`);
  return answer;
}

/** The host's own books tell what it was asked over ISO 8583, and what it answered. */
async function showExchange({ sandboxHttpPort }: Config, rrn: string | undefined): Promise<void> {
  if (rrn === undefined) return tell('\nThe answer names no acquirer reference: nothing was sent to the acquirer, or no answer came yet.');
  const url = `http://127.0.0.1:${sandboxHttpPort}/control/books?rrn=${rrn}`;
  const answer = await exchange({ method: 'GET', url, headers: {}, body: '' }).catch((error: unknown) => {
    throw new Error(
      `The simulators do not answer at ${url} (${reasonOf(error)}). Set SANDBOX_HTTP_PORT to where their control API listens.`,
    );
  });
  show(`in the books of the acquirer host, under RRN ${rrn} (ISO 8583; amounts in minor units)`, indented(answer.body));
}

/** The sandbox has a certificate of its own making at best, and what is sent to it is published, so its name is not checked. */
function exchange({ method, url, headers, body }: Omit<SampleRequest, 'maskedBody'>): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(url, { method, headers, timeout: timeoutMs, rejectUnauthorized: false }, (response) => {
    readAnswer(response).then(resolve, reject);
  });
  request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} seconds`)));
  request.on('error', reject);
  request.end(body);
  return promise;
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const names = response.rawHeaders.filter((_, index) => index % 2 === 0);
  const lines = names.map((name, index) => `${name}: ${response.rawHeaders[index * 2 + 1]}`);
  const status = response.statusCode ?? 0;
  return {
    status,
    head: [`HTTP/1.1 ${status} ${response.statusMessage}`, ...lines].join('\n'),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** JSON over several lines; anything else as it came. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body.trimEnd();
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'connection refused' : error.message;
}

function show(what: string, text: string): void {
  tell(`\n── ${what} ──\n${text}`);
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
