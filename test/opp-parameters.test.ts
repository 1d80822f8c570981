/** OPP: parameters whose faults have codes of their own, other ways to pay, results of the merchant's own 3-D Secure, and what answers show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { approved, debit, expectReply, other, type Parameters, plain, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

const long = (length: number) => 'x'.repeat(length);

const coded: readonly (readonly [name: string, code: string, ...values: string[]])[] = [
  ['testMode', '100.300.101', 'LIVE', 'internal'],
  ['shopperResultUrl', '100.370.102', `https://shop.example/${long(2049)}`, 'shop.example/return', 'https://'],
  ['card.holder', '100.100.401', 'Jo', long(129)],
  ['card.expiryMonth', '100.100.201', '0', '1', '13', '00', '012'],
  ['card.expiryYear', '100.100.301', '1834', '2134'],
  ['card.expiryYear', '100.100.305', '34', '20345'],
  ['customer.givenName', '100.700.201', long(51)],
  ['customer.surname', '100.700.101', long(51)],
  ['customer.companyName', '100.700.500', long(41)],
  ['customer.birthDate', '100.900.450', '01.02.2003', '2003-02-30'],
  ['customer.phone', '100.900.200', long(26)],
  ['customer.workPhone', '100.900.200', long(26)],
  ['customer.mobile', '100.900.300', long(26)],
  ['customer.email', '100.900.101', 'a@b.c', 'nobody.example.com', 'jane doe@example.com'],
  ['customer.email', '100.900.105', `jane@${long(124)}`],
  ['customer.ip', '100.900.401', '999.1.1.1', 'localhost'],
  ['customer.identificationDocId', '100.700.802', long(65)],
  ['billing.street1', '100.800.101', long(101)],
  ['billing.city', '100.800.301', long(81)],
  ['billing.state', '100.800.401', long(51)],
  ['shipping.postcode', '100.800.201', long(17)],
  ['billing.country', '100.800.501', 'DEU', 'de', 'XX', 'EU', 'ZZ'],
  ['threeDSecure.eci', '100.370.121', '03', '5', '99'],
  ['threeDSecure.verificationId', '100.370.125', 'short', `${'A'.repeat(28)}`, `${'A'.repeat(27)}*`],
  ['bankAccount.country', '100.200.100', 'XX'],
  ['bankAccount.iban', '100.200.104', 'no'],
  ['virtualAccount.accountId', '100.210.101', long(101)],
];

for (const [name, code, ...values] of coded) {
  test(`${name} of a wrong form: ${code}, and no id`, async () => {
    for (const value of values) {
      const reply = expectReply(await stack.post('/v1/payments', debit({ [name]: value })), 400, code);
      assert.equal(reply.body.id, undefined);
      assert.match(reply.text, new RegExp(`"parameterErrors":\\[\\{"name":"${name.replace('.', '\\.')}"`));
    }
  });
}

test('with a fault that has no code beside it, all are listed under the general one; of several codes the first is told', async () => {
  const mixed = expectReply(
    await stack.post('/v1/payments', debit({ 'customer.email': 'x', amount: 'x', 'card.holder': 'J' })),
    400,
    '200.300.404',
  );
  for (const name of ['customer.email', 'amount', 'card.holder']) assert.match(mixed.text, new RegExp(`"name":"${name}"`));
  const both = expectReply(await stack.post('/v1/payments', debit({ 'customer.email': 'x', 'billing.country': 'XX' })), 400, '100.900.101');
  for (const name of ['customer.email', 'billing.country']) assert.match(both.text, new RegExp(`"name":"${name}"`));
});

test('what is lenient because clients in the field need it', async () => {
  const sent = {
    'customer.phone': '(?!?)555-5555',
    'customer.email': 'jane@localhost',
    'customer.ip': '2001:db8::1',
    'customer.birthDate': '1990-12-31',
    'billing.country': 'XK',
    'billing.state': 'Île-de-France',
    'billing.postcode': 'SW1A 1AA',
    merchantTransactionId: 'P1',
    shopperResultUrl: 'com.shop.app://result',
    transactionCategory: 'EC',
    taxAmount: '1.00',
    numberOfCaptures: '3',
    'airline.ticketNumber': '12345',
    'lodging.checkIn': 'x',
    'recipient.name': 'x',
  };
  const { body } = expectReply(await stack.post('/v1/payments', debit(sent)), 200, approved);
  assert.deepEqual([body.customer?.phone, body.billing?.state, body.airline], ['(?!?)555-5555', 'Île-de-France', undefined]);
});

test('ways to pay that this gateway does not have are named as that', async () => {
  const noCard = Object.fromEntries(
    Object.keys(debit())
      .filter((name) => name.startsWith('card.'))
      .map((name) => [name, undefined]),
  );
  const cases: readonly Parameters[] = [
    { paymentBrand: 'DIRECTDEBIT_SEPA', 'bankAccount.iban': 'DE23100000001234567890', 'bankAccount.holder': 'Ada' },
    { paymentBrand: 'GIROPAY', 'bankAccount.country': 'NL', 'bankAccount.bankName': 'TESTBANK' },
    { paymentBrand: 'PAYPAL', 'virtualAccount.accountId': 'ada@example.com' },
    { paymentBrand: undefined, 'bankAccount.iban': 'DE23100000001234567890' },
    { paymentBrand: undefined, 'tokenAccount.type': 'NETWORK', 'tokenAccount.number': '4111111111111111' },
    { paymentBrand: 'APPLEPAY', 'applePay.paymentToken': '{"version":"EC_v1"}' },
    { paymentBrand: undefined, 'googlePay.paymentToken': '{}' },
  ];
  for (const more of cases) expectReply(await stack.post('/v1/payments', debit({ ...noCard, ...more })), 400, '600.200.201');
  expectReply(await stack.post('/v1/payments', debit({ ...noCard, paymentBrand: undefined })), 400, '100.100.100');
});

test('results of the merchant’s own 3-D Secure server are taken and shown, without the value that proves them', async () => {
  const verificationId = `${'A'.repeat(27)}=`;
  const sent = {
    'threeDSecure.eci': '05',
    'threeDSecure.verificationId': verificationId,
    'threeDSecure.version': '2.2.0',
    'threeDSecure.dsTransactionId': 'c75f23af-9454-43f6-ba17-130ed529507e',
    'threeDSecure.acsTransactionId': '2c42c553-176f-4f08-af6c-f9364ecbd0e8',
    'threeDSecure.flow': 'challenge',
    'threeDSecure.authenticationStatus': 'Y',
  };
  const reply = expectReply(await stack.post('/v1/payments', debit(sent)), 200, approved);
  assert.deepEqual(
    [reply.body.threeDSecure?.eci, reply.body.threeDSecure?.version, reply.body.threeDSecure?.flow],
    ['05', '2.2.0', 'challenge'],
  );
  assert.doesNotMatch(reply.text, new RegExp(verificationId));
  const headers = { 'idempotency-key': `mpi ${reply.body.id}` };
  expectReply(await stack.post('/v1/payments', debit(sent), { headers }), 200, approved);
  expectReply(await stack.post('/v1/payments', debit(sent), { headers }), 200, approved);
  const changed = debit({ ...sent, 'threeDSecure.verificationId': `${'B'.repeat(27)}=` });
  expectReply(await stack.post('/v1/payments', changed, { headers }), 400, '200.200.106');
});

test('a channel may require code, holder and brand; what the merchant initiates needs no code', async () => {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  await client.query('update polygate.channel set policies = $1 where wire_id = $2', [
    { requireCvv: true, requireHolder: true, requireBrand: true, unknownPolicy: 'x' },
    other.entityId,
  ]);
  await client.end();
  const pay = (more: Parameters) => stack.post('/v1/payments', debit(more), { as: other });
  expectReply(await pay({}), 200, approved);
  const refused = expectReply(await pay({ 'card.cvv': undefined }), 400, '100.100.600');
  assert.match(refused.body.id ?? '', /^[a-f0-9]{32}$/);
  expectReply(await pay({ 'card.cvv': undefined, recurringType: 'REPEATED' }), 200, approved);
  expectReply(await pay({ 'card.cvv': undefined, 'card.number': '6759649826438453', paymentBrand: 'MAESTRO' }), 200, approved);
  expectReply(await pay({ 'card.holder': undefined }), 400, '100.100.400');
  expectReply(await pay({ paymentBrand: undefined }), 400, '100.100.500');
  expectReply(await stack.post('/v1/payments', debit({ 'card.cvv': undefined, 'card.holder': undefined }), { as: plain }), 200, approved);
});

test('answers show the descriptor that was sent, the merchant’s name, a wrong code, and amounts of every currency in two decimals', async () => {
  const descriptorOf = async (more: Parameters) => (await stack.post('/v1/payments', debit(more))).body.descriptor;
  assert.match((await descriptorOf({})) ?? '', /^\d{4}\.\d{4}\.\d{4} Polygate Demo$/);
  assert.match((await descriptorOf({ 'merchant.name': 'Tea House' })) ?? '', /^\d{4}\.\d{4}\.\d{4} Tea House$/);
  assert.match((await descriptorOf({ 'merchant.name': 'Tea House', descriptor: 'Tea' })) ?? '', /^\d{4}\.\d{4}\.\d{4} Tea$/);
  const { body } = await stack.post('/v1/payments', debit({ 'merchant.city': 'Oslo' }));
  assert.deepEqual([body.merchant?.city, body.risk?.score], ['Oslo', '0']);
  assert.match(body.shortId ?? '', /^\d{4}\.\d{4}\.\d{4}$/);
  assert.equal(body.descriptor?.slice(0, 14), body.shortId);
  const wrongCode = expectReply(await stack.post('/v1/payments', debit({ 'card.number': '4000000000000127' })), 400, '800.100.153');
  assert.equal(wrongCode.body.result?.cvvResponse, 'N');
  for (const [currency, amount] of [
    ['JPY', '100.00'],
    ['KWD', '1.25'],
  ]) {
    assert.equal((await stack.post('/v1/payments', debit({ currency, amount }))).body.amount, amount);
  }
});

test('an endpoint that is not there says so', async () => {
  const reply = expectReply(await stack.send({ method: 'GET', path: '/v3/nothing' }), 404, '200.300.404');
  assert.match(reply.body.result?.description ?? '', /no such endpoint/);
});
