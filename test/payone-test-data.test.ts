/** PAYONE: what the platform's test system does with published amounts and cards, on its own terminal only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshCardNumber } from './harness/card-numbers.ts';
import { cardData, exchangePayone, other } from './harness/payone.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';

const stack = usePayoneStack();

const order = (amount: number) => ({ order: { amountOfMoney: { amount, currencyCode: 'EUR' } } });
const paid = async (amount: number, authorizationMode: string) =>
  (await stack.pay({ authorizationMode }, order(amount))).body.payment?.id ?? '';

test('13.02 as a sale is declined; as an authorization, and at another merchant, it is not', async () => {
  const { status, body } = await stack.pay({ authorizationMode: 'SALE' }, order(1302));
  assert.deepEqual([status, codeIn(body.paymentResult)], [402, 2]);
  assert.equal(codeIn((await stack.pay({ authorizationMode: 'PRE_AUTHORIZATION' }, order(1302))).body), 5);
  const theirs = await exchangePayone(stack.url, stack.parts.traces, {
    ...{ caller: other, merchantId: other.merchantId },
    request: {
      ...{ method: 'POST', path: '/payments' },
      body: {
        ...order(1302),
        cardPaymentMethodSpecificInput: { authorizationMode: 'SALE', card: cardData(stack.parts.traces, { number: freshCardNumber() }) },
      },
    },
  });
  assert.equal(theirs.status, 201);
});

test('a refund of 13.03 is refused, and the payment stays paid', async () => {
  const id = await paid(1303, 'SALE');
  const { status, body } = await stack.post(`/payments/${id}/refund`, {});
  assert.deepEqual([status, body.refundResult?.status, codeIn(body.refundResult)], [402, 'REJECTED', 83]);
  assert.equal(codeIn((await stack.get(`/payments/${id}`)).body), 9);
});

test('a capture of 13.09 is refused, and the payment stays authorized', async () => {
  const id = await paid(1309, 'PRE_AUTHORIZATION');
  const { status, body } = await stack.post(`/payments/${id}/capture`, {});
  assert.deepEqual([status, body.status, codeIn(body)], [201, 'REJECTED_CAPTURE', 93]);
  assert.equal(codeIn((await stack.get(`/payments/${id}`)).body), 5);
  assert.equal((await stack.post(`/payments/${id}/capture`, { amount: 1000 })).status, 201);
});

test('a refund of 12.03 and a capture of 12.09 are uncertain at first, and stand in the end', async () => {
  const sale = await paid(1203, 'SALE');
  const refund = await stack.post(`/payments/${sale}/refund`, {});
  assert.deepEqual([refund.status, codeIn(refund.body)], [201, 82]);
  await stack.becomes(sale.replace('_0', '_1'), 8);
  const hold = await paid(1209, 'PRE_AUTHORIZATION');
  const capture = await stack.post(`/payments/${hold}/capture`, {});
  assert.deepEqual([capture.status, codeIn(capture.body)], [201, 92]);
  await stack.becomes(hold.replace('_0', '_1'), 9);
});

test('a number without its check digit is a decline, not a malformed request; a short one is', async () => {
  const { status, body } = await stack.pay({ card: { cardNumber: '4321456998744563', expiryDate: '1234', cvv: '123' } });
  assert.deepEqual([status, body.errors?.[0]?.id, body.paymentResult?.payment?.status], [402, 'INVALID_CARD', 'REJECTED']);
  for (const cardNumber of ['123', '41111111111']) {
    const short = await stack.pay({ card: { cardNumber, expiryDate: '1234' } });
    assert.deepEqual([short.status, short.body.errors?.length, short.body.errors?.[0]?.id], [400, 1, 'INVALID_VALUE']);
  }
});

test('the default card of the platform’s own suites is authorized at once', async () => {
  const input = {
    ...{ paymentProductId: 1, authorizationMode: 'FINAL_AUTHORIZATION', transactionChannel: 'ECOMMERCE' },
    card: stack.card('4012000033330026'),
  };
  const { status, body } = await stack.pay(input);
  assert.deepEqual([status, codeIn(body)], [201, 5]);
});
