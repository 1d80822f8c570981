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
 * `ahead`: it asked on without waiting for answers; `held_off`: its address was refused too often. */
export type CutCause = 'too_many' | 'address' | 'slow_request' | 'slow_reader' | 'header_size' | 'ahead' | 'held_off';

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
    // It is refused in words, with the other requests.
    requireHostHeader: false,
  };
}

export interface ConnectionGuard {
  readonly limits: ConnectionLimits;
  /** A number of proxies: nobody knows which connections are theirs, so addresses are not counted. */
  readonly trustedProxy: number | readonly string[] | undefined;
  /** What comes from there is not to be looked at. */
  readonly isHeldOff: (address: string) => boolean;
  readonly onCut: (cause: CutCause) => void;
}

/** What Node's servers do not see to. */
export function guardConnections(server: Server, { limits, trustedProxy, isHeldOff, onCut }: ConnectionGuard): void {
  server.maxConnections = limits.connectionsAtMost;
  server.on('drop', () => onCut('too_many'));
  server.on('clientError', (error: Error & { readonly code?: string }) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') onCut('slow_request');
    if (error.code === 'HPE_HEADER_OVERFLOW') onCut('header_size');
  });
  cutSlowReaders(server, limits.readTimeoutMs, onCut);
  const clientOf = clientsBehind(trustedProxy);
  // Asked for each request: first what costs least.
  const isUnwanted = (socket: Socket): boolean => isHeldOff(addressOf(socket.remoteAddress ?? '')) && clientOf(socket) !== '';
  cutAsking(server, { isUnwanted, onCut });
  limitByAddress(server, { clientOf, atMost: limits.connectionsPerAddress, isUnwanted, refuse: createRefusal(onCut) });
}

/** The address of whoever has a connection; empty where nobody knows it. */
function clientsBehind(trustedProxy: ConnectionGuard['trustedProxy']): (socket: Socket) => string {
  if (typeof trustedProxy === 'number') return () => '';
  const proxies = proxyList(trustedProxy ?? []);
  return ({ remoteAddress = '' }) => (contains(proxies, remoteAddress) ? '' : addressOf(remoteAddress));
}

type Refuse = (socket: Socket, cause: keyof typeof idlingMs) => void;

/**
 * How long a connection that nobody wants stays open, unread, from half of it to one and a half: whoever opens the next one as soon as the last one is
 * closed opens few. How many may stay; more are closed at once.
 */
const idlingMs = { address: 1_000, held_off: 5_000 };
const idlingAtMost = 1_000;

function createRefusal(onCut: ConnectionGuard['onCut']): Refuse {
  let idling = 0;
  return (socket, cause) => {
    onCut(cause);
    if (idling >= idlingAtMost) {
      socket.destroy();
      return;
    }
    idling += 1;
    const closing = setTimeout(() => socket.destroy(), idlingMs[cause] * (0.5 + Math.random()));
    stopReading(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(closing);
      idling -= 1;
    });
  };
}

/** What comes in stays with the system. The handle of a socket is not documented; without it some of it is read, and kept. */
function stopReading(socket: Socket): void {
  const { _handle: handle } = socket as { readonly _handle?: { readStop?: unknown } | null };
  if (typeof handle?.readStop === 'function') handle.readStop();
}

interface ByAddress {
  readonly clientOf: (socket: Socket) => string;
  /** 0: no limit. */
  readonly atMost: number;
  readonly isUnwanted: (socket: Socket) => boolean;
  readonly refuse: Refuse;
}

/** Stands before whoever reads what comes in: what is refused costs no more than its acceptance. */
function limitByAddress(server: Server, { clientOf, atMost, isUnwanted, refuse }: ByAddress): void {
  const counts = new Map<string, number>();
  const readers = server.listeners('connection') as ((socket: Socket) => void)[];
  const read = inTurns<Socket>((socket) => {
    if (socket.destroyed) return;
    if (isUnwanted(socket)) return refuse(socket, 'held_off');
    for (const reader of readers) reader.call(server, socket);
  });
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (isUnwanted(socket)) return refuse(socket, 'held_off');
    const address = clientOf(socket);
    if (atMost > 0 && address !== '') {
      const count = (counts.get(address) ?? 0) + 1;
      if (count > atMost) return refuse(socket, 'address');
      counts.set(address, count);
      socket.once('close', () => {
        const left = (counts.get(address) ?? 1) - 1;
        if (left === 0) counts.delete(address);
        else counts.set(address, left);
      });
    }
    // Nobody else listens to it while it waits for its turn.
    socket.on('error', () => undefined);
    read(address, socket);
  });
}

/** A connection that is refused costs a fraction of it. */
const turnMs = 1;

/**
 * One of each address in a turn, the first at once: hundreds of connections that come in the same moment do not keep the node from the work of
 * others, and what the first of them do may show that the others need not be read. Those without an address do not wait for each other.
 */
function inTurns<T>(take: (what: T) => void): (address: string, what: T) => void {
  const waiting = new Map<string, T[]>();
  const next = (address: string): void => {
    const what = waiting.get(address)?.shift();
    if (what === undefined) {
      waiting.delete(address);
      return;
    }
    setTimeout(next, turnMs, address);
    take(what);
  };
  return (address, what) => {
    const queue = waiting.get(address);
    if (queue !== undefined) {
      queue.push(what);
      return;
    }
    if (address !== '') {
      waiting.set(address, []);
      setTimeout(next, turnMs, address);
    }
    take(what);
  };
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Stands before whoever answers requests, and ends connections that ask for what they do not get. */
function cutAsking(
  server: Server,
  { isUnwanted, onCut }: { readonly isUnwanted: (socket: Socket) => boolean } & Pick<ConnectionGuard, 'onCut'>,
): void {
  const ahead = new WeakMap<Socket, number>();
  const [answer] = server.listeners('request') as Listener[];
  if (answer === undefined) throw new Error('nobody answers requests');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const cut = (cause: CutCause): void => {
      onCut(cause);
      silence(socket);
    };
    if (isUnwanted(socket)) return cut('held_off');
    // Its turn has come.
    if (response.socket !== null) return answer(request, response);
    const count = (ahead.get(socket) ?? 0) + 1;
    if (count > aheadAtMost) return cut('ahead');
    ahead.set(socket, count);
    response.once('close', () => ahead.set(socket, (ahead.get(socket) ?? 1) - 1));
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
