/** One message to a directory server over HTTPS, with the client certificate that it knows us by; bounded in time and size. */
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { CONTENT_TYPE } from '../protocols/emv-3ds/build.ts';

/** PEM texts; the directory servers' own authority, and the certificate and key that they ask for. */
export interface DirectoryTls {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

export interface Posted {
  readonly url: string;
  readonly text: string;
  readonly timeoutMs: number;
  /** The longest answer that is read. */
  readonly bytesAtMost: number;
}

/** Why there is no answer: a word for logs and rules, without anything that the other side said. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  /** With the code of what went wrong on the way, as Node names it: a refused connection, a name or a certificate is each mended elsewhere. */
  get detail(): string {
    const { code } = (this.cause ?? {}) as { readonly code?: unknown };
    return typeof code === 'string' ? `${this.message} (${code})` : this.message;
  }
}

/** Which server it was, for logs: its URL may hold what others need not know. */
export function nameOf(url: string): string {
  return new URL(url).host;
}

export type Post = (message: Posted) => Promise<Buffer>;

/** Keeps connections open between messages. Rejects with {@link NoAnswer}. */
export function createPost({ ca, certificate, key }: DirectoryTls): Post {
  const agent = new Agent({
    keepAlive: true,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
  });
  return ({ url, text, timeoutMs, bytesAtMost }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = { 'content-type': CONTENT_TYPE, 'content-length': Buffer.byteLength(text), accept: 'application/json' };
    const options = { method: 'POST', headers, signal };
    const call = url.startsWith('https:') ? httpsRequest(url, { ...options, agent }) : httpRequest(url, options);
    const fail = (cause: Error) => reject(signal.aborted ? new NoAnswer('timed out') : new NoAnswer('unreachable', { cause }));
    call.on('error', fail);
    call.on('response', (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        reject(new NoAnswer(`status ${response.statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= bytesAtMost) chunks.push(chunk);
        else response.destroy(new NoAnswer('too long'));
      });
      response.on('error', (error) => (error instanceof NoAnswer ? reject(error) : fail(error)));
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
    call.end(text);
    return promise;
  };
}
