/** QorePay: `send_receipt`, the mail to the payer when a purchase is paid. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHooks, hurryDeliveries } from './harness/hooks.ts';
import { createMailbox } from './harness/mailbox.ts';
import { eventually } from './harness/processes.ts';
import { type Answer, demo, idOf, useQorepayStack } from './harness/qorepay.ts';

const shop = useQorepayStack({ webhooks: true });

let count = 0;
function freshEmail(): string {
  count += 1;
  return `receipt-${count}@example.com`;
}
const create = (to: string, more: object = {}) => shop.create({ client: { email: to }, send_receipt: true, reference: 'R-1', ...more });
const mailsTo = (to: string, number: number) => createMailbox(shop.parts.host.url).received(to, number);
const pay = (purchase: Answer, card: object = {}) => shop.s2s(purchase, card);

test('the payer is mailed a receipt once it is paid, and not before', async () => {
  const [to, without] = [freshEmail(), freshEmail()];
  const [purchase, quiet] = [await create(to), await create(without, { send_receipt: false })];
  assert.equal((await pay(purchase, { card_number: '4000000000009995' })).status, 400);
  assert.deepEqual((await pay(quiet)).body, { status: 'executed' });
  assert.deepEqual((await pay(purchase)).body, { status: 'executed' });
  const [mail, ...others] = await mailsTo(to, 1);
  assert.match(`${mail?.subject}\n${mail?.text}`, /^Receipt: Polygate Demo, .*90\.00 \(R-1\)[\s\S]*You have paid[\s\S]*view=invoice/);
  assert.deepEqual(others, []);
  // What comes later says nothing of it again.
  assert.equal((await shop.api('POST', `purchases/${idOf(purchase)}/refund/`, {})).status, 200);
  const last = freshEmail();
  assert.deepEqual((await pay(await create(last))).body, { status: 'executed' });
  await mailsTo(last, 1);
  assert.deepEqual([(await mailsTo(to, 1)).length, (await createMailbox(shop.parts.host.url).list({ to: without })).length], [1, 0]);
  const { body } = await shop.api('GET', `webhooks/deliveries/?source_type=purchase&source_id=${idOf(quiet)}`);
  assert.ok(!JSON.stringify(body).includes('"url":""'));
});

test('what is captured is on the receipt, and a hold has none', async () => {
  const to = freshEmail();
  const purchase = await create(to, { skip_capture: true });
  assert.deepEqual((await pay(purchase)).body, { status: 'authorized' });
  assert.equal((await shop.api('POST', `purchases/${idOf(purchase)}/capture/`, { amount: 4_000 })).status, 200);
  const mails = await mailsTo(to, 1);
  assert.deepEqual([mails.length, /40\.00/.test(String(mails[0]?.subject))], [1, true]);
});

test('a receipt comes beside `success_callback`', async () => {
  const to = freshEmail();
  const hooks = createHooks(shop.parts.host.url);
  const purchase = await create(to, { success_callback: hooks.url('receipts') });
  assert.deepEqual((await pay(purchase)).body, { status: 'executed' });
  await hooks.acknowledged('receipts', 1, idOf(purchase));
  assert.equal((await mailsTo(to, 1)).length, 1);
});

test('a transfer has its receipt once all of the money has come', async () => {
  const to = freshEmail();
  const id = idOf(await create(to));
  const asked = await shop.send({
    ...{ method: 'POST', path: `/p/${id}/`, body: 's2s=true&pm=sarepay_bank_transfer' },
    headers: { authorization: `Bearer ${demo.s2sToken}`, 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.equal(asked.status, 200, asked.text);
  const [{ bankReference = '' } = {}] = await shop.parts.host.bank();
  await shop.parts.host.receive(bankReference, 4_000);
  await eventually(async () => (await shop.parts.host.bank())[0]?.isTold === true, 'the gateway to hear of the first part');
  await shop.parts.host.receive(bankReference);
  const [mail, ...others] = await mailsTo(to, 1);
  assert.match(String(mail?.subject), /90\.00/);
  assert.deepEqual(others, []);
});

test('a mail that waits for its server asks for nothing that was paid or called off meanwhile', async () => {
  const mailbox = createMailbox(shop.parts.host.url);
  const ends = [(made: Answer) => pay(made), (made: Answer) => shop.api('POST', `purchases/${idOf(made)}/cancel/`)];
  for (const end of ends) {
    const to = freshEmail();
    const purchase = await create(to, { send_receipt: false });
    await shop.parts.host.addFault({ fault: 'mail_refused' });
    assert.equal((await shop.api('POST', `purchases/${idOf(purchase)}/resend_invoice/`)).status, 200);
    const isTried = async () => {
      const { rows } = await shop.parts.database.query(
        `select 1 from polygate.delivery where mail ->> 'to' = $1 and tries = 1 and lease is null`,
        [to],
      );
      return rows.length === 1;
    };
    await eventually(isTried, 'the first try');
    assert.equal((await end(purchase)).status, 200);
    const isOver = async () => {
      await hurryDeliveries(shop.parts.database);
      const { rows } = await shop.parts.database.query(`select state from polygate.delivery where mail ->> 'to' = $1`, [to]);
      return rows[0]?.state === 'delivered';
    };
    await eventually(isOver, 'the end of the mail');
    assert.deepEqual(await mailbox.list({ to }), []);
  }
});
