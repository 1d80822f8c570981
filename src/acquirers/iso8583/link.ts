/**
 * The link: a few long-lived TCP connections to the host, shared by all exchanges. Answers find their request by MTI, terminal, STAN and
 * RRN; those that nobody waits for are handed on, never dropped.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineLog } from '../../core/payment/engine.ts';
import { createGathering } from '../../core/together.ts';
import { type Iso8583Message, pack, unpack } from '../../protocols/iso8583/codec.ts';
import { createFrameReader, FrameError, frame } from '../../protocols/iso8583/framing.ts';
import { HOST_LINK, HOST_LINK_FRAMES } from '../../protocols/iso8583/layouts/host-link.ts';
import { isRequest, responseOf, transmissionDateTime } from '../../protocols/iso8583/messages.ts';

export interface LinkOptions {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** How long one try to connect may take, ms: a host whose packets are dropped on the way refuses nothing. */
  readonly connectTimeoutMs: number;
  /** How long an exchange waits for its answer, ms. */
  readonly timeoutMs: number;
  /** Idle time after which an echo is sent, ms. */
  readonly echoAfterMs: number;
  readonly businessNow: () => number;
  readonly log: EngineLog;
  /** An answer that no exchange waits for: it timed out, its connection broke, it had an answer before, or another process began it. */
  readonly onUnawaited: (answer: Iso8583Message) => void;
  /**
   * What the host asks beside echoes. Resolves with what to answer; when it rejects, the host is not answered and will ask again.
   */
  readonly onRequest: (message: Iso8583Message) => Promise<RequestAnswer>;
}

/** `responseCode`: DE39. `fields`: what the answer has beside that and what it echoes. */
export interface RequestAnswer {
  readonly responseCode: string;
  readonly fields?: Readonly<Record<number, string>>;
}

/** `not_sent`: no connection was ready, no byte left. `lost`: sent, but no answer: time-out, or the connection broke. */
export type ExchangeResult =
  | { readonly kind: 'answer'; readonly message: Iso8583Message }
  | { readonly kind: 'not_sent' | 'lost'; readonly cause: string };

export interface Link {
  exchange(message: Iso8583Message): Promise<ExchangeResult>;
  isReady(): boolean;
  readyConnections(): number;
  close(): Promise<void>;
}

interface Exchange {
  readonly connection: Connection;
  readonly timer: NodeJS.Timeout;
  readonly settle: (result: ExchangeResult) => void;
}

/**
 * Where an exchange lies in the table of those under way; empty once it is over. The tables that a busy `Map` outgrows point to their successors, and once
 * one has grown old, V8 keeps all of them, with what they held, until its next full collection: an empty slot keeps nothing of its payment.
 */
interface Slot {
  exchange: Exchange | undefined;
}

interface Connection {
  socket: Socket | undefined;
  ready: boolean;
  /** Frames of this turn of the event loop, written together. */
  outgoing: Buffer[];
  lastHeardMs: number;
  retryPauseMs: number;
  /** What was told last of why it is not ready, since it was. */
  told: string | undefined;
  /** Of the try to connect, then of the echoes. */
  timer: NodeJS.Timeout | undefined;
}

const retryPauseAtMostMs = 5_000;
/** Requests of the host that are being worked on at the same time. */
const requestsAtMost = 256;
/** By these the host knows which of its requests an answer is to. */
const echoedFields = [3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49, 70];

export function openLink(options: LinkOptions): Link {
  const exchanges = new Map<string, Slot>();
  const together = createGathering();
  const connections: Connection[] = Array.from({ length: options.connections }, () => ({
    ...{ socket: undefined, ready: false, outgoing: [], lastHeardMs: 0, retryPauseMs: 50, told: undefined, timer: undefined },
  }));
  const requests = new Set<Promise<void>>();
  let turn = 0;
  let sequence = 0;
  let closing = false;
  for (const connection of connections) open(connection);

  function open(connection: Connection): void {
    if (closing) return;
    const socket = connect({ host: options.host, port: options.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 });
    const reader = createFrameReader(HOST_LINK_FRAMES);
    connection.socket = socket;
    const unanswered = new Error(`no connection within ${options.connectTimeoutMs} ms`);
    connection.timer = setTimeout(() => socket.destroy(unanswered), options.connectTimeoutMs).unref();
    socket.on('connect', () => {
      clearTimeout(connection.timer);
      void signOn(connection);
    });
    socket.on('data', (chunk) => {
      connection.lastHeardMs = performance.now();
      try {
        for (const body of reader.push(chunk as Buffer)) take(connection, body);
      } catch (error) {
        // What stood in front of the fault came whole: an approval among it is not to be given up.
        if (error instanceof FrameError) for (const body of error.completed) take(connection, body);
        options.log.error({ error: String(error) }, 'the acquirer sent a frame that cannot be read; reconnecting');
        socket.destroy();
      }
    });
    socket.on('error', (error) => {
      if (connection.ready) options.log.warn({ error: String(error) }, 'the acquirer link broke');
      else tellOnce(connection, { error: String(error) }, 'the acquirer cannot be reached; it is tried again until it can');
    });
    socket.on('close', () => down(connection));
  }

  /** What is tried again every few seconds fails with the same words. */
  function tellOnce(connection: Connection, why: Readonly<Record<string, string | undefined>>, text: string): void {
    const words = `${text} ${JSON.stringify(why)}`;
    if (connection.told === words) return;
    connection.told = words;
    options.log.warn(why, text);
  }

  async function signOn(connection: Connection): Promise<void> {
    const result = await network(connection, '001');
    if (result.kind !== 'answer' || result.message.fields[39] !== '00') {
      const why = { result: result.kind === 'answer' ? result.message.fields[39] : result.cause };
      tellOnce(connection, why, 'the acquirer did not accept the sign-on; it is tried again until it does. Ask the acquirer why');
      connection.socket?.destroy();
      return;
    }
    if (connection.retryPauseMs > 50) options.log.info({}, 'the acquirer link is up again');
    connection.ready = true;
    connection.retryPauseMs = 50;
    connection.told = undefined;
    connection.timer = setInterval(() => void echo(connection), options.echoAfterMs).unref();
  }

  async function echo(connection: Connection): Promise<void> {
    if (performance.now() - connection.lastHeardMs < options.echoAfterMs) return;
    const result = await network(connection, '301');
    if (result.kind !== 'answer') connection.socket?.destroy();
  }

  function network(connection: Connection, code: '001' | '002' | '301'): Promise<ExchangeResult> {
    sequence = (sequence % 999_999) + 1;
    const fields = { 7: transmissionDateTime(options.businessNow()), 11: String(sequence).padStart(6, '0'), 70: code };
    return transmit(connection, { mti: '0800', fields });
  }

  function down(connection: Connection): void {
    clearInterval(connection.timer);
    connection.ready = false;
    connection.socket = undefined;
    connection.outgoing = [];
    for (const [key, { exchange }] of exchanges) {
      if (exchange?.connection === connection) finish(key, exchange, { kind: 'lost', cause: 'the connection to the acquirer broke' });
    }
    if (closing) return;
    const pauseMs = connection.retryPauseMs * (0.5 + Math.random());
    connection.retryPauseMs = Math.min(connection.retryPauseMs * 2, retryPauseAtMostMs);
    setTimeout(() => open(connection), pauseMs).unref();
  }

  function transmit(connection: Connection, message: Iso8583Message): Promise<ExchangeResult> {
    const framed = frame(HOST_LINK_FRAMES, pack(HOST_LINK, message));
    const key = keyOf(responseOf(message.mti), message);
    // A repeat beside its original: one answer cannot serve both, and which of them it answers nobody could tell.
    if (exchanges.has(key)) return Promise.resolve({ kind: 'lost', cause: 'the same message is under way' });
    return new Promise((resolve) => {
      const giveUp = () => {
        const exchange = exchanges.get(key)?.exchange;
        if (exchange !== undefined) finish(key, exchange, { kind: 'lost', cause: `no answer within ${options.timeoutMs} ms` });
      };
      // After a turn that took long, timers come before what the sockets hold: an answer that is there already is read first.
      const timer = setTimeout(() => setImmediate(giveUp), options.timeoutMs);
      exchanges.set(key, { exchange: { connection, timer, settle: resolve } });
      if (connection.outgoing.length === 0) setImmediate(() => flush(connection));
      connection.outgoing.push(framed);
    });
  }

  function flush(connection: Connection): void {
    const frames = connection.outgoing;
    connection.outgoing = [];
    if (frames.length > 0) connection.socket?.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
  }

  function finish(key: string, exchange: Exchange, result: ExchangeResult): void {
    clearTimeout(exchange.timer);
    const slot = exchanges.get(key);
    if (slot !== undefined) slot.exchange = undefined;
    exchanges.delete(key);
    together(() => exchange.settle(result));
  }

  function take(connection: Connection, body: Buffer): void {
    let message: Iso8583Message;
    try {
      message = unpack(HOST_LINK, body);
    } catch (error) {
      options.log.error({ error: String(error) }, 'the acquirer sent a message that cannot be read; its exchange will time out');
      return;
    }
    if (isRequest(message.mti)) {
      answerRequest(connection, message);
      return;
    }
    const key = keyOf(message.mti, message);
    const exchange = exchanges.get(key)?.exchange;
    if (exchange === undefined) options.onUnawaited(message);
    else finish(key, exchange, { kind: 'answer', message });
  }

  function answerRequest(connection: Connection, message: Iso8583Message): void {
    if (message.mti === '0800') {
      respond(connection, message, { responseCode: '00' });
      return;
    }
    // A host that repeats what cannot be answered now must not fill the memory: it will ask once more.
    if (closing || requests.size >= requestsAtMost) return;
    const answering = options
      .onRequest(message)
      .then((answer) => respond(connection, message, answer))
      .catch((error: unknown) => {
        const { mti, fields } = message;
        options.log.warn(
          { mti, rrn: fields[37], error: String(error) },
          'a request of the acquirer is not answered yet; it will be repeated',
        );
      });
    requests.add(answering);
    void answering.finally(() => requests.delete(answering));
  }

  /** A connection that broke meanwhile takes no answer; the host asks again over another. */
  function respond(connection: Connection, { mti, fields }: Iso8583Message, answer: RequestAnswer): void {
    if (connection.socket === undefined) return;
    const echoed = Object.fromEntries(echoedFields.flatMap((field) => (fields[field] === undefined ? [] : [[field, fields[field]]])));
    if (connection.outgoing.length === 0) setImmediate(() => flush(connection));
    const answered = { ...echoed, ...answer.fields, 39: answer.responseCode };
    connection.outgoing.push(frame(HOST_LINK_FRAMES, pack(HOST_LINK, { mti: responseOf(mti), fields: answered })));
  }

  return {
    exchange(message) {
      // What goes out within one turn of the event loop goes over one connection: one write for all of it, and the answers come together.
      const gathering = connections[turn];
      if (gathering?.ready === true && gathering.outgoing.length > 0) return transmit(gathering, message);
      for (let tried = 0; tried < connections.length; tried += 1) {
        turn = (turn + 1) % connections.length;
        const connection = connections[turn];
        if (connection?.ready === true) return transmit(connection, message);
      }
      return Promise.resolve({ kind: 'not_sent', cause: 'no connection to the acquirer' });
    },
    isReady: () => connections.some((connection) => connection.ready),
    readyConnections: () => connections.filter((connection) => connection.ready).length,
    async close() {
      closing = true;
      // Each exchange under way ends by its answer or its time-out.
      while (exchanges.size > 0) await delay(10);
      await Promise.all(requests);
      await Promise.all(connections.filter(({ ready }) => ready).map((connection) => network(connection, '002')));
      for (const connection of connections) {
        clearInterval(connection.timer);
        connection.socket?.destroy();
      }
    },
  };
}

/** Terminal, STAN and RRN are echoed; the type of the answer tells a request from the reversal that shares its STAN. */
function keyOf(answerMti: string, { fields }: Iso8583Message): string {
  return `${answerMti}|${fields[41]?.trimEnd() ?? ''}|${fields[11] ?? ''}|${fields[37] ?? ''}`;
}
