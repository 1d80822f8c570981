/** Starts the sandbox as a child process on free ports and talks to it as a gateway and as an operator do. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Iso8583Message, pack, unpack } from '../src/protocols/iso8583/codec.ts';
import { createFrameReader, frame } from '../src/protocols/iso8583/framing.ts';
import { HOST_LINK, HOST_LINK_FRAMES } from '../src/protocols/iso8583/layouts/host-link.ts';
import { localDate, localTime, originalData, responseOf, transmissionDateTime } from '../src/protocols/iso8583/messages.ts';

const MAIN = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url));

/** A running sandbox. */
export interface Sandbox {
  readonly acquirerPort: number;
  readonly httpPort: number;
  readonly smtpPort: number;
  /** What it has said on stderr so far. */
  stderr(): string;
  /** Ends its standard input, as the end of its parent does, and gives its exit code. */
  orphan(): Promise<number | null>;
  /** Ends it and gives its exit code (null after a signal that it cannot handle). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** A folder of its own, removed when the test process ends. */
export function dataDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'polygate-sandbox-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

function spawnSandbox(directory: string, more: readonly string[] = []): { child: ChildProcess; stderr: () => string } {
  const args = [
    MAIN,
    '--acquirer-port',
    '0',
    '--http-port',
    '0',
    '--smtp-port',
    '0',
    '--data-directory',
    directory,
    '--with-parent',
    ...more,
  ];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { child, stderr: () => stderr };
}

/** Starts a sandbox that should come up; with a test's context it ends with that test. */
export async function startSandbox(directory = dataDirectory(), context?: TestContext, more: readonly string[] = []): Promise<Sandbox> {
  const { child, stderr } = spawnSandbox(directory, more);
  assert.ok(child.stdout !== null);
  const exited = once(child, 'exit');
  // A test that fails does not come to its own end: the child would keep the whole file waiting.
  context?.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const line: unknown = (await Promise.race([once(lines, 'line'), exited]))[0];
  assert.equal(typeof line, 'string', `the sandbox did not start: ${stderr()}`);
  const ready = JSON.parse(String(line)) as { ready: boolean; acquirerPort: number; httpPort: number; smtpPort: number };
  assert.equal(ready.ready, true);
  return {
    acquirerPort: ready.acquirerPort,
    httpPort: ready.httpPort,
    smtpPort: ready.smtpPort,
    stderr,
    async orphan() {
      child.stdin?.end();
      return (await exited)[0] as number | null;
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return (await exited)[0] as number | null;
    },
  };
}

/** Starts a sandbox that should refuse to, and gives its exit code and stderr. */
export async function startBrokenSandbox(
  directory: string,
  more: readonly string[] = [],
): Promise<{ code: number | null; stderr: string }> {
  const { child, stderr } = spawnSandbox(directory, more);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr: stderr() };
}

/** One connection of a gateway. */
export interface Link {
  readonly socket: Socket;
  /** Every answer that has come, in order. */
  readonly answers: readonly Iso8583Message[];
  /** Every body that begins as no message does. */
  readonly garbage: readonly Buffer[];
  send(message: Iso8583Message): void;
  /** Sends and waits for the answer with the same trace. */
  ask(message: Iso8583Message): Promise<Iso8583Message>;
  /** Waits until `isTrue`, looking again whenever something has come. */
  until(isTrue: () => boolean): Promise<void>;
  /** True once the connection has ended. */
  isClosed(): boolean;
  close(): void;
}

const traceOf = ({ mti, fields }: Iso8583Message): string => `${mti} ${fields[41]} ${fields[11]} ${fields[37]}`;

/** Connects as a gateway does. */
export async function openLink(port: number): Promise<Link> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const reader = createFrameReader(HOST_LINK_FRAMES);
  const answers: Iso8583Message[] = [];
  const garbage: Buffer[] = [];
  const watchers = new Set<() => void>();
  const waiting = new Map<string, (answer: Iso8583Message) => void>();
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => {
    for (const body of reader.push(chunk)) {
      if (body[0] === 0xff) {
        garbage.push(body);
        continue;
      }
      const answer = unpack(HOST_LINK, body);
      answers.push(answer);
      const resolve = waiting.get(traceOf(answer));
      waiting.delete(traceOf(answer));
      resolve?.(answer);
    }
    for (const watcher of watchers) watcher();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
    for (const watcher of watchers) watcher();
  });
  await once(socket, 'connect');
  const send = (message: Iso8583Message): void => {
    socket.write(frame(HOST_LINK_FRAMES, pack(HOST_LINK, message)));
  };
  return {
    socket,
    answers,
    garbage,
    send,
    ask: (message) =>
      new Promise((resolve) => {
        waiting.set(traceOf({ mti: responseOf(message.mti), fields: message.fields }), resolve);
        send(message);
      }),
    until: (isTrue) =>
      new Promise((resolve) => {
        const watcher = (): void => {
          if (!isTrue()) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
    isClosed: () => isClosed,
    close: () => socket.destroy(),
  };
}

/** Fields that differ from the usual ones; undefined takes one away. */
type Changes = Readonly<Record<number, string | undefined>>;

/** Makes the messages of one terminal, each with a trace of its own. */
export interface Terminal {
  message(mti: string, fields: Changes): Iso8583Message;
  authorization(changes?: Changes): Iso8583Message;
  debit(changes?: Changes): Iso8583Message;
  capture(original: Iso8583Message, changes?: Changes): Iso8583Message;
  refund(original: Iso8583Message, changes?: Changes): Iso8583Message;
  payout(changes?: Changes): Iso8583Message;
  /** A reversal of its own; with `sameTrace` it carries the original's, as one for a time-out does. */
  reversal(original: Iso8583Message, changes?: Changes, options?: { sameTrace: boolean }): Iso8583Message;
  echo(): Iso8583Message;
}

/** DE90 naming a message. */
function naming(original: Iso8583Message): string {
  const { mti, fields } = original;
  return originalData({ mti, stan: fields[11] ?? '', transmittedAt: fields[7] ?? '', acquirer: fields[32] ?? '', forwarder: '' });
}

const CARD = '4111111111111111';

/** A terminal; amounts are 10.00 euro with an ordinary card unless changed. */
export function terminal(name: string): Terminal {
  let count = 0;
  const message = (mti: string, changes: Changes): Iso8583Message => {
    count++;
    const stan = String(count).padStart(6, '0');
    const now = Date.now();
    const fields: Record<number, string | undefined> = {
      7: transmissionDateTime(now),
      11: stan,
      12: localTime(now),
      13: localDate(now),
      32: '123456',
      37: `${name.slice(0, 4)}${String(count).padStart(8, '0')}`,
      41: name,
      42: 'MERCHANT0000001',
      ...changes,
    };
    return { mti, fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Record<number, string> };
  };
  const money = (processingCode: string): Changes => ({ 2: CARD, 3: processingCode, 4: '000000001000', 49: '978' });
  const shop: Changes = { 14: '3012', 18: '5999', 22: '010', 25: '59' };
  const like = ({ fields }: Iso8583Message): Changes => ({ 2: fields[2], 4: fields[4], 49: fields[49] });
  return {
    message,
    authorization: (changes) => message('0100', { ...money('000000'), ...shop, ...changes }),
    debit: (changes) => message('0200', { ...money('000000'), ...shop, ...changes }),
    payout: (changes) => message('0200', { ...money('260000'), 104: '0102FD0208MERCHANT', ...changes }),
    capture: (original, changes) =>
      message('0220', { 3: '000000', 25: '06', 38: '000001', ...like(original), 90: naming(original), ...changes }),
    refund: (original, changes) => message('0200', { 3: '200000', ...like(original), 90: naming(original), ...changes }),
    reversal: (original, changes, options) => {
      const { fields } = original;
      const trace = options?.sameTrace ? { 11: fields[11], 12: fields[12], 13: fields[13], 37: fields[37] } : {};
      return message('0420', {
        3: fields[3],
        ...like(original),
        39: options?.sameTrace ? '68' : '17',
        90: naming(original),
        ...trace,
        ...changes,
      });
    },
    echo: () => message('0800', { 70: '301' }),
  };
}

/** The same message as a repeat. */
export function repeated({ mti, fields }: Iso8583Message): Iso8583Message {
  return { mti: `${mti.slice(0, 3)}1`, fields };
}

/** One entry of the books. */
export interface BookEntry {
  readonly rrn: string;
  readonly stan: string;
  readonly terminal: string;
  readonly date: string;
  readonly kind: string;
  readonly currency: string;
  readonly amount: number;
  readonly capturedAmount: number;
  readonly refundedAmount: number;
  readonly reversedAmount: number;
  readonly remainingAmount: number;
  readonly state: string;
  readonly account: { readonly id: string; readonly masked: string };
  readonly approvalCode: string;
  readonly original?: { readonly rrn: string; readonly stan: string };
}

/** One call of the control API. */
export async function control(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`http://127.0.0.1:${sandbox.httpPort}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, json: await response.json() };
}

/** The books, perhaps of one terminal or RRN only. */
export async function books(sandbox: Sandbox, filter: Readonly<Record<string, string>> = {}): Promise<readonly BookEntry[]> {
  const { status, json } = await control(sandbox, 'GET', `/control/books?${new URLSearchParams(filter)}`);
  assert.equal(status, 200);
  return (json as { entries: BookEntry[] }).entries;
}
