/** OPP checkouts: opened and changed by the merchant, paid by the shopper on the gateway's page, here without scripts. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { approved, assertEnvelope, debit, encode, freshName, other, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { dress, openCheckout, payAddress } from './harness/payment-page.ts';
import { eventually } from './harness/processes.ts';
import { rememberCard } from './harness/traces.ts';

const stack = useOppStack({ env: { STATUS_REQUESTS_PER_MINUTE: '1000' } });

const pathOf = (checkoutId: string, query: Parameters = {}): string => payAddress(stack, checkoutId, query).slice(stack.url.length);

function openPage(checkoutId: string, headers: Record<string, string> = {}): Promise<Reply> {
  return stack.send({ method: 'GET', path: pathOf(checkoutId), headers: { accept: 'text/html', ...headers } });
}

/** Sends the form as a browser without scripts does, which goes on to where it is sent. */
async function submit(checkoutId: string, fields: Parameters): Promise<Reply> {
  const reply = await post(checkoutId, fields);
  const { location } = reply.headers;
  if (location === undefined) return reply;
  return stack.send({ method: 'GET', path: location, headers: { accept: 'text/html' } });
}

function post(checkoutId: string, fields: Parameters): Promise<Reply> {
  rememberCard(stack.parts.traces, { pan: fields.cardnumber?.replaceAll(' ', ''), cvc: fields.cvc });
  const card = { cardnumber: '4111 1111 1111 1111', 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example' };
  return stack.send({
    ...{ method: 'POST', path: pathOf(checkoutId), body: encode({ attempt: '1', revision: '1', ...card, ...fields }) },
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
  });
}

const statusOf = (checkoutId: string): Promise<Reply> => stack.get(`/v1/checkouts/${checkoutId}/payment`);
/** What the host has booked of this amount, in minor units. */
const chargesOf = async (amount: number): Promise<number> =>
  (await stack.parts.host.books()).filter((entry) => entry.amount === amount && entry.remainingAmount > 0).length;

test('a checkout is opened, read while nobody has paid, paid, and read again', async () => {
  const reference = freshName('order');
  const opened = await stack.post('/v1/checkouts', {
    paymentType: 'DB',
    amount: '92.00',
    currency: 'EUR',
    merchantTransactionId: reference,
  });
  assert.equal(opened.code, '000.200.100');
  const { id = '', ndc } = opened.body;
  assert.match(id, /^[0-9A-F]{32}\.[a-z0-9-]+$/);
  assert.equal(ndc, id);
  const untouched = await statusOf(id);
  assert.deepEqual([untouched.status, untouched.code, untouched.body.ndc, untouched.body.id], [200, '000.200.000', id, undefined]);
  const page = await openPage(id);
  assert.match(page.text, /€92\.00/);
  assert.match(page.text, new RegExp(`Order ${reference}`));
  assert.match((await submit(id, {})).text, /Payment complete/);
  const paid = await statusOf(id);
  assert.deepEqual([paid.status, paid.code, paid.body.amount, paid.body.merchantTransactionId], [200, approved, '92.00', reference]);
  assert.match(paid.body.id ?? '', /^[a-f0-9]{32}$/);
  assert.equal((await stack.get(`/v1/query/${paid.body.id}`)).code, approved);
  assert.match((await openPage(id)).text, /Payment complete/);
});

test('an attempt leads to a page that can be loaded again without sending the card again', async () => {
  const id = await openCheckout(stack, { amount: '93.00' });
  const [declined, paid] = [await post(id, { cardnumber: '4000 0000 0000 9995', method: 'card' }), await post(id, { attempt: '2' })];
  for (const { status, text, headers } of [declined, paid]) {
    assert.deepEqual([status, text, headers['cache-control'], headers['referrer-policy']], [303, '', 'no-store', 'no-referrer']);
  }
  assert.equal(declined.headers.location, pathOf(id, { method: 'card' }));
  const path = paid.headers.location ?? '';
  assert.equal(path, pathOf(id));
  for (let load = 0; load < 2; load += 1) {
    assert.match((await stack.send({ method: 'GET', path, headers: { accept: 'text/html' } })).text, /Payment complete/);
  }
  assert.equal(await chargesOf(93_00), 1);
  // What is wrong with the form itself is said at once: nothing was asked for.
  assert.equal((await post(await openCheckout(stack), { cardnumber: '1' })).status, 422);
});

test('the way back keeps what the shop has in its address, letter by letter', async () => {
  const shop = `${stack.url}/healthz?order=7&note=a%20b%21&sign=x~y`;
  const id = await openCheckout(stack, { shopperResultUrl: `${shop}#top` });
  const { text } = await submit(id, {});
  const path = encodeURIComponent(`/v1/checkouts/${id}/payment`);
  assert.ok(text.replaceAll('&#38;', '&').includes(`"${shop}&id=${id}&resourcePath=${path}#top"`), text);
});

test('a hold that is captured at once is one too', async () => {
  const id = await openCheckout(stack, { paymentType: 'PA.CP', amount: '7.00' });
  await submit(id, {});
  const { code, body } = await statusOf(id);
  assert.deepEqual([code, body.paymentType, body.amount], [approved, 'PA.CP', '7.00']);
});

test('whoever opens the page again reads what has become of the hold', async () => {
  const held = async () => {
    const id = await openCheckout(stack, { paymentType: 'PA', amount: '7.00' });
    assert.match((await submit(id, {})).text, /€7\.00 is reserved on your card/);
    return { id, payment: `/v1/payments/${(await statusOf(id)).body.id}` };
  };
  const charged = await held();
  await stack.post(charged.payment, { paymentType: 'CP', amount: '5.00', currency: 'EUR' });
  assert.match((await openPage(charged.id)).text, /You paid €5\.00/);
  const released = await held();
  await stack.post(released.payment, { paymentType: 'RV' });
  const page = await openPage(released.id);
  assert.deepEqual([page.status, /Nothing was charged/.test(page.text), /reserved/.test(page.text)], [410, true, false]);
});

test('what was paid with is told, whatever brand the checkout was opened with', async () => {
  const id = await openCheckout(stack, { paymentType: 'DB', amount: '7.25', paymentBrand: 'MASTER' });
  await submit(id, {});
  const paid = await statusOf(id);
  assert.deepEqual([paid.code, paid.body.paymentBrand], [approved, 'VISA']);
});

test('of submits at the same moment one is tried, whatever their cards', async () => {
  const id = await openCheckout(stack, { amount: '3.31' });
  // Cards that take part in no 3-D Secure, so that nothing but the checkout keeps them apart.
  const cards = ['6011111111111117', '4111111111111111'];
  await Promise.all([...cards, ...cards].map((cardnumber) => submit(id, { cardnumber })));
  await eventually(async () => (await statusOf(id)).code === approved, 'the checkout to be paid');
  assert.equal(await chargesOf(331), 1);
  await submit(id, { attempt: '2' });
  assert.equal(await chargesOf(331), 1);
});

test('after a decline the shopper tries again, and a form from before the decline changes nothing', async () => {
  const id = await openCheckout(stack, { amount: '3.32' });
  const declined = await submit(id, { cardnumber: '4000000000009995' });
  assert.match(declined.text, /not enough money on this card/);
  assert.match(declined.text, /name="attempt" value="2"/);
  assert.doesNotMatch(declined.text, /4000000000009995|4000 0000 0000 9995/);
  assert.equal((await statusOf(id)).code, '800.100.155');
  const stale = await submit(id, { attempt: '1' });
  assert.match(stale.text, /name="attempt" value="2"/);
  assert.match((await submit(id, { attempt: '3' })).text, /name="attempt" value="2"/);
  assert.match((await submit(id, { attempt: '2' })).text, /Payment complete/);
  assert.equal((await statusOf(id)).code, approved);
});

test('an answer that does not come is waited for, and nothing is charged twice meanwhile', async () => {
  const pan = '4000000000000911';
  const id = await openCheckout(stack, { amount: '3.33' });
  const waiting = await submit(id, { cardnumber: pan });
  assert.match(waiting.text, /do not pay again/);
  assert.match(waiting.headers.refresh as string, /^\d+; url=\/pay\//);
  assert.match((await submit(id, { attempt: '2' })).text, /do not pay again|name="attempt" value="2"/);
  await eventually(async () => {
    await stack.parts.hurry();
    return (await openPage(id)).text.includes('name="attempt" value="2"');
  }, 'the payment to be undone');
  assert.match((await openPage(id)).text, /nothing was charged/);
  assert.equal(await chargesOf(333), 0);
});

test('who has seen another amount is asked again', async () => {
  const id = await openCheckout(stack, { amount: '10.00', 'cart.items[0].name': 'Tea' });
  const changed = await stack.post(`/v1/checkouts/${id}`, { amount: '11.00', currency: 'EUR' });
  assert.deepEqual([changed.status, changed.code, changed.body.id], [200, '000.200.101', id]);
  const again = await submit(id, { revision: '1' });
  assert.match(again.text, /The order has changed/);
  assert.match(again.text, /€11\.00/);
  assert.equal((await statusOf(id)).code, '000.200.000');
  assert.match((await submit(id, { revision: '2' })).text, /Payment complete/);
  const { body } = await statusOf(id);
  assert.deepEqual([body.amount, body.paymentType, body.cart?.items?.[0 as never]], ['11.00', 'DB', { name: 'Tea' }]);
  const late = await stack.post(`/v1/checkouts/${id}`, { amount: '12.00', currency: 'EUR' });
  assert.deepEqual([late.status, late.code], [400, '200.300.404']);
});

test('half an hour later it is over', async () => {
  const id = await openCheckout(stack);
  await stack.parts.database.query(`update polygate.checkout set expires_at = now() - interval '1 second' where attempts = 0`);
  const page = await openPage(id);
  assert.equal(page.status, 410);
  assert.match(page.text, /This payment has expired/);
  assert.match((await submit(id, {})).text, /This payment has expired/);
  const { status, code, body } = await statusOf(id);
  assert.deepEqual([status, code], [400, '200.300.404']);
  assert.match(body.result?.description ?? '', /No payment session found/);
  assert.equal((await stack.post(`/v1/checkouts/${id}`, { amount: '1.00', currency: 'EUR' })).code, '200.300.404');
});

test('nobody else’s checkout can be seen, changed or guessed', async () => {
  const id = await openCheckout(stack);
  assert.equal((await stack.get(`/v1/checkouts/${id}/payment`, {}, { as: other })).status, 404);
  assert.equal((await stack.post(`/v1/checkouts/${id}`, { amount: '1.00', currency: 'EUR' }, { as: other })).status, 404);
  const wrong = [id.replace(/\.pg-.*/, '.pg-0002'), `${'0'.repeat(32)}.pg-0001`, id.toLowerCase(), `${id}x`, 'x'];
  for (const name of wrong) assert.equal((await statusOf(name)).status, 404, name);
  for (const path of [pathOf(`${'0'.repeat(32)}.pg-0001`), '/pay/x', `/pay/${'z'.repeat(36)}`]) {
    const page = await stack.send({ method: 'GET', path, headers: { accept: 'text/html,*/*' } });
    assert.equal(page.status, 404);
    assert.match(page.text, /no longer available/);
    const program = await stack.send({ method: 'GET', path, headers: { accept: 'application/json' } });
    assert.deepEqual([program.status, JSON.parse(program.text).error], [404, 'gone']);
  }
});

test('what cannot be paid is refused when the checkout is opened', async () => {
  const terms = { paymentType: 'DB', amount: '1.00', currency: 'EUR' };
  const cases: readonly (readonly [Parameters, string])[] = [
    [{ amount: undefined }, '100.550.300'],
    [{ currency: 'XXX' }, '100.550.401'],
    [{ amount: '0.00' }, '100.550.300'],
    [{ paymentType: 'CD' }, '600.200.400'],
    [{ paymentType: undefined }, '200.300.404'],
    [{ 'card.number': '4111111111111111' }, '200.300.404'],
    [{ 'registrations[0].id': 'x' }, '200.300.404'],
    [{ shopperResultUrl: 'nowhere' }, '100.370.102'],
  ];
  for (const [more, code] of cases) {
    const reply = await stack.post('/v1/checkouts', { ...terms, ...more });
    assert.deepEqual([reply.code, reply.body.id], [code, undefined], reply.text);
    assertEnvelope(reply);
  }
});

test('faults of the form are told at their fields, and no digit of a card comes back', async () => {
  const id = await openCheckout(stack);
  const wrong = await submit(id, { cardnumber: '4111 1111 1111 1112', 'exp-date': '13/30', cvc: '12', ccname: '' });
  assert.equal(wrong.status, 422);
  for (const name of ['number', 'expiry', 'cvc', 'holder']) assert.match(wrong.text, new RegExp(`<li><a href="#${name}">`));
  assert.match(wrong.text, /<title>Error: /);
  assert.doesNotMatch(wrong.text, /1112|13\/30/);
  for (const past of ['01/20', '2020-01']) assert.match((await submit(id, { 'exp-date': past })).text, /This card has expired/);
  assert.match((await submit(id, { method: 'stored-0' })).text, /Choose how to pay/);
  assert.equal((await statusOf(id)).code, '000.200.000');
});

test('a stored card needs its code only', async () => {
  const { body } = await stack.post('/v1/payments', debit({ createRegistration: 'true' }));
  const id = await openCheckout(stack, { 'registrations[0].id': body.registrationId, 'registrations[1].id': 'f'.repeat(32) });
  const page = await openPage(id);
  assert.match(page.text, /Visa ending in 1111/);
  // The stored card, another card, and the two methods of the bank.
  assert.equal(page.text.match(/type="radio"/g)?.length, 4);
  const stored = { method: 'stored-0', cardnumber: undefined, 'exp-date': undefined, ccname: undefined };
  assert.match((await submit(id, { ...stored, cvc: undefined })).text, /Enter the security code/);
  assert.match((await submit(id, stored)).text, /Payment complete/);
  assert.equal((await statusOf(id)).body.registrationId, body.registrationId);
});

test('the page speaks the shopper’s language, has the merchant’s look, and nothing in it can run', async () => {
  const evil = '"><script>alert(1)</script>';
  await dress(stack, { name: 'Teehaus', accent: '#ffe100', logo: 'data:image/png;base64,iVBORw0KGgo=' });
  await stack.parts.stopGateway();
  await stack.parts.startGateway();
  const id = await openCheckout(stack, { amount: '1234.50', 'cart.items[0].name': evil, merchantTransactionId: evil });
  for (const [language, text] of [
    ['de-AT,de;q=0.9', /€\s1\.234,50|1\.234,50\s€/],
    ['fr', /1[\s\u202f]234,50\s€/],
    ['es;q=0.5, xx', /1234,50\s€|1\.234,50\s€/],
    ['pt', /€1,234\.50/],
  ] as const) {
    const page = await openPage(id, { 'accept-language': language });
    assert.match(page.text, text, language);
    assert.match(page.text, /Teehaus/);
    assert.doesNotMatch(page.text, /<script>alert/);
    assert.match(page.text, /\/pages\/accent\/ffe100\.css/);
  }
  const { headers } = await openPage(id);
  const policy = String(headers['content-security-policy']);
  assert.doesNotMatch(policy, /unsafe|nonce|\*/);
  assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
  assert.deepEqual([headers['cache-control'], headers['referrer-policy'], headers['set-cookie']], ['no-store', 'no-referrer', undefined]);
  const sheet = await stack.send({ method: 'GET', path: '/pages/accent/ffe100.css' });
  assert.match(String(sheet.headers['cache-control']), /immutable/);
  await dress(stack, {});
});

test('the widget’s script is what its checksum says, and any site may check it', async () => {
  const { body } = await stack.post('/v1/checkouts', { paymentType: 'DB', amount: '1.00', currency: 'EUR', integrity: 'true' });
  const script = await stack.send({ method: 'GET', path: `/v1/paymentWidgets.js?checkoutId=${body.id}` });
  assert.equal(script.headers['access-control-allow-origin'], '*');
  assert.equal(body.integrity, `sha384-${createHash('sha384').update(script.text).digest('base64')}`);
  assert.equal((await stack.post('/v1/checkouts', { paymentType: 'DB', amount: '1.00', currency: 'EUR' })).body.integrity, undefined);
});

test('of the address of the page only what the page asks for is kept, and no card number', async () => {
  const number = '4012888888881881';
  const browser = JSON.stringify({ language: 'de', screenWidth: Number(number), screenHeight: 800, colorDepth: 24, timezone: 0 });
  const kept = [
    [{ return: `https://shop.example/x?card=${number}`, language: 'de', card: number }, '?language=de'],
    [{ return: 'https://shop.example/x?order=1', embedded: '1', brands: number }, '?return=https%3A%2F%2Fshop.example%2Fx%3Forder%3D1'],
  ] as const;
  for (const [query, expected] of kept) {
    const id = await openCheckout(stack, { amount: '5.00' });
    const fields = { attempt: '1', revision: '1', cardnumber: '5555 5555 5555 4444', 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada' };
    rememberCard(stack.parts.traces, { pan: '5555555555554444', cvc: '123' });
    const page = await stack.send({
      ...{ method: 'POST', path: pathOf(id, query), body: encode({ ...fields, browser }) },
      headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.deepEqual([page.status, page.headers.location?.includes(number)], [303, false], page.text);
    const { rows } = await stack.parts.database.query<{ readonly return_url: string }>(
      'select return_url from polygate.shopper_visit order by visit_id desc limit 1',
    );
    const { pathname, search } = new URL(rows[0]?.return_url ?? 'none:');
    assert.deepEqual([pathname, search], [pathOf(id), expected]);
  }
});
