/** QorePay: bank transfers that the merchant's server arranges with `pm`, what is due by when, and the mails about it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveClock } from './harness/console.ts';
import { createMailbox } from './harness/mailbox.ts';
import { eventually } from './harness/processes.ts';
import { type Answer, type Body, cards, codeOf, demo, idOf, other, useQorepayStack } from './harness/qorepay.ts';

const shop = useQorepayStack({ webhooks: true });

const act = (id: string, name: string, body?: object) => shop.api('POST', `purchases/${id}/${name}/`, body);
const historyOf = ({ status_history: history }: Body) => history?.map(({ status }) => String(status));
const noRedirects = { success_redirect: '', failure_redirect: '' };

/** As the platform's clients do it: a form of either kind, at an address that is made from the id. */
async function transfer(id: string, more: Record<string, string> = {}, token = demo.s2sToken): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ s2s: 'true', pm: 'sarepay_bank_transfer', ...more })) form.append(name, value);
  const encoded = new Response(form);
  return shop.send({
    ...{ method: 'POST', path: `/p/${id}/` },
    headers: { authorization: `Bearer ${token}`, 'content-type': encoded.headers.get('content-type') ?? '' },
    body: Buffer.from(await encoded.arrayBuffer()),
  });
}

/** The bank's entry of the account that was told. */
async function entryOf(id: string) {
  const { rows } = await shop.parts.database.query<{ rrn: string }>(
    `select o.rrn from polygate.checkout_attempt a join polygate.operation o using (merchant_id, operation_id) where a.checkout_id = $1`,
    [id],
  );
  const entry = (await shop.parts.host.bank()).find(({ reference }) => reference === rows[0]?.rrn);
  assert.ok(entry);
  return entry;
}

test('a transfer: an account, the same one when asked again, and the purchase is paid when all of its money is there', async () => {
  const id = idOf(await shop.create(noRedirects));
  const told = await transfer(id);
  assert.equal(told.status, 200, told.text);
  const { data } = told.body;
  assert.deepEqual(Object.keys(data ?? {}), ['account_number', 'account_name', 'bank', 'status', 'type', 'expires_at', 'validity_type']);
  assert.match(String(data?.account_number), /^\d{10}$/);
  assert.match(String(data?.expires_at), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.deepEqual([data?.account_name, data?.validity_type], ['Polygate Demo', 'Onetime']);
  assert.deepEqual((await transfer(id, {}, demo.apiKey)).body, told.body);
  assert.equal((await shop.read(id)).status, 'pending_execute');
  const { bankReference } = await entryOf(id);
  await shop.parts.host.receive(bankReference, 4000);
  await eventually(async () => (await entryOf(id)).isTold, 'the gateway to hear of the first part');
  assert.equal((await shop.read(id)).status, 'pending_execute');
  await shop.parts.host.receive(bankReference);
  await eventually(async () => (await shop.read(id)).status?.toString() === 'paid', 'all of the money');
  const paid = await shop.read(id);
  assert.deepEqual(historyOf(paid), ['created', 'pending_execute', 'paid']);
  assert.deepEqual(
    [paid.payment?.payment_type, paid.payment?.amount, paid.transaction_data?.payment_method, paid.transaction_data?.flow],
    ['bank_payment', 9000, 'sarepay_bank_transfer', 'server_to_server'],
  );
  assert.deepEqual(
    paid.transaction_data?.attempts?.map(({ type, successful }) => [type, successful]),
    [['execute', true]],
  );
  assert.equal((await transfer(id)).body.error?.code, 'purchase_already_paid_for');
  const refunded = await act(id, 'refund', { amount: 1000 });
  assert.deepEqual([refunded.status, refunded.body.payment?.amount], [200, 1000]);
  assert.equal((await entryOf(id)).refundedAmount, 1000);
});

test('money of a transfer waits for no cut-off: it is available at once, and hides nothing of what does wait', async () => {
  const inCurrency = { purchase: { currency: 'TZS', products: [{ name: 'Harbor Blend', price: 9000 }] } };
  const id = idOf(await shop.create(inCurrency));
  await transfer(id);
  await shop.parts.host.receive((await entryOf(id)).bankReference);
  await eventually(async () => (await shop.read(id)).status?.toString() === 'paid', 'the money to come');
  const balance = async () => (await shop.api('GET', 'account/json/balance/?currency=TZS')).body.TZS;
  const none = { pending_outgoing: 0, fee_sell: 0 };
  assert.deepEqual(await balance(), { gross_balance: 9000, balance: 9000, available_balance: 9000, reserved: 0, ...none });
  assert.equal((await shop.s2s(await shop.create(inCurrency))).status, 200);
  assert.equal((await act(id, 'refund', { amount: 4000 })).status, 200);
  assert.deepEqual(await balance(), { gross_balance: 14_000, balance: 14_000, available_balance: 5000, reserved: 9000, ...none });
});

test('a transfer that came in two parts is refunded beyond the first, and each time it is one refund', async () => {
  const id = idOf(await shop.create());
  await transfer(id);
  const { bankReference } = await entryOf(id);
  await shop.parts.host.receive(bankReference, 1000);
  await eventually(async () => (await entryOf(id)).isTold, 'the gateway to hear of the first part');
  await shop.parts.host.receive(bankReference);
  await eventually(async () => (await shop.read(id)).status?.toString() === 'paid', 'all of the money');
  assert.match((await act(id, 'refund', { amount: 9001 })).text, /less than or equal to 9000\.","code":"max_value"/);
  const some = await act(id, 'refund', { amount: 500 });
  const rest = await act(id, 'refund');
  assert.deepEqual([some.body.payment?.amount, rest.body.payment?.amount, (await entryOf(id)).refundedAmount], [500, 8500, 9000]);
  const told = async () => (await shop.api('GET', `webhooks/deliveries/?source_type=payment&id=${idOf(rest)}`)).body.results ?? [];
  await eventually(async () => (await told()).length > 0, 'the refund to be told');
  const amounts = (await told()).map(({ payload }) => (payload as Body).payment?.amount);
  assert.deepEqual(new Set(amounts), new Set([8500]));
  const { refundable_amount: left, ...purchase } = await shop.read(id);
  assert.deepEqual([left, historyOf(purchase)], [0, ['created', 'pending_execute', 'paid', 'refunded', 'refunded']]);
  assert.equal(codeOf(await act(id, 'refund')), 'purchase_refund_not_possible');
});

test('what cannot be paid by a transfer says so', async () => {
  const refused = async (more: object, fields: Record<string, string> = {}) => (await transfer(idOf(await shop.create(more)), fields)).body;
  for (const more of [{ skip_capture: true }, { force_recurring: true }, { payment_method_whitelist: ['visa'] }]) {
    assert.deepEqual([(await refused(more)).status, (await refused(more)).error?.code], ['error', 'unknown_payment_method']);
  }
  assert.equal((await refused({}, { pm: 'klix_apple_pay' })).error?.code, 'unknown_payment_method');
  const id = idOf(await shop.create());
  assert.equal((await transfer(id, {}, other.s2sToken)).status, 401);
  assert.equal((await shop.s2s(`/p/${id}/`, { pm: undefined })).status, 200);
  assert.equal((await transfer(id)).body.error?.code, 'purchase_already_paid_for');
});

test('a bank that is away: the purchase stays pending or payable, and nobody is told an account that is none', async () => {
  const id = idOf(await shop.create());
  await shop.parts.host.addFault({ fault: 'bank_answer_lost', times: 2 });
  const first = await transfer(id);
  assert.deepEqual(first.body, { status: 'pending' });
  await eventually(async () => (await transfer(id)).body.data !== undefined, 'the bank to answer again');
  assert.equal((await shop.read(id)).status, 'pending_execute');
  await shop.parts.host.receive((await entryOf(id)).bankReference);
  await eventually(async () => (await shop.read(id)).status?.toString() === 'paid', 'all of the money');
});

test('a card that was challenged makes way for a transfer', async () => {
  const purchase = await shop.create();
  assert.equal((await shop.s2s(purchase, { card_number: cards.challenged })).body.status, '3DS_required');
  assert.match(String((await transfer(idOf(purchase))).body.data?.account_number), /^\d{10}$/);
});

test('methods of payment: cards and transfers, and cards alone where something is to be kept or held', async () => {
  const list = async (query: string) => (await shop.api('GET', `payment_methods/?brand_id=${demo.brandId}&currency=NGN${query}`)).body;
  const all = await list('&country=NG&language=en&amount=1000');
  assert.ok(JSON.stringify(all.available_payment_methods).includes('sarepay_bank_transfer'));
  assert.deepEqual(
    [all.by_country?.any, all.country_names, all.names?.card],
    [['card', 'sarepay_bank_transfer'], { any: 'Other' }, 'Bank cards'],
  );
  assert.ok(!JSON.stringify(all.card_methods).includes('sarepay'));
  for (const query of ['&recurring=true', '&skip_capture=true', '&preauthorization=true']) {
    const { available_payment_methods: available, card_methods: byCard } = await list(query);
    assert.deepEqual(available, byCard);
  }
  await shop.parts.database.query(`update polygate.channel set brands = '{visa}', bank_methods = null where wire_id = $1`, [other.brandId]);
  await shop.parts.stopGateway();
  await shop.parts.startGateway();
  const narrow = await shop.api('GET', `payment_methods/?brand_id=${other.brandId}&currency=NGN`, undefined, { as: other });
  assert.deepEqual([narrow.body.available_payment_methods, narrow.body.by_country?.any], [['visa'], ['card']]);
  const missing = await shop.api('GET', 'payment_methods/');
  assert.deepEqual([missing.status, Object.keys(missing.body)], [400, ['brand_id', 'currency']]);
});

test('the hosted page offers the preferred method alone; what names none is not passed on', async () => {
  const purchase = await shop.create();
  const pageFor = async (preferred: string) => {
    const path = `${new URL(String(purchase.body.checkout_url)).pathname}?${new URLSearchParams({ preferred })}`;
    const { status, headers } = await shop.send({ method: 'GET', path, headers: {} });
    assert.equal(status, 303);
    return new URL(String(headers.location)).searchParams.get('brands');
  };
  assert.equal(await pageFor('mastercard'), 'mastercard');
  assert.ok((await pageFor('card'))?.split(' ').includes('amex'));
  assert.equal(await pageFor('4111111111111111'), null);
  assert.equal(await pageFor('constructor'), null);
});

test('the invoice is sent again while there is something to pay, and a receipt once it was paid', async () => {
  const mailbox = createMailbox(shop.parts.host.url);
  const to = `ada-${Date.now()}@example.com`;
  const purchase = await shop.create({ client: { email: to }, reference: 'INV-7' });
  const id = idOf(purchase);
  assert.equal((await act(id, 'resend_invoice')).body.status, 'created');
  const [reminder] = await mailbox.received(to, 1);
  assert.match(`${reminder?.subject}\n${reminder?.text}`, /Reminder: Polygate Demo, .*90\.00 \(INV-7\)[\s\S]*Dog food Max[\s\S]*\/pay\//);
  await shop.s2s(purchase);
  assert.equal((await act(id, 'resend_invoice')).body.status, 'paid');
  const mails = await mailbox.received(to, 2);
  assert.match(mails.map(({ subject, text }) => `${subject}\n${text}`).join('\n'), /Receipt: Polygate Demo[\s\S]*view=invoice/);
  const cancelled = idOf(await shop.create());
  await act(cancelled, 'cancel');
  const none = await act(cancelled, 'resend_invoice');
  assert.deepEqual([none.status, codeOf(none)], [400, 'purchase_resend_invoice_wrong_status']);
});

test('due dates: overdue and still payable, or expired; the history keeps the time, also when it is paid afterwards', async () => {
  const strict = { purchase: { currency: 'NGN', products: [{ name: 'x', price: 100 }], due_strict: true } };
  const [open, kept, over] = [await shop.create(), await shop.create({ force_recurring: true }), await shop.create(strict)];
  const createdOn = Number(open.body.created_on);
  assert.ok(Math.abs(Number(open.body.due) - createdOn - 3600) <= 1);
  await moveClock(shop.url, 3600);
  const overdue = await shop.read(idOf(open));
  assert.deepEqual(
    [overdue.status, historyOf(overdue), overdue.status_history?.[1]?.timestamp],
    ['overdue', ['created', 'overdue'], open.body.due],
  );
  assert.deepEqual(overdue.direct_post_url, open.body.direct_post_url);
  assert.deepEqual((await shop.s2s(open, { card_number: '4000000000009995' })).body.status, 'error');
  assert.deepEqual((await shop.s2s(open)).body, { status: 'executed' });
  assert.deepEqual(historyOf(await shop.read(idOf(open))), ['created', 'overdue', 'error', 'paid']);
  const expired = await shop.read(idOf(over));
  assert.deepEqual([expired.status, expired.direct_post_url, historyOf(expired)], ['expired', null, ['created', 'expired']]);
  assert.deepEqual((await shop.s2s(`/p/${idOf(over)}/`)).body.error?.code, 'purchase_already_paid_for');
  assert.equal(codeOf(await act(idOf(over), 'cancel')), 'purchase_cancel_wrong_status');
  assert.equal((await act(idOf(over), 'mark_as_paid')).body.status, 'paid');
  // `force_recurring` keeps the card without being asked by the payer.
  assert.deepEqual((await shop.s2s(kept, { remember_card: 'off' })).body, { status: 'executed' });
  assert.equal((await shop.read(idOf(kept))).is_recurring_token, true);
});
