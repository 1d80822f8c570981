/** OPP: the steps of the asynchronous flow with a debit, through the page of a bank. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankPayment, goToBank, press, printedReference } from './harness/bank-shopper.ts';
import { openPage, textOf } from './harness/form-browser.ts';
import { waitingFor, withLocked } from './harness/locks.ts';
import { approved, debit, expectReply, freshName, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { followRedirect } from './harness/shopper.ts';

const stack = useOppStack({ env: { STATUS_REQUESTS_PER_MINUTE: '1000' } });

const pending = '000.200.000';
const waiting = '800.400.500';

const pay = (brand: string, more: Parameters = {}): Promise<Reply> =>
  stack.post('/v1/payments', bankPayment(brand, { shopperResultUrl: `${stack.url}/healthz?order=7`, ...more }));
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);
const operate = (id: string | undefined, paymentType: string, more: Parameters = {}): Promise<Reply> =>
  stack.post(`/v1/payments/${id}`, { paymentType, ...more });

const money = { amount: '12.50', currency: 'EUR' };

for (const brand of ['IDEAL', 'SOFORTUEBERWEISUNG']) {
  test(`${brand}, step 1, perform debit payment: it is pending, and says where the shopper goes`, async () => {
    const reply = expectReply(await pay(brand, { 'bankAccount.holder': 'Ada Example', 'bankAccount.bic': 'MARKDEF1100' }), 200, pending);
    assert.match(reply.body.id ?? '', /^[0-9a-f]{32}$/);
    assert.equal(reply.body.paymentBrand, brand);
    assert.equal(reply.body.amount, '12.50');
    assert.equal(reply.body.currency, 'EUR');
    assert.equal(reply.body.card, undefined);
    assert.deepEqual(reply.body.bankAccount, { holder: 'Ada Example', bic: 'MARKDEF1100' });
    const redirect = reply.body.redirect as unknown as { url: string; method: string; parameters: unknown[] };
    assert.deepEqual({ method: redirect.method, parameters: redirect.parameters }, { method: 'POST', parameters: [] });
    assert.ok(redirect.url.startsWith(`${stack.url}/p/`));
    assert.equal(new URL(redirect.url).search, '');
    await press(await goToBank(reply), 'refuse');
  });

  test(`${brand}, step 2, redirect shopper: the bank's page shows what is paid, and leads back`, async () => {
    const reply = expectReply(await pay(brand), 200, pending);
    const bank = await goToBank(reply);
    assert.match(textOf(bank), /Pay to Polygate Demo Amount EUR 12\.50/);
    assert.match(bank.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.doesNotMatch(bank.html, /<script/);
    const home = new URL((await press(bank, 'pay')).url);
    assert.equal(home.pathname, '/healthz');
    assert.equal(home.searchParams.get('order'), '7');
    assert.equal(home.searchParams.get('id'), reply.body.id);
    assert.equal(home.searchParams.get('resourcePath'), `/v1/payments/${reply.body.id}`);
  });

  test(`${brand}, step 3, get the payment status: pending while the shopper is away, then what the bank says`, async () => {
    const reply = expectReply(await pay(brand), 200, pending);
    const before = expectReply(await stack.get(`/v1/payments/${reply.body.id}`), 200, pending);
    assert.deepEqual(before.body.redirect, reply.body.redirect);
    const home = new URL((await press(await goToBank(reply), 'pay')).url);
    const after = expectReply(await stack.get(home.searchParams.get('resourcePath') ?? ''), 200, approved);
    assert.equal(after.body.redirect, undefined);
    assert.equal(after.body.amount, '12.50');
    const [entry] = (await stack.parts.host.bank()).filter(({ reference }) => reference === after.body.resultDetails?.ConnectorTxID1);
    assert.equal(entry?.state, 'paid');
    assert.equal(entry?.bankReference, after.body.resultDetails?.ConnectorTxID2);
  });

  test(`${brand}, step 4, manage the payment: refund in parts, rebill, chargeback and its reversal`, async () => {
    const reply = await pay(brand);
    await press(await goToBank(reply), 'pay');
    const { id } = expectReply(await read(reply.body.id), 200, approved).body;
    const refund = expectReply(await operate(id, 'RF', { ...money, amount: '2.50' }), 200, approved);
    assert.equal(refund.body.referencedId, id);
    expectReply(await operate(id, 'RF', { ...money, amount: '10.01' }), 400, '700.400.200');
    expectReply(await operate(id, 'RV'), 400, '700.300.800');
    const rebill = expectReply(await operate(id, 'RB', { ...money, amount: '3.00' }), 200, pending);
    assert.equal(rebill.body.referencedId, id);
    assert.equal(rebill.body.paymentBrand, brand);
    const home = new URL((await press(await goToBank(rebill), 'pay')).url);
    assert.equal(home.searchParams.get('id'), rebill.body.id);
    assert.equal(home.searchParams.get('resourcePath'), `/v1/payments/${rebill.body.id}`);
    expectReply(await read(rebill.body.id), 200, approved);
    const chargeback = expectReply(await operate(id, 'CB', { ...money, amount: '10.00' }), 200, approved);
    expectReply(await operate(id, 'RF', { ...money, amount: '1.00' }), 400, '700.300.600');
    expectReply(await operate(chargeback.body.id, 'CR', { ...money, amount: '10.00' }), 200, approved);
    expectReply(await operate(id, 'RF', { ...money, amount: '10.00' }), 200, approved);
  });
}

test('the shopper refuses: the payment is declined, and the shopper comes home', async () => {
  const reply = await pay('IDEAL');
  const home = new URL((await press(await goToBank(reply), 'refuse')).url);
  assert.equal(home.searchParams.get('id'), reply.body.id);
  const declined = expectReply(await stack.get(`/v1/payments/${reply.body.id}`), 400, '100.396.101');
  assert.equal(declined.body.redirect, undefined);
  expectReply(await operate(reply.body.id, 'RF', money), 400, '700.300.200');
});

test('the shopper will pay later: it waits, until all of the money has come under the printed reference', async () => {
  const reply = await pay('IDEAL');
  const bank = await goToBank(reply);
  const reference = printedReference(bank);
  const home = new URL((await press(bank, 'later')).url);
  assert.equal(home.searchParams.get('id'), reply.body.id);
  const later = expectReply(await read(reply.body.id), 200, waiting);
  assert.equal(later.body.redirect, undefined);
  expectReply(await operate(reply.body.id, 'RF', money), 400, '700.400.570');
  await stack.parts.host.receive(reference, 1_000);
  await eventually(async () => (await stack.parts.host.bank()).every(({ isTold }) => isTold), 'the first part to be told');
  expectReply(await read(reply.body.id), 200, waiting);
  await stack.parts.host.receive(reference);
  await eventually(async () => (await read(reply.body.id)).code === approved, 'all of the money');
});

test('the page is opened again: the bank is asked, and the shopper sent where they belong now', async () => {
  const reply = await pay('IDEAL');
  const first = await goToBank(reply);
  const second = await goToBank(reply);
  assert.equal(first.url, second.url);
  await press(first, 'pay');
  const again = await openPage(second.url);
  assert.match(textOf(again), /The payment was made\./);
  const home = await followRedirect(reply);
  assert.equal(new URL(home.url).searchParams.get('id'), reply.body.id);
  await press(second, 'refuse');
  expectReply(await read(reply.body.id), 200, approved);
});

test('a flow that the brand does not support is refused, and leaves nothing behind', async () => {
  const before = (await stack.parts.host.bank()).length;
  expectReply(await pay('IDEAL', { shopperResultUrl: undefined }), 400, '100.370.101');
  expectReply(await pay('IDEAL', { shopperResultUrl: 'javascript:alert(1)' }), 400, '100.370.102');
  expectReply(await pay('IDEAL', { paymentType: 'PA' }), 400, '600.200.310');
  expectReply(await pay('PREPAYMENT', { paymentType: 'DB' }), 400, '600.200.310');
  expectReply(await pay('IDEAL', { paymentType: 'CD' }), 400, '600.200.310');
  expectReply(await pay('SOFORTUEBERWEISUNG', { paymentType: 'PA.CP' }), 400, '600.200.310');
  expectReply(await pay('IDEAL', { createRegistration: 'true' }), 400, '600.200.100');
  expectReply(await pay('IDEAL', { 'card.number': '4111111111111111' }), 400, '600.200.100');
  expectReply(await pay('GIROPAY'), 400, '600.200.201');
  expectReply(await pay('IDEAL', { amount: '0.00' }), 400, '100.550.300');
  const card = expectReply(await stack.post('/v1/payments', debit({ paymentType: 'PA' })), 200, approved);
  expectReply(await operate(card.body.id, 'RC', money), 400, '600.200.310');
  assert.equal((await stack.parts.host.bank()).length, before);
});

test('money of a debit comes by the word of the bank alone', async () => {
  const reply = await pay('IDEAL');
  expectReply(await operate(reply.body.id, 'RC', money), 400, '700.400.562');
  expectReply(await operate(reply.body.id, 'CP', money), 400, '700.400.510');
  await press(await goToBank(reply), 'refuse');
});

test('one key, one payment: a repeat is answered as the payment stands, another request is refused', async () => {
  const headers = { 'idempotency-key': freshName('key') };
  const parameters = bankPayment('IDEAL', { shopperResultUrl: `${stack.url}/healthz` });
  const first = expectReply(await stack.post('/v1/payments', parameters, { headers }), 200, pending);
  const again = expectReply(await stack.post('/v1/payments', parameters, { headers }), 200, pending);
  assert.equal(again.body.id, first.body.id);
  assert.deepEqual(again.body.redirect, first.body.redirect);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  expectReply(await stack.post('/v1/payments', { ...parameters, amount: '13.00' }, { headers }), 400, '200.200.106');
  await press(await goToBank(first), 'pay');
  expectReply(await stack.post('/v1/payments', parameters, { headers }), 200, approved);
});

const host = () => stack.parts.host;

for (const [brand, paymentType] of [
  ['IDEAL', 'DB'],
  ['PREPAYMENT', 'PA'],
] as const) {
  test(`${brand}: a payment that waits at the bank is taken back; its shopper, at the bank by then, pays nothing and comes home`, async () => {
    const reply = expectReply(await pay(brand, { paymentType }), 200, pending);
    const bank = await goToBank(reply);
    expectReply(await operate(reply.body.id, 'RV', { ...money, amount: '2.50' }), 400, '700.400.570');
    expectReply(await read(reply.body.id), 200, pending);
    const reversal = expectReply(await operate(reply.body.id, 'RV'), 200, approved);
    assert.deepEqual([reversal.body.paymentType, reversal.body.referencedId], ['RV', reply.body.id]);
    const taken = expectReply(await read(reply.body.id), 400, '100.396.101');
    assert.equal(taken.body.redirect, undefined);
    const entry = (await host().bank()).at(-1);
    assert.deepEqual([entry?.state, entry?.receivedAmount], ['canceled', 0]);
    await press(bank, 'pay');
    assert.equal((await host().bank()).at(-1)?.receivedAmount, 0);
    const home = await followRedirect(reply);
    assert.equal(new URL(home.url).searchParams.get('id'), reply.body.id);
    expectReply(await read(reply.body.id), 400, '100.396.101');
    expectReply(await operate(reply.body.id, 'RV'), 400, '700.300.200');
  });
}

test('a repeat whose own transaction breaks is told of the first request', async () => {
  const { database } = stack.parts;
  const headers = { 'idempotency-key': freshName('key') };
  const parameters = bankPayment('IDEAL', { shopperResultUrl: `${stack.url}/healthz?order=7` });
  const act = () => stack.post('/v1/payments', parameters, { headers });
  const first = expectReply(await act(), 200, pending);
  const { running } = await withLocked({ database, table: 'polygate.idempotency_key', mode: 'share' }, async () => {
    const repeating = act();
    await eventually(async () => (await waitingFor(database, 'insert into polygate.idempotency_key')) === 1, 'the repeat to be recorded');
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return { running: repeating };
  });
  const repeat = expectReply(await running, 200, pending);
  assert.deepEqual([repeat.body.id, repeat.headers['idempotent-replayed']], [first.body.id, 'true']);
});

test('before the shopper has come to the bank, and under a key: it is taken back once', async () => {
  const reply = expectReply(await pay('IDEAL'), 200, pending);
  const headers = { 'idempotency-key': freshName('reversal') };
  const takeBack = () => stack.post(`/v1/payments/${reply.body.id}`, { paymentType: 'RV', ...money }, { headers });
  expectReply(await takeBack(), 200, approved);
  const home = await followRedirect(reply);
  assert.equal(new URL(home.url).pathname, '/healthz');
  expectReply(await read(reply.body.id), 400, '100.396.101');
});

test('what the shopper has ordered, or the bank cannot say, is not taken back', async () => {
  const later = await pay('IDEAL');
  const bank = await goToBank(later);
  await press(bank, 'later');
  expectReply(await operate(later.body.id, 'RV'), 400, '700.400.570');
  expectReply(await read(later.body.id), 200, waiting);
  const reply = await pay('IDEAL');
  await host().addFault({ fault: 'bank_down', times: 2 });
  expectReply(await operate(reply.body.id, 'RV'), 400, '700.400.570');
  expectReply(await read(reply.body.id), 200, pending);
  await host().clearFaults();
  await press(await goToBank(reply), 'pay');
  expectReply(await read(reply.body.id), 200, approved);
});

test('taken back and paid at the same moment: the bank has the last word', async () => {
  for (let round = 0; round < 4; round += 1) {
    const reply = await pay('IDEAL');
    const bank = await goToBank(reply);
    const [reversal] = await Promise.all([operate(reply.body.id, 'RV'), press(bank, 'pay')]);
    const { receivedAmount } = (await host().bank()).at(-1) ?? {};
    const isPaid = receivedAmount === 1_250;
    assert.equal(reversal.code === approved, !isPaid, reversal.text);
    await eventually(async () => (await read(reply.body.id)).code === (isPaid ? approved : '100.396.101'), 'the bank’s word');
  }
});

test('lists say how it was paid, and find it by that: transfers and prepayments are no cards', async () => {
  const reference = freshName('methods');
  const named = { merchantTransactionId: reference };
  expectReply(await stack.post('/v1/payments', debit(named)), 200, approved);
  for (const [brand, paymentType] of [
    ['IDEAL', 'DB'],
    ['SOFORTUEBERWEISUNG', 'PA'],
    ['PREPAYMENT', 'PA'],
  ] as const) {
    expectReply(await pay(brand, { paymentType, ...named }), 200, pending);
  }
  const found = async (more: Parameters) => {
    const { text } = await stack.get('/v3/query', { ...named, ...more });
    const { records = [] } = JSON.parse(text) as { readonly records?: readonly Record<string, string>[] };
    return records.map(({ paymentBrand, paymentMethod }) => `${paymentBrand} ${paymentMethod}`);
  };
  const [card, prepaid] = ['VISA CC', 'PREPAYMENT PP'];
  const transfers = ['IDEAL OT', 'SOFORTUEBERWEISUNG OT'];
  assert.deepEqual(await found({}), [card, ...transfers, prepaid]);
  assert.deepEqual(await found({ paymentMethods: 'CC' }), [card]);
  assert.deepEqual(await found({ paymentMethods: 'OT' }), transfers);
  assert.deepEqual(await found({ paymentMethods: 'PP,DC' }), [card, prepaid]);
  assert.deepEqual(await found({ paymentMethods: 'VA' }), []);
});
