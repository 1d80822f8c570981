/** Connections, before anything is known of who asks: how many there are, how many one address has, and clients that send or read too slowly. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockList, Server, Socket } from 'node:net';
import { addressOf } from '../../core/risk/one-address.ts';
import { contains, listOf } from '../address-ranges.ts';

export interface ConnectionLimits {
  readonly connectionsAtMost: number;
  /** 0: no limit. */
  readonly connectionsPerAddress: number;
  /** From the first byte, or from the connection where nothing comes. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long an answer may lie without any of it being taken. */
  readonly readTimeoutMs: number;
  readonly requestHeaderLimitBytes: number;
}

/** Why a connection was closed. `slow_request`: its request did not come in time; `header_size`: its head was too large;
 * `ahead`: it asked on without waiting for answers. */
export type CutCause = 'too_many' | 'address' | 'slow_request' | 'slow_reader' | 'header_size' | 'ahead';

/** Requests of one connection that may wait for the answers before theirs; hardly any client sends one (RFC 9112, 9.3.2). */
const aheadAtMost = 4;
/** How late it is seen that a time is over. */
const checkMs = 1_000;
const handshakeTimeoutMs = 10_000;

/** What Node's servers see to by themselves. */
export function serverOptions(limits: ConnectionLimits) {
  return {
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: checkMs,
    maxHeaderSize: limits.requestHeaderLimitBytes,
    handshakeTimeout: handshakeTimeoutMs,
  };
}

export interface ConnectionGuard {
  readonly limits: ConnectionLimits;
  /** A number of proxies: nobody knows which connections are theirs, so addresses are not counted. */
  readonly trustedProxy: number | readonly string[] | undefined;
  readonly onCut: (cause: CutCause) => void;
}

/** What Node's servers do not see to. */
export function guardConnections(server: Server, { limits, trustedProxy, onCut }: ConnectionGuard): void {
  server.maxConnections = limits.connectionsAtMost;
  server.on('drop', () => onCut('too_many'));
  server.on('clientError', (error: Error & { readonly code?: string }) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') onCut('slow_request');
    if (error.code === 'HPE_HEADER_OVERFLOW') onCut('header_size');
  });
  if (limits.connectionsPerAddress > 0 && typeof trustedProxy !== 'number') {
    const proxies = proxyList(trustedProxy ?? []);
    limitByAddress(server, { atMost: limits.connectionsPerAddress, proxies, onCut });
  }
  limitAhead(server, onCut);
  cutSlowReaders(server, limits.readTimeoutMs, onCut);
}

interface ByAddress {
  readonly atMost: number;
  readonly proxies: BlockList;
  readonly onCut: ConnectionGuard['onCut'];
}

function limitByAddress(server: Server, { atMost, proxies, onCut }: ByAddress): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = addressOf(socket.remoteAddress ?? '');
    if (address === '' || contains(proxies, socket.remoteAddress ?? '')) return;
    const count = (counts.get(address) ?? 0) + 1;
    if (count > atMost) {
      onCut('address');
      socket.destroy();
      return;
    }
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
  });
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Stands before whoever answers requests. */
function limitAhead(server: Server, onCut: ConnectionGuard['onCut']): void {
  const counts = new WeakMap<Socket, number>();
  const [answer] = server.listeners('request') as Listener[];
  if (answer === undefined) throw new Error('nobody answers requests');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // Its turn has come.
    if (response.socket !== null) return answer(request, response);
    const { socket } = request;
    const count = (counts.get(socket) ?? 0) + 1;
    if (count > aheadAtMost) {
      onCut('ahead');
      return silence(socket);
    }
    counts.set(socket, count);
    response.once('close', () => counts.set(socket, (counts.get(socket) ?? 1) - 1));
    answer(request, response);
  });
}

/**
 * Ends a connection and what it has sent already: one piece can hold a thousand requests, and Node would go on to make each of them, and then an
 * error for each of them. The parser of a connection is not documented; without it this is slower.
 */
export function silence(socket: Socket): void {
  const { parser } = socket as { readonly parser?: { onIncoming?: unknown } | null };
  if (typeof parser?.onIncoming === 'function') parser.onIncoming = () => 0;
  socket.destroy();
}

interface Lying {
  readonly taken: number;
  readonly sinceMs: number;
}

/** One look at all of them now and then, and no timer for each. */
function cutSlowReaders(server: Server, readTimeoutMs: number, onCut: ConnectionGuard['onCut']): void {
  const sockets = new Set<Socket>();
  const lying = new WeakMap<Socket, Lying>();
  // With TLS the second event has the socket that is written to; the first one's is beneath it and never has anything lying.
  for (const event of ['connection', 'secureConnection']) {
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
  }
  const looking = setInterval(
    () => {
      const nowMs = performance.now();
      for (const socket of sockets) {
        if (socket.writableLength === 0) {
          lying.delete(socket);
          continue;
        }
        const taken = socket.bytesWritten - socket.writableLength;
        const before = lying.get(socket);
        if (before === undefined || before.taken !== taken) lying.set(socket, { taken, sinceMs: nowMs });
        else if (nowMs - before.sinceMs >= readTimeoutMs) {
          onCut('slow_reader');
          socket.destroy();
        }
      }
    },
    Math.min(checkMs, readTimeoutMs / 2),
  );
  looking.unref();
  server.once('close', () => clearInterval(looking));
}

/** The names are those of Fastify's `trustProxy`. */
const rangesOf: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

function proxyList(proxies: readonly string[]): BlockList {
  return listOf(proxies.flatMap((proxy) => rangesOf[proxy] ?? [proxy]));
}
