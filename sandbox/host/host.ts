/** The acquirer host: listens for gateways, keeps the books, and lets the control API look at them. */

import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type AccountOf, openAccounts } from './accounts.ts';
import { type Books, createBooks, type Fact } from './books.ts';
import { LIMITED_CARD } from './cards.ts';
import { type Connection, serveConnection } from './connection.ts';
import { createDisputeLink, type DisputeLink } from './dispute-link.ts';
import { createDisputes, type Disputes, fromDisputeLine, toDisputeLine } from './disputes.ts';
import { createExchange, settle, type Ticket } from './exchange.ts';
import { createFaults, type Faults } from './faults.ts';
import { knowsCardTriggers } from './issuer.ts';
import { openJournal } from './journal.ts';
import { fromLine, JOURNAL_HEADER, toLine } from './journal-line.ts';
import { createSettlement } from './settlement.ts';

/** A running host. */
export interface Host {
  readonly port: number;
  readonly books: Books;
  readonly disputes: Disputes;
  readonly disputeLink: Pick<DisputeLink, 'raise' | 'reverse'>;
  readonly faults: Faults;
  readonly accountOf: AccountOf;
  /** Takes in what happened before this host was there; returns what is wrong with it. */
  book(fact: Fact): string | undefined;
  /** Resolves when everything booked so far is durable. */
  settled(): Promise<void>;
  /** Takes no more requests, answers the ones that are under way, makes all durable, and closes. */
  close(): Promise<void>;
}

/** Where and how the host runs. */
export interface HostOptions {
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly dataDirectory: string;
  readonly warn: (text: string) => void;
  /** The journal cannot be written any more; the process must end. */
  readonly onFailure: (error: Error) => void;
}

const MOST_WARNINGS = 200;
const CLOSE_TIMEOUT_MS = 1_000;

/** Starts the host. Rejects when the port is taken, or the data directory cannot be used. */
export async function startHost({ address, port, dataDirectory, warn, onFailure }: HostOptions): Promise<Host> {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const sockets = new Map<Socket, Connection>();
  const timers = new Set<NodeJS.Timeout>();
  let receive: (body: Buffer, connection: Connection) => void = () => undefined;
  let gone: (connection: Connection) => void = () => undefined;
  const limitedWarn = warnOnce(warn);

  const server = createServer((socket) => {
    const connection = serveConnection(socket, { receive: (body, from) => receive(body, from), warn: limitedWarn });
    sockets.set(socket, connection);
    socket.on('close', () => {
      sockets.delete(socket);
      gone(connection);
    });
  });
  // The port first: a second host on the same data directory must fail here, before it touches the journal.
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, resolve);
  });

  // From here to `receive` nothing waits, so no connection is served before the books are complete.
  const accountOf = openAccounts(dataDirectory);
  const books = createBooks({ watchedAccount: accountOf(LIMITED_CARD).id, isWatchedAt: knowsCardTriggers });
  const faults = createFaults();
  const disputes = createDisputes((key) => books.original(key)?.entry);
  const settlement = createSettlement({ merchantOf: books.merchantOf, disputes });
  const later = (act: () => void, delayMs: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, delayMs);
    timers.add(timer);
  };
  const journal = openJournal<Ticket>({
    path: join(dataDirectory, 'host-journal.jsonl'),
    header: JOURNAL_HEADER,
    replay: (line) => {
      const disputed = fromDisputeLine(line);
      if (disputed !== undefined) {
        disputes.apply(disputed);
        return true;
      }
      if (settlement.replay(line)) return true;
      const fact = fromLine(line);
      if (fact !== undefined) settlement.note(books.apply(fact));
      return fact !== undefined;
    },
    onDurable: (tickets) => settle(tickets, later),
    onFailure,
    warn,
  });
  const disputeLink = createDisputeLink({
    disputes,
    faults,
    write: (fact) => new Promise((durable) => journal.append(toDisputeLine(fact), { durable })),
  });
  gone = disputeLink.signedOff;
  receive = createExchange({ books, journal, faults, accountOf, warn: limitedWarn, disputes: disputeLink, settlement });

  const book = (fact: Fact): string | undefined => {
    if (books.answered(fact) !== undefined) return 'a message with this trace is in the books already';
    if (fact.original !== undefined && books.original(fact.original)?.entry === undefined) return 'the original is not in the books';
    settlement.note(books.apply(fact));
    journal.append(toLine(fact), { durable: () => undefined });
    return undefined;
  };

  const close = async (): Promise<void> => {
    server.close();
    for (const socket of sockets.keys()) socket.pause();
    receive = () => undefined;
    disputeLink.close();
    for (const timer of timers) clearTimeout(timer);
    await journal.close();
    await closeAll(sockets);
  };
  const { port: boundPort } = server.address() as AddressInfo;
  return { port: boundPort, books, disputes, disputeLink, faults, accountOf, book, settled: journal.settled, close };
}

/** Each text once, and no more than a few hundred: a gateway that sends nonsense by the thousand must not fill the log. */
function warnOnce(warn: (text: string) => void): (text: string) => void {
  const seen = new Set<string>();
  return (text) => {
    if (seen.has(text) || seen.size >= MOST_WARNINGS) return;
    seen.add(text);
    warn(text);
  };
}

/** Lets the last answers out; peers that do not take them are cut off. */
async function closeAll(sockets: ReadonlyMap<Socket, Connection>): Promise<void> {
  const closed = [...sockets].map(
    ([socket, connection]) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
        socket.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        connection.close();
      }),
  );
  await Promise.all(closed);
}
