/** QorePay: billing templates, the invoices that they send, and subscriptions on the business clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveClock } from './harness/console.ts';
import { openPage, submit } from './harness/form-browser.ts';
import { createMailbox } from './harness/mailbox.ts';
import { type Body, cards, codeOf, demo, idOf, other, useQorepayStack } from './harness/qorepay.ts';
import { billingAt } from './harness/qorepay-billing.ts';
import { rememberCard } from './harness/traces.ts';

const shop = useQorepayStack({ webhooks: true });
const { client, template, subscribe, subscriber, billed, keepCard, told } = billingAt(shop);

const daySeconds = 86_400;

const purchase = { currency: 'NGN', products: [{ name: 'Harbor Blend, monthly', price: 2500 }] };
const later = () => Math.floor(Date.now() / 1000) + 3_650 * daySeconds;
const invoiceTerms = (more: object = {}) => ({ brand_id: demo.brandId, purchase, is_subscription: false, invoice_due: later(), ...more });
const planTerms = (more: object = {}) => ({
  ...{ brand_id: demo.brandId, purchase, title: 'Monthly', is_subscription: true, subscription_active: true },
  ...more,
});

const mails = (to: string, least: number) => createMailbox(shop.parts.host.url).received(to, least);

const templateKeys = [
  ...['id', 'type', 'created_on', 'updated_on', 'purchase', 'brand_id', 'company_id', 'user_id', 'is_test', 'title', 'is_subscription'],
  ...['invoice_issued', 'invoice_due', 'invoice_skip_capture', 'invoice_send_receipt', 'subscription_period', 'subscription_period_units'],
  ...['subscription_due_period', 'subscription_due_period_units', 'subscription_charge_period_end', 'subscription_trial_periods'],
  ...['subscription_active', 'subscription_has_active_clients', 'number_of_billing_cycles', 'force_recurring', 'upsell_campaigns'],
  'referral_campaign_id',
];

test('a template is made, read, listed, replaced and removed; every key is there, with its default', async () => {
  const made = await shop.api('POST', 'billing_templates/', { brand_id: demo.brandId, purchase, is_subscription: true });
  assert.equal(made.status, 201, made.text);
  const { body } = made;
  assert.deepEqual(Object.keys(body).toSorted(), templateKeys.toSorted());
  assert.deepEqual(
    [body.type, body.subscription_period, body.subscription_period_units, body.subscription_due_period, body.subscription_due_period_units],
    ['billing_template', 1, 'months', 7, 'days'],
  );
  assert.deepEqual([body.subscription_active, body.subscription_trial_periods, body.invoice_send_receipt], [false, 0, true]);
  assert.deepEqual([body.purchase?.total, body.purchase?.products?.[0]?.quantity], [2500, '1.0000']);
  const path = `billing_templates/${idOf(made)}/`;
  assert.deepEqual((await shop.api('GET', path)).body, body);
  const replaced = await shop.api('PUT', path, planTerms({ title: 'Renamed', subscription_period: 2, subscription_period_units: 'weeks' }));
  assert.deepEqual([replaced.status, replaced.body.title, replaced.body.subscription_period_units], [200, 'Renamed', 'weeks']);
  assert.equal(codeOf(await shop.api('PUT', path, invoiceTerms()), 'is_subscription'), 'invalid');
  const ids: string[] = [];
  for (let next: string | undefined = 'billing_templates/?page_size=1'; next !== undefined; ) {
    const page: Body = (await shop.api('GET', next)).body;
    ids.push(...(page.results ?? []).map(({ id }) => String(id)));
    next = page.next === null ? undefined : String(page.next).split('/api/v1/')[1];
  }
  assert.ok(ids.includes(idOf(made)) && new Set(ids).size === ids.length);
  for (const method of ['GET', 'PUT', 'DELETE'])
    assert.equal((await shop.api(method, path, planTerms(), { as: other })).status, 404, method);
  assert.ok(!(await shop.api('GET', 'billing_templates/', undefined, { as: other })).text.includes(idOf(made)));
  assert.equal((await shop.api('DELETE', path)).status, 204);
  assert.equal((await shop.api('GET', path)).status, 404);
});

const faults: readonly (readonly [body: object, field: string, code: string])[] = [
  [{ brand_id: undefined }, 'brand_id', 'required'],
  [{ brand_id: other.brandId }, 'brand_id', 'does_not_exist'],
  [{ purchase: undefined }, 'purchase', 'required'],
  [{ is_subscription: undefined }, 'is_subscription', 'required'],
  [{ is_subscription: false }, 'invoice_due', 'required'],
  [{ subscription_period: 0 }, 'subscription_period', 'min_value'],
  [{ subscription_period_units: 'years' }, 'subscription_period_units', 'invalid_choice'],
  [{ subscription_trial_periods: -1 }, 'subscription_trial_periods', 'min_value'],
  [{ number_of_billing_cycles: 1.5 }, 'number_of_billing_cycles', 'invalid'],
  [{ subscription_active: 'perhaps' }, 'subscription_active', 'invalid'],
  [{ invoice_issued: '2026-13-01' }, 'invoice_issued', 'invalid'],
  [{ invoice_issued: '2026-02-30' }, 'invoice_issued', 'invalid'],
  [{ title: 'x'.repeat(257) }, 'title', 'max_length'],
  [{ purchase: { currency: 'NGN', products: [{ name: 'x', price: 0 }] } }, '__all__', 'purchase_zero_total'],
];

test('what is wrong with a template is named', async () => {
  for (const [more, field, code] of faults) {
    const answer = await shop.api('POST', 'billing_templates/', planTerms(more));
    assert.deepEqual([answer.status, codeOf(answer, field)], [400, code], answer.text);
  }
  const nested = await shop.api(
    'POST',
    'billing_templates/',
    planTerms({ purchase: { currency: 'NGN', products: [{ name: 'x', price: -1 }] } }),
  );
  assert.equal(nested.body.purchase?.products?.[0]?.price?.[0]?.code, 'min_value');
});

test('invoices are mailed to clients, and paid on the hosted page or with a kept card', async () => {
  const [ada, grace] = [await client({ cc: ['office@client.example'] }), await client()];
  const headers = { 'idempotency-key': `billing ${Date.now()}` };
  const body = invoiceTerms({ title: 'ignored', clients: [{ client_id: ada.id, invoice_reference: 'INV-7' }, grace.id] });
  const sent = await shop.api('POST', 'billing/', body, { headers });
  assert.equal(sent.status, 200, sent.text);
  const ids = JSON.parse(sent.text) as string[];
  assert.deepEqual(JSON.parse((await shop.api('POST', 'billing/', body, { headers })).text), ids);
  assert.equal(codeOf(await shop.api('POST', 'billing/', { ...body, force_recurring: true }, { headers })), 'idempotency_key_reused');
  const [first, second] = await Promise.all(ids.map((id) => shop.read(id)));
  assert.deepEqual(
    [first?.status, first?.product, first?.client_id, first?.client?.email, first?.reference, first?.billing_template_id],
    ['sent', 'billing_invoices', ada.id, ada.email, 'INV-7', null],
  );
  assert.deepEqual([first?.send_receipt, first?.direct_post_url, first?.due], [true, null, body.invoice_due]);
  assert.match(String(first?.invoice_url), /\/p\/[0-9a-f-]{36}\/invoice\/$/);
  assert.deepEqual([second?.client?.email, second?.status_history?.map(({ status }) => status)], [grace.email, ['sent']]);
  const [mail] = await mails(ada.email, 1);
  assert.match(`${mail?.subject}`, /INV-7/);
  assert.ok(JSON.stringify(mail).includes(String(first?.checkout_url)), JSON.stringify(mail));
  await mails('office@client.example', 1);
  await told(String(first?.id), 'purchase.created');
  const page = await fetch(String(first?.checkout_url));
  assert.match(await page.text(), /Harbor Blend/);
  assert.equal((await shop.read(ids[0] ?? '')).status, 'viewed');
  const token = await keepCard(grace.id);
  const paid = await shop.api('POST', `purchases/${ids[1]}/charge/`, { recurring_token: token });
  assert.equal(paid.body.status, 'paid');
  assert.equal((await mails(ada.email, 1)).length, 1);
});

test('what is wrong with an invoice is named, and nothing is sent', async () => {
  const { id } = await client();
  const theirs = idOf(await shop.api('POST', 'clients/', { email: 'elsewhere@client.example' }, { as: other }));
  for (const [more, field, code] of [
    [{ clients: undefined }, 'clients', 'required'],
    [{ clients: 'x' }, 'clients', 'invalid'],
    [{ clients: [] }, 'clients', 'min_length'],
    [{ clients: Array.from({ length: 101 }, () => id) }, 'clients', 'max_length'],
    [{ clients: [id, { client_id: id }] }, 'clients', 'invalid'],
    [{ clients: [id], is_subscription: true }, 'is_subscription', 'invalid'],
    [{ clients: [id], invoice_due: null }, 'invoice_due', 'required'],
  ] as const) {
    const answer = await shop.api('POST', 'billing/', invoiceTerms(more));
    assert.deepEqual([answer.status, codeOf(answer, field)], [400, code], answer.text);
  }
  const before = (await shop.api('GET', `clients/${id}/`)).body;
  for (const clients of [
    [id, theirs],
    [id, 'x'],
    [id, 5],
  ]) {
    const { status, body } = await shop.api('POST', 'billing/', invoiceTerms({ clients }));
    assert.deepEqual([status, body.clients?.[0], body.clients?.[1]?.client_id?.length], [400, {}, 1]);
  }
  assert.deepEqual(await createMailbox(shop.parts.host.url).list({ to: String(before.email) }), []);
});

test('a template sends an invoice whenever it is asked to, of a hold too; one of a subscription does not', async () => {
  const { id, email } = await client();
  const templateId = await template(invoiceTerms({ title: 'Once', invoice_skip_capture: true, invoice_send_receipt: false }));
  const path = `billing_templates/${templateId}/send_invoice/`;
  const headers = { 'idempotency-key': `invoice ${Date.now()}` };
  const sent = await shop.api('POST', path, { client_id: id }, { headers });
  const { body } = sent;
  assert.deepEqual([sent.status, body.status, body.billing_template_id, body.send_receipt], [200, 'sent', templateId, false]);
  assert.equal((await shop.api('POST', path, { client_id: id }, { headers })).body.id, body.id);
  assert.notEqual((await shop.api('POST', path, { client_id: id })).body.id, body.id);
  assert.equal((await mails(email, 2)).length, 2);
  const token = await keepCard(id);
  assert.equal((await shop.api('POST', `purchases/${body.id}/charge/`, { recurring_token: token })).body.status, 'hold');
  assert.equal(codeOf(await shop.api('POST', path, { client_id: demo.brandId }), 'client_id'), 'does_not_exist');
  assert.equal(codeOf(await shop.api('POST', path, {}), 'client_id'), 'required');
  assert.equal((await shop.api('POST', path, { client_id: id }, { as: other })).status, 404);
  const plan = await template(planTerms());
  assert.equal(
    codeOf(await shop.api('POST', `billing_templates/${plan}/send_invoice/`, { client_id: id })),
    'billing_template_is_subscription',
  );
  assert.equal(codeOf(await subscribe(templateId, id)), 'billing_template_not_subscription');
});

test('a subscriber pays the first period, and is charged for the others with the card that was kept', async () => {
  const { id, email } = await client();
  const templateId = await template(planTerms({ subscription_period_units: 'days', number_of_billing_cycles: 3 }));
  const added = await subscribe(templateId, id, { send_invoice_on_add_subscriber: true });
  assert.equal(added.status, 200, added.text);
  const { billing_template_client: pending, purchase: first } = added.body;
  assert.deepEqual([pending?.status, pending?.client_id, pending?.subscription_billing_scheduled_on], ['pending', id, null]);
  assert.deepEqual([first?.status, first?.force_recurring, first?.billing_template_id], ['sent', true, templateId]);
  assert.equal((await mails(email, 1)).length, 1);
  assert.equal(codeOf(await subscribe(templateId, id)), 'billing_template_client_exists');
  // Nobody has paid: nothing is billed.
  await moveClock(shop.url, daySeconds);
  assert.equal((await billed(templateId)).length, 1);
  assert.equal((await shop.api('PATCH', `billing_templates/${templateId}/clients/${id}/`, { status: 'subscription_paused' })).status, 400);
  const token = await keepCard(id);
  assert.equal((await shop.api('POST', `purchases/${first?.id}/charge/`, { recurring_token: token })).body.status, 'paid');
  const active = await subscriber(templateId, id);
  assert.equal(active.status, 'active');
  assert.match(String(active.subscription_billing_scheduled_on), /^\d{4}-\d{2}-\d{2}$/);
  await moveClock(shop.url, daySeconds);
  const [, second] = await billed(templateId);
  assert.deepEqual(
    [second?.status, second?.product, second?.recurring_token, second?.payment?.payment_type, second?.client_id],
    ['paid', 'billing_subscriptions', token, 'purchase_charge', id],
  );
  assert.deepEqual(
    second?.transaction_data?.attempts?.map(({ type, successful }) => [type, successful]),
    [['recurring_execute', true]],
  );
  assert.equal(Number(second?.due) - Number(second?.created_on), 7 * daySeconds);
  await told(String(second?.id), 'purchase.paid');
  await moveClock(shop.url, 5 * daySeconds);
  assert.deepEqual(
    (await billed(templateId)).map(({ status }) => status),
    ['paid', 'paid', 'paid'],
  );
  const over = await subscriber(templateId, id);
  assert.deepEqual([over.status, over.number_of_billing_cycles_passed, over.subscription_billing_scheduled_on], ['inactive', 3, null]);
  assert.equal((await mails(email, 1)).length, 1);
});

test('the first period is paid on the hosted page, and the card that it keeps pays the next', async () => {
  const { id } = await client();
  const templateId = await template(planTerms({ subscription_period_units: 'days' }));
  const { purchase: first } = (await subscribe(templateId, id)).body;
  assert.deepEqual([first?.status, first?.direct_post_url], ['created', null]);
  rememberCard(shop.parts.traces, { pan: cards.plain, cvc: '123' });
  const page = await openPage(String(first?.checkout_url));
  const card = { cardnumber: cards.plain, 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example' };
  assert.equal((await submit(page, card)).status, 200);
  const paid = await shop.read(String(first?.id));
  assert.deepEqual([paid.status, paid.is_recurring_token, paid.product], ['paid', true, 'billing_subscriptions_invoice']);
  assert.equal((await subscriber(templateId, id)).status, 'active');
  const tokens = await shop.api('GET', `clients/${id}/recurring_tokens/`);
  assert.deepEqual(
    tokens.body.results?.map(({ id: token }) => token),
    [first?.id],
  );
  await moveClock(shop.url, daySeconds);
  const [, second] = await billed(templateId);
  assert.deepEqual([second?.status, second?.recurring_token], ['paid', first?.id]);
  await shop.api('DELETE', `billing_templates/${templateId}/`);
});

test('trial periods are free, and a period may be billed at its end', async () => {
  const { id } = await client();
  await keepCard(id);
  const trial = await template(planTerms({ subscription_period_units: 'days', subscription_trial_periods: 2 }));
  const atEnd = await template(planTerms({ subscription_period_units: 'weeks', subscription_charge_period_end: true }));
  for (const templateId of [trial, atEnd]) {
    const { body } = await subscribe(templateId, id);
    assert.deepEqual([body.billing_template_client?.status, body.purchase], ['active', null]);
  }
  await moveClock(shop.url, daySeconds);
  assert.deepEqual([(await billed(trial)).length, (await billed(atEnd)).length], [0, 0]);
  await moveClock(shop.url, daySeconds + 60);
  assert.deepEqual(
    (await billed(trial)).map(({ status }) => status),
    ['paid'],
  );
  await moveClock(shop.url, 5 * daySeconds);
  assert.deepEqual(
    (await billed(atEnd)).map(({ status }) => status),
    ['paid'],
  );
  assert.equal((await billed(trial)).length, 6);
  await shop.api('DELETE', `clients/${id}/`);
});
