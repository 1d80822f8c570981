/**
 * A load balancer in small: each request goes to the next node that is in. A node is out while its `/readyz` is not 200, and from the moment at
 * which it refuses a connection, or a request because it is about to stop; only such requests, of which nothing was done, go to another node.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface RoundRobin {
  readonly port: number;
  /** Requests that a node had not taken, and another one did. */
  readonly passedOn: () => number;
  /** Requests that broke off at a node, or that no node took: merchants have seen them fail. */
  readonly failed: () => readonly string[];
  /** Whether a node is in. */
  readonly isIn: (port: number) => boolean;
  close(): Promise<void>;
}

const lookEveryMs = 50;

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** `ports`: of the nodes, asked anew for each request. */
export async function startRoundRobin(ports: () => readonly number[]): Promise<RoundRobin> {
  const out = new Set<number>();
  const failed: string[] = [];
  const closing = new AbortController();
  let passedOn = 0;
  let turn = 0;

  async function look(port: number): Promise<void> {
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => false,
    );
    if (isReady) out.delete(port);
    else out.add(port);
  }

  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      await Promise.all(ports().map(look));
      await delay(lookEveryMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  async function take(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    const nodes = ports().filter((port) => !out.has(port));
    turn += 1;
    for (let index = 0; index < nodes.length; index += 1) {
      const port = nodes[(turn + index) % nodes.length] ?? 0;
      try {
        const reply = await forward(port, incoming, body);
        if (!isStopping(reply)) {
          const { connection: _, 'transfer-encoding': _encoding, 'keep-alive': _alive, ...headers } = reply.headers;
          answer.writeHead(reply.status, { ...headers, 'content-length': reply.body.length }).end(reply.body);
          return;
        }
      } catch (error) {
        const { code } = error as { code?: string };
        if (code !== 'ECONNREFUSED') {
          failed.push(`${incoming.method} ${incoming.url} broke off at port ${port}: ${code ?? String(error)}`);
          answer.writeHead(502).end();
          return;
        }
      }
      out.add(port);
      passedOn += 1;
    }
    failed.push(`${incoming.method} ${incoming.url}: no node took it`);
    answer.writeHead(502).end();
  }

  const server = createServer((incoming, answer) => void take(incoming, answer).catch(() => answer.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await Promise.all(ports().map(look));
  const watching = watch();
  return {
    port: (server.address() as AddressInfo).port,
    passedOn: () => passedOn,
    failed: () => failed,
    isIn: (port) => !out.has(port),
    async close() {
      closing.abort();
      server.closeAllConnections();
      server.close();
      await watching;
    },
  };
}

function isStopping({ status, body }: Reply): boolean {
  return status === 503 && body.includes('"stopping"');
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A connection of its own for each request: one that waits idle may be closed by its node at the moment at which it is used. */
function forward(port: number, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const { connection: _, 'transfer-encoding': _encoding, ...kept } = headers;
  const sent = request(
    { host: '127.0.0.1', port, method, path: url, agent: false, headers: { ...kept, 'content-length': String(body.length) } },
    (reply) => {
      bodyOf(reply).then((whole) => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: whole }), reject);
    },
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}
