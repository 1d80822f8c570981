/** Paymentz: purchases and what follows them, in the protocol's statuses and codes; duplicates, inquiries, lists. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshCardNumber } from './harness/card-numbers.ts';
import { freshName, type Parameters, type Reply } from './harness/opp.ts';
import { demoMember, expectResult, key, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';

const stack = usePaymentzStack();

const pay = (more: Parameters = {}) => stack.demo.pay(purchase(more));
const idOf = (reply: Reply): string => reply.body.paymentId ?? '';
const held = async (more: Parameters = {}) => idOf(expectResult(await pay({ paymentType: 'PA', ...more }), '00001', 'authsuccessful', 'Y'));

test('a debit is answered whole', async () => {
  const sent = purchase({ tmpl_amount: '10.00', tmpl_currency: 'USD', orderDescriptor: 'Two books' });
  const { body, status } = expectResult(await stack.demo.pay(sent), '00001', 'capturesuccess', 'Y');
  assert.equal(status, 200);
  assert.match(idOf({ body } as Reply), /^[0-9]{10}$/);
  const { paymentId, bankReferenceId, timestamp, ...rest } = body;
  assert.match(String(bankReferenceId), /^[0-9A-Z]{12}$/);
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.deepEqual(rest, {
    ...{ status: 'capturesuccess', transactionStatus: 'Y', paymentBrand: 'VISA', paymentMode: 'CC', paymentType: 'DB' },
    ...{ amount: '12.50', currency: 'EUR', merchantTransactionId: sent.merchantTransactionId, descriptor: 'Polygate Demo' },
    ...{ orderDescriptor: 'Two books', remark: 'Approved' },
    result: { code: '00001', description: 'Transaction succeeded', bankCode: '00', bankDescription: 'approved' },
    card: { bin: '411111', last4Digits: '1111', holder: 'Ada Example', expiryMonth: '12', expiryYear: '2034' },
    customer: { email: 'ada@shop.example' },
    ...{ tmpl_amount: '10.00', tmpl_currency: 'USD', terminalId: '1001' },
  });
});

test('a hold is captured once, and refunded once', async () => {
  const id = await held({ amount: '50.00' });
  const captured = expectResult(await stack.demo.act(id, 'CP', { amount: '30.00' }), '00004', 'capturesuccess', 'Y');
  assert.deepEqual([idOf(captured), captured.body.amount], [id, '30.00']);
  expectResult(await stack.demo.act(id, 'CP', { amount: '20.00' }), '20010');
  expectResult(await stack.demo.act(id, 'RF', { amount: '30.01' }), '20012');
  const refunded = expectResult(await stack.demo.act(id, 'RF', { amount: '10.00' }), '00005', 'reversed', 'Y');
  assert.equal(idOf(refunded), id);
  // A part closes it: the seed says "not more than once".
  expectResult(await stack.demo.act(id, 'RF', { amount: '5.00' }), '20011');
  expectResult(await stack.demo.act(id, 'IN'), '00026', 'reversed', 'Y');
});

test('the refund has a path of its own as well', async () => {
  const id = idOf(await pay());
  const sum = [who, key, id, '12.50'];
  expectResult(await stack.demo.post(`${rest}/refund/${id}`, sum, { amount: '12.50' }), '00005', 'reversed', 'Y');
  expectResult(await stack.demo.post(`${rest}/refund/${id}`, sum, { amount: '12.50', paymentType: 'CP' }), '20002');
});

test('a hold is cancelled, whole or in part; what was taken is refunded instead', async () => {
  const id = await held({ amount: '50.00' });
  expectResult(await stack.demo.act(id, 'RV', { amount: '20.00' }), '00006', 'authsuccessful', 'Y');
  expectResult(await stack.demo.act(id, 'IN'), '00026', 'authsuccessful', 'Y');
  expectResult(await stack.demo.act(id, 'RV'), '00006', 'authcancelled', 'Y');
  expectResult(await stack.demo.act(id, 'IN'), '00026', 'authcancelled', 'C');
  expectResult(await stack.demo.act(idOf(await pay()), 'RV'), '20010');
});

test('a reference is used once: a repeat names the first, whatever it asks for', async () => {
  const sent = purchase({ 'card.number': freshCardNumber() });
  const id = idOf(expectResult(await stack.demo.pay(sent), '00001'));
  for (const again of [sent, { ...sent, amount: '99.00' }, { ...sent, paymentType: 'PA' }]) {
    const { body, status } = expectResult(await stack.demo.pay(again), '20015', 'failed', 'N');
    assert.deepEqual([status, body.paymentId], [200, id]);
  }
  // The reference of a payment that is acted upon is no new one.
  const { merchantTransactionId } = sent;
  expectResult(await stack.demo.act(id, 'RF', { amount: '12.50', merchantTransactionId }), '00005');
  // One of its own makes an act safe to send again.
  const hold = await held();
  const own = { amount: '1.00', merchantTransactionId: freshName('act') };
  expectResult(await stack.demo.act(hold, 'RV', own), '00006');
  assert.equal(expectResult(await stack.demo.act(hold, 'RV', own), '20015').body.paymentId, hold);
});

test('a payment is found by either reference, by POST and by GET', async () => {
  const sent = purchase();
  const { merchantTransactionId = '' } = sent;
  const id = idOf(await stack.demo.pay(sent));
  const inquiry = `${rest}/inquiry`;
  const replies = [
    await stack.demo.act(id, 'IN'),
    await stack.demo.post(inquiry, [who, key, id], { paymentId: id }),
    await stack.demo.post(inquiry, [who, key, merchantTransactionId], { idType: 'MID', merchantTransactionId }),
    await stack.demo.post(`${rest}/payments/-`, [who, key, merchantTransactionId], {
      paymentType: 'IN',
      idType: 'MID',
      merchantTransactionId,
    }),
    await stack.demo.get(`${rest}/payments/${id}`),
    await stack.demo.get(`/api/REST/v1/payments/${id}`),
  ];
  for (const reply of replies) {
    expectResult(reply, '00026', 'capturesuccess', 'Y');
    assert.deepEqual([idOf(reply), reply.body.resultCode, reply.body.firstName], [id, '00001', 'Ada']);
  }
  const unknown = expectResult(await stack.demo.act('9999999999', 'IN'), '10026');
  assert.deepEqual([unknown.status, unknown.body.paymentId], [200, undefined]);
  expectResult(await stack.demo.get(`${rest}/payments/x`), '10026');
  expectResult(await stack.other.post(inquiry, [who, key, merchantTransactionId], { idType: 'MID', merchantTransactionId }), '10026');
  expectResult(await stack.demo.post(inquiry, [who, key, id], { paymentId: id, paymentType: 'CP' }), '20002');
  expectResult(await stack.demo.post(`${rest}/payments/${id}`, [who, key, id], { paymentType: 'IN', paymentId: '5' }), '20002');
});

const brands = [
  ['VISA', '4111111111111111', '123'],
  ['MC', '5200000000000007', '123'],
  ['MASTERCARD', '5105105105105100', '123'],
  ['AMEX', '378282246310005', '1234'],
  ['DISC', '6011111111111117', '123'],
  ['JCB', '3530111333300000', '123'],
  ['CUP', '6200000000000005', '123'],
  ['MAESTRO', '6759649826438453', '123'],
] as const;

for (const [paymentBrand, number, cvv] of brands) {
  test(`${paymentBrand} is taken`, async () => {
    const reply = await pay({ paymentBrand, paymentMode: 'DC', 'card.number': number, 'card.cvv': cvv });
    expectResult(reply, '00001', 'capturesuccess', 'Y');
    assert.equal(reply.body.paymentBrand, paymentBrand);
  });
}

/** The platform's own test cards; a code has three or four digits, whatever the brand. */
const published = [
  ['VISA', '4111111111111111', '123'],
  ['VISA', '4176661000001056', '001'],
  ['MC', '5549110920049586', '608'],
  ['MC', '5423110020223322', '001'],
  ['AMEX', '370000000000002', '000'],
  ['AMEX', '376000000000006', '608'],
] as const;

test("the platform's test cards are approved with the codes that it prints", async () => {
  for (const [paymentBrand, number, cvv] of published) {
    expectResult(await pay({ paymentBrand, 'card.number': number, 'card.cvv': cvv }), '00001', 'capturesuccess', 'Y');
  }
});

test('what is not taken says so', async () => {
  expectResult(await pay({ paymentBrand: 'MC' }), '10002', 'failed', 'N');
  expectResult(await pay({ paymentBrand: 'SKRILL' }), '20005');
  expectResult(await pay({ paymentMode: 'EW', paymentBrand: 'SKRILL' }), '20005');
  expectResult(await pay({ 'authentication.terminalId': '1002' }), '20005');
  expectResult(await pay({ 'card.expiryYear': '2020' }), '11054', 'failed', 'N');
  expectResult(await pay({ 'card.cvv': undefined }), '20001');
  expectResult(await pay({ paymentType: 'CP' }), '20002');
  expectResult(await pay({ currency: 'JPY', amount: '100.50' }), '20002');
  expectResult(await pay({ currency: 'JPY', amount: '100.00' }), '00001');
  expectResult(await stack.demo.act(await held(), 'RF', { amount: '1.00' }), '20010');
});

test("on its own terminal a platform's amounts decline", async () => {
  for (const [amount, code] of [
    ['10.05', '11005'],
    ['10.51', '11051'],
    ['10.33', '11033'],
  ] as const) {
    const reply = expectResult(await pay({ amount }), code, 'authfailed', 'N');
    assert.equal(reply.body.result?.bankCode, code.slice(-2));
    expectResult(await stack.other.pay(purchase({ amount })), '00001');
  }
});

test('the list has what has moved, in pages, and by status', async () => {
  const { memberId } = demoMember;
  const id = await held({ amount: '70.00' });
  await stack.demo.act(id, 'CP', { amount: '60.00' });
  await stack.demo.act(id, 'RF', { amount: '25.00' });
  const list = (more: Parameters = {}) => stack.demo.post(`${rest}/getTransactionList`, [memberId, key], more);
  const transactionsOf = (reply: Reply) => expectResult(reply, '00026').body.transaction as unknown as readonly Record<string, string>[];
  const mine = transactionsOf(await list()).find(({ systemPaymentId }) => systemPaymentId === id);
  assert.deepEqual(
    [mine?.amount, mine?.captureamount, mine?.refundamount, mine?.transactionStatus, mine?.terminalid],
    ['70.00', '60.00', '25.00', 'reversed', '1001'],
  );
  const reversed = transactionsOf(await list({ status: 'reversed' }));
  assert.ok(reversed.some(({ systemPaymentId }) => systemPaymentId === id));
  assert.ok(reversed.every(({ transactionStatus }) => transactionStatus === 'reversed'));
  const pages = [1, 2].map((page) => list({ 'pagination.pageno': String(page), 'pagination.records': '2' }));
  const [first = [], second = []] = (await Promise.all(pages)).map(transactionsOf);
  assert.deepEqual([first.length, second.length], [2, 2]);
  assert.equal(new Set([...first, ...second].map(({ systemPaymentId }) => systemPaymentId)).size, 4);
  expectResult(await list({ 'pagination.fromdate': '01/01/2001', 'pagination.todate': '31/12/2001' }), '10026');
  expectResult(await list({ 'pagination.fromdate': '31/02/2030' }), '20002');
  expectResult(await list({ status: 'paid' }), '20002');
  const theirs = await stack.other.post(`${rest}/getTransactionList`, [who, key], {});
  assert.ok(!theirs.text.includes(`"terminalid":"1001"`));
});
