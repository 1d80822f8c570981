/** The sandbox's books across crashes, and against sums that the test keeps by itself. */

import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Iso8583Message } from '../src/protocols/iso8583/codec.ts';
import { soak } from './iso8583-soak.ts';
import {
  type BookEntry,
  books,
  dataDirectory,
  type Link,
  openLink,
  repeated,
  type Sandbox,
  startBrokenSandbox,
  startSandbox,
  type Terminal,
  terminal,
} from './sandbox-process.ts';

const JOURNAL = 'host-journal.jsonl';
const CARDS = ['4111111111111111', '4242424242424242', '5555555555554444', '378282246310005'];
const amount = (minor: number): string => String(minor).padStart(12, '0');

interface Sent {
  readonly message: Iso8583Message;
  answer: Iso8583Message | undefined;
}

/** One shopper after the other: hold, capture a part, refund a part, give the rest back; until the connection is gone. */
async function shop({ link, pos, sent }: { link: Link; pos: Terminal; sent: Sent[] }): Promise<void> {
  const ask = async (message: Iso8583Message): Promise<boolean> => {
    const entry: Sent = { message, answer: undefined };
    sent.push(entry);
    const gone = link.until(link.isClosed).then(() => undefined);
    entry.answer = await Promise.race([link.ask(message), gone]);
    return entry.answer !== undefined;
  };
  for (let count = 0; ; count++) {
    const authorization = pos.authorization({ 2: CARDS[count % CARDS.length], 4: amount(1000 + count) });
    if (!(await ask(authorization))) return;
    const capture = pos.capture(authorization, { 4: amount(600) });
    if (!(await ask(capture))) return;
    if (!(await ask(pos.refund(capture, { 4: amount(100) })))) return;
    if (!(await ask(pos.reversal(authorization)))) return;
  }
}

/** Each message exactly once in the books, with the approval code that was answered. */
function assertBooked(entries: readonly BookEntry[], sent: readonly Sent[]): void {
  const byTrace = new Map(entries.map((entry) => [`${entry.terminal} ${entry.rrn} ${entry.stan}`, entry]));
  assert.equal(byTrace.size, entries.length);
  for (const { message, answer } of sent) {
    if (answer === undefined) continue;
    assert.equal(answer.fields[39], '00');
    const entry = byTrace.get(`${message.fields[41]} ${message.fields[37]} ${message.fields[11]}`);
    assert.equal(entry?.approvalCode, answer.fields[38]);
  }
}

test('kill -9 in the middle of load: what was answered is booked, repeats settle the rest, nothing is booked twice', async (context) => {
  const directory = dataDirectory();
  const sent: Sent[] = [];
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    const sandbox = await startSandbox(directory, context);
    const links = await Promise.all([1, 2, 3].map(() => openLink(sandbox.acquirerPort)));
    const before = sent.filter(({ answer }) => answer !== undefined).length;
    const shops = links.flatMap((link, index) =>
      [1, 2, 3, 4].map((till) => shop({ link, pos: terminal(`K${round}${index}${till}0001`), sent })),
    );
    const enough = (): boolean => sent.filter(({ answer }) => answer !== undefined).length >= before + 400;
    await Promise.race(links.map((link) => link.until(enough)));
    await sandbox.stop('SIGKILL');
    await Promise.all(shops);

    const again = await startSandbox(directory, context);
    assertBooked(await books(again), sent);
    const link = await openLink(again.acquirerPort);
    await Promise.all(
      sent.map(async (entry) => {
        const answer = await link.ask(repeated(entry.message));
        if (entry.answer !== undefined) assert.deepEqual(answer, entry.answer);
        entry.answer = answer;
      }),
    );
    const entries = await books(again);
    assertBooked(entries, sent);
    assert.equal(entries.length, sent.length);
    link.close();
    assert.equal(await again.stop('SIGINT'), 0);
  }
  for (const file of readdirSync(directory)) {
    const text = readFileSync(join(directory, file), 'latin1');
    for (const pan of CARDS) assert.ok(!text.includes(pan), `${file} holds a card number`);
    assert.equal(statSync(join(directory, file)).mode & 0o077, 0, `${file} can be read by others`);
  }
});

test('SIGTERM in the middle of load: every answer that left is booked', async (context) => {
  const directory = dataDirectory();
  const sandbox = await startSandbox(directory, context);
  const link = await openLink(sandbox.acquirerPort);
  const pos = terminal('TERM0001');
  const messages = Array.from({ length: 2000 }, () => pos.debit());
  for (const message of messages) link.send(message);
  await link.until(() => link.answers.length > 100);
  assert.equal(await sandbox.stop('SIGTERM'), 0);
  await link.until(link.isClosed);
  const again = await startSandbox(directory, context);
  const booked = new Map((await books(again)).map((entry) => [entry.rrn, entry.approvalCode]));
  for (const { fields } of link.answers) assert.equal(booked.get(fields[37] ?? ''), fields[38]);
  assert.equal(await again.orphan(), 0);
});

test('a line that was cut off is dropped and said; a damaged one stops the start', async (context) => {
  const directory = dataDirectory();
  const journal = join(directory, JOURNAL);
  const first = await startSandbox(directory, context);
  const link = await openLink(first.acquirerPort);
  const pos = terminal('TORN0001');
  const [kept, cut] = [pos.debit(), pos.debit()];
  const answer = await link.ask(kept);
  await link.ask(cut);
  await first.stop('SIGKILL');

  truncateSync(journal, statSync(journal).size - 5);
  const second = await startSandbox(directory, context);
  assert.match(second.stderr(), /last line was cut off/);
  assert.deepEqual(
    (await books(second)).map((entry) => entry.rrn),
    [kept.fields[37]],
  );
  const newLink = await openLink(second.acquirerPort);
  assert.deepEqual(await newLink.ask(repeated(kept)), answer);
  const settled = await newLink.ask(repeated(cut));
  await second.stop('SIGKILL');

  const third = await startSandbox(directory, context);
  assert.equal(third.stderr(), '');
  assert.deepEqual(await (await openLink(third.acquirerPort)).ask(cut), settled);
  await third.stop('SIGKILL');

  appendFileSync(journal, 'not a line\n');
  const refused = await startBrokenSandbox(directory);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /line 4 is not one that this sandbox wrote; move the file away/);
  writeFileSync(journal, 'something else\n');
  assert.match((await startBrokenSandbox(directory)).stderr, /line 1 is not one/);
});

test('a port that is taken, and options that are none, are explained', async (context) => {
  const sandbox = await startSandbox(dataDirectory(), context);
  const taken = await startBrokenSandbox(dataDirectory(), ['--acquirer-port', String(sandbox.acquirerPort)]);
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, new RegExp(`port ${sandbox.acquirerPort} is taken`));
  const takenHttp = await startBrokenSandbox(dataDirectory(), ['--http-port', String(sandbox.httpPort)]);
  assert.equal(takenHttp.code, 1);
  assert.match((await startBrokenSandbox(dataDirectory(), ['--http-port', '70000'])).stderr, /Expected a port/);
  assert.equal(await sandbox.stop(), 0);
});

interface Tally {
  readonly authorization: Iso8583Message;
  readonly amount: number;
  captured: number;
  /** Net amount that remains of the authorization, captures included. */
  net: number;
  /** What partial reversals have given up so far; to them, what a capture took counts as remaining, also when the capture is undone. */
  released: number;
  readonly captures: { readonly message: Iso8583Message; left: number; refunded: number }[];
}

type Step = readonly [
  act: 'authorize' | 'capture' | 'refund' | 'reverse-part' | 'reverse-capture',
  pick: number,
  minor: number,
  isRepeated: boolean,
];

const STEPS: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom<Step[0]>('authorize', 'capture', 'refund', 'reverse-part', 'reverse-capture'),
    fc.nat(1000),
    fc.integer({ min: 1, max: 1000 }),
    fc.boolean(),
  ),
  { minLength: 5, maxLength: 40 },
);

/** Plays steps against the host and keeps its own sums, told only by what was answered. */
async function play({ steps, link, pos }: { steps: readonly Step[]; link: Link; pos: Terminal }): Promise<readonly Tally[]> {
  const tallies: Tally[] = [];
  const ask = async (message: Iso8583Message, isRepeated: boolean): Promise<string | undefined> => {
    const answer = await link.ask(message);
    if (isRepeated) assert.deepEqual(await link.ask(repeated(message)), answer);
    return answer.fields[39];
  };
  for (const [act, pick, minor, isRepeated] of steps) {
    const tally = tallies[pick % Math.max(1, tallies.length)];
    if (act === 'authorize' || tally === undefined) {
      const authorization = pos.authorization({ 4: amount(minor) });
      assert.equal(await ask(authorization, isRepeated), '00');
      tallies.push({ authorization, amount: minor, captured: 0, net: minor, released: 0, captures: [] });
      continue;
    }
    const capture = tally.captures[pick % Math.max(1, tally.captures.length)];
    if (act === 'capture' && tally.captured < tally.net) {
      const part = Math.min(minor, tally.net - tally.captured);
      const message = pos.capture(tally.authorization, { 4: amount(part) });
      assert.equal(await ask(message, isRepeated), '00');
      tally.captured += part;
      tally.captures.push({ message, left: part, refunded: 0 });
    } else if (act === 'refund' && capture !== undefined) {
      const code = await ask(pos.refund(capture.message, { 4: amount(minor) }), isRepeated);
      assert.equal(code, minor <= capture.left ? '00' : '61');
      if (code !== '00') continue;
      capture.left -= minor;
      capture.refunded += minor;
    } else if (act === 'reverse-part') {
      const rest = Math.min(minor, tally.amount);
      assert.equal(await ask(pos.reversal(tally.authorization, { 95: `${amount(rest)}${'0'.repeat(30)}` }), isRepeated), '00');
      const given = Math.min(tally.net - tally.captured, Math.max(0, tally.amount - rest - tally.released));
      tally.released += given;
      tally.net -= given;
    } else if (act === 'reverse-capture' && capture !== undefined) {
      assert.equal(await ask(pos.reversal(capture.message), isRepeated), '00');
      tally.captured -= capture.left;
      tally.net -= capture.left;
      capture.left = 0;
    }
  }
  return tallies;
}

test('random stories: the books equal the sums of what was answered, before and after a crash', async (context) => {
  const directory = dataDirectory();
  let sandbox: Sandbox = await startSandbox(directory, context);
  let story = 0;
  const check = async (pos: string, tallies: readonly Tally[]): Promise<void> => {
    const byRrn = new Map((await books(sandbox, { terminal: pos })).map((entry) => [entry.rrn, entry]));
    for (const { authorization, captured, net, captures } of tallies) {
      const entry = byRrn.get(authorization.fields[37] ?? '');
      assert.deepEqual([entry?.capturedAmount, entry?.remainingAmount], [captured, net - captured]);
      for (const { message, left, refunded } of captures) {
        const booked = byRrn.get(message.fields[37] ?? '');
        assert.deepEqual([booked?.remainingAmount, booked?.refundedAmount], [left, refunded]);
      }
    }
  };
  const played: (readonly [string, readonly Tally[]])[] = [];
  const link = await openLink(sandbox.acquirerPort);
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      const name = `S${String(++story).padStart(7, '0')}`;
      const tallies = await play({ steps, link, pos: terminal(name) });
      await check(name, tallies);
      played.push([name, tallies]);
    }),
    { ...soak(20), endOnFailure: true },
  );
  await sandbox.stop('SIGKILL');
  sandbox = await startSandbox(directory, context);
  for (const [name, tallies] of played) await check(name, tallies);
  await sandbox.stop();
});
