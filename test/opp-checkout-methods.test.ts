/** OPP checkouts: what can be chosen beside a card, checkouts that only keep a card, how often their status is told, and who may frame their pages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goToBankAt, press, printedReference } from './harness/bank-shopper.ts';
import { moveClock } from './harness/console.ts';
import { openPage, postForm, textOf } from './harness/form-browser.ts';
import { approved, demo, expectReply, type Parameters, useOppStack } from './harness/opp.ts';
import {
  assertAccessible,
  assertFits,
  desktop,
  openCheckout,
  payAddress,
  phone,
  photograph,
  typeCard,
  visit,
} from './harness/payment-page.ts';
import { eventually } from './harness/processes.ts';
import { useBrowserAtShop } from './harness/shop.ts';
import { rememberCard } from './harness/traces.ts';

const stack = useOppStack({ env: { STATUS_REQUESTS_PER_MINUTE: '1000' } });
const at = useBrowserAtShop(() => ({ scriptUrl: stack.url, integrity: '' }));

const waiting = '800.400.500';
const statusOf = (checkoutId: string) => stack.get(`/v1/checkouts/${checkoutId}/payment`);
const registrationOf = (checkoutId: string) => stack.get(`/v1/checkouts/${checkoutId}/registration`);

/** The values of the choice that a page offers. */
const choicesOn = (html: string): readonly string[] => [...html.matchAll(/name="method" value="([^"]+)"/g)].map(([, value = '']) => value);

async function choicesOf(checkoutId: string, query: Parameters = {}): Promise<readonly string[]> {
  return choicesOn((await openPage(payAddress(stack, checkoutId, query))).html);
}

/** Chooses a bank without scripts, and presses a button there; `attempt` as the page has it. */
async function payAtBank(checkoutId: string, method: string, act: 'pay' | 'later' | 'refuse', attempt = '1') {
  const address = payAddress(stack, checkoutId);
  const page = await postForm(address, { method, attempt, revision: '1' });
  const [, url = ''] = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(page.html) ?? [];
  assert.match(textOf(page), /Taking you to your bank/);
  const bank = await goToBankAt({ url, method: 'GET', parameters: [] });
  const reference = printedReference(bank);
  await press(bank, act);
  return { reference, page: await openPage(address) };
}

const keepCard = async (more: Parameters = {}): Promise<string> => {
  const reply = expectReplyOf(await stack.post('/v1/checkouts', { createRegistration: 'true', ...more }), 200, '000.200.100');
  return reply.body.id ?? '';
};

/** Answers about checkouts are named by the checkout, not by the entity. */
function expectReplyOf<Reply extends { readonly status: number; readonly code: string | undefined; readonly text: string }>(
  reply: Reply,
  status: number,
  code: string,
): Reply {
  assert.deepEqual([reply.status, reply.code], [status, code], reply.text);
  return reply;
}

/** Sends the card form without scripts. */
async function sendCard(checkoutId: string, more: Record<string, string> = {}) {
  rememberCard(stack.parts.traces, { pan: more.cardnumber ?? '4111111111111111', cvc: '123' });
  const card = { cardnumber: '4111111111111111', 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example' };
  return postForm(payAddress(stack, checkoutId), { attempt: '1', revision: '1', ...card, ...more });
}

test('the channel’s methods are beside the card, where they can do what was asked for', async () => {
  assert.deepEqual(await choicesOf(await openCheckout(stack)), ['card', 'redirect-ideal', 'redirect-sofort']);
  assert.deepEqual(await choicesOf(await openCheckout(stack, { paymentType: 'PA' })), ['card', 'redirect-sofort', 'redirect-prepayment']);
  assert.deepEqual(await choicesOf(await openCheckout(stack, { paymentType: 'PA.CP' })), []);
  assert.deepEqual(await choicesOf(await openCheckout(stack, { createRegistration: 'true' })), []);
  const id = await openCheckout(stack);
  assert.deepEqual(await choicesOf(id, { brands: 'visa ideal' }), ['card', 'redirect-ideal']);
  assert.deepEqual(await choicesOf(id, { brands: 'sofort' }), ['redirect-sofort']);
  assert.deepEqual(await choicesOf(id, { brands: 'visa' }), []);
});

test('a channel without methods offers cards alone, and takes nothing else', async () => {
  const before = (await stack.parts.host.bank()).length;
  await stack.parts.database.query(`update polygate.channel set bank_methods = null where wire_id = $1`, [demo.entityId]);
  await stack.parts.stopGateway();
  await stack.parts.startGateway();
  try {
    const id = await openCheckout(stack);
    assert.deepEqual(await choicesOf(id), []);
    const page = await postForm(payAddress(stack, id), { method: 'redirect-ideal', attempt: '1', revision: '1' });
    assert.match(textOf(page), /Choose how to pay/);
    assert.equal((await stack.parts.host.bank()).length, before);
  } finally {
    await stack.parts.database.query(`update polygate.channel set bank_methods = '{ideal,sofort,prepayment}' where wire_id = $1`, [
      demo.entityId,
    ]);
    await stack.parts.stopGateway();
    await stack.parts.startGateway();
  }
});

test('paid at the bank: the shopper comes back to the page, which says so', async () => {
  const id = await openCheckout(stack);
  const { page } = await payAtBank(id, 'redirect-ideal', 'pay');
  assert.match(textOf(page), /Payment complete/);
  const paid = expectReplyOf(await statusOf(id), 200, approved);
  assert.deepEqual([paid.body.paymentBrand, paid.body.paymentType, paid.body.amount], ['IDEAL', 'DB', '12.50']);
});

test('refused at the bank: the page tells it, and a card is the second attempt', async () => {
  const id = await openCheckout(stack);
  const { page } = await payAtBank(id, 'redirect-ideal', 'refuse');
  assert.match(textOf(page), /You canceled the payment at your bank/);
  assert.match(page.html, /name="attempt" value="2"/);
  expectReplyOf(await statusOf(id), 400, '100.396.101');
  assert.match(textOf(await sendCard(id, { attempt: '2', method: 'card' })), /Payment complete/);
  expectReplyOf(await statusOf(id), 200, approved);
});

test('to be paid later: the page thanks, nothing else can be tried, and the money decides', async () => {
  for (const [paymentType, method] of [
    ['DB', 'redirect-sofort'],
    ['PA', 'redirect-prepayment'],
  ] as const) {
    const id = await openCheckout(stack, { paymentType });
    const { page, reference } = await payAtBank(id, method, 'later');
    assert.match(textOf(page), /Waiting for your transfer/);
    expectReplyOf(await statusOf(id), 200, waiting);
    assert.match(textOf(await sendCard(id, { attempt: '2', method: 'card' })), /Waiting for your transfer/);
    await stack.parts.host.receive(reference);
    await eventually(async () => (await statusOf(id)).code === approved, 'the money to be there');
  }
});

test('while the shopper is at the bank the page leads there, and a second method begins nothing', async () => {
  const id = await openCheckout(stack);
  const address = payAddress(stack, id);
  const before = (await stack.parts.host.bank()).length;
  await postForm(address, { method: 'redirect-ideal', attempt: '1', revision: '1' });
  const again = await postForm(address, { method: 'redirect-sofort', attempt: '1', revision: '1' });
  assert.match(textOf(again), /Taking you to your bank/);
  assert.equal((await stack.parts.host.bank()).length, before + 1);
  const busy = await stack.post(`/v1/checkouts/${id}`, { amount: '13.00', currency: 'EUR' });
  expectReplyOf(busy, 400, '800.700.100');
});

for (const [name, options] of [
  ['desktop', desktop],
  ['phone', phone],
  ['dark', { ...phone, colorScheme: 'dark' }],
] as const) {
  test(`${name}: a bank is chosen in the browser, and the card's fields make room`, async () => {
    const back = `${at.shop.url}/result?order=7`;
    const id = await openCheckout(stack, { shopperResultUrl: back, merchantTransactionId: 'A-1047', 'cart.items[0].name': 'Oolong tea' });
    const { page, complaints } = await visit(at.browser, payAddress(stack, id), options);
    await assertAccessible(page);
    await photograph(page, `methods-${name}-1-card`);
    await page.getByLabel('iDEAL').check();
    assert.equal(await page.locator('#number').isVisible(), false);
    await assertAccessible(page);
    await assertFits(page);
    await photograph(page, `methods-${name}-2-bank`);
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: 'Pay', exact: true }).click();
    await page.waitForURL(`${back}&id=${id}&resourcePath=*`);
    expectReplyOf(await statusOf(id), 200, approved);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
}

test('a checkout without a payment keeps the card, once, and says under which token', async () => {
  const id = await keepCard({ merchantTransactionId: 'customer' });
  expectReplyOf(await registrationOf(id), 200, '000.200.000');
  const [first, second] = await Promise.all([sendCard(id), sendCard(id, { cardnumber: '6011111111111117' })]);
  for (const page of [first, second]) assert.match(textOf(page), /Card saved/);
  const kept = expectReplyOf(await registrationOf(id), 200, approved);
  assert.deepEqual([kept.body.ndc, kept.body.amount], [id, undefined]);
  assert.match(kept.body.card?.last4Digits ?? '', /^1111$|^1117$/);
  assert.equal((await statusOf(id)).body.id, kept.body.id);
  const paid = await stack.post(`/v1/registrations/${kept.body.id}/payments`, { paymentType: 'DB', amount: '1.00', currency: 'EUR' });
  expectReply(paid, 200, approved);
  expectReplyOf(await stack.post(`/v1/checkouts/${id}`, { amount: '13.00', currency: 'EUR' }), 400, '200.300.404');
  expectReplyOf(await registrationOf(await openCheckout(stack)), 400, '200.300.404');
  expectReplyOf(await stack.get(`/v1/checkouts/${'0'.repeat(32)}.pg-0001/registration`), 404, '200.300.404');
});

test('a card that is kept in the browser: no amount is shown, and the shop is told where the result is', async () => {
  rememberCard(stack.parts.traces, { pan: '4111111111111111', cvc: '123' });
  const id = await keepCard({ shopperResultUrl: `${at.shop.url}/result` });
  const { page, complaints } = await visit(at.browser, payAddress(stack, id), desktop);
  await page.getByRole('heading', { name: 'Save a card with Polygate Demo' }).waitFor();
  await assertAccessible(page);
  await photograph(page, 'keep-card');
  await typeCard(page);
  await page.getByRole('button', { name: 'Save card' }).click();
  await page.waitForURL(`${at.shop.url}/result?*`);
  const resourcePath = new URL(page.url()).searchParams.get('resourcePath') ?? '';
  assert.equal(resourcePath, `/v1/checkouts/${id}/registration`);
  expectReplyOf(await stack.get(resourcePath), 200, approved);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('half an hour later nothing is kept any more', async () => {
  const id = await keepCard();
  await moveClock(stack.url, 31 * 60);
  assert.equal((await sendCard(id)).status, 410);
  expectReplyOf(await registrationOf(id), 400, '200.300.404');
});

test('pages say who may frame them: nobody, or, for those that are made for it, any site', async () => {
  const policyOf = async (address: string): Promise<string> =>
    /frame-ancestors ([^;]+)/.exec((await fetch(address)).headers.get('content-security-policy') ?? '')?.[1] ?? '';
  const id = await openCheckout(stack);
  assert.equal(await policyOf(payAddress(stack, id)), "'none'");
  assert.equal(await policyOf(payAddress(stack, id, { embedded: '1' })), 'http: https:');
});
