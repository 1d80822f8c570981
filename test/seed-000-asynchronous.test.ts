/**
 * Seed 000, "Asynchronous payment": every numbered step of its three flows, in order, with a card whose issuer asks and with methods of a bank. The
 * merchant's requests go over HTTP, the shopper's steps through Chromium; each step goes on with what the one before has left.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameLocator, Page } from 'playwright-core';
import { bankPayment } from './harness/bank-shopper.ts';
import { openMerchantPage, sendOn } from './harness/merchant-page.ts';
import { approved, debit, expectReply, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { useBrowserAtShop } from './harness/shop.ts';
import { browserData, redirectOf } from './harness/shopper.ts';

const stack = useOppStack();
const at = useBrowserAtShop(() => ({ scriptUrl: stack.url, integrity: '' }));

const pending = '000.200.000';
const waiting = '800.400.500';
const full = { amount: '92.00', currency: 'EUR' };

/** One way through a flow. */
interface Way {
  /** Flow of the guide, and what it is paid with. */
  readonly title: string;
  readonly paymentType: 'PA' | 'DB';
  readonly parameters: () => Parameters;
  /** What the shopper does, from the page that the redirect has led to. */
  readonly shopper: (page: Page) => Promise<void>;
  /** What the status is when the shopper is back. */
  readonly status: readonly [http: number, code: string];
  /** How the money is taken after that: by a capture, by a receipt of the merchant or of the bank, or by what was paid already. */
  readonly taking: 'capture' | 'merchant receipt' | 'bank receipt' | undefined;
}

/** The issuer looks at the browser and then asks, in a window of this size: 02 is a frame of the gateway's page, 05 the whole page. */
const challenged = (window: '02' | '05') =>
  debit({ ...browserData, 'card.number': '4000000000003220', 'customer.browser.challengeWindow': window });

async function confirmAtIssuer(bank: Page | FrameLocator): Promise<void> {
  await bank.getByLabel('One-time code').fill('1234');
  await bank.getByRole('button', { name: 'Confirm payment' }).click();
}

async function payAtBank(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
}

async function payLater(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pay later' }).click();
  await page.getByRole('link', { name: 'Back to the shop' }).click();
}

const card = { status: [200, approved] } as const;
const transfer = { shopper: payLater, status: [200, waiting] } as const;

const ways: readonly Way[] = [
  {
    ...{ ...card, title: 'PA and CP, card', paymentType: 'PA', taking: 'capture' },
    parameters: () => challenged('02'),
    shopper: (page) => confirmAtIssuer(page.frameLocator('iframe.bank')),
  },
  {
    ...{ ...card, title: 'DB, card', paymentType: 'DB', taking: undefined },
    parameters: () => challenged('05'),
    shopper: confirmAtIssuer,
  },
  {
    ...{ title: 'DB, IDEAL', paymentType: 'DB', taking: undefined, shopper: payAtBank, status: [200, approved] },
    parameters: () => bankPayment('IDEAL'),
  },
  {
    ...{ ...transfer, title: 'PA and RC, PREPAYMENT, receipt by the merchant', paymentType: 'PA', taking: 'merchant receipt' },
    parameters: () => bankPayment('PREPAYMENT'),
  },
  {
    ...{ ...transfer, title: 'PA and RC, SOFORTUEBERWEISUNG, receipt by the bank', paymentType: 'PA', taking: 'bank receipt' },
    parameters: () => bankPayment('SOFORTUEBERWEISUNG'),
  },
];

const operate = (id: string | undefined, paymentType: string, more: Parameters): Promise<Reply> =>
  stack.post(`/v1/payments/${id}`, { paymentType, ...more });
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);

for (const way of ways) tellSteps(way);

function tellSteps({ title, paymentType, parameters, shopper, status, taking }: Way): void {
  const flow = `asynchronous payment, ${title}`;
  let first: Reply;
  let home: URL;
  /** Over which the back office works: what has taken the money. */
  let taken = '';

  test(`${flow}: 1. ${paymentType === 'PA' ? 'Pre-authorize payment' : 'Perform debit payment'}`, async () => {
    const shopperResultUrl = `${at.shop.url}/result?order=7`;
    first = expectReply(await stack.post('/v1/payments', { ...parameters(), ...full, paymentType, shopperResultUrl }), 200, pending);
    assert.match(first.body.id ?? '', /^[0-9a-f]{32}$/);
    const { url, method, parameters: fields } = redirectOf(first);
    assert.ok(url.startsWith(`${stack.url}/p/`));
    assert.equal(new URL(url).search, '');
    assert.ok(method === 'POST' || method === 'GET');
    assert.ok(Array.isArray(fields));
    taken = first.body.id ?? '';
  });

  test(`${flow}: 2. Redirect shopper`, async () => {
    const page = await openMerchantPage(at.browser, { shop: at.shop, redirect: redirectOf(first) });
    await sendOn(page);
    await shopper(page);
    await page.waitForURL(`${at.shop.url}/result?**`);
    home = new URL(page.url());
    await page.context().close();
    assert.deepEqual([home.searchParams.get('order'), home.searchParams.get('id')], ['7', first.body.id]);
  });

  test(`${flow}: 3. Get the payment status`, async () => {
    const resourcePath = home.searchParams.get('resourcePath') ?? '';
    assert.equal(resourcePath, `/v1/payments/${first.body.id}`);
    const reply = expectReply(await stack.get(resourcePath), ...status);
    assert.deepEqual([reply.body.id, reply.body.paymentType, reply.body.redirect], [first.body.id, paymentType, undefined]);
    expectReply(await stack.get(resourcePath), ...status);
    // Two a minute for each transaction, and none at the query endpoint.
    expectReply(await stack.get(resourcePath), 429, '800.120.100');
    expectReply(await read(first.body.id), ...status);
  });

  if (taking === 'capture') {
    test(`${flow}: 4. Capture the payment`, async () => {
      const reply = expectReply(await operate(first.body.id, 'CP', full), 200, approved);
      assert.deepEqual([reply.body.referencedId, reply.body.amount], [first.body.id, '92.00']);
      taken = reply.body.id ?? '';
    });
  } else if (taking !== undefined) {
    test(`${flow}: 4. Handle the receipt`, async () => {
      taken = taking === 'bank receipt' ? await receiptByBank(first) : await receiptByMerchant(first);
      expectReply(await read(first.body.id), 200, approved);
    });
  }

  test(`${flow}: ${taking === undefined ? 4 : 5}. Manage the payment`, async () => {
    const part = { amount: '12.00', currency: 'EUR' };
    const rest = { amount: '80.00', currency: 'EUR' };
    const refund = expectReply(await operate(taken, 'RF', part), 200, approved);
    assert.equal(refund.body.referencedId, taken);
    const rebill = await operate(taken, 'RB', { amount: '20.00', currency: 'EUR' });
    await (rebill.code === pending ? rebilledAtBank(rebill, shopper) : expectReply(rebill, 200, approved));
    const chargeback = expectReply(await operate(taken, 'CB', rest), 200, approved);
    expectReply(await operate(taken, 'RF', rest), 400, '700.300.600');
    expectReply(await operate(chargeback.body.id, 'CR', rest), 200, approved);
    expectReply(await operate(taken, 'RF', rest), 200, approved);
  });
}

async function receiptByMerchant({ body }: Reply): Promise<string> {
  const receipt = expectReply(await operate(body.id, 'RC', full), 200, approved);
  assert.deepEqual([receipt.body.paymentType, receipt.body.referencedId], ['RC', body.id]);
  // The money itself is there a little later, which is no second receipt; before that the bank would have nothing to give back.
  await moneyComes(body.id);
  await eventually(async () => (await stack.parts.host.bank()).every(({ isTold }) => isTold), 'the bank to have told it');
  return receipt.body.id ?? '';
}

async function moneyComes(id: string | undefined): Promise<void> {
  const reference: string | undefined = (await read(id)).body.resultDetails?.ConnectorTxID2;
  await stack.parts.host.receive(reference ?? '');
}

/** The money comes, the bank tells it, and the receipt is there without any request of the merchant. */
async function receiptByBank({ body }: Reply): Promise<string> {
  await moneyComes(body.id);
  await eventually(async () => (await read(body.id)).code === approved, 'the receipt of the bank');
  const tree = (await stack.get(`/v1/query/${body.id}`, { includeLinkedTransactions: 'true' })).body;
  const linked = tree.payments as unknown as readonly { readonly id: string; readonly paymentType: string; readonly amount: string }[];
  const [receipt, ...more] = linked.filter(({ paymentType }) => paymentType === 'RC');
  assert.deepEqual([receipt?.amount, more.length], ['92.00', 0]);
  return receipt?.id ?? '';
}

/** Additional products are paid at the bank like the order itself. */
async function rebilledAtBank(rebill: Reply, shopper: Way['shopper']): Promise<void> {
  const page = await openMerchantPage(at.browser, { shop: at.shop, redirect: redirectOf(rebill) });
  await sendOn(page);
  await shopper(page);
  await page.waitForURL(`${at.shop.url}/result?**`);
  assert.equal(new URL(page.url()).searchParams.get('id'), rebill.body.id);
  await page.context().close();
  const { code } = await read(rebill.body.id);
  assert.ok(code === approved || code === waiting, String(code));
}
