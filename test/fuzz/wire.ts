/** One HTTP exchange over a socket of its own, written byte for byte: whatever a client library would refuse to send can be sent. */
import { connect } from 'node:net';

export interface WireRequest {
  readonly method: string;
  /** As it stands in the first line. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** The client goes away before it has sent all that it said, or what it sends is more than anybody reads. */
  readonly mayGoUnanswered: boolean;
}

export interface WireAnswer {
  /** 0: none came. */
  readonly status: number;
  /** Head and body; what only announced it is left out (1xx, RFC 9110 15.2). */
  readonly text: string;
}

/** Sends it and reads until the other side closes. Rejects when that takes longer than `timeoutMs`. */
export function exchangeRaw(url: string, request: WireRequest, timeoutMs: number): Promise<WireAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
  const { hostname, port } = new URL(url);
  const chunks: Buffer[] = [];
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: false });
  const timer = setTimeout(() => {
    socket.destroy();
    reject(new Error(`no end of the answer within ${timeoutMs} ms; so far: ${Buffer.concat(chunks).toString('utf8').slice(0, 500)}`));
  }, timeoutMs);
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // An answer may come before all of the request has been read; what was read of it until then counts.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(timer);
    const text = Buffer.concat(chunks).toString('utf8').replace(announcing, '');
    resolve({ status: statusOf(text), text });
  });
  socket.write(headOf(request));
  if (request.mayGoUnanswered) socket.end(request.body);
  else socket.write(request.body);
  return promise;
}

/** The first line and the headers, as they are sent. */
export function headOf({ method, target, headers }: WireRequest): string {
  return `${[`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`;
}

const announcing = /^(?:HTTP\/1\.1 1\d\d [\s\S]*?\r\n\r\n)+/;

function statusOf(text: string): number {
  const [, status = '0'] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? [];
  return Number(status);
}
