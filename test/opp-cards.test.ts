/** OPP: the sandbox's cards and what the platform makes of each: declines, rejections, brands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, expectReply, freshName, plain, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

const declines: readonly (readonly [number: string, code: string, more?: Record<string, string>])[] = [
  ['4000000000000002', '800.100.152'],
  ['4000000000009995', '800.100.155'],
  ['4000000000000069', '800.100.157'],
  ['4000000000000127', '800.100.153'],
  ['4000000000000119', '900.100.201'],
  ['4000000000000101', '300.100.100'],
  ['4444333322221111', '800.100.153', { 'card.cvv': '124' }],
  ['5555555555554444', '800.100.153', { 'card.cvv': '124', paymentBrand: 'MASTER' }],
  ['4111111111111111', '800.100.162', { amount: '1000000.01' }],
];

for (const [number, code, more] of declines) {
  test(`${number} is declined with ${code}: an id and the card, no amount`, async () => {
    for (const paymentType of ['DB', 'PA']) {
      const { body, text } = expectReply(
        await stack.post('/v1/payments', debit({ 'card.number': number, paymentType, ...more })),
        400,
        code,
      );
      assert.match(body.id ?? '', /^[a-f0-9]{32}$/);
      assert.deepEqual([body.paymentType, body.amount, body.currency, body.descriptor], [paymentType, undefined, undefined, undefined]);
      assert.deepEqual([body.card?.bin, body.card?.last4Digits], [number.slice(0, 6), number.slice(-4)]);
      assert.ok(body.resultDetails?.AcquirerResponse !== undefined && body.resultDetails.ExtendedDescription !== undefined);
      assert.doesNotMatch(text, new RegExp(number));
      expectReply(await stack.get(`/v1/payments/${body.id}`), 400, code);
      expectReply(await stack.get(`/v1/query/${body.id}`), 400, code);
    }
  });
}

const approvals: readonly (readonly [number: string, brand: string, cvv?: string])[] = [
  ['4242424242424242', 'VISA'],
  ['4200000000000000', 'VISA'],
  ['4111111111111111', 'VISADEBIT'],
  ['4444333322221111', 'VISA'],
  ['5555555555554444', 'MASTER'],
  ['5454545454545454', 'MASTERDEBIT'],
  ['378282246310005', 'AMEX', '1234'],
  ['377777777777770', 'AMEX', '1234'],
  ['6011111111111117', 'DISCOVER'],
  ['3530111333300000', 'JCB'],
  ['6200000000000005', 'UNIONPAY'],
  ['6759649826438453', 'MAESTRO'],
];

for (const [number, paymentBrand, cvv = '123'] of approvals) {
  test(`${number} is approved as ${paymentBrand}, and found without being told the brand`, async () => {
    const named = await stack.post('/v1/payments', debit({ 'card.number': number, paymentBrand, 'card.cvv': cvv }));
    assert.equal(expectReply(named, 200, approved).body.paymentBrand, paymentBrand);
    const found = await stack.post('/v1/payments', debit({ 'card.number': number, paymentBrand: undefined, 'card.cvv': undefined }));
    assert.equal(expectReply(found, 200, approved).body.paymentBrand, paymentBrand.replace('DEBIT', ''));
    assert.doesNotMatch(named.text + found.text, new RegExp(number));
  });
}

test('the holder’s name chooses the result on the demo terminal, and on no other', async () => {
  const forced: readonly (readonly [code: string, status: number])[] = [
    ['800.100.152', 400],
    ['800.100.159', 400],
    ['100.396.101', 400],
    ['800.400.500', 200],
    ['999.999.999', 500],
  ];
  for (const [code, status] of forced) {
    const reply = expectReply(await stack.post('/v1/payments', debit({ 'card.holder': code })), status, code);
    assert.match(reply.body.id ?? '', /^[a-f0-9]{32}$/);
    assert.equal(reply.body.amount, undefined);
  }
  expectReply(await stack.post('/v1/payments', debit({ 'card.holder': '000.400.000' })), 200, approved);
  expectReply(await stack.post('/v1/payments', debit({ 'card.holder': '800.100.152' }), { as: plain }), 200, approved);
});

const rejections: readonly (readonly [what: string, more: Record<string, string>, code: string])[] = [
  ['a wrong check digit', { 'card.number': '4444444444444444' }, '100.100.101'],
  ['too few digits', { 'card.number': '42424242' }, '100.100.101'],
  ['too many digits', { 'card.number': '4'.repeat(30) }, '100.100.101'],
  ['an expiry in the past', { 'card.expiryMonth': '01', 'card.expiryYear': '2020' }, '100.100.303'],
  ['a number of another brand', { paymentBrand: 'MASTER' }, '100.100.700'],
  ['a code too long for its brand', { 'card.cvv': '1234' }, '100.100.601'],
  ['a code too short for its brand', { 'card.number': '378282246310005', paymentBrand: 'AMEX' }, '100.100.601'],
];

for (const [what, more, code] of rejections) {
  test(`${what} is recorded with an id, and never sent`, async () => {
    const reference = freshName('rejected');
    const reply = expectReply(await stack.post('/v1/payments', debit({ ...more, merchantTransactionId: reference })), 400, code);
    const { body, text } = reply;
    assert.match(body.id ?? '', /^[a-f0-9]{32}$/);
    assert.deepEqual([body.amount, body.resultDetails, body.merchantTransactionId], [undefined, undefined, reference]);
    assert.equal(body.card?.last4Digits, (more['card.number'] ?? '4111111111111111').slice(-4));
    assert.doesNotMatch(text, new RegExp(more['card.number'] ?? '4111111111111111'));
    expectReply(await stack.get(`/v1/payments/${body.id}`), 400, code);
    assert.match((await stack.get('/v1/query', { merchantTransactionId: reference })).text, new RegExp(`"id":"${body.id}"`));
    expectReply(await stack.post(`/v1/payments/${body.id}`, { paymentType: 'RV' }), 400, '700.300.200');
  });
}

test('a card is good until its month is over', async () => {
  const now = new Date();
  const expiry = { 'card.expiryMonth': String(now.getUTCMonth() + 1).padStart(2, '0'), 'card.expiryYear': String(now.getUTCFullYear()) };
  expectReply(await stack.post('/v1/payments', debit(expiry)), 200, approved);
});
