/** QorePay: the server-to-server card payment step by step, as its guide tells it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Body, cards, codeOf, other, seedCard, seedPurchase, termUrl, useQorepayStack, wayBack } from './harness/qorepay.ts';

const shop = useQorepayStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });

const statusesOf = ({ status_history: history }: Body) => history?.map(({ status }) => status);
const attemptsOf = ({ transaction_data: data }: Body) => data?.attempts?.map(({ type, error }) => [type, error?.code ?? null]);

test('step 1: a purchase with an address to post to, without a query', async () => {
  const { status, body } = await shop.create();
  assert.equal(status, 201);
  assert.equal(body.direct_post_url, `${shop.url}/p/${body.id}/`);
  assert.deepEqual([body.status, body.purchase?.total, body.purchase?.currency, body.is_test], ['created', 9000, 'NGN', true]);
});

test('steps 2 and 3: a card that is not enrolled is executed at once', async () => {
  const purchase = await shop.create();
  const paid = await shop.s2s(purchase);
  assert.deepEqual([paid.status, paid.body], [200, { status: 'executed' }]);
  const body = await shop.read(String(purchase.body.id));
  assert.deepEqual([body.status, body.payment?.amount, body.refundable_amount, body.refund_availability], ['paid', 9000, 9000, 'all']);
  assert.deepEqual([statusesOf(body), attemptsOf(body)], [['created', 'paid'], [['execute', null]]]);
  assert.deepEqual(body.transaction_data?.extra?.masked_pan, '444433******1111');
  assert.deepEqual([body.transaction_data?.flow, body.direct_post_url], ['server_to_server', null]);
});

test('step 3: `skip_capture` is authorized, and holds the money', async () => {
  const purchase = await shop.create({ skip_capture: true });
  const paid = await shop.s2s(purchase);
  assert.deepEqual([paid.status, paid.body], [200, { status: 'authorized' }]);
  const body = await shop.read(String(purchase.body.id));
  assert.deepEqual([body.status, body.payment, attemptsOf(body)], ['hold', null, [['authorize', null]]]);
});

test('step 3: a decline is an error, and the purchase can be paid again', async () => {
  const purchase = await shop.create();
  const declined = await shop.s2s(purchase, { card_number: '4000000000009995' });
  assert.deepEqual([declined.status, declined.body.status, declined.body.error?.code], [400, 'error', 'insufficient_funds']);
  assert.equal((await shop.read(String(purchase.body.id))).status, 'error');
  assert.deepEqual((await shop.s2s(purchase)).body, { status: 'executed' });
  const body = await shop.read(String(purchase.body.id));
  assert.deepEqual(statusesOf(body), ['created', 'error', 'paid']);
  assert.deepEqual(attemptsOf(body), [
    ['execute', null],
    ['execute', 'insufficient_funds'],
  ]);
});

test('step 3: a whitelist keeps out cards of other brands, also of brands that nobody knows', async () => {
  const purchase = await shop.create({ payment_method_whitelist: ['mastercard'] });
  for (const card_number of ['4444333322221111', '9000000000000001']) {
    const refused = await shop.s2s(purchase, { card_number });
    assert.deepEqual([refused.status, refused.body.error?.code], [400, 'unknown_payment_method'], card_number);
  }
  assert.equal((await shop.s2s(purchase, { card_number: '5105105105105100' })).body.status, 'executed');
});

test('a card that was kept pays only what its brand may pay, and calls no payer off before', async () => {
  const token = await shop.create();
  assert.equal((await shop.s2s(token, { remember_card: 'on' })).status, 200);
  const charge = (id: unknown) => shop.api('POST', `purchases/${id}/charge/`, { recurring_token: token.body.id });
  for (const payment_method_whitelist of [['mastercard'], ['sarepay_bank_transfer'], ['mastercard', 'sarepay_bank_transfer']]) {
    const { body } = await shop.create({ payment_method_whitelist });
    const before = (await shop.parts.host.books()).length;
    const refused = await charge(body.id);
    assert.deepEqual(
      [refused.status, codeOf(refused, 'payment_method_whitelist')],
      [400, 'invalid_payment_method_whitelist'],
      refused.text,
    );
    const { status, transaction_data: data } = await shop.read(String(body.id));
    assert.deepEqual([status, data?.attempts, (await shop.parts.host.books()).length], ['created', [], before]);
  }
  const started = await shop.create({ payment_method_whitelist: ['mastercard'] });
  const required = await shop.s2s(started, { card_number: cards.challenged });
  assert.equal((await charge(started.body.id)).status, 400);
  const { fields } = wayBack(await shop.authenticate(required));
  assert.deepEqual((await shop.post(String(required.body.callback_url), fields)).body, { status: 'executed' });
  const allowed = await shop.create({ payment_method_whitelist: ['visa', 'sarepay_bank_transfer'], force_recurring: true });
  assert.equal((await charge(allowed.body.id)).body.status, 'paid');
});

for (const method of ['POST', 'GET'] as const) {
  test(`steps 3 to 5: a challenge through the proxy, by ${method}; nothing is sent before the callback`, async () => {
    const purchase = await shop.create();
    const id = String(purchase.body.id);
    const required = await shop.s2s(purchase, { card_number: cards.challenged });
    assert.equal(required.status, 200);
    assert.deepEqual(Object.keys(required.body), ['status', 'Method', 'PaReq', 'MD', 'URL', 'callback_url']);
    assert.deepEqual([required.body.status, required.body.Method], ['3DS_required', 'POST']);
    const before = (await shop.parts.host.books()).length;
    const { action, fields } = wayBack(await shop.authenticate(required, { method }));
    assert.deepEqual([action, fields.MD], [termUrl, required.body.MD]);
    assert.deepEqual([(await shop.parts.host.books()).length, (await shop.read(id)).status], [before, 'created']);
    const callback = String(required.body.callback_url);
    const done = await shop.post(callback, fields);
    assert.deepEqual([done.status, done.body], [200, { status: 'executed' }]);
    const again = await shop.post(callback, { PaRes: fields.PaRes ?? '' });
    assert.deepEqual([again.status, again.body], [200, { status: 'executed' }]);
    assert.equal((await shop.parts.host.books()).length, before + 1);
    assert.equal((await shop.read(id)).status, 'paid');
  });
}

test('a frictionless card passes the proxy untouched, and is still completed by the callback', async () => {
  const purchase = await shop.create({ skip_capture: true });
  const required = await shop.s2s(purchase, { card_number: cards.frictionless });
  assert.equal(required.body.status, '3DS_required');
  const { fields } = wayBack(await shop.authenticate(required));
  assert.deepEqual((await shop.post(String(required.body.callback_url), fields)).body, { status: 'authorized' });
});

test('callbacks at once send one payment, and none of them is told to begin again', async () => {
  for (let round = 0; round < 3; round += 1) {
    const required = await shop.s2s(await shop.create(), { card_number: cards.challenged });
    const { fields } = wayBack(await shop.authenticate(required));
    const before = (await shop.parts.host.books()).length;
    const answers = await Promise.all([1, 2, 3, 4].map(() => shop.post(String(required.body.callback_url), fields)));
    const statuses = new Set(answers.map(({ body }) => String(body.status)));
    assert.deepEqual([statuses.has('executed'), statuses.has('3DS_required')], [true, false], [...statuses].join());
    assert.equal((await shop.parts.host.books()).length, before + 1);
  }
});

test('a payer who fails at the issuer: the callback is an error, and nothing was sent', async () => {
  const purchase = await shop.create();
  const before = (await shop.parts.host.books()).length;
  const required = await shop.s2s(purchase, { card_number: cards.challenged });
  const { fields } = wayBack(await shop.authenticate(required, { code: '', act: 'cancel' }));
  const done = await shop.post(String(required.body.callback_url), fields);
  assert.deepEqual([done.status, done.body.status, done.body.error?.code], [400, 'error', '3ds_authentication_failed']);
  assert.equal((await shop.parts.host.books()).length, before);
});

test('a wrong code fails at the callback, not before', async () => {
  const purchase = await shop.create();
  const required = await shop.s2s(purchase, { card_number: cards.challenged, cvc: '124' });
  assert.equal(required.body.status, '3DS_required');
  const { fields } = wayBack(await shop.authenticate(required));
  const done = await shop.post(String(required.body.callback_url), fields);
  assert.deepEqual([done.status, done.body.error?.code], [400, 'validation_cvc_invalid']);
});

test('what was not made here completes nothing', async () => {
  const purchase = await shop.create();
  const required = await shop.s2s(purchase, { card_number: cards.challenged });
  const callback = String(required.body.callback_url);
  for (const fields of [{}, { PaRes: 'x' }, { PaRes: String(required.body.PaReq), MD: String(required.body.MD) }]) {
    const { status, body } = await shop.post(callback, fields as Record<string, string>);
    assert.deepEqual([status, body.error?.code], [400, '3ds_authentication_failed']);
  }
  const early = wayBack(await shop.authenticate(required, { code: '', act: 'cancel' })).fields;
  const wrongMd = await shop.post(callback, { ...early, MD: 'another' });
  assert.equal(wrongMd.body.error?.code, '3ds_authentication_failed');
});

test('a second post of card data counts, and the first challenge is over', async () => {
  const purchase = await shop.create();
  const first = await shop.s2s(purchase, { card_number: cards.challenged });
  assert.deepEqual((await shop.s2s(purchase)).body, { status: 'executed' });
  const page = wayBack(await shop.authenticate(first));
  assert.equal((await shop.post(String(first.body.callback_url), page.fields)).status, 400);
  const third = await shop.s2s('/p/'.concat(String(purchase.body.id), '/'));
  assert.deepEqual([third.status, third.body.error?.code], [400, 'purchase_already_paid_for']);
});

test('a payer who never comes back from the issuer holds nothing up: the purchase is cancelled, marked as paid, or charged', async () => {
  const token = await shop.create();
  assert.equal((await shop.s2s(token, { remember_card: 'on' })).status, 200);
  const acts = [
    ['cancel', {}, 'cancelled'],
    ['mark_as_paid', {}, 'paid'],
    ['charge', { recurring_token: token.body.id }, 'paid'],
  ] as const;
  for (const [name, body, status] of acts) {
    const purchase = await shop.create();
    const required = await shop.s2s(purchase, { card_number: cards.challenged });
    const { fields } = wayBack(await shop.authenticate(required));
    const done = await shop.api('POST', `purchases/${purchase.body.id}/${name}/`, body);
    assert.deepEqual([done.status, done.body.status], [200, status], done.text);
    const before = (await shop.parts.host.books()).length;
    assert.equal((await shop.post(String(required.body.callback_url), fields)).status, 400);
    assert.deepEqual([(await shop.parts.host.books()).length, (await shop.read(String(purchase.body.id))).status], [before, status]);
  }
});

test('a single attempt is one attempt: by whatever way, also past the due date, and a second post does not call it off', async () => {
  const token = await shop.create();
  assert.equal((await shop.s2s(token, { remember_card: 'on' })).status, 200);
  const details = { currency: 'NGN', products: [{ name: 'x', price: 100 }], single_attempt: true };
  const purchase = await shop.create({ purchase: details, due: 1 });
  const id = String(purchase.body.id);
  assert.equal((await shop.s2s(purchase, { card_number: '4000000000009995' })).body.error?.code, 'insufficient_funds');
  assert.equal((await shop.s2s(`/p/${id}/`)).body.error?.code, 'purchase_already_paid_for');
  assert.equal((await shop.s2s(`/p/${id}/`, { pm: 'sarepay_bank_transfer' })).body.error?.code, 'purchase_already_paid_for');
  const charged = await shop.api('POST', `purchases/${id}/charge/`, { recurring_token: token.body.id });
  assert.deepEqual([charged.status, codeOf(charged)], [400, 'purchase_charge_wrong_status']);
  const { direct_post_url: address, checkout_url: page } = await shop.read(id);
  assert.deepEqual([address, (await fetch(String(page))).status], [null, 410]);
  const challenged = await shop.create({ purchase: details });
  const required = await shop.s2s(challenged, { card_number: cards.challenged });
  assert.equal((await shop.s2s(challenged)).body.callback_url, required.body.callback_url);
  const { fields } = wayBack(await shop.authenticate(required));
  assert.deepEqual((await shop.post(String(required.body.callback_url), fields)).body, { status: 'executed' });
});

test('a brand may want an empty MD and GET', async () => {
  await shop.parts.database.query(
    `update polygate.channel set policies = '{"s2s_3ds_method":"GET","s2s_3ds_md":"empty"}' where dialect = 'qorepay' and wire_id = $1`,
    [other.brandId],
  );
  await shop.parts.stopGateway();
  await shop.parts.startGateway();
  const made = await shop.api(
    'POST',
    'purchases/',
    { ...JSON.parse(JSON.stringify(shopPurchase)), brand_id: other.brandId },
    { as: other },
  );
  const required = await shop.s2s(made, { card_number: cards.challenged }, { as: other });
  assert.deepEqual([required.body.Method, required.body.MD], ['GET', '']);
  const { fields } = wayBack(await shop.authenticate(required, { method: 'GET' }));
  assert.equal(fields.MD, '');
  assert.deepEqual((await shop.post(String(required.body.callback_url), { PaRes: fields.PaRes ?? '' })).body, { status: 'executed' });
});

const shopPurchase = {
  client: { email: 'ada@example.com' },
  purchase: { currency: 'EUR', products: [{ name: 'x', price: 100 }] },
  success_redirect: 'https://shop.example/yes',
  failure_redirect: 'https://shop.example/no',
};

const limits: readonly (readonly [field: string, value: unknown, code: string])[] = [
  ['cardholder_name', undefined, 'validation_cardholder_name_not_provided'],
  ['cardholder_name', 'J'.repeat(31), 'validation_cardholder_name_too_long'],
  ['cardholder_name', 'Иван', 'validation_cardholder_name_invalid'],
  ['card_number', undefined, 'validation_card_number_not_provided'],
  ['card_number', '4'.repeat(20), 'validation_card_number_too_long'],
  ['card_number', '4444 3333', 'validation_card_number_invalid'],
  ['expires', undefined, 'validation_expires_not_provided'],
  ['expires', '01/2034', 'validation_expires_too_long'],
  ['expires', '13/34', 'validation_expires_invalid'],
  ['cvc', undefined, 'validation_cvc_not_provided'],
  ['cvc', '12345', 'validation_cvc_too_long'],
  ['cvc', '12', 'validation_cvc_invalid'],
  ['cvc', 123, 'validation_cvc_invalid'],
  ['remote_ip', undefined, 'validation_remote_ip_not_provided'],
  ['remote_ip', 'localhost', 'validation_remote_ip_invalid'],
  ['remote_ip', '999.1.1.1', 'validation_remote_ip_invalid'],
  ['remote_ip', ':::::', 'validation_remote_ip_invalid'],
  ['user_agent', 'x'.repeat(2049), 'validation_user_agent_too_long'],
  ['accept_header', 'x'.repeat(2049), 'validation_accept_header_too_long'],
  ['language', 'en-US,en;q=0.9', 'validation_language_too_long'],
  ['java_enabled', 'no', 'validation_java_enabled_invalid'],
  ['javascript_enabled', 1, 'validation_javascript_enabled_invalid'],
  ['color_depth', 256, 'validation_color_depth_invalid'],
  ['utc_offset', 32768, 'validation_utc_offset_invalid'],
  ['screen_width', -1, 'validation_screen_width_invalid'],
  ['screen_height', 1.5, 'validation_screen_height_invalid'],
];

test('each limit of the table is kept, and the field named', async () => {
  const purchase = await shop.create();
  for (const [field, value, code] of limits) {
    const { status, body } = await shop.s2s(purchase, { [field]: value });
    assert.deepEqual([status, body.status, body.error?.code, body.error?.field], [400, 'error', code, field]);
  }
  assert.equal((await shop.read(String(purchase.body.id))).status, 'created');
});

test('half a character, and what is none, is refused by the name of its field', async () => {
  for (const odd of ['Ada \ud83d', 'Ada \0']) {
    const { status, text } = await shop.api('POST', 'purchases/', seedPurchase({ reference: odd }));
    assert.equal(status, 400, text);
    assert.match(text, /"reference":\[\{"message":"[^"]+","code":"invalid"\}\]/);
  }
});

test('what the merchant leaves out of the browser has defaults; odd screens are taken', async () => {
  const named = ['cardholder_name', 'card_number', 'expires', 'cvc', 'remote_ip'];
  const least = Object.fromEntries(Object.keys(seedCard()).map((name) => [name, named.includes(name) ? undefined : null]));
  const card = Object.fromEntries(Object.entries(least).filter(([, value]) => value === null));
  assert.deepEqual((await shop.s2s(await shop.create(), { ...card, remote_ip: '::ffff:127.0.0.1' })).body, { status: 'executed' });
  const huge = { card_number: cards.frictionless, screen_width: 2 ** 63, color_depth: 17, remote_ip: '::1' };
  assert.equal((await shop.s2s(await shop.create(), huge)).body.status, '3DS_required');
});

test('the token is for card data only, and the key for everything else', async () => {
  const purchase = await shop.create();
  for (const token of ['sandbox-qorepay-api-key', other.s2sToken, 'nobody-knows-this']) {
    const { status, body } = await shop.s2s(purchase, {}, { token });
    assert.deepEqual([status, body.__all__?.[0]?.code], [401, 'authentication_failed']);
  }
  const read = await shop.send({
    ...{ method: 'GET', path: `/api/v1/purchases/${purchase.body.id}/`, headers: { authorization: 'Bearer sandbox-qorepay-s2s-token' } },
  });
  assert.equal(read.status, 401);
});

test('an acquirer that does not answer is pending, never an error', async () => {
  const purchase = await shop.create();
  const paid = await shop.s2s(purchase, { card_number: '4000000000000911' });
  assert.deepEqual([paid.status, paid.body], [200, { status: 'pending' }]);
});

test('the address that a payer comes back to holds no card number', async () => {
  const held = 'https://shop.example/?card=4012888888881881';
  for (const name of ['success_redirect', 'failure_redirect', 'cancel_redirect', 'success_callback']) {
    const { status, body } = await shop.create({ [name]: held });
    assert.deepEqual([status, Object.keys(body)], [400, [name]]);
  }
  const { body } = await shop.s2s(await shop.create(), { card_number: cards.challenged });
  const fields = { PaReq: String(body.PaReq), MD: String(body.MD), TermUrl: held };
  const refused = await shop.post(String(body.URL), fields);
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /TermUrl/);
});

test('street and zip code of the client are compared by the issuer', async () => {
  const purchase = await shop.create({ client: { email: 'ada@example.com', street_address: '200 Example Street', zip_code: '12345' } });
  assert.equal((await shop.s2s(purchase)).status, 200);
  const { rows } = await shop.parts.database.query<{ checks: string }>('select checks from polygate.operation where checks like $1', [
    'Z %',
  ]);
  assert.deepEqual(rows, [{ checks: 'Z mismatch match not_checked M match' }]);
});
