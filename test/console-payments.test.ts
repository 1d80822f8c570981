/** Payments through the console API: found by every filter, page by page, shown whole, and streamed as CSV; their webhooks, told again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditAfterEach } from './harness/auditor.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { type ConsoleBody, createConsoleClient } from './harness/console.ts';
import { createHooks } from './harness/hooks.ts';
import { freshName } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
const client = createConsoleClient(() => `http://127.0.0.1:${stack.config.port}`);
before(async () => {
  stack = await startStack({ webhooks: true });
});
auditAfterEach(() => stack);
after(() => stack?.stop());

const uuidOf = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

async function search(query: Readonly<Record<string, string>>): Promise<readonly ConsoleBody[]> {
  return (await client.done('get', '/payments', { query })).items ?? [];
}

/** The id of the payment that an operation belongs to. */
async function paymentOf(id: string): Promise<string> {
  return String((await client.done('get', '/operations/{operation_id}', { ids: { operation_id: uuidOf(id) } })).payment_id);
}

/** A payment with a capture, a refund and a chargeback of the rest. */
async function eventful(reference: string): Promise<string> {
  const held = await stack.api.pay({ type: 'PA', amount: '50.00', card: freshCardNumber(), more: { merchantTransactionId: reference } });
  const captured = await stack.api.operate(held.id, { type: 'CP', amount: '30.00' });
  await stack.api.operate(captured.id, { type: 'RF', amount: '10.00' });
  await stack.api.operate(captured.id, { type: 'CB', amount: '20.00' });
  await stack.api.operate(held.id, { type: 'RV' });
  return held.id;
}

test('a span may begin before there were computers', async () => {
  const reference = freshName('order');
  await stack.api.pay({ more: { merchantTransactionId: reference } });
  const found = await search({ merchant_reference: reference, from: '0001-01-01', to: '9999-12-31' });
  assert.equal(found.length, 1);
  assert.deepEqual(await search({ merchant_reference: reference, to: '1901-01-01' }), []);
});

test('a payment is shown with all that belongs to it, and without its card number', async () => {
  const reference = freshName('order');
  const payment_id = await paymentOf(await eventful(reference));
  const whole = await client.done('get', '/payments/{payment_id}', { ids: { payment_id } });
  assert.deepEqual(
    [whole.state, whole.amount, whole.authorized, whole.captured, whole.released, whole.refunded, whole.charged_back],
    [...['captured', 5_000, 5_000, 3_000, 2_000, 1_000, 2_000]],
  );
  const kinds = (whole.operations ?? []).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['preauthorization', 'capture', 'refund', 'chargeback', 'reversal']);
  const [hold, capture, refund] = whole.operations ?? [];
  assert.deepEqual([hold?.target_id, capture?.target_id, refund?.target_id], [null, hold?.operation_id, capture?.operation_id]);
  assert.deepEqual(
    (whole.events ?? []).map(({ sequence, name }) => [sequence, name]),
    [
      [1, 'preauthorization.approved'],
      [2, 'capture.approved'],
      [3, 'refund.approved'],
      [4, 'chargeback.posted'],
      [5, 'reversal.approved'],
    ],
  );
  assert.deepEqual(
    (whole.messages ?? []).map(({ purpose }) => purpose),
    ['request', 'request', 'request', 'request'],
  );
  const posted = (whole.ledger_entries ?? []).filter(({ layer }) => layer === 'posted').map(({ kind, amount }) => `${kind} ${amount}`);
  assert.deepEqual(posted.sort(), ['capture 3000', 'chargeback 2000', 'refund 1000']);
  assert.deepEqual(
    (whole.disputes ?? []).map(({ stage, case_number }) => [stage, case_number]),
    [['chargeback', null]],
  );
  assert.deepEqual(
    (whole.attempts ?? []).map(({ brand, bin }) => [brand, bin]),
    [['visa', '411111']],
  );
});

test('a payment with 3-D Secure is shown with its authentication, and none of its proof', async () => {
  const browser = { 'customer.browser.language': 'en', 'customer.browser.acceptHeader': '*/*', 'customer.browser.userAgent': 'x' };
  const more = { ...browser, shopperResultUrl: 'https://shop.example/back' };
  const { id } = await stack.api.pay({ card: '4200000000000091', more });
  const { authentications } = await client.done('get', '/payments/{payment_id}', { ids: { payment_id: await paymentOf(id) } });
  assert.deepEqual(
    (authentications ?? []).map(({ state, flow, eci, shifts_liability }) => [state, flow, eci, shifts_liability]),
    [['authenticated', 'frictionless', '05', true]],
  );
});

test('payments are found by each filter and by all of them together', async () => {
  const reference = freshName('order');
  const card = freshCardNumber();
  const { id } = await stack.api.pay({ amount: '77.31', currency: 'SEK', card, more: { merchantTransactionId: reference } });
  await stack.api.pay({ amount: '77.32', currency: 'NOK' });
  const payment_id = await paymentOf(id);
  const [found] = await search({ merchant_reference: reference });
  assert.equal(found?.payment_id, payment_id);
  const merchant_id = String(found?.merchant_id);
  const createdMs = Date.parse(String(found?.created_at));
  const at = (offsetMs: number) => new Date(createdMs + offsetMs).toISOString();
  const filters: Readonly<Record<string, string>> = {
    ...{
      merchant_reference: reference,
      merchant_id,
      channel_id: String(found?.channel_id),
      state: 'captured',
      operation_state: 'approved',
    },
    ...{ currency: 'SEK', amount: '7731', amount_from: '7731', amount_to: '7731', brand: 'visa', bin: '411111', last4: card.slice(-4) },
    ...{ from: at(0), to: at(1) },
  };
  const wrong: Readonly<Record<string, string>> = {
    ...{ merchant_reference: `${reference}x`, merchant_id: '00000000-0000-7000-8000-000000000002', channel_id: merchant_id },
    ...{ state: 'voided', operation_state: 'declined', currency: 'ISK', amount: '1', amount_from: '7732', amount_to: '7730' },
    ...{ brand: 'amex', bin: '411112', last4: '0000', from: at(1), to: at(0) },
  };
  for (const [name, value] of Object.entries(filters)) {
    assert.ok(
      (await search({ [name]: value })).some((row) => row.payment_id === payment_id),
      name,
    );
    const missed = await search({ merchant_reference: reference, [name]: wrong[name] ?? '' });
    assert.equal(missed.length, 0, name);
  }
  assert.deepEqual(
    (await search(filters)).map((row) => row.payment_id),
    [payment_id],
  );
});

test('pages follow one another without a gap, whatever is paid meanwhile', async () => {
  const reference = freshName('series');
  const more = { merchantTransactionId: reference };
  const made: string[] = [];
  for (let count = 0; count < 7; count += 1) made.push(await paymentOf((await stack.api.pay({ more })).id));
  const seen: unknown[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = { merchant_reference: reference, limit: '3', ...(cursor === undefined ? {} : { cursor }) };
    const { items, next_cursor } = await client.done('get', '/payments', { query });
    seen.push(...(items ?? []).map(({ payment_id }) => payment_id));
    await stack.api.pay({ more });
    if (next_cursor === null) break;
    cursor = String(next_cursor);
  }
  assert.deepEqual(seen, made.toReversed());
});

test('a cursor of something else, and a day that does not exist, are refused', async () => {
  for (const cursor of ['x', 'bm90LWpzb24', Buffer.from('["x"]').toString('base64url'), Buffer.from('["1","2"]').toString('base64url')]) {
    const { status, body } = await client.call('get', '/payments', { query: { cursor } });
    assert.deepEqual([status, body.errors?.[0]?.field], [400, 'cursor'], cursor);
  }
  for (const query of [{ from: '2034-02-30' }, { from: '2034-13-01' }, { to: '2034-01-01T25:00:00Z' }, { amount: 'x' }, { limit: '0' }]) {
    const { status, body } = await client.call('get', '/payments', { query: query as Record<string, string> });
    assert.deepEqual([status, body.error], [400, 'bad_request'], JSON.stringify(query));
  }
});

test('the export has every row, over many pages, and no cell that a spreadsheet would run', async () => {
  const reference = `=${freshName('cmd')},"x"`;
  await stack.api.pay({ more: { merchantTransactionId: reference } });
  // More than two pages of an export, without the time that so many payments would take.
  await stack.database.query(`create table kept_audit as table polygate.audit`);
  await stack.database.query(
    `insert into polygate.audit select 1000 + n, now(), 'many', 'test.row', '{}', '\\x00', '\\x00' from generate_series(1, 1203) n`,
  );
  const { text, headers } = await client.call('get', '/audit', { query: { actor: 'many', format: 'csv' } });
  await stack.database.query('delete from polygate.audit; insert into polygate.audit table kept_audit; drop table kept_audit');
  assert.match(headers.get('content-disposition') ?? '', /filename="audit\.csv"/);
  const lines = text.trimEnd().split('\r\n');
  assert.equal(lines.length, 1_204);
  assert.deepEqual([lines[1]?.split(',')[0], lines.at(-1)?.split(',')[0]], ['2203', '1001']);
  const payments = await client.call('get', '/payments', { query: { merchant_reference: reference, format: 'csv' } });
  assert.match(payments.text, new RegExp(`,"'=${reference.slice(1).replaceAll('"', '""')}",`));
});

test('what was given up, one event, a payment, or a span of time is told again', async () => {
  const hooks = createHooks(stack.host.url);
  const { items: endpoints } = await client.done('get', '/endpoints', { query: { state: 'active' } });
  const endpoint = endpoints?.find(({ url }) => String(url).endsWith('/hooks/opp'));
  const ids = { endpoint_id: String(endpoint?.endpoint_id) };
  const payment_id = await paymentOf(await eventful(freshName('order')));
  const list = async (state: string): Promise<readonly ConsoleBody[]> =>
    (await client.done('get', '/deliveries', { query: { payment_id, endpoint_id: ids.endpoint_id, state } })).items ?? [];
  const delivered = (count: number) => eventually(async () => (await list('delivered')).length === count, `${count} deliveries`);
  await delivered(5);
  await hooks.clear('opp');
  const replay = async (body: object) => (await client.done('post', '/endpoints/{endpoint_id}/replay', { ids, body })).replayed;
  assert.equal(await replay({ payment_id, sequence: 2 }), 1);
  await delivered(5);
  assert.equal((await hooks.acknowledged('opp', 1)).length, 1);
  assert.equal(await replay({ payment_id }), 5);
  await delivered(5);
  assert.equal((await hooks.acknowledged('opp', 6)).length, 6);
  await stack.database.query(`update polygate.delivery set state = 'given_up' where payment_id = $1 and sequence < 3`, [payment_id]);
  assert.deepEqual(
    (await list('given_up')).map(({ event }) => event),
    ['capture.approved', 'preauthorization.approved'],
  );
  assert.equal(await replay({ failed: true }), 2);
  await delivered(5);
  assert.equal(await replay({ from: '2020-01-01', to: '2020-01-02' }), 0);
  const tries = await client.done('get', '/endpoints/{endpoint_id}/deliveries/{payment_id}/{sequence}/attempts', {
    ids: { ...ids, payment_id, sequence: '2' },
  });
  assert.deepEqual(
    tries.items?.map(({ status, problem }) => [status, problem]),
    Array.from({ length: 4 }, () => [200, null]),
  );
  for (const [body, field] of [
    [{}, undefined],
    [{ sequence: 1, failed: true }, 'sequence'],
    [{ from: 'yesterday' }, 'from'],
    [{ from: '2034-13-01' }, 'from'],
  ] as const) {
    const refused = await client.call('post', '/endpoints/{endpoint_id}/replay', { ids, body });
    assert.deepEqual([refused.status, refused.body.errors?.[0]?.field], [400, field], JSON.stringify(body));
  }
});

test('disputes, balances and payout balances are listed', async () => {
  const payment_id = await paymentOf(await eventful(freshName('order')));
  const { items } = await client.done('get', '/disputes', { query: { payment_id } });
  const [dispute] = items ?? [];
  assert.deepEqual([items?.length, dispute?.amount, dispute?.stage], [1, 2_000, 'chargeback']);
  const one = await client.done('get', '/disputes/{dispute_id}', { ids: { dispute_id: String(dispute?.dispute_id) } });
  assert.deepEqual(one, dispute);
  const merchant_id = String(dispute?.merchant_id);
  const { items: balances } = await client.done('get', '/ledger/balances', { query: { merchant_id, layer: 'posted', currency: 'EUR' } });
  const byAccount = new Map(balances?.map(({ account, balance }) => [String(account), Number(balance)]));
  assert.equal(byAccount.get('acquirer_receivable'), byAccount.get('merchant_payable'));
  assert.equal(byAccount.get('payout_funds'), byAccount.get('payout_balance'));
  const { items: funds } = await client.done('get', '/payout-balances', { query: { merchant_id, currency: 'EUR' } });
  assert.deepEqual(funds, [{ merchant_id, currency: 'EUR', available: 100_000_000 }]);
});
