/** QorePay: subscriptions whose charges fail, that are paused and ended, and that are billed once whatever runs and whatever stops. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterPeriods } from '../src/core/subscription/period.ts';
import { moveClock } from './harness/console.ts';
import { createMailbox } from './harness/mailbox.ts';
import { eventually } from './harness/processes.ts';
import { codeOf, demo, other, useQorepayStack } from './harness/qorepay.ts';
import { billingAt } from './harness/qorepay-billing.ts';

const shop = useQorepayStack({ webhooks: true });
const billing = billingAt(shop);
const { client, subscribe, subscriber, billed, keepCard, told } = billing;

const daySeconds = 86_400;

const planTerms = (more: object = {}) => ({
  ...{ brand_id: demo.brandId, purchase: { currency: 'NGN', products: [{ name: 'Weekly beans', price: 2500 }] } },
  ...{ is_subscription: true, subscription_active: true, subscription_period_units: 'weeks', subscription_charge_period_end: true },
  ...more,
});

const template = (more: object = {}): Promise<string> => billing.template(planTerms(more));
const change = (templateId: string, clientId: string, status: string | undefined) =>
  shop.api('PATCH', `billing_templates/${templateId}/clients/${clientId}/`, { status });
const statusesOf = async (templateId: string) => (await billed(templateId)).map(({ status }) => status);

/** A subscriber with a card, billed for the first time in a week. */
async function subscribed(more: object = {}, terms: object = {}) {
  const { id, email } = await client();
  const token = await keepCard(id);
  const templateId = await template(terms);
  const added = await subscribe(templateId, id, more);
  assert.equal(added.body.billing_template_client?.status, 'active', added.text);
  return { clientId: id, email, token, templateId, subscriberId: String(added.body.billing_template_client?.id) };
}

const mailsTo = (to: string) => createMailbox(shop.parts.host.url).list({ to });
const declineNext = (times: number) => shop.parts.host.addFault({ fault: 'decline', code: '51', times });

test('a charge that fails becomes an invoice, is told, and is tried again; the next period is billed all the same', async () => {
  const { templateId, email, clientId } = await subscribed();
  await declineNext(2);
  await moveClock(shop.url, 7 * daySeconds);
  const [first] = await billed(templateId);
  assert.deepEqual(
    [first?.status, first?.product, first?.status_history?.map(({ status }) => status)],
    ['sent', 'billing_subscriptions_invoice', ['created', 'error', 'sent']],
  );
  assert.equal(first?.transaction_data?.attempts?.[0]?.error?.code, 'insufficient_funds');
  const failure = await told(String(first?.id), 'purchase.subscription_charge_failure');
  assert.deepEqual([failure.status, failure.type], ['sent', 'purchase']);
  await told(String(first?.id), 'purchase.payment_failure');
  await createMailbox(shop.parts.host.url).received(email, 1);
  await moveClock(shop.url, daySeconds);
  assert.equal((await billed(templateId))[0]?.transaction_data?.attempts?.length, 2);
  await moveClock(shop.url, 2 * daySeconds);
  const [paid] = await billed(templateId);
  assert.deepEqual([paid?.status, paid?.transaction_data?.attempts?.length], ['paid', 3]);
  assert.equal((await mailsTo(email)).length, 1);
  await moveClock(shop.url, 4 * daySeconds);
  assert.deepEqual(await statusesOf(templateId), ['paid', 'paid']);
  assert.equal((await subscriber(templateId, clientId)).number_of_billing_cycles_passed, 2);
  await change(templateId, clientId, 'subscription_paused');
});

test('after three more tries the invoice stays for the payer, who keeps a new card with it', async () => {
  const { templateId, clientId, token } = await subscribed();
  await shop.api('DELETE', `clients/${clientId}/recurring_tokens/${token}/`);
  await moveClock(shop.url, 7 * daySeconds);
  const [first] = await billed(templateId);
  assert.deepEqual([first?.status, first?.transaction_data?.attempts], ['sent', []]);
  await moveClock(shop.url, 6 * daySeconds);
  const [still] = await billed(templateId);
  assert.deepEqual([still?.status, still?.direct_post_url], ['sent', null]);
  // The payer brings another card, by paying something else.
  const fresh = await keepCard(clientId);
  const paid = await shop.api('POST', `purchases/${first?.id}/charge/`, { recurring_token: fresh });
  assert.equal(paid.body.status, 'paid');
  await moveClock(shop.url, daySeconds);
  const [, second] = await billed(templateId);
  assert.deepEqual([second?.status, second?.recurring_token], ['paid', fresh]);
  await change(templateId, clientId, 'subscription_paused');
});

test('a card that the template does not take is not charged: its payer gets the invoice, and pays with another', async () => {
  const { templateId, clientId, email } = await subscribed({ payment_method_whitelist: ['mastercard'] });
  const books = (await shop.parts.host.books()).length;
  await moveClock(shop.url, 7 * daySeconds);
  const [first] = await billed(templateId);
  assert.deepEqual([first?.status, first?.transaction_data?.attempts, (await shop.parts.host.books()).length], ['sent', [], books]);
  assert.equal((await mailsTo(email)).length, 1);
  const fresh = await keepCard(clientId, { card_number: '5105105105105100' });
  assert.equal((await shop.api('POST', `purchases/${first?.id}/charge/`, { recurring_token: fresh })).body.status, 'paid');
  await change(templateId, clientId, 'subscription_paused');
});

test('no invoice is mailed where the client wants none, and what was paid meanwhile is not charged again', async () => {
  const { templateId, email, clientId, token } = await subscribed({ send_invoice_on_charge_failure: false });
  await declineNext(1);
  await moveClock(shop.url, 7 * daySeconds);
  const [first] = await billed(templateId);
  assert.deepEqual([first?.status, first?.product], ['error', 'billing_subscriptions']);
  await told(String(first?.id), 'purchase.subscription_charge_failure');
  await shop.api('POST', `purchases/${first?.id}/charge/`, { recurring_token: token });
  const books = (await shop.parts.host.books()).length;
  await moveClock(shop.url, 3 * daySeconds);
  assert.deepEqual([await statusesOf(templateId), (await shop.parts.host.books()).length], [['paid'], books]);
  assert.deepEqual(await mailsTo(email), []);
  await change(templateId, clientId, 'subscription_paused');
});

test('an acquirer that is away is asked again, and that is no failure yet', async () => {
  const { templateId, clientId, email } = await subscribed();
  await shop.parts.stopSandbox();
  try {
    const tried = async () => (await billed(templateId))[0]?.transaction_data?.attempts?.length === 1;
    // Due now, as if a week had passed.
    await shop.parts.database.query(
      `update polygate.subscriber set starts_at = starts_at - interval '7 days', due_at = due_at - interval '7 days' where template_id = $1`,
      [templateId],
    );
    await eventually(tried, 'a charge that reached nobody');
  } finally {
    await shop.parts.startSandbox();
  }
  const isReady = async () => (await fetch(`${shop.url}/readyz`)).status === 200;
  await eventually(isReady, 'the link to be up');
  await moveClock(shop.url, 10 * 60);
  const [first] = await billed(templateId);
  assert.deepEqual([first?.status, first?.status_history?.map(({ status }) => status)], ['paid', ['created', 'error', 'paid']]);
  assert.deepEqual(await mailsTo(email), []);
  await change(templateId, clientId, 'subscription_paused');
});

test('a charge that was not answered is found out about, and tried again when it was undone', async () => {
  const { templateId, clientId } = await subscribed();
  await shop.parts.host.addFault({ fault: 'answer_lost', times: 1 });
  await moveClock(shop.url, 7 * daySeconds);
  await shop.parts.hurry();
  const resolved = async () => {
    const [first] = await billed(templateId);
    return String(first?.status) === 'error';
  };
  await eventually(resolved, 'the unanswered charge to be reversed');
  await moveClock(shop.url, 2 * daySeconds);
  assert.deepEqual(await statusesOf(templateId), ['paid']);
  await change(templateId, clientId, 'subscription_paused');
});

test('a subscription is paused and goes on, alone or with its template; periods that pass are not made up for', async () => {
  const { templateId, clientId } = await subscribed();
  const paused = await change(templateId, clientId, 'subscription_paused');
  assert.deepEqual([paused.status, paused.body.status, paused.body.subscription_billing_scheduled_on], [200, 'subscription_paused', null]);
  await moveClock(shop.url, 21 * daySeconds);
  assert.deepEqual(await statusesOf(templateId), []);
  assert.equal((await change(templateId, clientId, 'active')).body.status, 'active');
  await moveClock(shop.url, 7 * daySeconds);
  assert.deepEqual(await statusesOf(templateId), ['paid']);
  const path = `billing_templates/${templateId}/`;
  assert.equal((await shop.api('GET', path)).body.subscription_has_active_clients, true);
  const stopped = await shop.api('PUT', path, planTerms({ subscription_active: false, subscription_due_period: 3 }));
  assert.deepEqual([stopped.status, stopped.body.subscription_active, stopped.body.subscription_due_period], [200, false, 3]);
  await moveClock(shop.url, 14 * daySeconds);
  assert.deepEqual(await statusesOf(templateId), ['paid']);
  await shop.api('PUT', path, planTerms());
  await moveClock(shop.url, 7 * daySeconds);
  assert.deepEqual(await statusesOf(templateId), ['paid', 'paid']);
  for (const more of [
    { subscription_period: 2 },
    { title: 'Other' },
    { purchase: { currency: 'NGN', products: [{ name: 'x', price: 1 }] } },
  ]) {
    assert.equal(codeOf(await shop.api('PUT', path, planTerms(more))), 'billing_template_has_active_clients');
  }
  for (const status of ['inactive', 'pending', 'x', undefined]) assert.equal((await change(templateId, clientId, status)).status, 400);
  await shop.api('DELETE', path);
});

test('the end of a template, or of a client, ends its subscriptions, and is told', async () => {
  const one = await subscribed();
  assert.equal((await shop.api('DELETE', `billing_templates/${one.templateId}/`)).status, 204);
  const ended = await told(one.subscriberId, 'billing_template_client.subscription_billing_cancelled');
  assert.deepEqual([ended.type, ended.status, ended.client_id], ['billing_template_client', 'inactive', one.clientId]);
  const two = await subscribed();
  assert.equal((await shop.api('DELETE', `clients/${two.clientId}/`)).status, 204);
  await told(two.subscriberId, 'billing_template_client.subscription_billing_cancelled');
  assert.equal((await subscriber(two.templateId, two.clientId)).status, 'inactive');
  assert.equal((await change(two.templateId, two.clientId, 'active')).status, 400);
  await moveClock(shop.url, 14 * daySeconds);
  assert.deepEqual([await statusesOf(one.templateId), await statusesOf(two.templateId)], [[], []]);
});

test('a client subscribes once at a time, also when asked twice at once; the same key finds the same subscription', async () => {
  const { id } = await client();
  const templateId = await template();
  const headers = { 'idempotency-key': `subscribe ${Date.now()}` };
  const answers = await Promise.all([1, 2, 3].map(() => subscribe(templateId, id, {}, headers)));
  assert.deepEqual(
    new Set(answers.map(({ status, body }) => `${status} ${body.billing_template_client?.id}`)).size,
    1,
    answers.map(({ text }) => text).join('\n'),
  );
  assert.equal(codeOf(await subscribe(templateId, id, { send_receipt: false }, headers)), 'idempotency_key_reused');
  const own = await client();
  const both = await Promise.all([1, 2, 3, 4].map(() => subscribe(templateId, own.id)));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 400, 400, 400]);
  const listed = await shop.api('GET', `billing_templates/${templateId}/clients/?page_size=1`);
  const rest = await shop.api('GET', String(listed.body.next).split('/api/v1/')[1] ?? '');
  assert.deepEqual(
    [...(listed.body.results ?? []), ...(rest.body.results ?? [])].map(({ client_id: one }) => one),
    [id, own.id],
  );
  for (const [method, path, body] of [
    ['POST', `billing_templates/${templateId}/add_subscriber/`, { client_id: id }],
    ['GET', `billing_templates/${templateId}/clients/`, undefined],
    ['GET', `billing_templates/${templateId}/clients/${id}/`, undefined],
    ['PATCH', `billing_templates/${templateId}/clients/${id}/`, { status: 'subscription_paused' }],
  ] as const)
    assert.equal((await shop.api(method, path, body, { as: other })).status, 404, path);
  assert.equal(codeOf(await subscribe(templateId, demo.brandId), 'client_id'), 'does_not_exist');
  await shop.api('DELETE', `billing_templates/${templateId}/`);
});

test('two nodes, and one that stops on its way, bill each period once', async () => {
  const ones = await Promise.all(Array.from({ length: 4 }, () => subscribed({}, { subscription_period_units: 'days' })));
  const second = await shop.parts.startNode();
  try {
    await moveClock(shop.url, 3 * daySeconds);
    for (const { templateId } of ones) assert.deepEqual(await statusesOf(templateId), ['paid', 'paid', 'paid']);
    // What a crash leaves: the period was billed and paid, and nobody has noted it.
    await shop.parts.database.query(
      `update polygate.subscriber set next_cycle = next_cycle - 1, cycles_billed = cycles_billed - 1, due_at = due_at - interval '1 day', leased_until = now()
      where template_id = any ($1::uuid[])`,
      [ones.map(({ templateId }) => templateId)],
    );
    await moveClock(shop.url, 60);
    for (const { templateId, clientId } of ones) {
      assert.deepEqual(await statusesOf(templateId), ['paid', 'paid', 'paid']);
      assert.equal((await subscriber(templateId, clientId)).number_of_billing_cycles_passed, 3);
    }
  } finally {
    await second.stop();
    for (const { templateId } of ones) await shop.api('DELETE', `billing_templates/${templateId}/`);
  }
});

test('months end where they end, and begin again where the first began', () => {
  const start = Date.parse('2027-01-30T12:00:00.000Z');
  const days = (unit: 'days' | 'weeks' | 'months', periodCount: number) =>
    [1, 2, 3].map((times) => new Date(afterPeriods(start, { count: periodCount, unit }, times)).toISOString().slice(0, 10));
  assert.deepEqual(days('months', 1), ['2027-02-28', '2027-03-30', '2027-04-30']);
  assert.deepEqual(days('months', 13), ['2028-02-29', '2029-03-30', '2030-04-30']);
  assert.deepEqual(days('weeks', 2), ['2027-02-13', '2027-02-27', '2027-03-13']);
  assert.deepEqual(days('days', 10), ['2027-02-09', '2027-02-19', '2027-03-01']);
  assert.equal(afterPeriods(start, { count: 1, unit: 'months' }, 1) % 86_400_000, start % 86_400_000);
});
