/** QorePay: purchases from the first request to the last refund. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '../src/store/verify.ts';
import { eventually } from './harness/processes.ts';
import { type Body, cards, codeOf, demo, idOf, seedPurchase, useQorepayStack } from './harness/qorepay.ts';

const shop = useQorepayStack();

const act = (id: string, name: string, body?: object) => shop.api('POST', `purchases/${id}/${name}/`, body);

async function paid(card: object = {}, more: object = {}): Promise<string> {
  const purchase = await shop.create(more);
  const answer = await shop.s2s(purchase, card);
  assert.equal(answer.status, 200, answer.text);
  return idOf(purchase);
}

const held = (card: object = {}) => paid(card, { skip_capture: true });

test('a hold is captured once, in part; the rest is released, and refunds come in parts', async () => {
  const id = await held();
  const tooMuch = await act(id, 'capture', { amount: 9001 });
  assert.deepEqual([tooMuch.status, codeOf(tooMuch, 'amount')], [400, 'max_value']);
  const captured = await act(id, 'capture', { amount: 4000 });
  assert.deepEqual([captured.status, captured.body.status, captured.body.payment?.amount], [200, 'paid', 4000]);
  assert.equal(codeOf(await act(id, 'capture', { amount: 1 })), 'purchase_capture_wrong_status');
  assert.equal(codeOf(await act(id, 'release')), 'purchase_release_wrong_status');
  const { rows } = await shop.parts.database.query<{ authorized: string; captured: string; released: string }>(
    'select authorized, captured, released from polygate.payment order by created_at desc limit 1',
  );
  assert.deepEqual(rows, [{ authorized: '9000', captured: '4000', released: '5000' }]);
  const first = await act(id, 'refund', { amount: 1500 });
  assert.deepEqual([first.status, first.body.type, first.body.payment?.amount, first.body.related_to?.id], [200, 'payment', 1500, id]);
  assert.deepEqual(codeOf(await act(id, 'refund', { amount: 2501 }), 'amount'), 'max_value');
  assert.equal((await act(id, 'refund')).body.payment?.amount, 2500);
  const over = await act(id, 'refund');
  assert.deepEqual([over.status, codeOf(over)], [400, 'purchase_refund_not_possible']);
  const body = await shop.read(id);
  assert.deepEqual([body.status, body.refundable_amount, body.refund_availability], ['refunded', 0, 'none']);
  const history = body.status_history?.map(({ status }) => status);
  assert.deepEqual(history, ['created', 'hold', 'paid', 'refunded', 'refunded']);
});

test('the rest of a hold is released also when the capture was not answered', async () => {
  const pan = '4242424242424259';
  const id = await held({ card_number: pan });
  await shop.parts.host.addFault({ fault: 'no_answer', pan, mti: '0220' });
  assert.equal((await act(id, 'capture', { amount: 4000 })).body.status, 'pending_capture');
  await eventually(async () => (await shop.read(id)).status?.toString() === 'paid', 'the capture to stand');
  const rest = async () => {
    const { rows } = await shop.parts.database.query<{ released: string }>(
      `select released from polygate.payment p join polygate.checkout_attempt a on a.checkout_id = $1
      join polygate.operation o on o.operation_id = a.operation_id where p.payment_id = o.payment_id`,
      [id],
    );
    return rows[0]?.released === '5000';
  };
  await eventually(rest, 'the rest to be released');
  assert.equal((await shop.read(id)).status, 'paid');
});

test('a released hold, a cancelled purchase, and one that was marked as paid are over', async () => {
  const hold = await held();
  assert.equal((await act(hold, 'release')).body.status, 'released');
  assert.equal(codeOf(await act(hold, 'release')), 'purchase_release_wrong_status');
  const cancelled = await shop.create();
  assert.equal((await act(idOf(cancelled), 'cancel')).body.status, 'cancelled');
  assert.equal(codeOf(await act(idOf(cancelled), 'cancel')), 'purchase_cancel_wrong_status');
  assert.equal((await shop.s2s(cancelled)).status, 400);
  const marked = await shop.create();
  const { body } = await act(idOf(marked), 'mark_as_paid', {});
  assert.deepEqual([body.status, body.marked_as_paid, body.payment?.amount], ['paid', true, 9000]);
  assert.equal((await shop.s2s(marked)).status, 400);
  assert.equal(codeOf(await act(await paid(), 'cancel')), 'purchase_cancel_wrong_status');
});

test('calling off and paying at once: one of them happens', async () => {
  for (let round = 0; round < 5; round += 1) {
    const purchase = await shop.create();
    const [answer, cancelled] = await Promise.all([shop.s2s(purchase), act(idOf(purchase), 'cancel')]);
    assert.ok((answer.status === 200) !== (cancelled.status === 200), `${answer.text} ${cancelled.text}`);
  }
});

test('of two acts at once that are too much together, one is refused by what is left then', async () => {
  const wrong = /purchase_(?:capture|release)_(?:wrong_status|error)/;
  for (let round = 0; round < 5; round += 1) {
    const hold = await held();
    const acts = await Promise.all([act(hold, 'capture', { amount: 4000 }), act(hold, 'release')]);
    assert.deepEqual(
      acts.map(({ status, text }) => status === 200 || wrong.test(text)),
      [true, true],
      acts.map(({ text }) => text).join('\n'),
    );
    const charge = await paid();
    const refunds = await Promise.all([act(charge, 'refund', { amount: 6000 }), act(charge, 'refund', { amount: 6000 })]);
    const late = refunds.find(({ status }) => status === 400);
    assert.match(late?.text ?? '', /equal to 3000\.|purchase_refund_(?:wrong_status|error)/);
  }
});

test('of two refunds without a key at once, one is made while its outcome is not known; with keys both are', async () => {
  for (const [first, second, left] of [
    [undefined, undefined, 0],
    [3000, 3000, 6000],
    [2000, 3000, undefined],
    [6000, 6000, 3000],
  ] as const) {
    const id = await paid();
    await shop.parts.host.addFault({ fault: 'slow', delay_ms: 700, mti: '0200' });
    const body = (amount: number | undefined) => (amount === undefined ? {} : { amount });
    const answers = await Promise.all([act(id, 'refund', body(first)), act(id, 'refund', body(second))]);
    const [made, refused] = answers.toSorted((a, b) => a.status - b.status);
    assert.ok(made !== undefined && refused !== undefined);
    assert.deepEqual([made.status, refused.status, codeOf(refused)], [200, 400, 'purchase_refund_wrong_status'], refused.text);
    const { refundable_amount } = await shop.read(id);
    assert.equal(refundable_amount, left ?? 9000 - Number(made.body.payment?.amount));
    await shop.parts.host.clearFaults();
  }
  const id = await paid();
  await shop.parts.host.addFault({ fault: 'slow', delay_ms: 700, mti: '0200' });
  const keyed = (key: string) => shop.api('POST', `purchases/${id}/refund/`, { amount: 3000 }, { headers: { 'idempotency-key': key } });
  assert.deepEqual(
    (await Promise.all([keyed(`${id} 1`), keyed(`${id} 2`)])).map(({ status }) => status),
    [200, 200],
  );
  assert.equal((await shop.read(id)).refundable_amount, 3000);
});

test('twenty posts at once pay once', async () => {
  const purchase = await shop.create();
  const before = (await shop.parts.host.books()).length;
  await Promise.all(Array.from({ length: 20 }, () => shop.s2s(purchase)));
  assert.equal((await shop.parts.host.books()).length, before + 1);
});

test('a kept card is charged, and not after it was forgotten', async () => {
  const first = await paid({ remember_card: 'on' });
  assert.equal((await shop.read(first)).is_recurring_token, true);
  assert.equal((await shop.read(await paid())).is_recurring_token, false);
  const second = idOf(await shop.create({ success_redirect: '', failure_redirect: '' }));
  const charged = await act(second, 'charge', { recurring_token: first, brand_id: demo.brandId });
  assert.deepEqual([charged.status, charged.body.status, charged.body.recurring_token], [200, 'paid', first]);
  assert.deepEqual(
    [charged.body.payment?.payment_type, charged.body.transaction_data?.attempts?.[0]?.type],
    ['purchase_charge', 'recurring_execute'],
  );
  const third = idOf(await shop.create({ skip_capture: true }));
  assert.equal((await act(third, 'charge', { recurring_token: first })).body.status, 'hold');
  assert.equal((await act(first, 'delete_recurring_token')).body.is_recurring_token, false);
  for (const recurring_token of [first, second, 'x', undefined]) {
    assert.equal(codeOf(await act(idOf(await shop.create()), 'charge', { recurring_token })), 'invalid_recurring_token');
  }
});

test('direct posts need both redirects, and the answer says so', async () => {
  const { body } = await shop.create({ failure_redirect: '' });
  assert.equal(body.direct_post_url, null);
  assert.match(String(body.direct_post_unavailable_reason), /failure_redirect/);
});

test('past its due date a purchase is overdue and can be paid, or has expired and cannot', async () => {
  const due = Math.floor(Date.now() / 1000) - 60;
  const overdue = await shop.create({ due });
  assert.equal(overdue.body.status, 'overdue');
  assert.equal((await shop.s2s(overdue)).status, 200);
  const strict = { currency: 'EUR', products: [{ name: 'x', price: 1 }], due_strict: true };
  const expired = await shop.create({ due, purchase: strict });
  assert.deepEqual([expired.body.status, expired.body.direct_post_url], ['expired', null]);
  assert.equal((await shop.s2s(`/p/${expired.body.id}/`)).status, 400);
});

test('a key makes a purchase once', async () => {
  const headers = { 'idempotency-key': `order ${Date.now()}` };
  const sent = seedPurchase();
  const [first, second] = await Promise.all([1, 2].map(() => shop.api('POST', 'purchases/', sent, { headers })));
  assert.ok(first !== undefined && second !== undefined && idOf(first) === idOf(second) && second.status === 201, String(second?.text));
  const again = await shop.api('POST', 'purchases/', sent, { headers });
  assert.deepEqual([again.status, idOf(again), again.headers['idempotent-replayed']], [201, idOf(first), 'true']);
  const changed = await shop.api('POST', 'purchases/', { ...sent, reference: 'x' }, { headers });
  assert.deepEqual([changed.status, codeOf(changed)], [400, 'idempotency_key_reused']);
});

test('the browser posts the form itself: on to the shop, or to the issuer and then to the shop', async () => {
  const purchase = await shop.create();
  const form = (more: object) => ({ cardholder_name: 'John Doe', card_number: cards.plain, expires: '01/34', cvc: '123', ...more });
  const url = String(purchase.body.direct_post_url);
  const declined = await shop.post(url, form({ card_number: '4000000000000002' }));
  assert.deepEqual([declined.status, declined.headers.location], [303, 'http://brand.example/failed-payment']);
  const done = await shop.post(url, form({}));
  assert.deepEqual([done.status, done.headers.location], [303, 'http://brand.example/success-payment']);
  assert.equal((await shop.read(idOf(purchase))).transaction_data?.flow, 'direct_post');
});

test('the hosted page is at the address of the purchase, and is noted as seen once', async () => {
  const purchase = await shop.create();
  for (let visit = 0; visit < 2; visit += 1) {
    const page = await fetch(String(purchase.body.checkout_url));
    assert.deepEqual([page.status, page.headers.get('content-type')], [200, 'text/html; charset=utf-8']);
    assert.match(await page.text(), /Dog food Max/);
  }
  const body: Body = await shop.read(idOf(purchase));
  assert.deepEqual([body.status, body.status_history?.length, typeof body.viewed_on], ['viewed', 2, 'number']);
});

test('a total of zero keeps the card, and pays nothing', async () => {
  const nothing = { currency: 'NGN', products: [{ name: 'x', price: 0 }] };
  const purchase = await shop.create({ skip_capture: true, purchase: nothing });
  const before = (await shop.parts.host.books()).length;
  assert.equal((await shop.s2s(purchase, { card_number: '4444333322221112' })).body.error?.code, 'invalid_card_number');
  assert.deepEqual((await shop.s2s(purchase)).body, { status: 'authorized' });
  assert.equal((await shop.s2s(purchase)).status, 400);
  const id = idOf(purchase);
  const body = await shop.read(id);
  assert.deepEqual([body.status, body.payment, body.is_recurring_token, body.refund_availability], ['preauthorized', null, true, 'none']);
  const { payment_method: method, flow, extra, attempts = [] } = body.transaction_data ?? assert.fail('no transaction_data');
  assert.deepEqual([method, flow, attempts.length], ['visa', 'server_to_server', 1]);
  assert.deepEqual(extra, {
    ...{ masked_pan: '444433******1111', card_brand: 'visa', card_type: '', card_issuer: '', card_issuer_country: '' },
    ...{ cardholder_name: 'John Doe', expiry_month: 1, expiry_year: 34, three_d_secure: false },
  });
  const [attempt] = attempts;
  assert.deepEqual([attempt?.type, attempt?.successful, attempt?.error, attempt?.client_ip], ['authorize', true, null, '8.8.8.8']);
  assert.deepEqual([attempt?.payment_method, attempt?.flow, attempt?.extra], [method, flow, extra]);
  assert.equal(Number(attempt?.processing_time), Number(body.status_history?.at(-1)?.timestamp));
  assert.equal(codeOf(await act(id, 'cancel')), 'purchase_cancel_wrong_status');
  assert.equal((await shop.parts.host.books()).length, before);
  assert.equal((await act(idOf(await shop.create()), 'charge', { recurring_token: id })).body.status, 'paid');
});

test('verification notices an order with a gap in its events, and one that was closed and paid', async () => {
  const id = await paid();
  const findings = async () => (await verify({ databaseUrl: shop.parts.databaseUrl })).filter((line) => line.startsWith('order:'));
  const change = (set: string) => shop.parts.database.query(`update polygate.checkout set ${set} where checkout_id = $1`, [id]);
  assert.deepEqual(await findings(), []);
  await change('events = events + 1');
  const [gap = ''] = await findings();
  await change("events = events - 1, closed = 'cancelled'");
  const [closed = ''] = await findings();
  await change('closed = null');
  assert.match(gap, /has 1 events, the last is number 1, and it should have 2/);
  assert.match(closed, /is cancelled, and this pays it/);
});
