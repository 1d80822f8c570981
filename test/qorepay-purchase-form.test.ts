/** QorePay: what a purchase is made from, and what its answer has: fields, totals, faults, currencies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callConsole, operatorKey } from './harness/console.ts';
import { eventually } from './harness/processes.ts';
import { codeOf, demo, idOf, other, seedPurchase, useQorepayStack } from './harness/qorepay.ts';

const shop = useQorepayStack();

const topKeys = [
  ...['id', 'type', 'created_on', 'updated_on', 'status', 'status_history', 'is_test', 'company_id', 'brand_id', 'user_id', 'client'],
  ...['client_id', 'purchase', 'payment', 'issuer_details', 'transaction_data', 'viewed_on', 'billing_template_id', 'order_id'],
  ...['send_receipt', 'is_recurring_token', 'recurring_token', 'skip_capture', 'force_recurring', 'reference', 'reference_generated'],
  ...['issued', 'due', 'refund_availability', 'refundable_amount', 'currency_conversion', 'payment_method_whitelist'],
  ...['success_redirect', 'failure_redirect', 'cancel_redirect', 'success_callback', 'creator_agent', 'platform', 'product'],
  ...['created_from_ip', 'invoice_url', 'checkout_url', 'direct_post_url', 'marked_as_paid', 'can_retrieve', 'can_chargeback'],
  ...['can_reverse_chargeback', 'upsell_campaigns', 'referral_campaign_id', 'referral_code', 'referral_code_details'],
  ...['referral_code_generated', 'retain_level_details', 'tags', 'notes'],
];

test('every key is there, with its default', async () => {
  const { body } = await shop.create();
  assert.deepEqual(Object.keys(body).toSorted(), topKeys.toSorted());
  const { client, purchase } = body;
  assert.deepEqual([client?.phone, client?.client_type, client?.cc], ['', null, []]);
  assert.deepEqual([purchase?.products?.[0]?.quantity, purchase?.products?.[0]?.tax_percent], ['1.0000', '0.00']);
  assert.deepEqual([body.payment, body.cancel_redirect, body.recurring_token, body.refund_availability], [null, '', null, 'none']);
});

const totals: readonly (readonly [total: number, products: readonly object[], more?: object])[] = [
  [
    312,
    [
      { price: 100, quantity: '1.555' },
      { price: 100, quantity: 1.555 },
    ],
  ],
  [299, [{ price: 100, discount: 1, quantity: 3 }]],
  [
    22,
    [
      { price: 10, tax_percent: 6 },
      { price: 10, tax_percent: '6' },
    ],
  ],
  [99, [{ price: 100, discount: 10, tax_percent: 10 }]],
  [171, [{ price: 100, quantity: '1.555', tax_percent: 10 }]],
  [2500, [{ price: 1, tax_percent: 10, total_price_override: 2500 }]],
  [10600, [{ price: 10000, tax_percent: 6 }]],
  [158, [{ price: 150, discount: 1, tax_percent: 6 }]],
  [50, [{ price: 100 }], { debt: -50 }],
  [700, [{ price: '100' }], { total_override: 700, total: 1 }],
  [200, [{ price: 100, tax_percent: '1e2' }]],
];

test('totals are those of the platform', async () => {
  for (const [total, products, more = {}] of totals) {
    const named = products.map((product) => ({ name: 'x', ...product }));
    const { status, body } = await shop.create({ purchase: { currency: 'EUR', products: named, ...more } });
    assert.deepEqual([status, body.purchase?.total], [201, total]);
  }
});

/** Path of the first message and its code. */
function faultIn(value: unknown, path: readonly string[] = []): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('code' in value && typeof value.code === 'string') return [...path, value.code];
  for (const [name, member] of Object.entries(value)) {
    const found = faultIn(member, [...path, name]);
    if (found.length > 0) return found;
  }
  return [];
}

const product = (more: object) => ({
  purchase: {
    currency: 'EUR',
    products: [
      { name: 'x', price: 1 },
      { name: 'x', price: 1, ...more },
    ],
  },
});

const faults: readonly (readonly [more: object, path: string])[] = [
  [{ brand_id: undefined }, 'brand_id 0 required'],
  [{ brand_id: 'x' }, 'brand_id 0 invalid'],
  [{ brand_id: other.brandId }, 'brand_id 0 does_not_exist'],
  [{ purchase: undefined }, 'purchase 0 required'],
  [{ client: undefined }, '__all__ 0 purchase_client_or_id_required'],
  [{ client_id: demo.brandId }, '__all__ 0 purchase_client_or_id_only'],
  [{ client: { email: 'no' } }, 'client email 0 invalid'],
  [{ client: { email: 'a@b.cd', country: 'Nowhere' } }, 'client country 0 invalid_choice'],
  [product({ quantity: -1 }), 'purchase products 1 quantity 0 min_value'],
  [product({ quantity: '1.55555' }), 'purchase products 1 quantity 0 max_decimal_places'],
  [product({ tax_percent: 101 }), 'purchase products 1 tax_percent 0 max_value'],
  [product({ tax_percent: '0.000' }), 'purchase products 1 tax_percent 0 max_decimal_places'],
  [product({ category: null }), 'purchase products 1 category 0 null'],
  [product({ price: undefined }), 'purchase products 1 price 0 required'],
  [product({ discount: 2 }), 'purchase products 1 __all__ 0 product_subtotal_negative'],
  [{ purchase: { currency: 'EUR', products: [] } }, 'purchase products 0 min_length'],
  [{ purchase: { currency: 'EUR', products: [{ name: 'x', price: 1 }], notes: 'x'.repeat(10_001) } }, 'purchase notes 0 max_length'],
  [{ purchase: { currency: 'EUR', products: [{ name: 'x', price: 0 }] } }, '__all__ 0 purchase_zero_total'],
  [{ payment_method_whitelist: [] }, 'payment_method_whitelist 0 min_length'],
  [{ payment_method_whitelist: ['card'] }, 'payment_method_whitelist 0 invalid_choice'],
  [
    { payment_method_whitelist: ['sarepay_bank_transfer'], force_recurring: true },
    'payment_method_whitelist 0 invalid_payment_method_whitelist',
  ],
  [
    { payment_method_whitelist: ['sarepay_bank_transfer'], skip_capture: true },
    'payment_method_whitelist 0 invalid_payment_method_whitelist',
  ],
  [{ success_redirect: 'javascript:alert(1)' }, 'success_redirect 0 invalid'],
  [{ issued: '2026-02-30' }, 'issued 0 invalid'],
];

test('what is wrong is named, in the form of the request', async () => {
  for (const [more, path] of faults) {
    const { status, body } = await shop.create(more);
    assert.deepEqual([status, faultIn(body).join(' ')], [400, path]);
  }
  const clean = (await shop.create(product({ quantity: -1 }))).body;
  assert.deepEqual(clean.purchase?.products?.[0], {});
});

test('bodies of every kind are answered, and never with a defect', async () => {
  const headers = { authorization: `Bearer ${demo.apiKey}`, 'content-type': 'application/json' };
  const bodies = ['', '{', '[]', '"x"', 'null', '1e999', '{"purchase":[]}', '{"purchase":{"products":{}}}', '{"__proto__":1}', '\u0000'];
  for (const body of [...bodies, Buffer.from([0xff, 0xfe])]) {
    const { status } = await shop.send({ method: 'POST', path: '/api/v1/purchases/', headers, body });
    assert.equal(status, 400, String(body));
  }
  const path = new URL(String((await shop.create()).body.direct_post_url)).pathname;
  const token = { ...headers, authorization: `Bearer ${demo.s2sToken}` };
  for (const body of bodies)
    assert.equal((await shop.send({ method: 'POST', path: `${path}?s2s=true`, headers: token, body })).status, 400, body);
});

test('with and without a slash, with empty bodies and junk in the query', async () => {
  const headers = { authorization: `Bearer ${demo.apiKey}`, 'content-type': 'application/json' };
  const made = await shop.send({ method: 'POST', path: '/api/v1/purchases?time=1', headers, body: JSON.stringify(seedPurchase()) });
  assert.equal(made.status, 201);
  const id = idOf(made);
  assert.equal((await shop.send({ method: 'GET', path: `/api/v1/purchases/${id}?time=2`, headers })).status, 200);
  assert.equal((await shop.send({ method: 'POST', path: `/api/v1/purchases/${id}/cancel`, headers })).body.status, 'cancelled');
  const listed = await shop.send({ method: 'GET', path: '/api/v1/purchases/', headers });
  assert.deepEqual([listed.status, codeOf(listed)], [405, 'method_not_allowed']);
  assert.equal((await shop.send({ method: 'GET', path: '/api/v1/nothing/', headers })).status, 404);
  for (const brand of ['%00', 'a%0Ab', '%F0%9F', 'x'.repeat(3_000), '%ED%A0%80']) {
    const path = `/api/v1/payment_methods/?brand_id=${brand}&currency=EUR`;
    const { status, text } = await shop.send({ method: 'GET', path, headers });
    assert.equal(status, 400, `${brand}: ${text}`);
  }
});

/** Changes the other merchant's brand. */
async function changeBrand(change: object): Promise<void> {
  const { rows } = await shop.parts.database.query<{ path: string }>(
    `select format('/console-api/merchants/%s/channels/%s', merchant_id, channel_id) as path from polygate.channel
     where dialect = 'qorepay' and wire_id = $1`,
    [other.brandId],
  );
  const body = JSON.stringify(change);
  const changed = await callConsole(shop.url, { method: 'PATCH', path: rows[0]?.path ?? '', key: operatorKey, body });
  assert.equal(changed.status, 200, await changed.text());
}

test('a brand that is switched off takes no purchases, and nothing can be paid with there', async () => {
  const methods = () => shop.api('GET', `payment_methods/?brand_id=${other.brandId}&currency=NGN`, undefined, { as: other });
  const purchase = () => shop.api('POST', 'purchases/', seedPurchase({ brand_id: other.brandId }), { as: other });
  assert.deepEqual([(await methods()).status, (await purchase()).status], [200, 201]);
  await changeBrand({ enabled: false });
  await eventually(async () => (await purchase()).status === 400, 'the brand to be switched off');
  const refused = await methods();
  assert.deepEqual([refused.status, faultIn(refused.body)], [400, ['brand_id', '0', 'does_not_exist']]);
  await changeBrand({ enabled: true });
  await eventually(async () => (await purchase()).status === 201, 'the brand to be switched on');
});

test('a purchase without a currency has that of its brand: its only one, or the one that its policy names; without either it needs one', async () => {
  const products = [{ name: 'Harbor Blend', price: 9000 }];
  const ask = (currency?: unknown) =>
    shop.api('POST', 'purchases/', { ...seedPurchase({ brand_id: other.brandId }), purchase: { currency, products } }, { as: other });
  const become = async (change: object, expected: string) => {
    await changeBrand(change);
    const isSo = async () => {
      const { status, body: answer } = await ask();
      return expected === (status === 201 ? String(answer.purchase?.currency) : faultIn(answer).join(' '));
    };
    await eventually(isSo, `a purchase without a currency to be answered ${expected}`);
  };
  const required = 'purchase currency 0 required';
  await become({ currencies: ['NGN', 'USD'] }, required);
  await become({ currencies: ['USD'] }, 'USD');
  assert.deepEqual([(await ask('')).body.purchase?.currency, (await ask(null)).body.purchase?.currency], ['USD', 'USD']);
  assert.deepEqual(faultIn((await ask('XXQ')).body), ['purchase', 'currency', '0', 'invalid_choice']);
  const terms = { brand_id: other.brandId, title: 'Beans', is_subscription: true, purchase: { products } };
  const template = await shop.api('POST', 'billing_templates/', terms, { as: other });
  assert.deepEqual([template.status, template.body.purchase?.currency], [201, 'USD'], template.text);
  await become({ currencies: null, policies: { currency: 'NGN' } }, 'NGN');
  assert.equal((await ask('EUR')).body.purchase?.currency, 'EUR');
  await become({ policies: {} }, required);
});
