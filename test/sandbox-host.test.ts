/** The sandbox's acquirer host, through its socket and its control API, as a real child process. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { unpackCheckResults } from '../src/protocols/iso8583/card-checks.ts';
import { type Iso8583Message, pack } from '../src/protocols/iso8583/codec.ts';
import { frame } from '../src/protocols/iso8583/framing.ts';
import { HOST_LINK, HOST_LINK_FRAMES } from '../src/protocols/iso8583/layouts/host-link.ts';
import { packSubelements } from '../src/protocols/iso8583/subelements.ts';
import { bookkeeping } from './sandbox-bookkeeping.ts';
import { type BookEntry, books, control, type Link, openLink, repeated, type Sandbox, startSandbox, terminal } from './sandbox-process.ts';

let sandbox: Sandbox;
let link: Link;

before(async () => {
  sandbox = await startSandbox();
  link = await openLink(sandbox.acquirerPort);
});

after(async () => {
  link.close();
  assert.equal(await sandbox.stop(), 0);
});

const amount = (minor: number): string => String(minor).padStart(12, '0');
const remaining = (minor: number): { 95: string } => ({ 95: `${amount(minor)}${'0'.repeat(30)}` });
const answerOf = (answer: Iso8583Message): readonly (string | undefined)[] => [answer.fields[39], answer.fields[38], answer.fields[62]];

const { entryOf, assertEntry, asksFor } = bookkeeping(() => ({ sandbox, link }));

test('network messages are answered', async () => {
  const pos = terminal('NETW0001');
  for (const code of ['001', '301', '002']) {
    const answer = await link.ask(pos.message('0800', { 70: code }));
    assert.equal(answer.mti, '0810');
    assert.equal(answer.fields[39], '00');
    assert.equal(answer.fields[70], code);
  }
  await asksFor(pos.message('0800', { 70: '999' }), '12');
});

test('an approval echoes the request, has new numbers, never the card, and is booked', async () => {
  const pos = terminal('APPR0001');
  const request = pos.authorization();
  const answer = await link.ask(request);
  const { 38: approvalCode, 39: code, 62: schemeId, ...echoed } = answer.fields;
  assert.equal(answer.mti, '0110');
  assert.equal(code, '00');
  assert.match(approvalCode ?? '', /^[0-9A-Z]{6}$/);
  assert.match(schemeId ?? '', /^[0-9]{15}$/);
  const expected = Object.fromEntries([3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49].map((number) => [number, request.fields[number]]));
  assert.deepEqual(echoed, expected);
  const [entry, ...others] = await books(sandbox, { terminal: 'APPR0001' });
  assert.equal(others.length, 0);
  assert.match(entry?.account.id ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(entry, {
    rrn: request.fields[37],
    stan: request.fields[11],
    terminal: 'APPR0001',
    date: request.fields[13],
    kind: 'authorization',
    currency: '978',
    amount: 1000,
    capturedAmount: 0,
    refundedAmount: 0,
    reversedAmount: 0,
    remainingAmount: 1000,
    state: 'held',
    account: { id: entry?.account.id, masked: '411111******1111' },
    approvalCode,
  });
});

test('cards of the table, and the amount limit', async () => {
  const pos = terminal('CARD0001');
  const cvc = (value: string): { 48: string } => ({ 48: packSubelements({ '92': value }) });
  const table: readonly (readonly [string, Record<number, string>, string])[] = [
    ['5555555555554444', cvc('123'), '00'],
    ['5555555555554444', cvc('124'), 'N7'],
    ['4444333322221111', cvc('1234'), 'N7'],
    ['4444333322221111', {}, '00'],
    ['4242424242424242', cvc('999'), '00'],
    ['4000000000000002', {}, '05'],
    ['4000000000009995', {}, '51'],
    ['4000000000000069', {}, '54'],
    ['4000000000000127', cvc('123'), 'N7'],
    ['4000000000000127', {}, '00'],
    ['4000000000000119', {}, '96'],
    ['4000000000000259', {}, '00'],
    ['4000000000000101', {}, '1A'],
    ['4000000000000101', { 48: packSubelements({ '43': 'AAABBBCCC=' }) }, '00'],
    ['4000000000000101', { 48: packSubelements({ '22': 'M102' }) }, '00'],
    ['4111111111111112', {}, '14'],
    ['378282246310005', {}, '00'],
    ['6759649826438453', {}, '00'],
    ['4111111111111111', { 4: amount(100_000_000) }, '00'],
    ['4111111111111111', { 4: amount(100_000_001) }, '61'],
    ['4111111111111111', { 4: amount(1_000_001), 49: '392' }, '61'],
    ['4111111111111111', { 4: amount(1_000_000_000), 49: '414' }, '00'],
  ];
  let approvals = 0;
  for (const [pan, changes, code] of table) {
    for (const make of [pos.authorization, pos.debit]) {
      const answer = await link.ask(make({ 2: pan, ...changes }));
      assert.equal(answer.fields[39], code, `${pan} ${JSON.stringify(changes)}`);
      assert.equal(answer.fields[38] === undefined, code !== '00');
      assert.equal(answer.fields[62] === undefined, code !== '00');
      if (code === '00') approvals++;
    }
  }
  assert.equal((await books(sandbox, { terminal: 'CARD0001' })).length, approvals);
});

test('what the issuer finds of address and code stands in DE44, by postcode, street number and code; a repeat is told the same', async () => {
  const pos = terminal('CHEC0001');
  const sent = (postcode: string, street: string): { 123: string } => ({ 123: `${postcode.padEnd(9)}${street}` });
  const cvc = (value: string): { 48: string } => ({ 48: packSubelements({ '92': value }) });
  const table: readonly (readonly [Record<number, string>, Record<string, string>])[] = [
    [sent('12345', '1 Example Street'), { address: 'Y' }],
    [sent('123456789', '1 Example Street'), { address: 'X' }],
    [sent('12345', '200 Example Street'), { address: 'Z' }],
    [sent('123456789', 'Example Street 200'), { address: 'W' }],
    [sent('20000', '1 Example Street'), { address: 'A' }],
    [sent('20000', '200 Example Street'), { address: 'N' }],
    [sent('20001', '1 Example Street'), { address: 'B' }],
    [sent('12345', '201 Example Street'), { address: 'P' }],
    [sent('20001', '201 Example Street'), { address: 'I' }],
    [sent('30000', '200 Example Street'), { address: 'R' }],
    [sent('30001', ''), { address: 'S' }],
    [sent('12345', ''), { address: 'P' }],
    [sent('', '2000 Example Street'), { address: 'B' }],
    [cvc('123'), { cvc: 'M' }],
    [cvc('200'), { cvc: 'N' }],
    [cvc('2000'), { cvc: 'N' }],
    [cvc('201'), { cvc: 'P' }],
    [cvc('301'), { cvc: 'U' }],
    [
      { ...cvc('200'), ...sent('20000', '1 Example Street') },
      { address: 'A', cvc: 'N' },
    ],
  ];
  for (const [fields, expected] of table) {
    for (const make of [pos.authorization, pos.debit]) {
      const answer = await asksFor(make(fields), '00');
      assert.deepEqual(unpackCheckResults(answer.fields[44] ?? ''), expected, JSON.stringify(fields));
    }
  }
  const again = pos.authorization(sent('20000', '1 Example Street'));
  assert.deepEqual((await link.ask(again)).fields[44], (await link.ask(repeated(again))).fields[44]);
  const declined = await asksFor(pos.debit({ 2: '4444333322221111', ...cvc('124'), ...sent('12345', '') }), 'N7');
  assert.deepEqual(unpackCheckResults(declined.fields[44] ?? ''), { address: 'P', cvc: 'N' });
});

test('nothing was compared where nothing was sent, on a terminal without triggers, or where no issuer was asked', async () => {
  const both = { 48: packSubelements({ '92': '200' }), 123: '20000    1 Example Street' };
  for (const request of [
    terminal('CHEC0002').authorization(),
    terminal('PLAIN778').authorization(both),
    terminal('CHEC0002').debit({ 2: '4000000000000119', ...both }),
  ]) {
    assert.equal((await link.ask(request)).fields[44], undefined);
  }
});

test('a terminal that begins with PLAIN knows no triggers but the amount limit', async () => {
  const pos = terminal('PLAIN777');
  for (const pan of ['4000000000000002', '4000000000000911', '4000000000000952', '4111111111111112', '4000000000000986']) {
    await asksFor(pos.debit({ 2: pan, 4: amount(20_000) }), '00');
  }
  await asksFor(pos.debit({ 4: amount(100_000_001) }), '61');
});

test('the holder that is a result code declines on OPP00001, and only there', async () => {
  const answer = await asksFor(terminal('OPP00001').authorization({ 127: '800.100.151' }), '05');
  assert.equal(answer.fields[127], '800.100.151');
  const repeat = await link.ask(terminal('OPP00001').authorization({ 127: '800.100.151' }));
  assert.deepEqual(repeat.fields, { ...answer.fields, 7: repeat.fields[7], 12: repeat.fields[12], 13: repeat.fields[13] });
  await asksFor(terminal('OPP00002').authorization({ 127: '800.100.151' }), '00');
  const plainHolder = terminal('OPP00001').message('0100', {
    ...terminal('OPP00001').authorization({ 127: 'Jane Jones' }).fields,
    11: '000777',
  });
  assert.equal((await asksFor(plainHolder, '00')).fields[127], undefined);
});

test('the card that holds 100.00 runs dry and gets back what is reversed or refunded', async () => {
  const pos = terminal('DRY00001');
  const card = { 2: '4000000000000986' };
  const held = pos.authorization({ ...card, 4: amount(6_000) });
  await asksFor(held, '00');
  await asksFor(pos.debit({ ...card, 4: amount(4_001) }), '51');
  const debit = pos.debit({ ...card, 4: amount(4_000) });
  await asksFor(debit, '00');
  await asksFor(pos.authorization({ ...card, 4: amount(1) }), '51');
  await asksFor(pos.authorization({ ...card, 4: amount(100), 49: '392' }), '00');
  await asksFor(pos.authorization({ ...card, 4: amount(1), 49: '392' }), '51');
  await asksFor(pos.reversal(held, remaining(5_000)), '00');
  await asksFor(pos.refund(debit, { 4: amount(500) }), '00');
  await asksFor(pos.authorization({ ...card, 4: amount(1_501) }), '51');
  await asksFor(pos.authorization({ ...card, 4: amount(1_500) }), '00');
});

test('captures in parts, refunds of a capture and their limit', async () => {
  const pos = terminal('CAPT0001');
  const authorization = pos.authorization();
  const approved = await asksFor(authorization, '00');
  const capture = pos.capture(authorization, { 4: amount(300) });
  assert.deepEqual(answerOf(await link.ask(capture)), answerOf(approved));
  await assertEntry(authorization, 'authorization', ['held', 1000, 300, 0, 0, 700]);
  await asksFor(pos.capture(authorization, { 4: amount(700) }), '00');
  await assertEntry(authorization, 'authorization', ['captured', 1000, 1000, 0, 0, 0]);

  const refund = pos.refund(capture, { 4: amount(200) });
  await asksFor(refund, '00');
  await asksFor(pos.refund(capture, { 4: amount(101) }), '61');
  await assertEntry(capture, 'capture', ['booked', 300, 0, 200, 0, 100]);
  await asksFor(pos.refund(capture, { 4: amount(100) }), '00');
  await assertEntry(capture, 'capture', ['refunded', 300, 0, 300, 0, 0]);
  assert.deepEqual((await entryOf(refund, 'refund'))?.original, { rrn: capture.fields[37], stan: capture.fields[11] });
});

test('what refers to nothing, or to the wrong thing, is refused', async () => {
  const pos = terminal('WRNG0001');
  const never = pos.authorization();
  await asksFor(pos.capture(never), '25');
  await asksFor(pos.refund(never), '25');
  const authorization = pos.authorization();
  await asksFor(authorization, '00');
  await asksFor(pos.refund(authorization), '12');
  await asksFor(pos.capture(authorization, { 49: '840' }), '30');
  await asksFor(pos.capture(authorization, { 2: '4242424242424242' }), '30');
  await asksFor(pos.reversal(authorization, { 4: amount(999) }), '30');
  await asksFor(pos.reversal(authorization, remaining(1001)), '30');
  const debit = pos.debit();
  await asksFor(debit, '00');
  await asksFor(pos.refund(debit, { 2: '4242424242424242' }), '12');
  await asksFor(pos.refund(debit, { 4: amount(1001) }), '61');
  assert.equal((await books(sandbox, { terminal: 'WRNG0001' })).length, 2);
});

test('reversals of an authorization: in part, absolute and never raised again, then the whole hold', async () => {
  const pos = terminal('REVS0001');
  const authorization = pos.authorization();
  await asksFor(authorization, '00');
  await asksFor(pos.reversal(authorization, remaining(600)), '00');
  await assertEntry(authorization, 'authorization', ['held', 1000, 0, 0, 400, 600]);
  await asksFor(pos.reversal(authorization, remaining(800)), '00');
  await assertEntry(authorization, 'authorization', ['held', 1000, 0, 0, 400, 600]);
  await asksFor(pos.capture(authorization, { 4: amount(250) }), '00');
  const whole = pos.reversal(authorization);
  await asksFor(whole, '00');
  await assertEntry(authorization, 'authorization', ['captured', 1000, 250, 0, 750, 0]);
  await assertEntry(whole, 'reversal', ['booked', 350, 0, 0, 0, 0]);

  const other = pos.authorization();
  await asksFor(other, '00');
  await asksFor(pos.reversal(other), '00');
  await assertEntry(other, 'authorization', ['reversed', 1000, 0, 0, 1000, 0]);
  const nothing = pos.authorization({ 4: amount(0) });
  await asksFor(nothing, '00');
  await asksFor(pos.reversal(nothing), '00');
  await assertEntry(nothing, 'authorization', ['reversed', 0, 0, 0, 0, 0]);
});

test('reversals of a capture, a debit and a refund', async () => {
  const pos = terminal('REVS0002');
  const authorization = pos.authorization();
  await asksFor(authorization, '00');
  const capture = pos.capture(authorization, { 4: amount(400) });
  await asksFor(capture, '00');
  await asksFor(pos.reversal(capture), '00');
  await assertEntry(capture, 'capture', ['reversed', 400, 0, 0, 400, 0]);
  await assertEntry(authorization, 'authorization', ['held', 1000, 0, 0, 400, 600]);

  const debit = pos.debit();
  await asksFor(debit, '00');
  const refund = pos.refund(debit, { 4: amount(300) });
  await asksFor(refund, '00');
  await asksFor(pos.reversal(refund), '00');
  await assertEntry(refund, 'refund', ['reversed', 300, 0, 0, 300, 0]);
  await assertEntry(debit, 'debit', ['booked', 1000, 0, 0, 0, 1000]);
  await asksFor(pos.reversal(debit, {}, { sameTrace: true }), '00');
  await assertEntry(debit, 'debit', ['reversed', 1000, 0, 0, 1000, 0]);
  await asksFor(pos.refund(debit, { 4: amount(1) }), '61');

  const payout = pos.payout();
  await asksFor(payout, '00');
  await assertEntry(payout, 'payout', ['booked', 1000, 0, 0, 0, 1000]);
});

test('a reversal that comes before its original: 25, and the original is then declined', async () => {
  const pos = terminal('EARL0001');
  for (const late of [pos.authorization(), pos.debit()]) {
    const reversal = pos.reversal(late, {}, { sameTrace: true });
    await asksFor(reversal, '25');
    await asksFor(late, '68');
    await asksFor(repeated(late), '68');
    await asksFor(repeated(reversal), '25');
  }
  assert.deepEqual(await books(sandbox, { terminal: 'EARL0001' }), []);
  const declined = pos.authorization({ 2: '4000000000000002' });
  await asksFor(declined, '05');
  await asksFor(pos.reversal(declined, {}, { sameTrace: true }), '00');
  assert.deepEqual(await books(sandbox, { terminal: 'EARL0001' }), []);
});

test('duplicates and repeats get the same answer and are booked once', async () => {
  const pos = terminal('TWIN0001');
  const authorization = pos.authorization();
  const capture = pos.capture(authorization, { 4: amount(500) });
  const refund = pos.refund(capture, { 4: amount(200) });
  const reversal = pos.reversal(authorization, {}, { sameTrace: true });
  const debit = pos.debit({ 2: '4000000000009995' });
  for (const message of [authorization, capture, refund, reversal, debit, pos.payout()]) {
    const first = await link.ask(message);
    assert.deepEqual(await link.ask(repeated(message)), first);
    assert.deepEqual(await link.ask(message), first);
  }
  assert.deepEqual(
    (await books(sandbox, { terminal: 'TWIN0001' })).map((entry) => entry.kind),
    ['authorization', 'capture', 'refund', 'reversal', 'payout'],
  );
  await assertEntry(authorization, 'authorization', ['captured', 1000, 500, 0, 500, 0]);
  await assertEntry(capture, 'capture', ['booked', 500, 0, 200, 0, 300]);
  const reused: Iso8583Message = { mti: '0100', fields: { ...authorization.fields, 4: amount(999) } };
  await asksFor(reused, '94');
});

test('both at once: a duplicate that overtakes the first answer', async () => {
  const message = terminal('TWIN0002').debit();
  const before = link.answers.length;
  for (let count = 0; count < 5; count++) link.send(message);
  await link.until(() => link.answers.length === before + 5);
  const answers = link.answers.slice(before);
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.equal((await books(sandbox, { terminal: 'TWIN0002' })).length, 1);
});

test('a format error is answered 30 while the header can be read, else the connection is closed', async () => {
  const pos = terminal('FORM0001');
  for (const field of [2, 3, 4, 12, 14, 22, 25, 32, 37, 41, 49]) {
    const { fields } = pos.authorization({ [field]: undefined });
    const before = link.answers.length;
    link.send({ mti: '0100', fields });
    await link.until(() => link.answers.length > before);
    assert.equal(link.answers.at(-1)?.fields[39], '30', `without field ${field}`);
  }
  await asksFor(pos.debit({ 3: '990000' }), '30');
  await asksFor(pos.debit({ 48: '9205' }), '30');
  await asksFor(pos.message('0600', {}), '12');
  const whole = pos.authorization();
  const own = await openLink(sandbox.acquirerPort);
  const packed = pack(HOST_LINK, whole);
  own.socket.write(frame(HOST_LINK_FRAMES, packed.subarray(0, packed.length - 1)));
  await own.until(() => own.answers.length === 1);
  assert.equal(own.answers[0]?.fields[39], '30');
  own.socket.write(frame(HOST_LINK_FRAMES, packed.subarray(0, 20)));
  await own.until(own.isClosed);
  const tooLong = await openLink(sandbox.acquirerPort);
  tooLong.socket.write(Buffer.from('ffff', 'hex'));
  await tooLong.until(tooLong.isClosed);
  assert.deepEqual(await books(sandbox, { terminal: 'FORM0001' }), []);
});

test('the summary adds up to the books', async () => {
  const entries = await books(sandbox);
  const { json } = await control(sandbox, 'GET', '/control/books/summary');
  const { count, totals } = json as { count: number; totals: readonly (BookEntry & { count: number })[] };
  assert.equal(count, entries.length);
  assert.equal(
    totals.reduce((sum, total) => sum + total.count, 0),
    entries.length,
  );
  for (const total of totals) {
    const own = entries.filter((entry) => entry.kind === total.kind && entry.state === total.state && entry.currency === total.currency);
    assert.equal(own.length, total.count);
    for (const name of ['amount', 'capturedAmount', 'refundedAmount', 'reversedAmount', 'remainingAmount'] as const) {
      assert.equal(
        own.reduce((sum, entry) => sum + entry[name], 0),
        total[name],
      );
    }
  }
});
