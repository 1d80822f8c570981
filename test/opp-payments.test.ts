/** OPP: payments and what follows them, over HTTP against the whole stack; the acquirer host's books have to agree. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, demo, exchange, expectReply, freshName, type Parameters, plain, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const stack = useOppStack();

const money = (amount: string, currency = 'EUR') => ({ amount, currency });
const rrnOf = (reply: Reply) => reply.body.resultDetails?.ConnectorTxID1 ?? '';

async function pay(more: Parameters = {}): Promise<Reply> {
  return expectReply(await stack.post('/v1/payments', debit(more)), 200, approved);
}

function act(id: string | undefined, parameters: Parameters): Promise<Reply> {
  return stack.post(`/v1/payments/${id}`, parameters);
}

async function booked(reply: Reply) {
  const [entry, ...more] = await stack.books(rrnOf(reply));
  assert.ok(entry !== undefined && more.length === 0, `one entry under ${rrnOf(reply)}`);
  return entry;
}

test('a debit: everything that clients read, and the host has it', async () => {
  const reply = await pay({
    ...{ merchantTransactionId: 'order-1', merchantInvoiceId: 'invoice-1', merchantMemo: 'memo', descriptor: 'Shop 7' },
    ...{ 'customer.email': 'ada@example.com', 'billing.city': 'London', 'customParameters[SHOPPER_x]': 'y' },
    ...{ 'cart.items[0].name': 'Tea', 'cart.items[0].price': '10.00', 'cart.items[1].name': 'Milk', 'cart.items[1].price': '2.50' },
  });
  const { body } = reply;
  assert.match(body.id ?? '', /^[a-f0-9]{32}$/);
  assert.deepEqual(
    [
      body.paymentType,
      body.paymentBrand,
      body.amount,
      body.currency,
      body.merchantTransactionId,
      body.merchantInvoiceId,
      body.merchantMemo,
    ],
    ['DB', 'VISA', '12.50', 'EUR', 'order-1', 'invoice-1', 'memo'],
  );
  assert.match(body.descriptor ?? '', /^\d{4}\.\d{4}\.\d{4} Shop 7$/);
  assert.equal(body.result?.description, "Request successfully processed in 'Merchant in Integrator Test Mode'");
  assert.deepEqual(body.card, { bin: '411111', last4Digits: '1111', holder: 'Ada Example', expiryMonth: '12', expiryYear: '2034' });
  assert.equal(body.resultDetails?.AcquirerResponse, '00');
  assert.equal(body.customer?.email, 'ada@example.com');
  assert.equal(body.billing?.city, 'London');
  assert.match(reply.text, /"customParameters":\{"SHOPPER_x":"y"\}/);
  assert.match(reply.text, /"cart":\{"items":\[\{"name":"Tea","price":"10\.00"\},\{"name":"Milk","price":"2\.50"\}\]\}/);
  assert.match(body.ndc ?? '', new RegExp(`^${demo.entityId}_`));
  const entry = await booked(reply);
  assert.deepEqual([entry.kind, entry.amount, entry.state, entry.terminal], ['debit', 1250, 'booked', 'OPP00001']);
});

test('an authorization captured in parts, up to what was authorized', async () => {
  const authorization = await pay({ paymentType: 'PA', ...money('100.00') });
  assert.equal(authorization.body.resultDetails?.ExtendedDescription, 'Authorized');
  const { id } = authorization.body;
  for (const amount of ['30.00', '50.00']) {
    const capture = expectReply(await act(id, { paymentType: 'CP', ...money(amount), merchantTransactionId: 'order-2' }), 200, approved);
    assert.deepEqual(
      [capture.body.paymentType, capture.body.referencedId, capture.body.amount, capture.body.card],
      ['CP', id, amount, undefined],
    );
    for (const name of ['descriptor', 'currency', 'paymentBrand']) assert.ok(capture.body[name] !== undefined, name);
    assert.ok(capture.body.resultDetails?.ExtendedDescription !== undefined);
    assert.notEqual(capture.body.id, id);
  }
  expectReply(await act(id, { paymentType: 'CP', ...money('20.01') }), 400, '700.400.100');
  expectReply(await act(id, { paymentType: 'CP', ...money('20.00') }), 200, approved);
  expectReply(await act(id, { paymentType: 'CP', ...money('0.01') }), 400, '700.400.100');
  expectReply(await act(id, { paymentType: 'RV' }), 400, '700.400.300');
  assert.deepEqual((({ amount, capturedAmount }) => [amount, capturedAmount])(await booked(authorization)), [10_000, 10_000]);
});

test('a whole capture by the bare amount, without decimals', async () => {
  const { id } = (await pay({ paymentType: 'PA', ...money('10') })).body;
  assert.equal(expectReply(await act(id, { paymentType: 'CP', ...money('10') }), 200, approved).body.amount, '10.00');
});

test('a reversal without an amount gives back what is left, and says how much', async () => {
  const { id } = (await pay({ paymentType: 'PA', ...money('40.00') })).body;
  expectReply(await act(id, { paymentType: 'RV', ...money('15.00') }), 200, approved);
  const reversal = expectReply(await act(id, { paymentType: 'RV' }), 200, approved);
  assert.deepEqual([reversal.body.paymentType, reversal.body.referencedId, reversal.body.amount], ['RV', id, '25.00']);
});

test('a refund that names the authorization is made on its capture', async () => {
  const { id } = (await pay({ paymentType: 'PA', ...money('20.00') })).body;
  expectReply(await act(id, { paymentType: 'RF', ...money('1.00') }), 400, '700.400.520');
  const capture = expectReply(await act(id, { paymentType: 'CP', ...money('8.00') }), 200, approved);
  const direct = expectReply(await act(capture.body.id, { paymentType: 'RF', ...money('3.00') }), 200, approved);
  assert.deepEqual([direct.body.paymentType, direct.body.referencedId, direct.body.amount], ['RF', capture.body.id, '3.00']);
  const named = expectReply(await act(id, { paymentType: 'RF', ...money('5.00') }), 200, approved);
  assert.equal(named.body.referencedId, capture.body.id);
});

test('more than there is: each act has a code for it, whatever took the rest', async () => {
  const held = async (taken: Parameters) => {
    const { id } = (await pay({ paymentType: 'PA', ...money('20.00') })).body;
    expectReply(await act(id, taken), 200, approved);
    return id;
  };
  const sold = async (taken: Parameters) => {
    const { id } = (await pay(money('20.00'))).body;
    expectReply(await act(id, taken), 200, approved);
    return id;
  };
  const cases: readonly (readonly [id: string | undefined, parameters: Parameters, code: string])[] = [
    [await held({ paymentType: 'RV', ...money('5.00') }), { paymentType: 'CP', ...money('15.01') }, '700.400.100'],
    [await held({ paymentType: 'RV' }), { paymentType: 'CP', ...money('1.00') }, '700.400.100'],
    [await held({ paymentType: 'RV', ...money('5.00') }), { paymentType: 'RV', ...money('15.01') }, '700.400.300'],
    [await held({ paymentType: 'RV' }), { paymentType: 'RV' }, '700.400.300'],
    [await held({ paymentType: 'CP', ...money('20.00') }), { paymentType: 'RF', ...money('20.01') }, '700.400.200'],
    [await sold({ paymentType: 'RF', ...money('5.00') }), { paymentType: 'RF', ...money('15.01') }, '700.400.200'],
    [await sold({ paymentType: 'RV' }), { paymentType: 'RF', ...money('1.00') }, '700.400.200'],
    [await sold({ paymentType: 'RF', ...money('1.00') }), { paymentType: 'RV' }, '700.400.300'],
  ];
  for (const [id, parameters, code] of cases) expectReply(await act(id, parameters), 400, code);
});

test('operations that do not fit what they name', async () => {
  const sale = (await pay()).body.id;
  const declined = (await stack.post('/v1/payments', debit({ 'card.number': '4000000000000002' }))).body.id;
  const refund = (await act(sale, { paymentType: 'RF', ...money('1.00') })).body.id;
  const nobody = '0'.repeat(32);
  const cases: readonly (readonly [id: string | undefined, parameters: Parameters, code: string])[] = [
    [sale, { paymentType: 'CP', ...money('1.00') }, '700.400.510'],
    [sale, { paymentType: 'RF', ...money('1.00', 'USD') }, '700.100.500'],
    [sale, { paymentType: 'RF', ...money('1.00', 'ABC') }, '100.550.401'],
    [sale, { paymentType: 'RF' }, '100.550.300'],
    [sale, { paymentType: 'RF', amount: '1.00' }, '100.550.400'],
    [sale, { paymentType: 'RF', ...money('0.00') }, '100.550.300'],
    ...['MASTER', 'IDEAL', 'NOBODY'].map(
      (paymentBrand) => [sale, { paymentType: 'RF', paymentBrand, ...money('1.00') }, '700.100.400'] as const,
    ),
    [refund, { paymentType: 'RV' }, '700.400.530'],
    [refund, { paymentType: 'RF', ...money('1.00') }, '700.400.520'],
    [declined, { paymentType: 'RF', ...money('1.00') }, '700.300.200'],
    [declined, { paymentType: 'RV' }, '700.300.200'],
    [nobody, { paymentType: 'CP', ...money('1.00') }, '700.400.510'],
    [nobody, { paymentType: 'RV' }, '700.400.530'],
    [nobody, { paymentType: 'RF', ...money('1.00') }, '600.200.500'],
    ['no-id-of-ours', { paymentType: 'RV' }, '700.400.530'],
    [sale, { paymentType: 'DB', ...money('1.00') }, '600.200.400'],
    [sale, { paymentType: 'RC', ...money('1.00') }, '600.200.310'],
    ...['CD', 'PA.CP'].map((paymentType) => [sale, { paymentType, ...money('1.00') }, '600.200.400'] as const),
  ];
  for (const [id, parameters, code] of cases) {
    const reply = expectReply(await act(id, parameters), 400, code);
    assert.equal(reply.body.id, undefined, JSON.stringify(parameters));
  }
});

test('status and query tell the same as the first answer, with the time of the payment', async () => {
  const reference = freshName('order');
  const sale = await pay({ merchantTransactionId: reference });
  const { id } = sale.body;
  for (const path of [`/v1/payments/${id}`, `/v1/query/${id}`]) {
    const again = expectReply(await stack.get(path), 200, approved);
    const { timestamp, ndc, ...rest } = again.body;
    const { timestamp: _timestamp, ndc: _ndc, ...first } = sale.body;
    assert.deepEqual(rest, first);
    assert.match(timestamp ?? '', /\.\d{3}\+0000$/);
  }
  const refund = await act(id, { paymentType: 'RF', ...money('2.00'), merchantTransactionId: reference });
  const list = expectReply(await stack.get('/v1/query', { merchantTransactionId: reference }), 200, '000.000.100');
  const { payments } = JSON.parse(list.text) as { payments: { id: string; ndc?: string; timestamp: string; referencedId?: string }[] };
  assert.deepEqual(
    payments.map((payment) => [payment.id, payment.referencedId, payment.ndc]),
    [
      [id, undefined, undefined],
      [refund.body.id, id, undefined],
    ],
  );
  assert.match(payments[0]?.timestamp ?? '', /\.\d{3}\+0000$/);
});

test('what is not there: status 404 with the text that clients look for, query 404 with its code', async () => {
  for (const id of ['0'.repeat(32), 'nothing']) {
    const status = expectReply(await stack.get(`/v1/payments/${id}`), 404, '200.300.404');
    assert.match(
      status.body.result?.description ?? '',
      /^invalid or missing parameter - \(opp\) No payment session found for the requested id/,
    );
    expectReply(await stack.get(`/v1/query/${id}`), 404, '700.400.580');
  }
  expectReply(await stack.get('/v1/query', { merchantTransactionId: 'never used' }), 404, '700.400.580');
  expectReply(await stack.get('/v1/query'), 400, '200.300.404');
  expectReply(await stack.get('/v1/query', { merchantTransactionId: 'x', limit: '5' }), 400, '200.300.404');
});

test('a token pays: with and without a code, for the merchant who has it', async () => {
  const first = await pay({ createRegistration: 'true', paymentType: 'PA' });
  const token = first.body.registrationId;
  assert.match(token ?? '', /^[a-z0-9]{32}$/);
  const path = `/v1/registrations/${token}/payments`;
  for (const more of [{}, { 'card.cvv': '123' }]) {
    const reply = expectReply(await stack.post(path, { paymentType: 'DB', ...money('3.00'), ...more }), 200, approved);
    assert.deepEqual([reply.body.registrationId, reply.body.card?.last4Digits, reply.body.amount], [token, '1111', '3.00']);
    assert.deepEqual((({ kind, amount }) => [kind, amount])(await booked(reply)), ['debit', 300]);
  }
  expectReply(await stack.post('/v1/registrations/short/payments', { paymentType: 'DB', ...money('3.00') }), 400, '100.150.101');
  expectReply(
    await stack.post(`/v1/registrations/${'a'.repeat(32)}/payments`, { paymentType: 'DB', ...money('3.00') }),
    400,
    '100.150.200',
  );
  const declined = await stack.post('/v1/payments', debit({ createRegistration: 'true', 'card.number': '4000000000000002' }));
  assert.equal(declined.body.registrationId, undefined);
});

test('amounts: whole ones, currencies without decimals and with three, and the largest', async () => {
  const cases: readonly (readonly [amount: string, currency: string, shown: string, minor: number])[] = [
    ['10', 'EUR', '10.00', 1_000],
    ['0.01', 'EUR', '0.01', 1],
    ['0010.50', 'EUR', '10.50', 1_050],
    ['10', 'JPY', '10.00', 10],
    ['10.00', 'JPY', '10.00', 10],
    ['1.25', 'KWD', '1.25', 1_250],
    ['999999.99', 'EUR', '999999.99', 99_999_999],
  ];
  for (const [amount, currency, shown, minor] of cases) {
    const reply = await pay(money(amount, currency));
    assert.deepEqual([reply.body.amount, reply.body.currency], [shown, currency]);
    assert.equal((await booked(reply)).amount, minor);
  }
  // Twelve digits of minor units are sent, and the host has its own opinion about them.
  expectReply(await stack.post('/v1/payments', debit(money('9999999999.99'))), 400, '800.100.162');
  expectReply(await stack.post('/v1/payments', debit(money('10000000000.00'))), 400, '100.550.301');
});

test('the success code says which test mode answered', async () => {
  expectReply(await stack.post('/v1/payments', debit({ testMode: 'INTERNAL' })), 200, '000.100.110');
  expectReply(await stack.post('/v1/payments', debit({ testMode: 'EXTERNAL' })), 200, '000.100.112');
});

test('an answer that does not come is pending with an id, and later the truth; the payment can then be told from its reference', async () => {
  const reference = freshName('lost');
  const lost = expectReply(
    await stack.post('/v1/payments', debit({ 'card.number': '4000000000000911', merchantTransactionId: reference })),
    200,
    '000.200.000',
  );
  const { id, amount, currency, descriptor } = lost.body;
  assert.match(id ?? '', /^[a-f0-9]{32}$/);
  assert.deepEqual([amount, currency, descriptor], [undefined, undefined, undefined]);
  await eventually(async () => (await stack.get(`/v1/query/${id}`)).code !== '000.200.000', 'the end of the doubt');
  expectReply(await stack.get(`/v1/payments/${id}`), 400, '900.100.301');
  expectReply(await stack.get(`/v1/query/${id}`), 400, '900.100.301');
  expectReply(await act(id, { paymentType: 'RF', ...money('1.00') }), 400, '700.300.200');
  const list = await stack.get('/v1/query', { merchantTransactionId: reference });
  assert.match(list.text, /"code":"900\.100\.301"/);
});

test('the plain entity has no triggers', async () => {
  expectReply(await stack.post('/v1/payments', debit({ 'card.number': '4000000000000002' }), { as: plain }), 200, approved);
});

test('an answer comes in one piece, whatever the client sends its request in', async () => {
  const { headers } = await exchange(stack.url, { method: 'GET', path: '/v1/query', headers: { authorization: demo.bearer } });
  assert.equal(headers['transfer-encoding'], undefined);
  assert.ok(Number(headers['content-length']) > 0);
});
