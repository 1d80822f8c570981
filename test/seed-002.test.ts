/** What the guide of the PAYONE platform asks beside the flows: orders that are tried again, conversion, and redirect products. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { goToBankAt, press } from './harness/bank-shopper.ts';
import { createConsoleClient, readClock } from './harness/console.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';

const stack = usePayoneStack();
const console = createConsoleClient(() => stack.url);

/** At most 40 characters. */
const freshReference = () => `order ${randomBytes(8).toString('hex')}`;

const orderOf = (merchantReference: string, emailAddress: string) => ({
  order: {
    amountOfMoney: { amount: 1250, currencyCode: 'EUR' },
    references: { merchantReference },
    customer: { contactDetails: { emailAddress } },
  },
});
const once = { threeDSecure: { skipAuthentication: true }, authorizationMode: 'SALE' };

test('an order is tried again under the same reference after a refusal, and counts once in the conversion report', async () => {
  const { business_time: from } = await readClock(stack.url);
  const reference = freshReference();
  const order = orderOf(reference, 'ada@shop.example');
  const refused = await stack.pay({ ...once, card: stack.card('4000000000000002') }, order);
  assert.deepEqual([refused.status, refused.body.paymentResult?.payment?.statusOutput?.statusCode], [402, 2], refused.text);
  const paid = await stack.pay(once, order);
  assert.deepEqual([paid.status, codeIn(paid.body)], [201, 9], paid.text);
  // The same reference of somebody else is another order.
  await stack.pay(once, orderOf(reference, 'bob@shop.example'));
  const to = new Date(Date.parse((await readClock(stack.url)).business_time) + 1_000).toISOString();
  const { items } = await console.done('get', '/reports/conversion', { query: { from, to } });
  const row = items?.[0];
  assert.deepEqual([row?.orders, row?.approved_orders, row?.attempts], [2, 2, 3]);
});

/** By the platform's number of the product. */
const cardsByProduct = [
  [1, 'Visa', '4111111111111111', '123'],
  [3, 'Mastercard', '5105105105105100', '123'],
  [2, 'American Express', '378282246310005', '1234'],
  [117, 'Maestro', '6759649826438453', '123'],
  [132, 'Diners Club', '30569309025904', '123'],
  [128, 'Discover', '6011111111111117', '123'],
  [125, 'JCB', '3530111333300000', '123'],
  [56, 'UnionPay', '6200000000000005', '123'],
] as const;

test('every card product takes its cards', async () => {
  for (const [paymentProductId, label, number, cvv] of cardsByProduct) {
    const paid = await stack.pay({ ...once, paymentProductId, card: stack.card(number, cvv) });
    assert.deepEqual([paid.status, codeIn(paid.body)], [201, 9], `${label}: ${paid.text}`);
  }
});

test('a redirection product: the shopper pays at the bank, and the details tell it', async () => {
  const { status, body, text } = await stack.post('/payments', {
    ...orderOf(freshReference(), 'ada@shop.example'),
    redirectPaymentMethodSpecificInput: { paymentProductId: 809, redirectionData: { returnUrl: `${stack.url}/healthz?basket=7` } },
  });
  assert.deepEqual([status, body.merchantAction?.actionType], [201, 'REDIRECT'], text);
  await press(await goToBankAt({ url: body.merchantAction?.redirectData?.redirectURL ?? '', method: 'GET', parameters: [] }), 'pay');
  const details = await stack.becomes(body.payment?.id ?? '', 9);
  assert.equal(details.paymentOutput?.paymentMethod, 'redirect');
});

test('products are those that the account has activated', async () => {
  const { items } = await console.done('get', '/channels', { query: { wire_id: 'PolygateDemo' } });
  const ids = { merchant_id: String(items?.[0]?.merchant_id), channel_id: String(items?.[0]?.channel_id) };
  const activate = (brands: readonly string[] | null) =>
    console.done('patch', '/merchants/{merchant_id}/channels/{channel_id}', { ids, body: { brands } });
  const shown = async () => {
    const { body } = await stack.get('/products?countryCode=DE&currencyCode=EUR&isRecurring=true');
    return body.paymentProducts?.map(({ id }) => Number(id)).join();
  };
  const all = await shown();
  await activate(['visa']);
  await eventually(async () => (await shown()) === '1,130,3012', 'the products of one brand');
  const allowed = async (bin: string) => (await stack.post('/services/getIINdetails', { bin, paymentContext: {} })).body.isAllowedInContext;
  assert.deepEqual([await allowed('411111'), await allowed('510510')], [true, false]);
  assert.equal((await stack.get('/products/3?countryCode=DE&currencyCode=EUR')).status, 400);
  await activate(null);
  await eventually(async () => (await shown()) === all, 'all products again');
});
