/**
 * The append-only file under the books. Nothing is answered before what it says is on the disk: all that waits goes into one write and one
 * fdatasync (group commit), so that a thousand messages cost little more than one.
 */

import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** An open journal; `Ticket` is whatever waits for a line to be durable. */
export interface Journal<Ticket> {
  /** Adds a line (or only a place behind the lines added so far) and hands `ticket` to `onDurable` when all of that is on the disk. */
  append(line: string | undefined, ticket: Ticket): void;
  /** Resolves when everything appended so far is durable and handed on, however much comes behind it. */
  settled(): Promise<void>;
  /** Waits for what is under way and closes the file. Nothing may be appended afterwards. */
  close(): Promise<void>;
}

interface JournalOptions<Ticket> {
  readonly path: string;
  readonly header: string;
  /** Takes one line of an existing file; false when it is none. */
  readonly replay: (line: string) => boolean;
  /** Takes the tickets of one commit, in order. */
  readonly onDurable: (tickets: readonly Ticket[]) => void;
  /** The disk refused a write: nothing can be promised any more. */
  readonly onFailure: (error: Error) => void;
  readonly warn: (text: string) => void;
}

/**
 * Opens or creates the journal and replays it without giving up the event loop. A last line that was cut off is dropped with a warning: its
 * message was never answered. A damaged line elsewhere throws, since what follows cannot be trusted.
 */
export function openJournal<Ticket>(options: JournalOptions<Ticket>): Journal<Ticket> {
  const file = openSync(options.path, 'a+', 0o600);
  const replayed = replayFile(file, options);
  if (replayed.tornBytes > 0) {
    options.warn(`${options.path}: the last line was cut off (${replayed.tornBytes} bytes), it is dropped; its message was never answered`);
    ftruncateSync(file, replayed.goodBytes);
  }
  if (replayed.goodBytes === 0) writeAll(file, Buffer.from(`${options.header}\n`));
  fsyncSync(file);
  syncDirectory(dirname(options.path));
  return groupCommit(file, options);
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  fsyncSync(directory);
  closeSync(directory);
}

function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written, bytes.length - written);
}

const READ_BYTES = 1 << 20;
const LINE_END = 0x0a;

interface Replayed {
  readonly goodBytes: number;
  readonly tornBytes: number;
}

function replayFile<Ticket>(file: number, { path, header, replay }: JournalOptions<Ticket>): Replayed {
  const chunk = Buffer.allocUnsafe(READ_BYTES);
  let rest = Buffer.alloc(0);
  let goodBytes = 0;
  let lines = 0;
  for (let position = 0; ; ) {
    const count = readSync(file, chunk, 0, READ_BYTES, position);
    if (count === 0) return { goodBytes, tornBytes: rest.length };
    position += count;
    const text = Buffer.concat([rest, chunk.subarray(0, count)]);
    let start = 0;
    for (let end = text.indexOf(LINE_END); end >= 0; end = text.indexOf(LINE_END, start)) {
      const line = text.toString('utf8', start, end);
      lines++;
      const isGood = lines === 1 ? line === header : replay(line);
      if (!isGood) {
        throw new Error(`${path}: line ${lines} is not one that this sandbox wrote; move the file away to start with empty books`);
      }
      goodBytes += end + 1 - start;
      start = end + 1;
    }
    rest = Buffer.from(text.subarray(start));
  }
}

// A commit costs about 0.1 ms of CPU however little it holds, and a disk that syncs in 0.2 ms would invite thousands of them a second. One payment
// after the other is slower than this through any gateway and never waits.
const COMMIT_INTERVAL_MS = 2;

function groupCommit<Ticket>(file: number, { onDurable, onFailure }: JournalOptions<Ticket>): Journal<Ticket> {
  let pendingText = '';
  let pending: Ticket[] = [];
  let waiters: (() => void)[] = [];
  let startedAt = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  let isScheduled = false;
  let isBroken = false;

  const commit = (): void => {
    isScheduled = false;
    isBusy = true;
    startedAt = performance.now();
    const text = pendingText;
    const tickets = pending;
    const resolvers = waiters;
    pendingText = '';
    pending = [];
    waiters = [];
    const finish = (): void => {
      isBusy = false;
      onDurable(tickets);
      for (const resolve of resolvers) resolve();
      schedule();
    };
    if (text === '') {
      finish();
      return;
    }
    try {
      // The write only copies into the page cache; it is the sync that waits for the disk, and that runs off this thread.
      writeAll(file, Buffer.from(text));
    } catch (error) {
      fail(error);
      return;
    }
    fdatasync(file, (error) => {
      if (error === null || error === undefined) finish();
      else fail(error);
    });
  };

  const fail = (error: unknown): void => {
    isBroken = true;
    onFailure(error instanceof Error ? error : new Error(String(error)));
  };

  // A message that comes alone is committed in the same turn of the event loop; under load all that comes within the interval goes together.
  const schedule = (): void => {
    if (isBusy || isScheduled || isBroken || (pending.length === 0 && waiters.length === 0)) return;
    isScheduled = true;
    const waitMs = COMMIT_INTERVAL_MS - (performance.now() - startedAt);
    if (waitMs > 0) setTimeout(commit, waitMs);
    else setImmediate(commit);
  };

  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      waiters.push(resolve);
      schedule();
    });

  return {
    append(line, ticket) {
      if (line !== undefined) pendingText += `${line}\n`;
      pending.push(ticket);
      schedule();
    },
    settled,
    async close() {
      await settled();
      fsyncSync(file);
      closeSync(file);
    },
  };
}
