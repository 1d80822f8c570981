/** QorePay: clients, the purchases that name them, and the cards that they have let the merchant keep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, demo, idOf, other, useQorepayStack } from './harness/qorepay.ts';

const shop = useQorepayStack();

const act = (id: string, name: string, body?: object) => shop.api('POST', `purchases/${id}/${name}/`, body);

let count = 0;
const freshEmail = (): string => {
  count += 1;
  return `payer-${count}@client.example`;
};

const make = (more: object = {}) => shop.api('POST', 'clients/', { email: freshEmail(), ...more });

const clientKeys = [
  ...[
    'id',
    'type',
    'created_on',
    'updated_on',
    'email',
    'phone',
    'full_name',
    'personal_code',
    'street_address',
    'country',
    'city',
    'zip_code',
  ],
  ...['state', 'shipping_street_address', 'shipping_country', 'shipping_city', 'shipping_zip_code', 'shipping_state', 'legal_name'],
  ...['brand_name', 'registration_number', 'tax_number', 'bank_account', 'bank_code', 'cc', 'bcc', 'client_type', 'delivery_methods'],
];

/** A purchase of the client that is paid by the merchant's server, with the card kept. */
async function keptCard(clientId: string): Promise<string> {
  const purchase = await shop.create({ client: undefined, client_id: clientId });
  assert.equal(purchase.status, 201, purchase.text);
  const paid = await shop.s2s(purchase, { remember_card: 'on' });
  assert.equal(paid.status, 200, paid.text);
  return idOf(purchase);
}

const tokensOf = async (clientId: string) => {
  const { status, body } = await shop.api('GET', `clients/${clientId}/recurring_tokens/`);
  assert.equal(status, 200);
  return (body.results ?? []).map(({ id }) => String(id));
};

test('a client is made, read, replaced, changed and removed; every key is there, with its default', async () => {
  const email = freshEmail();
  const made = await shop.api('POST', 'clients/', { email, country: 'Germany', cc: ['office@client.example'], surprise: 1 });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(Object.keys(made.body).toSorted(), clientKeys.toSorted());
  const { type, phone, country, cc, client_type: kind } = made.body;
  assert.deepEqual([type, made.body.email, phone, country, cc, kind], ['client', email, '', 'DE', ['office@client.example'], null]);
  assert.deepEqual(made.body.delivery_methods, [{ method: 'email', options: {} }]);
  const path = `clients/${idOf(made)}/`;
  assert.deepEqual((await shop.api('GET', path)).body, made.body);
  const changed = await shop.api('PATCH', path, { full_name: 'Ada Example' });
  assert.deepEqual([changed.status, changed.body.full_name, changed.body.country], [200, 'Ada Example', 'DE']);
  const replaced = await shop.api('PUT', path, { email });
  assert.deepEqual([replaced.body.full_name, replaced.body.country, replaced.body.id], ['', '', made.body.id]);
  const removed = await shop.api('DELETE', path);
  assert.deepEqual([removed.status, removed.text], [204, '']);
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) assert.equal((await shop.api(method, path, { email })).status, 404, method);
  const { rows } = await shop.parts.database.query('select details from polygate.customer where customer_id = $1', [idOf(made)]);
  assert.deepEqual(rows, [{ details: {} }]);
});

test('a country is known by its code and by its English names, and kept as its code; what is none is refused', async () => {
  const countries = [
    ...['Turkey TR', 'Türkiye TR', 'Czech Republic CZ', 'Czechia CZ', 'Hong Kong HK', 'United States of America US', 'united states US'],
    ...["Cote d'Ivoire CI", 'Côte d’Ivoire CI', 'Ivory Coast CI', 'Korea, Republic of KR', 'South Korea KR', 'Viet Nam VN', 'St. Lucia LC'],
    ...[
      'Russian Federation RU',
      'Tanzania, United Republic of TZ',
      'Bosnia and Herzegovina BA',
      'The Gambia GM',
      'Taiwan TW',
      'Curacao CW',
    ],
    ...['Democratic Republic of the Congo CD', 'Macau MO', 'Virgin Islands (British) VG', 'UK GB', 'uk GB', 'de DE', 'Nigeria NG'],
  ];
  for (const line of countries) {
    const [given, code] = [line.slice(0, -3), line.slice(-2)];
    const { status, body } = await make({ country: given, shipping_country: given });
    assert.deepEqual([status, body.country, body.shipping_country], [201, code, code], given);
  }
  for (const given of ['EU', 'SU', 'ZZ', 'YU', 'AN', 'XX', 'UN', 'European Union', 'Atlantis', 'Korea', ' ', '--']) {
    assert.equal(codeOf(await make({ country: given }), 'country'), 'invalid_choice', given);
  }
});

const faults: readonly (readonly [body: object, field: string, code: string])[] = [
  [{}, 'email', 'required'],
  [{ email: 'nobody' }, 'email', 'invalid'],
  [{ email: 'a@b.cd', phone: '1'.repeat(33) }, 'phone', 'max_length'],
  [{ email: 'a@b.cd', full_name: 'x'.repeat(129) }, 'full_name', 'max_length'],
  [{ email: 'a@b.cd', country: 'Nowhere' }, 'country', 'invalid_choice'],
  [{ email: 'a@b.cd', cc: 'a@b.cd' }, 'cc', 'invalid'],
  [{ email: 'a@b.cd', zip_code: null }, 'zip_code', 'null'],
  [{ email: 'a@b.cd', city: 'a\0b' }, 'city', 'invalid'],
];

test('what is wrong with a client is named', async () => {
  for (const [body, field, code] of faults) {
    const answer = await shop.api('POST', 'clients/', body);
    assert.deepEqual([answer.status, codeOf(answer, field)], [400, code], answer.text);
  }
  const path = `clients/${idOf(await make())}/`;
  assert.equal((await shop.api('PATCH', path, { email: '' })).status, 400);
  assert.equal((await shop.api('POST', 'clients/', [])).status, 400);
  assert.equal((await shop.api('GET', 'clients/nothing/')).status, 404);
});

test('clients are listed in pages, and found by what is said of them', async () => {
  const city = `Lagos ${Date.now()}`;
  const made = [await make({ city }), await make({ city: city.toUpperCase() }), await make({ city })].map(idOf);
  await make();
  const found: string[] = [];
  for (let next: string | undefined = `clients/?page_size=2&q=${encodeURIComponent(city)}`; next !== undefined; ) {
    const { status, body } = await shop.api('GET', next);
    assert.equal(status, 200);
    found.push(...(body.results ?? []).map(({ id }) => String(id)));
    next = body.next === null ? undefined : String(body.next).split('/api/v1/')[1];
  }
  assert.deepEqual(found, made);
  const first = (await shop.api('GET', `clients/${made[0]}/`)).body;
  const byMail = await shop.api('GET', `clients/?q=${encodeURIComponent(String(first.email).toUpperCase())}`);
  assert.deepEqual([byMail.body.results?.map(({ id }) => id), byMail.body.next, byMail.body.previous], [[made[0]], null, null]);
  assert.deepEqual((await shop.api('GET', 'clients/?q=%25%25')).body.results, []);
  assert.equal((await shop.api('GET', `clients/?q=${'x'.repeat(300)}`)).status, 400);
});

test('the same key makes a client once', async () => {
  const headers = { 'idempotency-key': `client ${Date.now()}` };
  const body = { email: freshEmail() };
  const [first, again] = await Promise.all([1, 2].map(() => shop.api('POST', 'clients/', body, { headers })));
  assert.deepEqual([first?.status, again?.status, first?.body.id], [201, 201, again?.body.id]);
  const changed = await shop.api('POST', 'clients/', { ...body, city: 'x' }, { headers });
  assert.deepEqual([changed.status, codeOf(changed)], [400, 'idempotency_key_reused']);
  const theirs = await shop.api('POST', 'clients/', body, { headers, as: other });
  assert.notEqual(theirs.body.id, first?.body.id);
});

test('a client is nobody else’s', async () => {
  const path = `clients/${idOf(await make())}/`;
  const purchase = await keptCard(path.split('/')[1] ?? '');
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'])
    assert.equal((await shop.api(method, path, { email: 'a@b.cd' }, { as: other })).status, 404, method);
  for (const method of ['GET', 'DELETE'])
    assert.equal((await shop.api(method, `${path}recurring_tokens/${purchase}/`, undefined, { as: other })).status, 404);
  assert.equal((await shop.api('GET', `${path}recurring_tokens/`, undefined, { as: other })).status, 404);
  const listed = await shop.api('GET', 'clients/?page_size=100', undefined, { as: other });
  assert.ok(!listed.text.includes(path.split('/')[1] ?? ''));
  const borrowed = await shop.api(
    'POST',
    'purchases/',
    { brand_id: other.brandId, client_id: path.split('/')[1], purchase: { currency: 'EUR', products: [{ name: 'x', price: 1 }] } },
    { as: other },
  );
  assert.deepEqual([borrowed.status, codeOf(borrowed, 'client_id')], [400, 'does_not_exist']);
});

test('a purchase of a client has what is known of the client, as it was then', async () => {
  const client = await make({ full_name: 'Ada Example', country: 'NG' });
  const wanted = { currency: 'NGN', products: [{ name: 'x', price: 1 }], request_client_details: ['full_name', 'phone'] };
  const purchase = await shop.create({ client: undefined, client_id: idOf(client), purchase: wanted });
  assert.equal(purchase.status, 201, purchase.text);
  const { body } = purchase;
  assert.deepEqual([body.client_id, body.client?.full_name, body.client?.country], [idOf(client), 'Ada Example', 'NG']);
  assert.deepEqual(body.purchase?.request_client_details, ['phone']);
  await shop.api('PATCH', `clients/${idOf(client)}/`, { full_name: 'Grace Example' });
  assert.equal((await shop.read(idOf(purchase))).client?.full_name, 'Ada Example');
  const unknown = await shop.create({ client: undefined, client_id: demo.brandId });
  assert.deepEqual([unknown.status, codeOf(unknown, 'client_id')], [400, 'does_not_exist']);
});

test('the cards of a client are listed, read, charged and forgotten', async () => {
  const clientId = idOf(await make());
  assert.deepEqual(await tokensOf(clientId), []);
  const first = await keptCard(clientId);
  const second = await keptCard(clientId);
  await shop.s2s(await shop.create({ client: undefined, client_id: clientId }));
  assert.deepEqual(await tokensOf(clientId), [first, second]);
  const token = await shop.api('GET', `clients/${clientId}/recurring_tokens/${first}/`);
  assert.deepEqual(
    [token.status, token.body.id, token.body.type, token.body.payment_method, token.body.description],
    [200, first, 'client_recurring_token', 'visa', '444433******1111'],
  );
  // What is paid with a token keeps nothing.
  const charged = idOf(await shop.create({ client: undefined, client_id: clientId }));
  assert.equal((await act(charged, 'charge', { recurring_token: first })).body.status, 'paid');
  assert.equal((await shop.read(charged)).is_recurring_token, false);
  assert.equal(codeOf(await act(idOf(await shop.create()), 'charge', { recurring_token: charged })), 'invalid_recurring_token');
  assert.deepEqual(await tokensOf(clientId), [first, second]);
  const paged = await shop.api('GET', `clients/${clientId}/recurring_tokens/?page_size=1`);
  const next = await shop.api('GET', String(paged.body.next).split('/api/v1/')[1] ?? '');
  assert.deepEqual([next.body.results?.map(({ id }) => id), next.body.next], [[second], null]);

  const gone = await shop.api('DELETE', `clients/${clientId}/recurring_tokens/${first}/`);
  assert.deepEqual([gone.status, gone.text], [204, '']);
  assert.deepEqual(await tokensOf(clientId), [second]);
  assert.equal((await shop.read(first)).is_recurring_token, false);
  for (const method of ['GET', 'DELETE'])
    assert.equal((await shop.api(method, `clients/${clientId}/recurring_tokens/${first}/`)).status, 404);
  assert.equal(codeOf(await act(idOf(await shop.create()), 'charge', { recurring_token: first })), 'invalid_recurring_token');
  await act(second, 'delete_recurring_token');
  assert.deepEqual(await tokensOf(clientId), []);
});

test('a card that is kept without a payment is its client’s too', async () => {
  const clientId = idOf(await make());
  const nothing = { currency: 'NGN', products: [{ name: 'x', price: 0 }] };
  const purchase = await shop.create({ client: undefined, client_id: clientId, skip_capture: true, purchase: nothing });
  assert.deepEqual((await shop.s2s(purchase)).body, { status: 'authorized' });
  assert.deepEqual(await tokensOf(clientId), [idOf(purchase)]);
});
