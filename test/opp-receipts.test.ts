/** OPP: the steps of the asynchronous flow with a preauthorization whose money comes later, in receipts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankPayment, goToBank, press, printedReference } from './harness/bank-shopper.ts';
import { approved, expectReply, freshName, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const stack = useOppStack({ env: { STATUS_REQUESTS_PER_MINUTE: '1000' } });

const pending = '000.200.000';
const waiting = '800.400.500';
const money = { amount: '12.50', currency: 'EUR' };

const preauthorize = (brand = 'PREPAYMENT', more: Parameters = {}): Promise<Reply> =>
  stack.post('/v1/payments', bankPayment(brand, { paymentType: 'PA', shopperResultUrl: `${stack.url}/healthz`, ...more }));
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);
const operate = (
  id: string | undefined,
  paymentType: string,
  more: Parameters = {},
  headers: Record<string, string> = {},
): Promise<Reply> => stack.post(`/v1/payments/${id}`, { paymentType, ...more }, { headers });
const told = () => eventually(async () => (await stack.parts.host.bank()).every(({ isTold }) => isTold), 'all receipts to be told');

interface Ordered {
  readonly id: string | undefined;
  readonly reference: string;
}

/** A preauthorization whose shopper will pay later. */
async function order(brand?: string, more?: Parameters): Promise<Ordered> {
  const reply = expectReply(await preauthorize(brand, more), 200, pending);
  const bank = await goToBank(reply);
  await press(bank, 'later');
  return { id: reply.body.id, reference: printedReference(bank) };
}

/** The payment with all its transactions. */
async function treeOf(id: string | undefined): Promise<Reply['body']> {
  return (await stack.get(`/v1/query/${id}`, { includeLinkedTransactions: 'true' })).body;
}

async function receiptsOf(id: string | undefined): Promise<readonly { id: string; amount: string; referencedId: string }[]> {
  const found = await stack.get('/v3/query', { merchantTransactionId: id, paymentTypes: 'RC' });
  return (found.body.records ?? []) as unknown as readonly { id: string; amount: string; referencedId: string }[];
}

for (const brand of ['PREPAYMENT', 'SOFORTUEBERWEISUNG']) {
  test(`${brand}, step 1, pre-authorize payment: it is pending, and says where the shopper goes`, async () => {
    const reply = expectReply(await preauthorize(brand), 200, pending);
    assert.equal(reply.body.paymentType, 'PA');
    assert.equal(reply.body.paymentBrand, brand);
    assert.ok((reply.body.redirect?.url ?? '').startsWith(`${stack.url}/p/`));
    await press(await goToBank(reply), 'refuse');
    expectReply(await read(reply.body.id), 400, '100.396.101');
  });

  test(`${brand}, step 2, redirect shopper: the bank prints the reference, and leads back to the shop`, async () => {
    const reply = await preauthorize(brand);
    const bank = await goToBank(reply);
    assert.match(printedReference(bank), /^NG-[A-Z2-9]{4}-[A-Z2-9]{4}$/);
    const home = new URL((await press(bank, 'later')).url);
    assert.equal(home.searchParams.get('resourcePath'), `/v1/payments/${reply.body.id}`);
  });

  test(`${brand}, step 3, get the payment status: it waits for the money, and then does not`, async () => {
    const { id, reference } = await order(brand);
    const before = expectReply(await stack.get(`/v1/payments/${id}`), 200, waiting);
    assert.equal(before.body.redirect, undefined);
    assert.equal(before.body.resultDetails?.ConnectorTxID2, reference);
    await stack.parts.host.receive(reference);
    await eventually(async () => (await read(id)).code === approved, 'the money to be there');
  });

  test(`${brand}, step 4, handle the receipt: the merchant declares it`, async () => {
    const { id } = await order(brand);
    const receipt = expectReply(await operate(id, 'RC', money), 200, approved);
    assert.equal(receipt.body.paymentType, 'RC');
    assert.equal(receipt.body.referencedId, id);
    assert.equal(receipt.body.paymentBrand, brand);
    assert.equal(receipt.body.amount, '12.50');
    expectReply(await read(id), 200, approved);
    expectReply(await operate(id, 'RC', { ...money, amount: '0.01' }), 400, '700.300.300');
  });

  test(`${brand}, step 4, handle the receipt: the bank tells it by itself`, async () => {
    const name = freshName('order');
    const { id, reference } = await order(brand, { merchantTransactionId: name });
    await stack.parts.host.receive(reference);
    await told();
    const [receipt, ...more] = await receiptsOf(name);
    assert.deepEqual([receipt?.amount, receipt?.referencedId, more.length], ['12.50', id, 0]);
    assert.equal((await treeOf(id)).transactionTree?.captured, '12.50');
  });

  test(`${brand}, step 5, manage the payment: refund, rebill, chargeback and its reversal, over the receipt`, async () => {
    const { id, reference } = await order(brand, { merchantTransactionId: freshName('order') });
    await stack.parts.host.receive(reference);
    await eventually(async () => (await read(id)).code === approved, 'the money to be there');
    const [receipt] = await receiptsOf((await read(id)).body.merchantTransactionId);
    const refund = expectReply(await operate(receipt?.id, 'RF', { ...money, amount: '2.50' }), 200, approved);
    assert.equal(refund.body.referencedId, receipt?.id);
    // Over the id that the merchant has kept.
    expectReply(await operate(id, 'RF', { ...money, amount: '4.00' }), 200, approved);
    expectReply(await operate(receipt?.id, 'RF', { ...money, amount: '6.01' }), 400, '700.400.200');
    const rebill = expectReply(await operate(receipt?.id, 'RB', { ...money, amount: '3.00' }), 200, pending);
    const bank = await goToBank(rebill);
    await press(bank, 'later');
    expectReply(await read(rebill.body.id), 200, waiting);
    await stack.parts.host.receive(printedReference(bank));
    await eventually(async () => (await read(rebill.body.id)).code === approved, 'the money of the rebill');
    const chargeback = expectReply(await operate(receipt?.id, 'CB', { ...money, amount: '6.00' }), 200, approved);
    expectReply(await operate(receipt?.id, 'RF', { ...money, amount: '1.00' }), 400, '700.300.600');
    expectReply(await operate(chargeback.body.id, 'CR', { ...money, amount: '6.00' }), 200, approved);
    expectReply(await operate(receipt?.id, 'RF', { ...money, amount: '6.00' }), 200, approved);
    expectReply(await operate(receipt?.id, 'RV'), 400, '700.300.800');
  });
}

test('the shopper pays at once: the order and its money are told together', async () => {
  const reply = await preauthorize();
  await press(await goToBank(reply), 'pay');
  expectReply(await read(reply.body.id), 200, approved);
  assert.equal((await treeOf(reply.body.id)).transactionTree?.captured, '12.50');
});

test('what was declared and what the bank tells is the same money, in whatever parts', async () => {
  const name = freshName('order');
  const { id, reference } = await order('PREPAYMENT', { merchantTransactionId: name });
  expectReply(await operate(id, 'RC', { ...money, amount: '5.00' }), 200, approved);
  expectReply(await operate(id, 'RC', { ...money, amount: '4.00' }), 200, approved);
  await stack.parts.host.receive(reference, 600);
  await stack.parts.host.receive(reference, 250);
  await told();
  assert.equal((await treeOf(id)).transactionTree?.captured, '9.00');
  await stack.parts.host.receive(reference, 400);
  await told();
  assert.equal((await treeOf(id)).transactionTree?.captured, '12.50');
  assert.deepEqual(
    (await receiptsOf(name)).map(({ amount }) => amount),
    ['3.50'],
  );
  assert.equal((await treeOf(id)).transactionTree?.state, 'captured');
});

test('the bank has told it first: the merchant can declare only what is missing', async () => {
  const { id, reference } = await order();
  await stack.parts.host.receive(reference, 1_000);
  await told();
  expectReply(await operate(id, 'RC', money), 400, '700.300.300');
  expectReply(await operate(id, 'RC', { ...money, amount: '2.50' }), 200, approved);
  assert.equal((await treeOf(id)).transactionTree?.captured, '12.50');
});

test('two declare the last part at the same moment: one has it', async () => {
  const { id } = await order();
  const replies = await Promise.all([1, 2, 3].map(() => operate(id, 'RC', { ...money, amount: '8.00' })));
  assert.deepEqual(replies.map(({ code }) => code).toSorted(), [approved, '700.300.300', '700.300.300'].toSorted());
});

test('more money than was ordered waits for an operator, and is refundable to nobody', async () => {
  const { id, reference } = await order();
  await stack.parts.host.receive(reference, 2_000);
  await told();
  assert.equal((await treeOf(id)).transactionTree?.captured, '12.50');
  expectReply(await operate(id, 'RF', { ...money, amount: '12.51' }), 400, '700.400.200');
  assert.ok(stack.parts.log().some((line) => line.includes('more money has come than was ordered')));
});

test('an order is called off: the bank will not take it any more, and money that comes nevertheless is no receipt', async () => {
  const { id, reference } = await order();
  expectReply(await operate(id, 'RV', { ...money, amount: '1.00' }), 400, '700.300.800');
  expectReply(await operate(id, 'RV'), 200, approved);
  expectReply(await operate(id, 'RC', money), 400, '700.300.300');
  await stack.parts.host.receive(reference);
  await told();
  const { transactionTree } = await treeOf(id);
  assert.deepEqual([transactionTree?.captured, transactionTree?.released, transactionTree?.state], ['0.00', '12.50', 'voided']);
});

test('a receipt has its rules', async () => {
  const { id } = await order();
  expectReply(await operate(id, 'CP', money), 400, '700.400.101');
  expectReply(await operate(id, 'RC', { ...money, currency: 'USD' }), 400, '700.100.500');
  expectReply(await operate('0'.repeat(32), 'RC', money), 400, '700.400.560');
  expectReply(await operate(id, 'RC'), 400, '100.550.300');
  const receipt = expectReply(await operate(id, 'RC', { ...money, amount: '1.00' }), 200, approved);
  expectReply(await operate(receipt.body.id, 'RC', { ...money, amount: '1.00' }), 400, '700.400.560');
  const open = await preauthorize();
  expectReply(await operate(open.body.id, 'RC', money), 400, '700.400.570');
  await press(await goToBank(open), 'refuse');
  expectReply(await operate(open.body.id, 'RC', money), 400, '700.300.200');
});

test('one key, one receipt', async () => {
  const { id } = await order();
  const headers = { 'idempotency-key': freshName('key') };
  const first = expectReply(await operate(id, 'RC', { ...money, amount: '3.00' }, headers), 200, approved);
  const again = expectReply(await operate(id, 'RC', { ...money, amount: '3.00' }, headers), 200, approved);
  assert.equal(again.body.id, first.body.id);
  expectReply(await operate(id, 'RC', { ...money, amount: '4.00' }, headers), 400, '200.200.106');
});
