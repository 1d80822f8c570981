/** The sandbox's acquirer host when it misbehaves: the cards that lose or delay an answer, and faults that are ordered. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answersBeforeEcho, bookkeeping } from './sandbox-bookkeeping.ts';
import { books, control, type Link, openLink, repeated, type Sandbox, startSandbox, terminal } from './sandbox-process.ts';

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

const { assertEntry, asksFor } = bookkeeping(() => ({ sandbox, link }));
const amount = (minor: number): string => String(minor).padStart(12, '0');

test('card 0911: the host never sees the request', async () => {
  const pos = terminal('BEHA0911');
  const request = pos.authorization({ 2: '4000000000000911' });
  assert.deepEqual(await answersBeforeEcho(link, pos, request), []);
  assert.deepEqual(await answersBeforeEcho(link, pos, repeated(request)), []);
  await asksFor(pos.reversal(request, {}, { sameTrace: true }), '25');
  assert.deepEqual(await books(sandbox, { terminal: 'BEHA0911' }), []);
});

test('card 0929: approved and booked, the answer is lost, the reversal undoes it', async () => {
  const pos = terminal('BEHA0929');
  const request = pos.debit({ 2: '4000000000000929' });
  assert.deepEqual(await answersBeforeEcho(link, pos, request), []);
  await assertEntry(request, 'debit', ['booked', 1000, 0, 0, 0, 1000]);
  await asksFor(pos.reversal(request, {}, { sameTrace: true }), '00');
  await assertEntry(request, 'debit', ['reversed', 1000, 0, 0, 1000, 0]);
});

test('card 0937: the answer comes after three seconds', async () => {
  const pos = terminal('BEHA0937');
  const request = pos.authorization({ 2: '4000000000000937' });
  const startedAt = performance.now();
  await asksFor(request, '00');
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs >= 2_990 && tookMs < 10_000, `${tookMs} ms`);
});

test('card 0945: answers twice', async () => {
  const pos = terminal('BEHA0945');
  const answers = await answersBeforeEcho(link, pos, pos.authorization({ 2: '4000000000000945' }));
  assert.equal(answers.length, 2);
  assert.deepEqual(answers[0], answers[1]);
  assert.equal((await books(sandbox, { terminal: 'BEHA0945' })).length, 1);
});

test('card 0952: approved and booked, then the connection is closed without an answer', async () => {
  const pos = terminal('BEHA0952');
  const own = await openLink(sandbox.acquirerPort);
  const request = pos.authorization({ 2: '4000000000000952' });
  own.send(request);
  await own.until(own.isClosed);
  assert.deepEqual(own.answers, []);
  await assertEntry(request, 'authorization', ['held', 1000, 0, 0, 0, 1000]);
  await asksFor(repeated(request), '00');
});

const order = async (body: unknown): Promise<void> => {
  const { status, json } = await control(sandbox, 'POST', '/control/faults', body);
  assert.equal(status, 201, JSON.stringify(json));
};

test('faults that change the answer, filtered by card and type', async () => {
  const pos = terminal('FAUL0001');
  const pan = '4242424242424242';
  const card = { 2: pan };
  await order({ fault: 'decline', pan, code: '91' });
  await asksFor(pos.authorization(), '00');
  const declined = pos.authorization(card);
  await asksFor(declined, '91');
  await asksFor(repeated(declined), '91');
  await asksFor(pos.authorization(card), '00');
  await order({ fault: 'decline', pan, times: 2 });
  await asksFor(pos.authorization(card), '05');
  await asksFor(pos.debit(card), '05');
  await asksFor(pos.debit(card), '00');

  await order({ fault: 'no_answer', pan });
  assert.deepEqual(await answersBeforeEcho(link, pos, pos.debit(card)), []);
  await order({ fault: 'answer_lost', pan });
  const lost = pos.debit(card);
  assert.deepEqual(await answersBeforeEcho(link, pos, lost), []);
  await asksFor(repeated(lost), '00');
  await order({ fault: 'duplicate_answer', pan });
  assert.equal((await answersBeforeEcho(link, pos, pos.debit(card))).length, 2);
  for (const fault of ['late_answer', 'slow']) {
    await order({ fault, pan, delay_ms: 40 });
    const startedAt = performance.now();
    await asksFor(pos.debit(card), '00');
    assert.ok(performance.now() - startedAt >= 39);
  }
  await order({ fault: 'wrong_stan', pan });
  const request = pos.debit(card);
  const [answer] = await answersBeforeEcho(link, pos, request);
  assert.equal(answer?.fields[37], request.fields[37]);
  assert.notEqual(answer?.fields[11], request.fields[11]);
  assert.deepEqual((await control(sandbox, 'GET', '/control/faults')).json, { faults: [] });
});

test('a fault on advices: refused for a while, then taken', async () => {
  const pos = terminal('FAUL0002');
  const pan = '4012888888881881';
  const authorization = pos.authorization({ 2: pan });
  await asksFor(authorization, '00');
  await order({ fault: 'decline', pan, mti: '0220', code: '96' });
  await order({ fault: 'no_answer', pan, mti: '0420' });
  const capture = pos.capture(authorization, { 4: amount(100) });
  await asksFor(capture, '96');
  await asksFor(repeated(capture), '00');
  const reversal = pos.reversal(authorization);
  assert.deepEqual(await answersBeforeEcho(link, pos, reversal), []);
  await asksFor(repeated(reversal), '00');
  await assertEntry(authorization, 'authorization', ['captured', 1000, 100, 0, 900, 0]);
});

test('faults that break the connection or the message', async () => {
  const pos = terminal('FAUL0003');
  const pan = '5105105105105100';
  for (const fault of ['disconnect', 'half_frame']) {
    await order({ fault, pan });
    const own = await openLink(sandbox.acquirerPort);
    const request = pos.debit({ 2: pan });
    own.send(request);
    await own.until(own.isClosed);
    assert.deepEqual(own.answers, []);
    assert.equal(own.socket.bytesRead > 0, fault === 'half_frame');
    await asksFor(repeated(request), '00');
  }
  await order({ fault: 'garbage', pan });
  const own = await openLink(sandbox.acquirerPort);
  own.send(pos.debit({ 2: pan }));
  await own.until(() => own.garbage.length === 1);
  assert.deepEqual(own.answers, []);
  own.close();
});

test('orders can be listed and cleared, and their mistakes are named', async () => {
  await order({ fault: 'slow', pan: '4000056655665556', times: 3, delay_ms: 5, mti: '0200' });
  const listed = { fault: 'slow', times: 3, pan: '400005******5556', mti: '0200', delay_ms: 5 };
  assert.deepEqual((await control(sandbox, 'GET', '/control/faults')).json, { faults: [listed] });
  assert.deepEqual((await control(sandbox, 'DELETE', '/control/faults')).json, { faults: [] });
  assert.deepEqual((await control(sandbox, 'GET', '/control/faults')).json, { faults: [] });
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ fault: 'explode' }, 'fault'],
    [{}, 'fault'],
    [[], 'fault'],
    [undefined, 'fault'],
    [{ fault: 'slow', pan: 4111111111111111 }, 'pan'],
    [{ fault: 'slow', pan: '4111' }, 'pan'],
    [{ fault: 'slow', mti: '0800' }, 'mti'],
    [{ fault: 'slow', times: 0 }, 'times'],
    [{ fault: 'slow', times: 1.5 }, 'times'],
    [{ fault: 'slow', delay_ms: '5' }, 'delay_ms'],
    [{ fault: 'decline', delay_ms: 5 }, 'delay_ms'],
    [{ fault: 'decline', code: '5' }, 'code'],
    [{ fault: 'slow', code: '05' }, 'code'],
    [{ fault: 'slow', amount: 5 }, 'amount'],
  ];
  for (const [body, field] of wrong) {
    const { status, json } = await control(sandbox, 'POST', '/control/faults', body);
    assert.equal(status, 400);
    assert.equal((json as { field: string }).field, field);
  }
  const broken = await control(sandbox, 'POST', '/control/faults', '{');
  assert.deepEqual(broken, { status: 400, json: { error: 'the body is not JSON' } });
  assert.equal((await control(sandbox, 'POST', '/control/nothing', {})).status, 404);
  assert.equal((await control(sandbox, 'GET', '/control/books?pan=1')).status, 400);
});
