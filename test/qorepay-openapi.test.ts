/** QorePay: what the description says of clients, billing and payouts is what the API answers, and clients of the platform find it where they look. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { describeApi } from '../src/dialects/qorepay/openapi.ts';
import { type Answer, demo, seedPurchase, useQorepayStack } from './harness/qorepay.ts';

const shop = useQorepayStack();

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> }>
  >;
}

const document = describeApi('sandbox').document as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, TSchema>> };
};

const prefix = '#/components/schemas/';

/** References in their place: the validator knows no document. */
function inlined(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inlined);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref } = schema as { readonly $ref?: string };
  if ($ref !== undefined) return inlined(document.components.schemas[$ref.slice(prefix.length)]);
  return Object.fromEntries(Object.entries(schema).map(([name, member]) => [name, inlined(member)]));
}

/** Asserts that the description has this answer, with this shape and no other key. */
function assertDescribed(path: string, method: string, { status, text, body }: Answer): void {
  const answer = document.paths[path]?.[method]?.responses[String(status)];
  assert.ok(answer !== undefined, `${method} ${path} is not said to answer ${status}: ${text}`);
  const reference = answer.content?.['application/json']?.schema.$ref;
  if (reference === undefined) {
    assert.equal(text, '', `${method} ${path}`);
    return;
  }
  const schema = inlined({ $ref: reference }) as TSchema & { readonly properties?: object };
  const check = Compile(schema);
  assert.ok(check.Check(body), `${status} of ${method} ${path} has a shape of its own: ${JSON.stringify(check.Errors(body))} ${text}`);
  const known = Object.keys(schema.properties ?? body);
  const unknown = Object.keys(body).filter((name) => !known.includes(name) && name !== 'direct_post_unavailable_reason');
  if (!Array.isArray(body) && reference !== `${prefix}Errors`) assert.deepEqual(unknown, [], `${method} ${path}`);
}

const api = '/api/v1/';

/** Sends it and looks at the answer. */
async function expect(
  method: string,
  template: string,
  { path = template, body }: { path?: string; body?: unknown } = {},
): Promise<Answer> {
  const answer = await shop.api(method.toUpperCase(), path, body);
  assertDescribed(`${api}${template}`, method, answer);
  return answer;
}

const plan = {
  ...{ brand_id: demo.brandId, purchase: { currency: 'NGN', products: [{ name: 'Beans', price: 900 }] } },
  ...{ is_subscription: true, subscription_active: true },
};
const single = { ...plan, is_subscription: false, invoice_due: 1_999_999_999 };

test('clients and their cards have the shapes that they are said to have', async () => {
  const { id } = (await expect('post', 'clients/', { body: { email: 'ada@example.com', country: 'NG' } })).body;
  await expect('post', 'clients/', { body: { email: 'no' } });
  await expect('get', 'clients/', { path: 'clients/?q=ada' });
  await expect('get', 'clients/', { path: 'clients/?page_size=0' });
  const one = { path: `clients/${id}/` };
  await expect('get', 'clients/{id}/', one);
  await expect('put', 'clients/{id}/', { ...one, body: { email: 'ada@example.com' } });
  await expect('patch', 'clients/{id}/', { ...one, body: { city: 'Lagos' } });
  await expect('get', 'clients/{id}/', { path: 'clients/nobody/' });
  const purchase = await shop.api('POST', 'purchases/', seedPurchase({ client: undefined, client_id: id }));
  assertDescribed(`${api}purchases/`, 'post', purchase);
  await shop.s2s(purchase, { remember_card: 'on' });
  await expect('get', 'clients/{id}/recurring_tokens/', { path: `clients/${id}/recurring_tokens/` });
  const token = { path: `clients/${id}/recurring_tokens/${purchase.body.id}/` };
  await expect('get', 'clients/{id}/recurring_tokens/{token}/', token);
  await expect('delete', 'clients/{id}/recurring_tokens/{token}/', token);
  await expect('delete', 'clients/{id}/', one);
});

test('invoices, templates and subscriptions have the shapes that they are said to have', async () => {
  const { id: client } = (await shop.api('POST', 'clients/', { email: 'ada@example.com' })).body;
  await expect('post', 'billing/', { body: { ...single, clients: [client] } });
  await expect('post', 'billing/', { body: { ...single, clients: [] } });
  const { id } = (await expect('post', 'billing_templates/', { body: plan })).body;
  const { id: once } = (await expect('post', 'billing_templates/', { body: single })).body;
  await expect('get', 'billing_templates/');
  const one = { path: `billing_templates/${id}/` };
  await expect('get', 'billing_templates/{id}/', one);
  await expect('put', 'billing_templates/{id}/', { ...one, body: plan });
  const body = { client_id: client };
  await expect('post', 'billing_templates/{id}/send_invoice/', { path: `billing_templates/${once}/send_invoice/`, body });
  await expect('post', 'billing_templates/{id}/send_invoice/', { path: `billing_templates/${id}/send_invoice/`, body });
  await expect('post', 'billing_templates/{id}/add_subscriber/', { path: `${one.path}add_subscriber/`, body });
  const { id: trial } = (await shop.api('POST', 'billing_templates/', { ...plan, subscription_trial_periods: 1 })).body;
  await expect('post', 'billing_templates/{id}/add_subscriber/', { path: `billing_templates/${trial}/add_subscriber/`, body });
  await expect('get', 'billing_templates/{id}/clients/', { path: `${one.path}clients/` });
  const its = { path: `billing_templates/${trial}/clients/${client}/` };
  await expect('get', 'billing_templates/{id}/clients/{client}/', its);
  await expect('patch', 'billing_templates/{id}/clients/{client}/', { ...its, body: { status: 'subscription_paused' } });
  await expect('patch', 'billing_templates/{id}/clients/{client}/', { ...its, body: {} });
  await expect('delete', 'billing_templates/{id}/', one);
});

test('payouts have the shapes that they are said to have', async () => {
  const body = { brand_id: demo.brandId, client: { email: 'ada@example.com' }, payment: { amount: 100, currency: 'EUR' } };
  const made = await expect('post', 'payouts/', { body });
  await expect('post', 'payouts/', { body: {} });
  const path = new URL(String(made.body.execution_url)).pathname;
  const execute = (more: object) =>
    shop.send({
      ...{ method: 'POST', path, headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ card_number: '4444333322221111', cardholder_name: 'Ada', expiry_month: '01', expiry_year: '34', ...more }),
    });
  const headers = { 'content-type': 'application/json' };
  const account = { account_number: 'DE23100000001234567890', recipient_name: 'Ada' };
  const second = `${path}sarepay_payouts/create/payout`;
  const executed = async (more: object) =>
    assertDescribed(
      '/po/{id}/sarepay_payouts/create/payout/',
      'post',
      await shop.send({ method: 'POST', path: second, headers, body: JSON.stringify(more) }),
    );
  assertDescribed('/po/{id}/', 'get', await shop.send({ method: 'GET', path }));
  assertDescribed('/po/{id}/', 'post', await shop.send({ method: 'POST', path }));
  await executed({});
  for (const more of [{ expiry_year: 'x' }, { expiry_year: '20' }, {}]) assertDescribed('/po/{id}/', 'post', await execute(more));
  await executed(account);
  assertDescribed('/po/{id}/', 'get', await shop.send({ method: 'GET', path }));
  await expect('get', 'payouts/{id}/', { path: `payouts/${made.body.id}/` });
  await expect('get', 'payouts/{id}/', { path: `payouts/${demo.brandId}/` });
  await expect('get', 'payout_methods/', { path: `payout_methods/?brand_id=${demo.brandId}&currency=EUR` });
  await expect('get', 'payout_methods/', { path: 'payout_methods/' });
});

test('the description is where clients of the platform look for it, for programs and for people', async () => {
  for (const path of ['/api/schema/v1/', '/api/schema/v1']) {
    const { status, headers, body } = await shop.send({ method: 'GET', path });
    assert.deepEqual([status, headers['content-type'], String(body.openapi)], [200, 'application/json', '3.1.1']);
  }
  const { status, headers } = await shop.send({ method: 'GET', path: '/api/' });
  assert.deepEqual([status, headers.location], [302, '/docs/qorepay']);
  assert.equal((await shop.send({ method: 'GET', path: '/api/v1/' })).status, 404);
});
