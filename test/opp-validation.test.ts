/** OPP: what is refused without a trace: each parameter with each fault, and bodies that are none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { approved, debit, demo, encode, expectReply, type Parameters, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

interface ParameterError {
  readonly name: string;
  readonly value: string | null;
  readonly message: string;
}

function errorsOf(reply: Reply): readonly ParameterError[] {
  return (JSON.parse(reply.text) as { result: { parameterErrors?: ParameterError[] } }).result.parameterErrors ?? [];
}

/** Asserts the validation envelope with exactly these parameters at fault, and no id. */
function expectErrors(reply: Reply, names: readonly string[]): readonly ParameterError[] {
  expectReply(reply, 400, '200.300.404');
  assert.equal(reply.body.id, undefined);
  const errors = errorsOf(reply);
  assert.deepEqual(errors.map(({ name }) => name).sort(), [...names].sort(), reply.text);
  return errors;
}

const long = (length: number) => 'x'.repeat(length);

/** Values that the documented format of each parameter forbids. */
const wrong: readonly (readonly [name: string, ...values: string[]])[] = [
  ['paymentType', 'db', 'XX', 'DB '],
  ['amount', '-20.20', '10.5', '10,50', '1e3', '.50', '10.', '10.500', '1234567890123', '+10', ' 10', '0x10', '١٠'],
  ['currency', 'eur', 'EURO', 'E1R'],
  ['paymentBrand', 'VI SA', long(33), 'VISA!'],
  ['descriptor', long(128)],
  ['merchantTransactionId', long(256)],
  ['merchantInvoiceId', long(256)],
  ['merchantMemo', long(256)],
  ['taxAmount', '1.1'],
  ['transactionCategory', long(33)],
  ['numberOfCaptures', '99', '-1', '1.5'],
  ['notificationUrl', long(2049)],
  ['createRegistration', 'yes', 'TRUE'],
  ['recurringType', 'FIRST'],
  ['card.number', '4111 1111 1111 1111', '4111-1111-1111-1111', '1234567', '4'.repeat(33), '４１１１１１１１１１１１１１１１'],
  ['card.cvv', '12', '12345', 'abc'],
  ['standingInstruction.mode', 'ONCE'],
  ['standingInstruction.type', 'DAILY'],
  ['standingInstruction.source', 'MOTO'],
  ['standingInstruction.expiry', '2034/01/01'],
  ['customer.sex', 'X'],
  ['customer.browserFingerprint.value', long(4001)],
  ['customParameters[order]', long(2049)],
  ['shipping.cost', '1.2'],
  ['cart.items[0].quantity', 'one'],
  ['cart.items[0].price', '1.234'],
  ['threeDSecure.xid', 'short'],
  ['threeDSecure.version', 'two'],
  ['threeDSecure.flow', 'quick'],
  ['threeDSecure.authenticationStatus', 'X'],
  ['threeDSecure.dsTransactionId', 'not-a-uuid'],
  ['threeDSecure.challengeIndicator', '00', '10'],
  ['bankAccount.bic', 'short'],
  ['tokenAccount.type', 'DEVICE'],
];

for (const [name, ...values] of wrong) {
  test(`${name} of a wrong form is named`, async () => {
    for (const value of values) {
      const [error] = expectErrors(await stack.post('/v1/payments', debit({ [name]: value })), [name]);
      assert.match(error?.message ?? '', /^must match \^/);
      // Of a card nothing is repeated; of the rest what was sent, cut.
      if (name.startsWith('card.')) assert.match(error?.value ?? '', /^\*+$/);
      else assert.equal(error?.value, value.length > 256 ? `${value.slice(0, 256)}…` : value);
    }
  });
}

test('the message about the amount is the one that clients know', async () => {
  const [error] = expectErrors(await stack.post('/v1/payments', debit({ amount: '-20.20' })), ['amount']);
  assert.deepEqual(error, { name: 'amount', value: '-20.20', message: 'must match ^[0-9]{1,12}(\\.[0-9]{2})?$' });
});

const missing: readonly (readonly [name: string, code: string])[] = [
  ['amount', '100.550.300'],
  ['currency', '100.550.400'],
  ['card.number', '100.100.100'],
  ['card.expiryMonth', '100.100.200'],
  ['card.expiryYear', '100.100.300'],
];

for (const [name, code] of missing) {
  test(`${name} missing or empty has a code of its own`, async () => {
    expectReply(await stack.post('/v1/payments', debit({ [name]: undefined })), 400, code);
    const empty = expectReply(await stack.post('/v1/payments', debit({ [name]: '' })), 400, code);
    assert.equal(empty.body.id, undefined);
  });
}

test('a payment type that is missing is named, with and without an operation to act upon', async () => {
  for (const path of ['/v1/payments', '/v1/payments/00000000000000000000000000000000']) {
    const [error] = expectErrors(await stack.post(path, debit({ paymentType: undefined, ...(path.length > 12 ? noCard : {}) })), [
      'paymentType',
    ]);
    assert.deepEqual(error, { name: 'paymentType', value: null, message: 'may not be empty' });
  }
});

const noCard: Parameters = Object.fromEntries(
  Object.keys(debit())
    .filter((name) => name.startsWith('card.'))
    .map((name) => [name, undefined]),
);

test('what may be left out may be empty as well, as clients that send every field do', async () => {
  const empties = [
    'descriptor',
    'merchantInvoiceId',
    'customer.email',
    'billing.country',
    'customParameters[order]',
    'testMode',
    'taxAmount',
  ];
  const reply = await stack.post(
    '/v1/payments',
    debit({ 'card.holder': '', 'card.cvv': '', ...Object.fromEntries(empties.map((name) => [name, ''])) }),
  );
  expectReply(reply, 200, approved);
});

test('unknown names are refused, all of them at once, and the wrong case gets a hint', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`unknown${index}`, 'x']));
  expectErrors(await stack.post('/v1/payments', debit({ ...unknown, amount: 'x' })), [...Object.keys(unknown), 'amount']);
  const [error] = expectErrors(await stack.post('/v1/payments', debit({ MerchantTransactionID: '1' })), ['MerchantTransactionID']);
  assert.equal(error?.message, 'is not an allowed parameter (did you mean merchantTransactionId?)');
  for (const name of [
    'constructor',
    '__proto__',
    'toString',
    'customParameters[]',
    'customParameters[ab]',
    'cart.items[x].name',
    'threeDSecure.paRes',
    'bankAccount.pin',
    'overridePaymentBrand',
  ]) {
    const [found] = expectErrors(await stack.post('/v1/payments', { ...debit(), ...own(name, '1') }), [name]);
    assert.match(found?.message ?? '', /^is not an allowed parameter/);
  }
  const [entity] = expectErrors(await stack.post('/v1/payments', debit({ entityId: undefined, entityID: demo.entityId })), ['entityId']);
  assert.equal(entity?.message, 'invalid or missing parameter (did you mean entityId instead of entityID?)');
});

/** `{ [name]: value }`, also for a name that an object literal takes for its prototype. */
function own(name: string, value: string): Parameters {
  return Object.fromEntries([[name, value]]);
}

test('no card number and no code is repeated, under whatever name it comes', async () => {
  const pan = '4111111111111111';
  const secrets = /4111111111111111|4111 1111 1111 1111|\b987\b/;
  const attempts: readonly Parameters[] = [
    { 'card.Number': pan },
    { cardnumber: pan },
    { 'Card.cvv': '987' },
    { CVV: '987' },
    { cvc2: '987' },
    { amount: pan },
    { currency: '4111 1111 1111 1111' },
    { paymentBrand: pan.repeat(3) },
    { [pan]: '1' },
    { descriptor: `${pan} ${long(128)}` },
    { 'card.holder': `${pan} ${long(128)}` },
    { 'card.cvv': '98765' },
    { entityId: pan },
  ];
  for (const attempt of attempts) {
    const reply = await stack.post('/v1/payments', debit(attempt));
    assert.equal(reply.status, 400);
    assert.doesNotMatch(reply.text, secrets);
  }
  for (const path of [
    `/v1/payments?card.number=${pan}`,
    `/v1/payments?${pan}=1`,
    `/v1/payments/${pan}`,
    `/v1/${pan}`,
    `/v2/${pan}`,
    `/v1/payments/${pan}%zz`,
  ])
    assert.doesNotMatch((await stack.post(path, debit())).text, secrets);
  const duplicate = await stack.send({
    method: 'POST',
    path: '/v1/payments',
    headers: formHeaders,
    body: `card.number=${pan}&card.number=${pan}`,
  });
  assert.doesNotMatch(duplicate.text, secrets);
});

const formHeaders = { authorization: demo.bearer, 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };
const good = () => encode({ entityId: demo.entityId, ...debit() });

function postBody(body: string | Buffer, headers: Record<string, string> = {}): Promise<Reply> {
  return stack.send({ method: 'POST', path: '/v1/payments', headers: { ...formHeaders, ...headers }, body });
}

test('a parameter that is given twice is refused, also with the same value', async () => {
  for (const body of [`${good()}&amount=12.50`, `${good()}&amount=13.00`, `${good()}&amount=`]) {
    const [error] = expectErrors(await postBody(body), ['amount']);
    assert.equal(error?.message, 'was already set and cannot be overwritten');
  }
});

test('parameters belong into the body of a POST; only the entity may stand in the URL', async () => {
  const split = { method: 'POST', path: `/v1/payments?entityId=${demo.entityId}`, headers: formHeaders, body: encode(debit()) };
  expectReply(await stack.send(split), 200, approved);
  const inUrl = await stack.send({ ...split, path: '/v1/payments?amount=1.00&card.number=4111111111111111', body: good() });
  const errors = expectErrors(inUrl, ['amount', 'card.number']);
  for (const { value, message } of errors) {
    assert.equal(value, null);
    assert.equal(message, 'must be in the body of a POST, not in its URL');
  }
  expectErrors(await stack.send({ ...split, path: '/v1/payments?authentication.password=x', body: good() }), ['authentication.password']);
});

test('bodies that are no form are refused as such', async () => {
  const latin1 = Buffer.concat([Buffer.from(`${good()}&customer.surname=M`), Buffer.from([0xfc]), Buffer.from('ller')]);
  const cases: readonly (readonly [what: string, body: string | Buffer, headers?: Record<string, string>])[] = [
    ['not UTF-8', latin1],
    ['not UTF-8, percent-encoded', `${good()}&customer.surname=M%FCller`],
    ['half a surrogate', `${good()}&customer.surname=%ED%A0%80`],
    ['malformed percent-encoding', `${good()}&customer.surname=100%`],
    ['malformed percent-encoding', `${good()}&customer.surname=%zz`],
    ['malformed percent-encoding in a name', `${good()}&customer%2=x`],
    ['JSON', JSON.stringify({ entityId: demo.entityId, ...debit() }), { 'content-type': 'application/json' }],
    ['a form of another kind', 'x', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['no content type that can be read', good(), { 'content-type': 'text' }],
    ['1,001 parameters', `${good()}&${Array.from({ length: 991 }, (_, index) => `customParameters[name${index}]=x`).join('&')}`],
  ];
  for (const [what, body, headers] of cases) {
    const reply = expectReply(await postBody(body, headers), 400, '200.100.103');
    assert.equal(reply.body.id, undefined, what);
    assert.notEqual(reply.body.result?.description, 'invalid Request Message. The request contains structural errors', what);
  }
  expectReply(await postBody(`customer.surname=${long(300_000)}`), 413, '200.100.103');
});

test('1,000 parameters are taken, brackets raw or encoded, plus and %20 for a space', async () => {
  const many = Array.from(
    { length: 988 },
    (_, index) => `customParameters${index % 2 === 0 ? '[' : '%5B'}name${index}${index % 2 === 0 ? ']' : '%5D'}=x`,
  );
  const reply = expectReply(await postBody(`customer.surname=van+der%20Berg&${good()}&${many.join('&')}`), 200, approved);
  assert.equal(reply.body.customer?.surname, 'van der Berg');
  // The echo has an end, so that nobody stores a book with a payment.
  const echoedCount = Object.keys(reply.body.customParameters ?? {}).length;
  assert.ok(echoedCount > 500 && reply.text.length < 40_000);
});

test('a NUL character is refused wherever it stands', async () => {
  expectErrors(await stack.post('/v1/payments', debit({ merchantTransactionId: 'a\0b' })), ['merchantTransactionId']);
  expectErrors(await stack.post('/v1/payments', debit({ 'customParameters[a\0b]': 'x' })), ['customParameters[ab]']);
  expectErrors(await stack.get('/v1/query', { merchantTransactionId: 'a\0b' }), ['merchantTransactionId']);
  expectReply(await stack.post(`/v1/registrations/${'a'.repeat(31)}%00/payments`, debit(noCard)), 400, '100.150.200');
  expectReply(await stack.post('/v1/payments/%00', { paymentType: 'RV' }), 400, '700.400.530');
  expectReply(await stack.get('/v1/payments/%00'), 404, '200.300.404');
});

test('what looks like an object’s own name is a name like any other', async () => {
  for (const paymentBrand of ['constructor', '__proto__', 'toString']) {
    expectReply(await stack.post('/v1/payments', debit({ paymentBrand })), 400, '100.100.501');
    expectReply(await stack.post('/v1/payments', debit({ paymentBrand, 'card.number': '4111111111111112' })), 400, '100.100.501');
  }
  const reply = expectReply(
    await stack.post('/v1/payments', debit({ 'customParameters[__proto__]': 'x', 'customParameters[constructor]': 'y' })),
    200,
    approved,
  );
  assert.match(reply.text, /"customParameters":\{"__proto__":"x","constructor":"y"\}/);
});

test('amounts, currencies and types that make no sense have their codes', async () => {
  const cases: readonly (readonly [more: Parameters, code: string])[] = [
    [{ amount: '0' }, '100.550.300'],
    [{ amount: '0.00' }, '100.550.300'],
    [{ amount: '999999999999' }, '100.550.301'],
    [{ amount: '10000000000.00' }, '100.550.301'],
    [{ currency: 'ABC' }, '100.550.401'],
    [{ currency: 'JPY', amount: '10.50' }, '100.550.303'],
    [{ paymentType: 'RB' }, '600.200.400'],
    [{ paymentType: 'CP' }, '600.200.400'],
    [{ paymentBrand: 'IDEAL' }, '600.200.100'],
    [{ paymentBrand: 'GIROPAY' }, '600.200.201'],
    [{ paymentBrand: 'KAURI' }, '100.100.501'],
  ];
  for (const [more, code] of cases) assert.equal(expectReply(await stack.post('/v1/payments', debit(more)), 400, code).body.id, undefined);
});

test('paths and methods that do not exist are answered in the protocol’s own shape', async () => {
  for (const path of ['/v1/paymentz', '/v1/payments/x/y', '/v1/']) expectReply(await stack.post(path, debit()), 404, '200.300.404');
  for (const method of ['DELETE', 'PUT', 'PATCH']) {
    const reply = expectReply(
      await stack.send({ method, path: '/v1/payments', headers: { authorization: demo.bearer } }),
      400,
      '200.300.403',
    );
    assert.equal(reply.headers.allow, 'POST');
  }
  expectReply(await stack.get('/v1/payments'), 400, '200.300.403');
  expectReply(await stack.post('/v1/query', { merchantTransactionId: 'x' }), 400, '200.300.403');
});

test('a URL that cannot be read is refused without repeating it', async () => {
  for (const path of ['/v1/payments/%zz', '/%zz', `/v1/payments/${'a'.repeat(300)}`]) {
    const reply = await stack.get(path);
    assert.ok(reply.status === 400 || reply.status === 404 || reply.status === 414, reply.text);
    assert.doesNotMatch(reply.text, /%zz|a{20}/);
  }
});

test('nothing of all this was recorded', async () => {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ state: string; count: string }>('select state, count(*) from polygate.operation group by state');
  await client.end();
  assert.deepEqual(rows, [{ state: 'approved', count: '4' }]);
});
