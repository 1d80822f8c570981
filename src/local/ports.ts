/** Loopback ports: is one free, and which one is. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** A port that a setting names is in use. The message names the port, the setting and what to do. */
export class PortTakenError extends Error {
  constructor({ host, port, setting }: { readonly host: string; readonly port: number; readonly setting: string }) {
    super(`Port ${port} on ${host} is taken by another program. Stop that program, or set ${setting} to a free port.`);
    this.name = 'PortTakenError';
  }
}

/** Throws a PortTakenError when nothing can listen on `port`; port 0 always passes. */
export async function assertPortFree(wanted: { readonly host: string; readonly port: number; readonly setting: string }): Promise<void> {
  try {
    await tryToListen(wanted);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EADDRINUSE') throw new PortTakenError(wanted);
    if (error.code === 'EACCES') {
      throw new Error(
        `Port ${wanted.port} on ${wanted.host} needs privileges that this user lacks. Set ${wanted.setting} to 1024 or higher.`,
      );
    }
    throw new Error(`Port ${wanted.port} on ${wanted.host} cannot be used (${error.code}). Check ${wanted.setting} and the address.`, {
      cause: error,
    });
  }
}

/** Below what operating systems give to outgoing connections (from 32768 on Linux, from 49152 elsewhere): of those, any may be taken a moment later. */
const chosen = { from: 20_000, below: 32_000 } as const;
const triesAtMost = 20;

/** A port that is free on the loopback at this moment; another process may take it before the caller does, which is unlikely. */
export async function freePort(): Promise<number> {
  const host = '127.0.0.1';
  for (let tries = 0; tries < triesAtMost; tries += 1) {
    const found = await tryToListen({ host, port: randomInt(chosen.from, chosen.below) }).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return tryToListen({ host, port: 0 });
}

function tryToListen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', reject);
  server.listen({ host, port, exclusive: true }, () => {
    const address = server.address();
    const found = typeof address === 'object' && address !== null ? address.port : port;
    server.close(() => resolve(found));
  });
  return promise;
}
