/** tZero: payments of the customer from the address to the way back, payments of the merchant, and what follows them. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { moveClock } from './harness/console.ts';
import { openPage, textOf } from './harness/form-browser.ts';
import { freshName } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { card, demo, demoCallbackSecret, type Json, listIn, order, other, shop, type TzeroReply, useTzero } from './harness/tzero.ts';

const stack = useTzero({ webhooks: true });

/** As the guide prints it, with its notation mended: the comma, the comments, the obscured addresses, the channel, and the card where it belongs. */
const seedSample: Json = {
  channel: 'ch_demo',
  amount: 100,
  currency: 'USD',
  device_info: {
    ...{ ip_address: '1.2.3.4', accept_header: 'text/html', screen_colorDepth: '48', javaEnabled: 'false', language: 'en' },
    ...{ screenHeight: '1200', screenWidth: '1600', timezone: '60', challengeWindow: '4' },
    userAgent: 'Mozilla/4.0 (MSIE 6.0; Windows NT 5.0)',
  },
  reference: 'merchant_txn_ref',
  metadata: { key_1: 'value_1', key_2: 'value_2' },
  customer: { reference: 'abc123', email: 'customer@shop.example', name: 'customer name', phone: '12' },
  payment_method: {
    type: 'card',
    ...{ number: '4242424242424242', expiry_month: 12, expiry_year: 2077, cvc: '012' },
    name: { first_name: '', last_name: '', middle_name: '' },
    store_for_future_use: true,
  },
  payment_data: {
    ...{ payment_type: 'cit', payment_sub_type: 'recurring-initial', credential_on_file: true, industry_usage: 'none' },
    ...{ previous_network_reference: 'scheme_txn_id', previous_payment_id: 'internal_payment_id' },
  },
  capture: 'auto',
  capture_delay: '1d',
  billing_details: {
    ...{ name: { first_name: '', last_name: '', middle_name: '' }, email: 'customer@shop.example', phone: { country: '', number: '' } },
    ...{ address: '123 Main St', city: 'New York', country: 'US', line_1_address: '123 Main St', line_2_address: 'Apt 4B' },
    ...{ postal_code: '10001', state: 'NY' },
  },
  shipping_details: {
    ...{ name: { first_name: '', last_name: '', middle_name: '' }, email: 'customer@shop.example', phone: { country: '', number: '' } },
    ...{ address: '123 Main St', city: 'New York', country: 'US', line_1_address: '123 Main St', line_2_address: 'Apt 4B' },
    ...{ postal_code: '10001', state: 'NY' },
  },
};

const booked = async (since: number) => (await stack.parts.host.books()).slice(since).map(({ kind, amount }) => [kind, amount]);
const books = async () => (await stack.parts.host.books()).length;

function fieldsOf({ status, body, text }: TzeroReply): readonly string[] {
  assert.equal(status, 422, text);
  return listIn(body.error ?? ({} as never), 'details').map(({ field = '' }) => field);
}

test('the sample of the guide is answered with a unique address, where the customer finishes; a day later it is captured', async () => {
  const before = await books();
  const begun = await stack.authorise(seedSample);
  assert.equal(begun.status, 201, begun.text);
  assert.match(begun.body.id ?? '', /^pay_[0-9A-Z]{26}$/);
  assert.deepEqual([begun.body.status, begun.body.capture_delay, begun.body.amount], ['pending_customer', '1d', 100]);
  assert.match(begun.body.redirect_url ?? '', new RegExp(`^${stack.url}/p/\\S{50,}$`));
  const waitsMs = Date.parse(begun.body.expires_at ?? '') - Date.parse(begun.body.created_at ?? '');
  assert.equal(waitsMs, 15 * 60_000);
  assert.deepEqual(await booked(before), []);
  const steps: string[] = [];
  await shop(begun.body.redirect_url ?? '', { onStep: (step) => steps.push(step) });
  assert.deepEqual([steps[0], steps.at(-1)], ['method', 'confirm']);
  const held = await stack.read(begun.body.id ?? '');
  assert.deepEqual([held.body.status, held.body.amount_authorised, held.body.amount_captured], ['authorised', 100, 0], held.text);
  assert.deepEqual([held.body.three_ds?.status, held.body.three_ds?.eci, held.body.result?.code], ['Y', '05', '00']);
  assert.deepEqual(held.body.metadata, { key_1: 'value_1', key_2: 'value_2' });
  assert.match(held.body.payment_method?.id ?? '', /^pm_[0-9a-f]{32}$/);
  assert.ok((held.body.payment_data?.network_reference ?? '').length > 0);
  assert.ok(Date.parse(held.body.updated_at ?? '') > Date.parse(begun.body.updated_at ?? ''), held.text);
  await moveClock(stack.url, 86_400);
  const captured = await stack.read(begun.body.id ?? '');
  assert.equal(captured.body.status, 'captured');
  assert.ok(Date.parse(captured.body.updated_at ?? '') >= Date.parse(begun.body.created_at ?? '') + 86_400_000, captured.text);
  assert.deepEqual(await booked(before), [
    ['authorization', 100],
    ['capture', 100],
  ]);
});

test('no two payments have the same address', async () => {
  const urls = await Promise.all([1, 2, 3].map(async () => (await stack.authorise(order())).body.redirect_url));
  assert.equal(new Set(urls).size, 3);
});

test('a card that is not enrolled: a page with the amount and a button; nothing is sent before it is pressed', async () => {
  const before = await books();
  const begun = await stack.authorise(order({ amount: 12_34 }));
  const page = await openPage(begun.body.redirect_url ?? '');
  assert.match(textOf(page), /Confirm your payment .*Polygate Demo.*\$12\.34.*Visa ending in 1111/);
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
  assert.deepEqual(await booked(before), []);
  assert.equal((await stack.read(begun.body.id ?? '')).body.status, 'pending_customer');
  await shop(begun.body.redirect_url ?? '');
  const paid = await stack.read(begun.body.id ?? '');
  assert.deepEqual(
    [paid.body.status, paid.body.amount_captured, paid.body.redirect_url, paid.body.three_ds],
    ['captured', 12_34, null, undefined],
  );
  assert.deepEqual(await booked(before), [['debit', 12_34]]);
});

test('a customer who calls it off, and one who never comes', async () => {
  const before = await books();
  const called = await stack.pay(order(), { cancels: true });
  assert.deepEqual([called.body.status, called.body.result?.code], ['cancelled', 'customer_cancelled']);
  const forgotten = await stack.authorise(order());
  await moveClock(stack.url, 15 * 60 + 1);
  const late = await stack.read(forgotten.body.id ?? '');
  assert.deepEqual([late.body.status, late.body.result?.code], ['expired', 'customer_timeout']);
  assert.deepEqual(await booked(before), []);
});

test('the customer comes back to the predefined address, with a signature', async () => {
  const begun = await stack.authorise(order());
  const back = new URL(await shop(begun.body.redirect_url ?? ''));
  assert.equal(`${back.origin}${back.pathname}`, 'http://127.0.0.1:8070/return/tzero');
  const { payment_id: id, reference, status, signature } = Object.fromEntries(back.searchParams);
  assert.deepEqual([id, reference, status], [begun.body.id, begun.body.reference, 'captured']);
  assert.equal(signature, createHmac('sha256', demoCallbackSecret).update(`${id}.${reference}.${status}`).digest('hex'));
});

test('a challenge is the confirmation; a failed one declines', async () => {
  const steps: string[] = [];
  const paid = await stack.pay(order({ payment_method: card('5555555555554444') }), { onStep: (step) => steps.push(step) });
  assert.deepEqual([paid.body.status, paid.body.three_ds?.status, steps], ['captured', 'Y', ['challenge']]);
  const forbidden = await stack.pay(order({ payment_method: card('4000000000003113') }));
  assert.deepEqual([forbidden.body.status, forbidden.body.result?.code, forbidden.body.three_ds?.status], ['declined', '3ds_failed', 'R']);
});

test('a soft decline after the confirmation leads to a challenge, once', async () => {
  const steps: string[] = [];
  const paid = await stack.pay(order({ payment_method: card('4000000000000101') }), { onStep: (step) => steps.push(step) });
  assert.deepEqual([paid.body.status, steps], ['captured', ['confirm', 'challenge']]);
});

const merchant = (more: Json = {}): Json => ({
  payment_type: 'mit',
  payment_sub_type: 'recurring-subsequent',
  credential_on_file: true,
  ...more,
});

test('a payment of the merchant is answered at once, with the reference of the payment or that of the scheme', async () => {
  const first = await stack.pay(order({ payment_data: { payment_sub_type: 'recurring-initial', credential_on_file: true } }));
  for (const previous of [
    { previous_payment_id: first.body.id },
    { previous_network_reference: first.body.payment_data?.network_reference },
  ]) {
    const again = await stack.authorise(order({ payment_data: merchant(previous) }));
    assert.deepEqual([again.status, again.body.status, again.body.redirect_url], [200, 'captured', null], again.text);
    assert.equal(again.body.payment_data?.previous_payment_id, previous.previous_payment_id);
  }
  assert.deepEqual(fieldsOf(await stack.authorise(order({ payment_data: merchant() }))), ['payment_data.previous_network_reference']);
  const unknown = order({ payment_data: merchant({ previous_payment_id: `pay_${'0'.repeat(26)}` }) });
  assert.deepEqual(fieldsOf(await stack.authorise(unknown)), ['payment_data.previous_payment_id']);
});

test('every sub-type belongs to one who starts the payment', async () => {
  const subTypes = { cit: ['one-off', 'recurring-initial', 'installment-initial', 'unscheduled-initial', 'cof-initial', 'cof-subsequent'] };
  for (const subType of subTypes.cit) {
    const begun = await stack.authorise(
      order({ payment_data: { payment_type: 'cit', payment_sub_type: subType, credential_on_file: true } }),
    );
    assert.equal(begun.status, 201, begun.text);
    const wrong = order({ payment_data: { payment_type: 'mit', payment_sub_type: subType, previous_network_reference: 'A1B2C3D4' } });
    assert.deepEqual(fieldsOf(await stack.authorise(wrong)), ['payment_data.payment_sub_type']);
  }
  for (const subType of ['recurring-subsequent', 'installment-subsequent', 'unscheduled-subsequent']) {
    const data = merchant({ payment_sub_type: subType, previous_network_reference: 'A1B2C3D4' });
    assert.equal((await stack.authorise(order({ payment_data: data }))).status, 200);
    const wrong = order({ payment_data: { ...data, payment_type: 'cit' } });
    assert.deepEqual(fieldsOf(await stack.authorise(wrong)), ['payment_data.payment_sub_type']);
  }
});

test('a stored card pays again; listed by its customer, deleted, it pays no more', async () => {
  const reference = freshName('customer');
  const stored = card('4111111111111111', { store_for_future_use: true });
  assert.deepEqual(fieldsOf(await stack.authorise(order({ payment_method: stored }))), ['customer.reference']);
  const first = await stack.pay(order({ payment_method: stored, customer: { reference } }));
  const id = first.body.payment_method?.id ?? '';
  const path = `/customer/${encodeURIComponent(reference)}/payment-method`;
  const list = async (key = demo.key) => listIn((await stack.send({ method: 'GET', path, key })).body, 'data').map((found) => found.id);
  assert.deepEqual([await list(), await list(other.key)], [[id], []]);
  const again = await stack.authorise(
    order({ payment_method: { type: 'stored_card', id }, payment_data: merchant({ previous_payment_id: first.body.id }) }),
  );
  assert.deepEqual([again.status, again.body.status, again.body.payment_method?.last4], [200, 'captured', '1111'], again.text);
  assert.equal((await stack.send({ method: 'DELETE', path: `${path}/${id}`, key: other.key })).status, 404);
  assert.equal((await stack.send({ method: 'DELETE', path: `${path}/${id}` })).status, 200);
  assert.equal((await stack.send({ method: 'DELETE', path: `${path}/${id}` })).status, 404);
  assert.deepEqual(await list(), []);
  const gone = await stack.authorise(order({ payment_method: { type: 'stored_card', id } }));
  assert.deepEqual([gone.status, gone.body.error?.code], [404, 'payment_method_not_found']);
});

test('the last capture gives the rest back; what was captured cannot be voided', async () => {
  const held = await stack.pay(order({ amount: 100_00, capture: 'manual' }));
  const id = held.body.id ?? '';
  const part = await stack.send({ path: `/payment/${id}/capture`, body: { amount: 30_00 } });
  assert.deepEqual(
    [part.body.status, part.body.amount_captured, part.body.operation?.type],
    ['partially_captured', 30_00, 'capture'],
    part.text,
  );
  const voided = await stack.send({ path: '/payment/cancel', body: { payment_id: id } });
  assert.deepEqual([voided.status, voided.body.error?.code], [409, 'invalid_state']);
  const last = await stack.send({ path: '/payment/capture', body: { payment_id: id, amount: 20_00, final: true } });
  assert.deepEqual([last.body.status, last.body.amount_captured], ['captured', 50_00], last.text);
  const more = await stack.send({ path: '/payment/capture', body: { payment_id: id, amount: 1 } });
  assert.deepEqual([more.status, more.body.error?.code], [409, 'amount_exceeded']);
});

test('a last capture that is declined gives nothing back, and its key is not good for one that is not the last', async () => {
  const id = (await stack.pay(order({ amount: 100_00, capture: 'manual' }))).body.id ?? '';
  const ask = (amount: number, final: boolean, key = freshName('key')) =>
    stack.send({ path: '/payment/capture', body: { payment_id: id, amount, final }, headers: { 'idempotency-key': key } });
  const key = freshName('key');
  assert.equal((await ask(20_00, false, key)).body.amount_captured, 20_00);
  const other = await ask(20_00, true, key);
  assert.deepEqual([other.status, other.body.error?.code], [409, 'idempotency_mismatch'], other.text);
  await stack.parts.host.addFault({ fault: 'decline', mti: '0220', code: '05' });
  const declined = await ask(50_00, true);
  assert.deepEqual([declined.body.operation?.status, declined.body.status], ['failed', 'partially_captured'], declined.text);
  const rest = async () => (await stack.parts.database.query(`select from polygate.due_work where kind = 'rest'`)).rows;
  await eventually(async () => (await rest()).length === 0, 'nothing more to be released');
  assert.equal((await ask(80_00, false)).body.amount_captured, 100_00);
});

test('a payment is not voided while a capture of it is not answered', async () => {
  const id = (await stack.pay(order({ amount: 100_00, capture: 'manual' }))).body.id ?? '';
  await stack.parts.host.addFault({ fault: 'no_answer', mti: '0220' });
  const unanswered = await stack.send({ path: '/payment/capture', body: { payment_id: id, amount: 40_00 } });
  assert.equal(unanswered.body.operation?.status, 'processing', unanswered.text);
  const voided = await stack.send({ path: '/payment/void', body: { payment_id: id } });
  assert.deepEqual([voided.status, voided.body.error?.code], [409, 'invalid_state'], voided.text);
  await eventually(async () => Number((await stack.read(id)).body.amount_captured) === 40_00, 'the capture to stand');
});

test('a refund with the same reference is the same refund, with another amount it is refused', async () => {
  const id = (await stack.pay(order({ amount: 100_00 }))).body.id ?? '';
  const ask = (amount: number, reference: string) =>
    stack.send({ path: `/payment/${id}/refund`, body: { amount, reference, reason: 'returned' } });
  const first = await ask(10_00, 'ref-1');
  assert.deepEqual([first.status, first.body.status, first.body.amount, first.body.payment_id], [200, 'succeeded', 10_00, id], first.text);
  const again = await ask(10_00, 'ref-1');
  assert.deepEqual([again.body.id, again.headers['idempotent-replayed']], [first.body.id, 'true']);
  assert.equal((await ask(11_00, 'ref-1')).body.error?.code, 'duplicate_reference');
  assert.equal((await ask(90_00, 'ref-2')).body.status, 'succeeded');
  const refunds = await stack.send({ method: 'GET', path: `/payment/${id}/refunds` });
  assert.deepEqual(
    listIn(refunds.body, 'data').map(({ amount, reference }) => [Number(amount), reference]),
    [
      [10_00, 'ref-1'],
      [90_00, 'ref-2'],
    ],
  );
  assert.equal((await stack.read(id)).body.status, 'refunded');
});

test('the same reference is the same payment for a day; another payment with it is refused', async () => {
  const sent = order();
  const first = await stack.authorise(sent);
  const again = await stack.authorise(sent);
  assert.deepEqual([again.status, again.body.id, again.headers['idempotent-replayed']], [201, first.body.id, 'true']);
  const changed = await stack.authorise({ ...sent, amount: 1 });
  assert.deepEqual([changed.status, changed.body.error?.code], [409, 'duplicate_reference']);
  const theirs = await stack.authorise({ ...sent, channel: other.channel }, { key: other.key });
  assert.notEqual(theirs.body.id, first.body.id);
});

const keyed = (key: string | undefined) => ({ headers: key === undefined ? {} : { 'idempotency-key': key } });

test('a reference is used once, whatever Idempotency-Key it comes with, and also without', async () => {
  const [one, two] = [freshName('key'), freshName('key')];
  for (const keys of [
    [one, undefined, two],
    [undefined, freshName('key'), freshName('key')],
  ]) {
    const sent = order();
    const answers: TzeroReply[] = [];
    for (const key of keys) answers.push(await stack.authorise(sent, keyed(key)));
    assert.deepEqual(
      answers.map(({ status, body, headers }) => [status, body.id, headers['idempotent-replayed']]),
      [undefined, 'true', 'true'].map((replayed) => [201, answers[0]?.body.id, replayed]),
    );
    for (const key of [freshName('key'), undefined]) {
      const changed = await stack.authorise({ ...sent, amount: 1 }, keyed(key));
      assert.deepEqual([changed.status, changed.body.error?.code], [409, 'duplicate_reference'], changed.text);
    }
  }
  // The key is still that of its first request alone.
  const other = await stack.authorise(order(), keyed(one));
  assert.deepEqual([other.status, other.body.error?.code], [409, 'idempotency_mismatch'], other.text);
});

test('requests at the same moment with one reference and keys of their own are one payment, also without the customer', async () => {
  const before = await books();
  const mit = { payment_type: 'mit', previous_network_reference: 'A1B2C3D4' };
  for (const more of [{ payment_data: mit }, { payment_data: mit, capture: 'auto', capture_delay: '1d' }, {}]) {
    const sent = order(more);
    const keys = [undefined, ...Array.from({ length: 5 }, () => freshName('key'))];
    const answers = await Promise.all(keys.map((key) => stack.authorise(sent, keyed(key))));
    assert.deepEqual(new Set(answers.map(({ body }) => body.id)).size, 1, answers.map(({ text }) => text).join('\n'));
  }
  assert.deepEqual(await booked(before), [
    ['debit', 12_50],
    ['authorization', 12_50],
  ]);
});

test('a refund’s reference is used once, whatever Idempotency-Key it comes with', async () => {
  const id = (await stack.pay(order({ amount: 100_00 }))).body.id ?? '';
  const before = await books();
  const reference = freshName('ref');
  const ask = (amount: number, key?: string) =>
    stack.send({ path: '/payment/refund', body: { payment_id: id, amount, reference }, ...keyed(key) });
  const first = await ask(10_00, freshName('key'));
  assert.deepEqual([first.status, first.body.status], [200, 'succeeded'], first.text);
  for (const key of [undefined, freshName('key')]) {
    const again = await ask(10_00, key);
    assert.deepEqual([again.body.id, again.headers['idempotent-replayed']], [first.body.id, 'true'], again.text);
    assert.equal((await ask(11_00, key)).body.error?.code, 'duplicate_reference');
  }
  assert.deepEqual(await booked(before), [['refund', 10_00]]);
  const next = freshName('ref');
  const together = await Promise.all(
    [undefined, freshName('key'), freshName('key')].map((key) =>
      stack.send({ path: '/payment/refund', body: { payment_id: id, amount: 5_00, reference: next }, ...keyed(key) }),
    ),
  );
  assert.equal(new Set(together.map(({ body }) => body.id)).size, 1, together.map(({ text }) => text).join('\n'));
  assert.deepEqual(await booked(before), [
    ['refund', 10_00],
    ['refund', 5_00],
  ]);
});

test('street and postal code of billing_details are compared by the issuer; line_1_address comes first', async () => {
  const latest = 'select checks from polygate.operation order by created_at desc, operation_id desc limit 1';
  for (const [details, code] of [
    [{ line_1_address: '200 Main St', address: '1 Main St', postal_code: '10001' }, 'Z'],
    [{ address: '1 Main St', postal_code: '20000' }, 'A'],
    [{ city: 'New York' }, '-'],
  ] as const) {
    await stack.pay(order({ billing_details: details }));
    const { rows } = await stack.parts.database.query<{ checks: string }>(latest);
    assert.equal(rows[0]?.checks.split(' ')[0], code, JSON.stringify(details));
  }
});
