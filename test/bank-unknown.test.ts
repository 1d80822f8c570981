/** Payments at a bank when answers, notifications or processes are lost: nothing is guessed, nothing is paid or counted twice. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { signatureOf } from '../sandbox/bank/notifier.ts';
import { bankPayment, goToBank, press, printedReference } from './harness/bank-shopper.ts';
import type { BankEntry } from './harness/host-control.ts';
import { approved, expectReply, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const stack = useOppStack({ env: { STATUS_REQUESTS_PER_MINUTE: '1000', BANK_TIMEOUT_MS: '1000' } });

const pending = '000.200.000';
const money = { amount: '12.50', currency: 'EUR' };

const pay = (more: Parameters = {}): Promise<Reply> =>
  stack.post('/v1/payments', bankPayment('SOFORTUEBERWEISUNG', { shopperResultUrl: `${stack.url}/healthz`, ...more }));
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);
const operate = (id: string | undefined, paymentType: string, more: Parameters = money): Promise<Reply> =>
  stack.post(`/v1/payments/${id}`, { paymentType, ...more });
const becomes = (id: string | undefined, code: string) => eventually(async () => (await read(id)).code === code, `${id} to be ${code}`);

/** What the bank has of a payment here. */
async function atBank({ body }: Reply): Promise<BankEntry | undefined> {
  const operationId = (body.id ?? '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const { rows } = await stack.parts.database.query<{ rrn: string }>('select rrn from polygate.operation where operation_id = $1', [
    operationId,
  ]);
  return (await stack.parts.host.bank()).find(({ reference }) => reference === rows[0]?.rrn);
}

/** The bank is asked at once about everything that waits, until a condition holds. */
const hurryUntil = (condition: () => Promise<boolean>, what: string) =>
  eventually(async () => {
    await stack.parts.hurry();
    return condition();
  }, what);

test('the bank has taken it up and its answer is lost: it is pending, and started once', async () => {
  await stack.parts.host.addFault({ fault: 'bank_answer_lost' });
  const reply = expectReply(await pay(), 200, pending);
  const bank = await goToBank(reply);
  await press(bank, 'pay');
  expectReply(await read(reply.body.id), 200, approved);
  assert.equal((await atBank(reply))?.state, 'paid');
});

test('the bank has not heard of it: the shopper comes, and it is started then', async () => {
  await stack.parts.host.addFault({ fault: 'bank_down' });
  const reply = expectReply(await pay(), 200, pending);
  assert.equal(await atBank(reply), undefined);
  await press(await goToBank(reply), 'pay');
  expectReply(await read(reply.body.id), 200, approved);
});

test('nobody comes, and the bank is asked nevertheless', async () => {
  await stack.parts.host.addFault({ fault: 'bank_down', times: 2 });
  const reply = expectReply(await pay(), 200, pending);
  await hurryUntil(async () => (await atBank(reply))?.state === 'open', 'the payment to be at the bank');
  await press(await goToBank(reply), 'refuse');
  expectReply(await read(reply.body.id), 400, '100.396.101');
});

test('notifications are lost for a while: the shopper who comes back is enough', async () => {
  const reply = await pay();
  const bank = await goToBank(reply);
  await stack.parts.host.addFault({ fault: 'bank_notice_lost', times: 3 });
  await press(bank, 'pay');
  expectReply(await read(reply.body.id), 200, approved);
  await stack.parts.host.clearFaults();
});

test('the shopper closes the browser: the notification is enough, and told twice it counts once', async () => {
  const reply = await pay({ paymentType: 'PA' });
  const bank = await goToBank(reply);
  const { host } = stack.parts;
  for (const amount of [500, 300]) {
    await host.addFault({ fault: 'bank_notice_twice' });
    await host.receive(printedReference(bank), amount);
    await eventually(async () => (await host.faults()).length === 0, 'the notification to come twice');
    await eventually(async () => (await host.bank()).every(({ isTold }) => isTold), 'the second one to be taken');
  }
  const tree = await stack.get(`/v1/query/${reply.body.id}`, { includeLinkedTransactions: 'true' });
  assert.equal(tree.body.transactionTree?.captured, '8.00');
});

test('a receipt is told before its order was taken up here', async () => {
  const { host } = stack.parts;
  await host.addFault({ fault: 'bank_answer_lost' });
  const reply = expectReply(await pay({ paymentType: 'PA' }), 200, pending);
  await host.receive((await atBank(reply))?.bankReference ?? '');
  await becomes(reply.body.id, approved);
});

test('a refund whose answer is lost is repeated, and sent once', async () => {
  const reply = await pay();
  await press(await goToBank(reply), 'pay');
  await stack.parts.host.addFault({ fault: 'bank_answer_lost' });
  const refund = expectReply(await operate(reply.body.id, 'RF', { ...money, amount: '5.00' }), 200, pending);
  expectReply(await operate(reply.body.id, 'RF', { ...money, amount: '7.51' }), 400, '700.400.200');
  await hurryUntil(async () => (await read(refund.body.id)).code === approved, 'the refund to be certain');
  assert.equal((await atBank(reply))?.refunds.length, 1);
});

test('a refund of money that only the merchant has seen is declined by the bank, and may be asked again', async () => {
  const reply = await pay({ paymentType: 'PA' });
  await press(await goToBank(reply), 'later');
  expectReply(await operate(reply.body.id, 'RC'), 200, approved);
  expectReply(await operate(reply.body.id, 'RF', { ...money, amount: '5.00' }), 400, '100.397.102');
  await stack.parts.host.receive((await atBank(reply))?.bankReference ?? '');
  await eventually(async () => (await operate(reply.body.id, 'RF')).code === approved, 'the refund to be made');
});

test('nobody pays in time: it is called off at the bank first', async () => {
  const reply = await pay();
  const bank = await goToBank(reply);
  await stack.parts.database.query(
    `update polygate.operation set created_at = created_at - interval '1 hour'
    where operation_id = (select operation_id from polygate.acquirer_message where rrn = $1)`,
    [(await atBank(reply))?.reference],
  );
  await hurryUntil(async () => (await read(reply.body.id)).code === '100.395.501', 'its time to be over');
  assert.equal((await atBank(reply))?.state, 'canceled');
  await press(bank, 'pay').catch(() => undefined);
  expectReply(await read(reply.body.id), 400, '100.395.501');
});

test('the gateway stops while the shopper is at the bank', async () => {
  const reply = await pay();
  const bank = await goToBank(reply);
  await stack.parts.stopGateway();
  await stack.parts.host.receive(printedReference(bank));
  await stack.parts.startGateway();
  await becomes(reply.body.id, approved);
});

test('the bank stops before it has told: it tells when it is back', async () => {
  const reply = await pay({ paymentType: 'PA' });
  const bank = await goToBank(reply);
  await stack.parts.host.addFault({ fault: 'bank_notice_lost', times: 1_000 });
  await stack.parts.host.receive(printedReference(bank));
  await stack.parts.stopSandbox();
  expectReply(await pay(), 400, '900.100.600');
  await stack.parts.startSandbox();
  await becomes(reply.body.id, approved);
});

/** Sends what pretends to be a notification. */
const notify = (body: string, signature?: string) =>
  fetch(`${stack.url}/notifications/bank`, {
    method: 'POST',
    body,
    headers: signature === undefined ? {} : { 'bank-signature': signature },
  });

test('what the bank has not signed changes nothing', async () => {
  const reply = await pay();
  const entry = await atBank(reply);
  const { reference, amount, currency } = entry ?? {};
  const body = JSON.stringify({ reference, amount, currency, state: 'paid', receipts: [{ id: randomUUID(), amount }] });
  const nowSeconds = Math.floor(Date.now() / 1_000);
  for (const signature of [
    undefined,
    '',
    't=1,v1=00',
    signatureOf('another secret', nowSeconds, body),
    signatureOf('sandbox-bank-secret', nowSeconds, `${body} `),
    signatureOf('sandbox-bank-secret', nowSeconds - 400, body),
    signatureOf('sandbox-bank-secret', nowSeconds + 400, body),
  ]) {
    assert.equal((await notify(body, signature)).status, 401, signature ?? 'none');
  }
  expectReply(await read(reply.body.id), 200, pending);
  for (const strange of ['', 'null', '[]', '{"reference":1}', JSON.stringify({ ...JSON.parse(body), state: 'unheard' })]) {
    assert.equal((await notify(strange, signatureOf('sandbox-bank-secret', nowSeconds, strange))).status, 400, strange);
  }
  // Signed, and about nothing here, or about another amount: taken notice of, and nothing changes.
  const foreign = JSON.stringify({ ...JSON.parse(body), reference: `${'0'.repeat(20)}0001` });
  const wrong = JSON.stringify({ ...JSON.parse(body), amount: 1, receipts: [{ id: 'one', amount: 1 }] });
  for (const text of [foreign, wrong]) assert.equal((await notify(text, signatureOf('sandbox-bank-secret', nowSeconds, text))).status, 200);
  expectReply(await read(reply.body.id), 200, pending);
  await press(await goToBank(reply), 'refuse');
});

test('a report with a NUL in a text is recorded all the same: money has moved', async () => {
  const reply = await pay();
  const bank = await goToBank(reply);
  const { reference, amount, currency } = (await atBank(reply)) ?? {};
  const body = JSON.stringify({ reference, amount, currency, state: 'paid', bankReference: 'odd \0 reference' });
  assert.equal((await notify(body, signatureOf('sandbox-bank-secret', Math.floor(Date.now() / 1_000), body))).status, 200);
  expectReply(await read(reply.body.id), 200, approved);
  await press(bank, 'pay');
});

test('an address that this gateway has not made leads nowhere', async () => {
  const reply = await pay();
  const url = reply.body.redirect?.url ?? '';
  assert.equal((await fetch(`${url.slice(0, -1)}${url.endsWith('A') ? 'B' : 'A'}`)).status, 404);
  assert.equal((await fetch(url.replace('/p/b', '/p/p'))).status, 404);
  await press(await goToBank(reply), 'refuse');
});
