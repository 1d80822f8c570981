/** What tests of the acquirer host ask again and again: an answer's code, and the entry that a message has in the books. */
import assert from 'node:assert/strict';
import type { Iso8583Message } from '../src/protocols/iso8583/codec.ts';
import { type BookEntry, books, type Link, type Sandbox, type Terminal } from './sandbox-process.ts';

export type Amounts = readonly [state: string, amount: number, captured: number, refunded: number, reversed: number, remaining: number];

export interface Bookkeeping {
  entryOf(message: Iso8583Message, kind: string): Promise<BookEntry | undefined>;
  assertEntry(message: Iso8583Message, kind: string, expected: Amounts): Promise<void>;
  /** Sends a message and asserts the code of its answer. */
  asksFor(message: Iso8583Message, code: string): Promise<Iso8583Message>;
}

/** `running`: the sandbox of the test file, and a link to it. */
export function bookkeeping(running: () => { readonly sandbox: Sandbox; readonly link: Link }): Bookkeeping {
  const entryOf: Bookkeeping['entryOf'] = async ({ fields }, kind) => {
    const entries = await books(running().sandbox, { rrn: fields[37] ?? '', terminal: fields[41] ?? '' });
    return entries.find((entry) => entry.kind === kind);
  };
  return {
    entryOf,
    async assertEntry(message, kind, expected) {
      const entry = await entryOf(message, kind);
      assert.deepEqual(
        entry && [entry.state, entry.amount, entry.capturedAmount, entry.refundedAmount, entry.reversedAmount, entry.remainingAmount],
        expected,
      );
    },
    async asksFor(message, code) {
      const answer = await running().link.ask(message);
      assert.equal(answer.fields[39], code);
      return answer;
    },
  };
}

/** Everything in front of the echo has been answered by then, if it is answered at all. */
export async function answersBeforeEcho(link: Link, pos: Terminal, message: Iso8583Message): Promise<readonly Iso8583Message[]> {
  const before = link.answers.length;
  link.send(message);
  await link.ask(pos.echo());
  return link.answers.slice(before, -1);
}
