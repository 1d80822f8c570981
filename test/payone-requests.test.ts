/** PAYONE: requests that are not what they should be: each is told clearly what is wrong, none is a 5xx, and nothing of a card comes back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { freshCardNumber } from './harness/card-numbers.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';

const stack = usePayoneStack();

const money = { amount: 1250, currencyCode: 'EUR' };

test('bodies that are no JSON object in UTF-8', async () => {
  const bodies: readonly (string | Buffer)[] = [
    '{',
    '[]',
    '"text"',
    '7',
    'null',
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    '{"order": {"references": {"merchantReference": "\\u0000"}}}',
    '{"order": {"references": {"merchantReference": "\\ud800"}}}',
    `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
  ];
  for (const body of bodies) {
    const { status, body: answer } = await stack.send({ method: 'POST', path: '/payments', body });
    assert.deepEqual([status, answer.errors?.[0]?.id], [400, 'SCHEMA_VALIDATION_FAILED'], String(body));
  }
  assert.equal((await stack.send({ method: 'POST', path: '/payments', body: `{"a":"${'x'.repeat(2_000_000)}"}` })).status, 413);
  const form = await stack.send({ method: 'POST', path: '/payments', body: 'a=b', headers: { 'content-type': 'text/plain' } });
  assert.equal(form.status, 415);
});

test('whatever JSON comes, it is no error of the gateway', async () => {
  const paths = [
    '/payments',
    '/tokens',
    '/payouts',
    '/sessions',
    '/services/dccrate',
    '/payments/1_0/capture',
    '/payments/1_0/refund',
    '/webhooks/sendtest',
  ];
  const anything = fc.dictionary(
    fc.constantFrom(
      'order',
      'amountOfMoney',
      'amount',
      'card',
      'cardPaymentMethodSpecificInput',
      'tokens',
      'feedbacks',
      '__proto__',
      'url',
      'transaction',
    ),
    fc.jsonValue({ maxDepth: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), anything, async (path, body) => {
      const { status } = await stack.post(path, body);
      assert.ok(status < 500, `${status} of ${path} for ${JSON.stringify(body)}`);
    }),
    { numRuns: 60 },
  );
});

test('one member at fault is named, and its value is not repeated', async () => {
  const number = freshCardNumber();
  const card = { cardNumber: number, expiryDate: '1234', cvv: '123' };
  const input = 'cardPaymentMethodSpecificInput';
  const rows: readonly (readonly [object, string])[] = [
    [{ [input]: { card } }, 'order'],
    [{ order: {}, [input]: { card } }, 'order.amountOfMoney'],
    [{ order: { amountOfMoney: { ...money, amount: 12.5 } }, [input]: { card } }, 'order.amountOfMoney.amount'],
    [{ order: { amountOfMoney: { ...money, amount: 1e15 } }, [input]: { card } }, 'order.amountOfMoney.amount'],
    [{ order: { amountOfMoney: { ...money, currencyCode: 'INVALID' } }, [input]: { card } }, 'order.amountOfMoney.currencyCode'],
    [
      { order: { amountOfMoney: money, references: { merchantReference: 'x'.repeat(41) } }, [input]: { card } },
      'order.references.merchantReference',
    ],
    [{ order: { amountOfMoney: money }, [input]: { card: { ...card, cvv: `${number}x` } } }, `${input}.card.cvv`],
    [{ order: { amountOfMoney: money }, [input]: { card: { ...card, cardNumber: `${number} ` } } }, `${input}.card.cardNumber`],
    [{ order: { amountOfMoney: money }, [input]: { card, authorizationMode: 'LATER' } }, `${input}.authorizationMode`],
    [{ order: { amountOfMoney: money }, [input]: { card, paymentProductId: 3 } }, `${input}.paymentProductId`],
    [{ order: { amountOfMoney: money }, [input]: { card, paymentProductId: 809 } }, `${input}.paymentProductId`],
    [
      { order: { amountOfMoney: money }, [input]: { card, isRecurring: true, unscheduledCardOnFileRequestor: 'merchantInitiated' } },
      `${input}.isRecurring`,
    ],
    [{ order: { amountOfMoney: money }, [input]: {} }, `${input}.card`],
    [{ order: { amountOfMoney: money }, [input]: { card, token: 'x' } }, input],
    [{ order: { amountOfMoney: money }, [input]: { token: 'no token of ours' } }, `${input}.token`],
    [{ order: { amountOfMoney: money }, mobilePaymentMethodSpecificInput: { paymentProductId: 320 } }, 'mobilePaymentMethodSpecificInput'],
    [
      { order: { amountOfMoney: money }, [input]: { card: { ...card, [number]: 'x' } } },
      `${input}.card.${number.slice(0, 6)}******${number.slice(-4)}`,
    ],
  ];
  for (const [body, propertyName] of rows) {
    const { status, body: answer, text } = await stack.post('/payments', body);
    assert.deepEqual([status, answer.errors?.length, answer.errors?.[0]?.propertyName], [400, 1, propertyName], text);
    assert.ok(!text.includes(number), text);
  }
});

test('empty members and nulls count as absent', async () => {
  const { status, body } = await stack.pay(
    { token: '', paymentProductId: null, card: { ...stack.card(), cvv: '' } },
    { fraudFields: null },
  );
  assert.deepEqual([status, codeIn(body)], [201, 5]);
});

test('what only describes the order may hold anything', async () => {
  const order = {
    amountOfMoney: money,
    shoppingCart: { items: [{ anything: [1, { at: 'all' }] }] },
    shipping: { x: 1 },
    additionalInput: { y: [] },
  };
  assert.equal((await stack.pay({}, { order })).status, 201);
});

test('a POST has no parameters in its URL', async () => {
  assert.equal((await stack.post('/payments?amount=1', { order: { amountOfMoney: money } })).status, 400);
});

test('recurring and unscheduled payments: the first by the shopper, later ones by the merchant', async () => {
  const first = await stack.pay({ isRecurring: true, recurring: { recurringPaymentSequenceIndicator: 'first' } });
  const token = first.body.creationOutput?.token ?? '';
  assert.match(token, /^[\da-f-]{36}$/, first.text);
  const later = { card: undefined, token, returnUrl: undefined };
  const second = await stack.pay({ ...later, isRecurring: true, recurring: { recurringPaymentSequenceIndicator: 'recurring' } });
  assert.deepEqual([second.status, codeIn(second.body)], [201, 5], second.text);
  const merchants = { unscheduledCardOnFileRequestor: 'merchantInitiated', unscheduledCardOnFileSequenceIndicator: 'subsequent' };
  assert.equal((await stack.pay({ ...later, ...merchants })).status, 201);
  // A card number is no transaction id of a scheme; it is refused before anything keeps it.
  for (const name of ['schemeReferenceData', 'initialSchemeTransactionId']) {
    const { status, body, text } = await stack.pay({ ...later, ...merchants, [name]: '4111111111111111' });
    assert.deepEqual([status, body.errors?.[0]?.propertyName], [400, `cardPaymentMethodSpecificInput.${name}`], text);
    assert.ok(!text.includes('4111111111111111'));
  }
  const impossible = { unscheduledCardOnFileRequestor: 'merchantInitiated', unscheduledCardOnFileSequenceIndicator: 'first' };
  assert.equal((await stack.pay({ ...later, ...impossible })).status, 400);
});

test('what is to be captured later is captured when its time comes', async () => {
  const { body } = await stack.pay({ authorizationMode: 'PRE_AUTHORIZATION', autoCapture: { delayInMinutes: 0 } });
  await stack.becomes(body.payment?.id ?? '', 9);
});

test('a payment that was charged back says so, also when a part of it was refunded, until the bank gives up', async () => {
  const cardNumber = freshCardNumber();
  const card = { cardNumber, expiryDate: '1234', cvv: '123', cardholderName: 'Jane Jones' };
  const id = (await stack.pay({ authorizationMode: 'SALE', card })).body.payment?.id ?? '';
  const refund = await stack.post(`/payments/${id}/refund`, { amountOfMoney: { amount: 250, currencyCode: 'EUR' } });
  assert.equal(refund.status, 201, refund.text);
  const dispute = await stack.parts.host.dispute({ pan: cardNumber, amount: 1250, reason: '10.4' });
  const now = await stack.becomes(id, 7);
  assert.deepEqual([now.status, now.statusOutput?.isRefundable], ['REVERSED', false]);
  await stack.parts.host.reverseDispute(dispute.id);
  assert.equal((await stack.becomes(id, 9)).status, 'CAPTURED');
});

test('an idempotence key belongs to its path; a repeat tells when the first one came, and today’s truth', async () => {
  const key = `key ${Date.now()}`;
  const hold = async () =>
    stack.post(
      '/payments',
      { order: { amountOfMoney: money }, cardPaymentMethodSpecificInput: { card: stack.card(), authorizationMode: 'PRE_AUTHORIZATION' } },
      key,
    );
  const first = await hold();
  const id = first.body.payment?.id ?? '';
  assert.equal(first.headers['x-gcs-idempotence-request-timestamp'], undefined);
  const captured = await stack.post(`/payments/${id}/capture`, {}, key);
  assert.deepEqual([captured.status, captured.headers['x-gcs-idempotence-request-timestamp']], [201, undefined]);
  const again = await hold();
  assert.deepEqual([again.status, again.body.payment?.id, codeIn(again.body)], [201, id, 9]);
  assert.match(String(again.headers['x-gcs-idempotence-request-timestamp']), /^\d{13}$/);
  assert.equal((await stack.post(`/payments/${id}/capture`, { amount: 1 }, key)).body.id, captured.body.id);
  assert.equal((await stack.post('/payments', {}, 'k'.repeat(41))).status, 400);
  const read = await stack.send({ method: 'GET', path: `/payments/${id}`, key });
  assert.deepEqual([read.status, read.headers['x-gcs-idempotence-request-timestamp']], [200, undefined]);
});
