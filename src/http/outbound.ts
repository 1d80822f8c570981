/**
 * Safe outbound HTTP: the one way to call a URL that a merchant has given. Such a URL is a wish of somebody else, made from inside our network, so
 * (OWASP, server-side request forgery): https only; no password in it and no odd port; its name is resolved once, every address that it has
 * must be public, and the connection goes to an address that was checked, not to the name, which may mean something else a moment later; no
 * redirects; limits of time and size. Private networks, and plain http to them, are open only where a setting says so.
 */
import { lookup } from 'node:dns/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { maskCardNumbers } from '../core/instrument/mask.ts';
import { contains, isPublicAddress, listOf } from './address-ranges.ts';

export interface OutboundOptions {
  /** Ranges that may be called although they are not public, over plain http too; see `address-ranges.ts` for the form. */
  readonly privateNetworks: readonly string[];
  /** All addresses of a name. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For all of it: name, connection, answer. */
  readonly timeoutMs: number;
}

/** `refused`: not sent, and not to be sent to this URL as it is; `failed`: no complete answer. `problem` is made for people. */
export type OutboundAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly excerpt: string; readonly durationMs: number }
  | { readonly kind: 'refused' | 'failed'; readonly problem: string; readonly durationMs: number };

export interface Outbound {
  /** Never rejects. */
  send(request: OutboundRequest): Promise<OutboundAnswer>;
  /** What is wrong with a URL as it is written, before any name is resolved; undefined when nothing is. */
  problemOf(url: string): string | undefined;
}

/** What of an answer is read at most, and what of it is kept, in bytes. */
const readAtMost = 65_536;
const keptAtMost = 512;
/** The ports of the web, and those that no system service has. */
const isWebPort = (port: number): boolean => port === 80 || port === 443 || port >= 1024;

class Refusal extends Error {}

export function createOutbound({ privateNetworks, resolve = resolveName }: OutboundOptions): Outbound {
  const open = listOf(privateNetworks);
  const mayHavePrivate = privateNetworks.length > 0;

  /** The address to connect to. */
  async function addressOf(url: URL): Promise<string> {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    const [first] = addresses;
    if (first === undefined) throw new Error(`the name ${host} has no address`);
    if (addresses.every((address) => contains(open, address))) return first;
    const bad = addresses.find((address) => !isPublicAddress(address));
    if (bad !== undefined) throw new Refusal(`${host} is at ${bad}, which is no public address`);
    if (url.protocol !== 'https:') throw new Refusal('it is not https');
    return first;
  }

  function problemOf(text: string): string | undefined {
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) return 'it is no http or https URL';
    if (url.username !== '' || url.password !== '') return 'it holds a user name or a password';
    if (url.protocol !== 'https:' && !mayHavePrivate) return 'it is not https';
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    if (!isWebPort(port)) return `port ${port} is neither 80 nor 443 nor above 1023`;
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) !== 0 && !isPublicAddress(host) && !contains(open, host)) return `${host} is no public address`;
    return undefined;
  }

  return {
    problemOf,
    async send(request) {
      const startedMs = performance.now();
      const elapsed = () => performance.now() - startedMs;
      const wrong = problemOf(request.url);
      if (wrong !== undefined) return { kind: 'refused', problem: `the URL may not be called: ${wrong}`, durationMs: elapsed() };
      const signal = AbortSignal.timeout(request.timeoutMs);
      try {
        const url = new URL(request.url);
        const address = await untilAborted(addressOf(url), signal);
        return { kind: 'answered', ...(await exchange({ request, url, address, signal })), durationMs: elapsed() };
      } catch (error) {
        if (error instanceof Refusal) {
          return { kind: 'refused', problem: `the URL may not be called: ${error.message}`, durationMs: elapsed() };
        }
        const problem = signal.aborted ? `no answer within ${request.timeoutMs} ms` : reasonOf(error);
        return { kind: 'failed', problem, durationMs: elapsed() };
      }
    },
  };
}

async function resolveName(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}

interface Exchange {
  readonly request: OutboundRequest;
  readonly url: URL;
  readonly address: string;
  readonly signal: AbortSignal;
}

/** One request over a connection of its own to `address`; the name is what TLS checks and what the Host header says. */
function exchange({ request, url, address, signal }: Exchange): Promise<{ readonly status: number; readonly excerpt: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly excerpt: string }>();
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = url.protocol === 'https:';
  const length = request.method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
  const options = {
    ...{ host: address, port: url.port, method: request.method, path: `${url.pathname}${url.search}`, agent: false as const, signal },
    headers: { host: url.host, 'user-agent': 'Polygate', accept: '*/*', ...length, ...request.headers },
    maxHeaderSize: 16_384,
    // An address is no name: TLS sends none, and the certificate is checked against the address itself.
    ...(secure && isIP(host) === 0 ? { servername: host } : {}),
  };
  const onAnswer = (response: IncomingMessage): void => {
    readExcerpt(call, response).then((excerpt) => resolve({ status: response.statusCode ?? 0, excerpt }), reject);
  };
  const call: ClientRequest = secure ? httpsRequest(options, onAnswer) : httpRequest(options, onAnswer);
  call.on('error', reject);
  call.end(request.method === 'GET' ? undefined : request.body);
  return promise;
}

/** The status decides; of the body only the beginning is kept, and a longer one is not waited for. */
async function readExcerpt(call: ClientRequest, response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (size < keptAtMost) chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > readAtMost) break;
  }
  call.destroy();
  const text = Buffer.concat(chunks).subarray(0, keptAtMost).toString('utf8');
  return maskCardNumbers(text.replaceAll(/[^\P{Cc}\n\t]/gu, '\u{fffd}'));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'the connection was refused',
    ECONNRESET: 'the connection was closed before the answer',
    ENOTFOUND: 'the name does not exist',
    EAI_AGAIN: 'the name could not be resolved',
    EHOSTUNREACH: 'the host cannot be reached',
    ENETUNREACH: 'the network cannot be reached',
  };
  return (
    (typeof code === 'string' ? reasons[code] : undefined) ?? (typeof code === 'string' ? `${error.message} (${code})` : error.message)
  );
}
