/** Payments that a merchant's rules hold for review: what PAYONE, OPP and Paymentz say of them, in answers and messages; challenges, limits, payouts, rebills. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passesLuhn } from '../src/core/instrument/card.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { createConsoleClient } from './harness/console.ts';
import { createHooks, decryptOpp } from './harness/hooks.ts';
import { freshName } from './harness/opp.ts';
import { pending, succeeded } from './harness/opp-client.ts';
import { createPaymentzClient, demoMember, purchase } from './harness/paymentz.ts';
import type { Nested } from './harness/payone.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';
import { authenticateAt } from './harness/shopper.ts';

const stack = usePayoneStack({ webhooks: true, env: { RISK_LIMITS: 'on' } });
const console = createConsoleClient(() => stack.url);
const merchant_id = '00000000-0000-7000-8000-000000000001';
const freshMail = () => `${freshName('shopper')}@shop.example`;

/** Payments of this shopper are held from now on. */
async function held(more: object = {}): Promise<string> {
  const email = freshMail();
  const body = { subject: 'email', value: email, action: 'review', ...more };
  await console.done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids: { merchant_id }, body });
  const isHeld = async () => [2, 46, 50].includes(codeIn((await pay(email)).body) ?? 5);
  await eventually(isHeld, 'the rule to be in force');
  return email;
}

const pay = (email: string, input: object = {}) =>
  stack.pay(input, {
    order: {
      amountOfMoney: { amount: 1250, currencyCode: 'EUR' },
      references: { merchantReference: 'order 1' },
      customer: { contactDetails: { emailAddress: email } },
    },
  });

async function reviewOf(reference: { readonly email?: string } = {}): Promise<Readonly<Record<string, unknown>>> {
  const { items } = await console.done('get', '/reviews', { query: { merchant_id } });
  const [last] = [...(items ?? [])].sort((a, b) => (String(a.operation_id) < String(b.operation_id) ? 1 : -1));
  assert.ok(last !== undefined, `nothing waits for an operator ${reference.email ?? ''}`);
  return last;
}

async function decide(decision: 'accept' | 'decline'): Promise<string> {
  const operation_id = String((await reviewOf()).operation_id);
  await console.done('post', '/reviews/{operation_id}/decision', { ids: { operation_id }, body: { decision, reason: 'looked at it' } });
  return operation_id;
}

const fraudIn = (body: Nested) => (body.payment ?? body).paymentOutput?.cardPaymentMethodSpecificOutput?.fraudResults?.fraudServiceResult;

/** Types and numbers of what the shop was told about a payment, in the order of coming. */
async function told(id: string): Promise<readonly (readonly [string, number])[]> {
  const bodies = (await createHooks(stack.parts.host.url).list('payone')).map(({ body }) => JSON.parse(body) as Nested);
  const own = bodies.filter(({ payment }) => payment?.id?.replace(/_.*/, '') === id.replace(/_.*/, ''));
  return own.map((body) => [body.type ?? '', codeIn(body)] as const);
}

async function allTold(id: string, expected: readonly (readonly [string, number])[]): Promise<void> {
  await eventually(async () => (await told(id)).length >= expected.length, `${expected.length} messages about ${id}`);
  assert.deepEqual(await told(id), expected);
}

test('PAYONE: a sale under review has the number 50 and is challenged; let through, it is captured, and the shop is told of both', async () => {
  const email = await held();
  const { status, body, text } = await pay(email, { authorizationMode: 'SALE' });
  assert.deepEqual([status, body.payment?.status, codeIn(body)], [201, 'AUTHORIZATION_REQUESTED', 50], text);
  assert.deepEqual([body.merchantAction ?? null, fraudIn(body)], [null, 'challenged'], text);
  const id = body.payment?.id ?? '';
  const early = await stack.post(`/payments/${id}/capture`, {});
  assert.deepEqual([early.status, early.body.errors?.[0]?.id], [400, 'ACTION_NOT_ALLOWED_ON_TRANSACTION'], early.text);
  const { cause, kind, amount } = await reviewOf();
  assert.deepEqual([cause, kind, amount], ['email_listed', 'preauthorization', 1250]);
  const operationId = await decide('accept');
  const now = await stack.becomes(id, 9);
  assert.equal(fraudIn(now), 'accepted');
  await allTold(id, [
    ['payment.authorization_requested', 50],
    ['payment.pending_capture', 5],
    ['payment.capture_requested', 91],
    ['payment.captured', 9],
  ]);
  assert.equal((await stack.post(`/payments/${id}/refund`, {})).status, 201);
  const { items } = await console.done('get', '/audit', { query: { act: 'review' } });
  const [entry] = items ?? [];
  assert.deepEqual(
    [entry?.act, entry?.details?.operationId, entry?.details?.decision, entry?.details?.reason],
    ['review.decided', operationId, 'accept', 'looked at it'],
  );
  assert.doesNotMatch(JSON.stringify(items), /@shop/i);
});

test('PAYONE: declined, it is rejected as suspected fraud and says so once; the amount is given up', async () => {
  const email = await held();
  const { body } = await pay(email);
  const id = body.payment?.id ?? '';
  await decide('decline');
  const now = await stack.becomes(id, 2);
  assert.equal(now.status, 'REJECTED');
  const [error] = (now.statusOutput?.errors ?? []) as unknown as readonly Nested[];
  assert.deepEqual([error?.errorCode, fraudIn(now)], ['30591001', 'denied']);
  await allTold(id, [
    ['payment.authorization_requested', 50],
    ['payment.rejected', 2],
  ]);
  const details = await stack.get(`/payments/${id}/details`);
  const acts = (details.body.Operations ?? []) as unknown as readonly Nested[];
  assert.deepEqual(
    acts.map((act) => codeIn(act)),
    [2, 6],
    details.text,
  );
});

test('a challenge comes first; then the payment is held', async () => {
  const email = await held();
  const { body, text } = await pay(email, { card: stack.card('4874970686672022'), returnUrl: `${stack.url}/healthz` });
  assert.equal(codeIn(body), 46, text);
  const url = String(body.merchantAction?.redirectData?.redirectURL);
  await authenticateAt({ url, method: 'GET', parameters: [] }, { code: '1234', act: 'confirm' });
  await stack.becomes(body.payment?.id ?? '', 50);
  await decide('accept');
  await stack.becomes(body.payment?.id ?? '', 5);
});

test('what an issuer declines is not reviewed; a repeat under its key is told how the review stands', async () => {
  const email = await held();
  const declined = await pay(email, { card: stack.card('4000000000000002') });
  assert.deepEqual([declined.status, codeIn(declined.body.paymentResult)], [402, 2], declined.text);
  const order = {
    order: { amountOfMoney: { amount: 700, currencyCode: 'EUR' }, customer: { contactDetails: { emailAddress: email } } },
    cardPaymentMethodSpecificInput: { card: stack.card() },
  };
  const key = freshName('key').slice(0, 40);
  const first = await stack.post('/payments', order, key);
  assert.equal(codeIn(first.body), 50, first.text);
  await decide('accept');
  const again = await stack.post('/payments', order, key);
  assert.deepEqual([codeIn(again.body), again.body.payment?.id], [5, first.body.payment?.id], again.text);
});

test('merchants without rules are told that nothing was checked', async () => {
  const { items } = await console.done('get', '/risk-rules', { query: { merchant_id } });
  for (const { rule_id } of items ?? []) {
    await console.done('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids: { merchant_id, rule_id: String(rule_id) } });
  }
  await eventually(async () => fraudIn((await pay(freshMail())).body) === 'no-advice', 'the rules to be gone');
  await held();
  assert.equal(fraudIn((await pay(freshMail())).body), 'accepted');
});

test('OPP: a debit says that it waits for a review, and keeps its type; a rebill of its card is held as well', async () => {
  const opp = stack.parts.api;
  const email = await held();
  const askHeld = () => opp.pay({ card: freshCardNumber(), more: { 'customer.email': email } });
  await eventually(async () => (await askHeld()).code === '000.400.070', 'the rule to be in force');
  const bin = '411133';
  const card = [...'0123456789'].map((check) => `${bin}000000000${check}`).find(passesLuhn) ?? '';
  const before = await opp.pay({ card });
  assert.equal(before.code, succeeded);
  const paid = await opp.pay({ amount: '92.00', card: freshCardNumber(), more: { 'customer.email': email } });
  assert.deepEqual([paid.status, paid.code, paid.body.paymentType, paid.body.amount], [200, '000.400.070', 'DB', '92.00']);
  await decide('accept');
  const now = await opp.read(paid.id);
  assert.deepEqual([now.code, now.body.paymentType], [succeeded, 'DB']);
  assert.equal((await opp.operate(paid.id, { type: 'RV' })).code, succeeded);
  const disputed = await opp.pay({ amount: '40.00', card: freshCardNumber(), more: { 'customer.email': email } });
  await decide('accept');
  for (const type of ['CB', 'CR'] as const) assert.equal((await opp.operate(disputed.id, { type, amount: '40.00' })).code, succeeded, type);
  const body = { subject: 'bin', value: bin, action: 'review' };
  await console.done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids: { merchant_id }, body });
  await eventually(async () => (await opp.pay({ card })).code === '000.400.070', 'the rule to be in force');
  const rebilled = await opp.operate(before.id, { type: 'RB', amount: '5.00' });
  assert.deepEqual([rebilled.code, rebilled.body.paymentType], ['000.400.070', 'RB']);
  await decide('decline');
  assert.deepEqual([(await opp.read(rebilled.id)).status, (await opp.read(rebilled.id)).code], [400, '100.400.319']);
  // A payout cannot be held: it is not sent.
  assert.equal((await opp.pay({ type: 'CD', card })).code, '800.300.401');
  // What is captured at once is captured when it is let through.
  const both = await opp.pay({ type: 'PA.CP', card });
  assert.equal(both.code, '000.400.070');
  await decide('accept');
  assert.equal((await opp.operate(both.id, { type: 'RF', amount: '10.00' })).code, succeeded);
});

test('what is let through does not read as paid until its capture is certain, and the shop is told then', async () => {
  const { api: opp, host } = stack.parts;
  const email = await held();
  const paymentz = createPaymentzClient({ url: stack.url, traces: stack.parts.traces, member: demoMember });
  const cards = Array.from({ length: 4 }, freshCardNumber);
  const askOpp = () => opp.pay({ card: freshCardNumber(), more: { 'customer.email': email } });
  await eventually(async () => (await askOpp()).code === '000.400.070', 'the rule to be in force');
  const askPaymentz = () => paymentz.pay(purchase({ 'card.number': freshCardNumber(), 'customer.email': email }));
  await eventually(async () => (await askPaymentz()).body.status === 'authstarted', 'the rule to be in force');
  const unanswered = () => host.addFault({ fault: 'no_answer', mti: '0220', times: 1_000 });
  for (const [index, type] of (['DB', 'PA.CP'] as const).entries()) {
    const card = cards[index] ?? '';
    await unanswered();
    const paid = await opp.pay({ type, card, more: { 'customer.email': email } });
    await decide('accept');
    const now = await opp.read(paid.id);
    assert.deepEqual([now.status, now.code, now.body.amount], [200, pending, '10.00'], type);
    assert.match(JSON.stringify(now.body.resultDetails), /its capture is not confirmed yet/, type);
    await host.clearFaults();
    await eventually(async () => (await opp.read(paid.id)).code === succeeded, `${type} to be captured`);
    const codes = async () => {
      const hooks = (await createHooks(host.url).list('opp')).map((hook) => decryptOpp(hook).payload);
      return hooks.filter(({ id }) => id === paid.id).map(({ result }) => String(result?.code));
    };
    await eventually(async () => (await codes()).at(-1) === succeeded, `the shop to be told that ${type} is paid`);
  }
  const [, , third = '', fourth = ''] = cards;
  await unanswered();
  const input = { card: stack.card(third), authorizationMode: 'SALE' };
  const id = (await pay(email, input)).body.payment?.id ?? '';
  await decide('accept');
  assert.equal(codeIn((await stack.get(`/payments/${id}`)).body), 92);
  await host.clearFaults();
  await stack.becomes(id, 9);
  await unanswered();
  const sold = await paymentz.pay(purchase({ 'card.number': fourth, 'customer.email': email }));
  assert.equal(sold.body.status, 'authstarted', sold.text);
  await decide('accept');
  const inquiry = () => paymentz.act(sold.body.paymentId ?? '', 'IN');
  const early = await inquiry();
  assert.deepEqual([early.body.status, early.body.transactionStatus, early.body.resultCode], ['capturestarted', 'P', '00003'], early.text);
  await host.clearFaults();
  await eventually(async () => (await inquiry()).body.status === 'capturesuccess', 'the purchase to be captured');
  assert.equal((await inquiry()).body.resultCode, '00001');
});

test('OPP and Paymentz: what the merchant calls off under review waits for nobody, and does not read as paid', async () => {
  const opp = stack.parts.api;
  const email = await held();
  for (const type of ['PA', 'DB'] as const) {
    const ask = () => opp.pay({ type, card: freshCardNumber(), more: { 'customer.email': email } });
    await eventually(async () => (await ask()).code === '000.400.070', 'the rule to be in force');
    const paid = await ask();
    assert.equal((await opp.operate(paid.id, { type: 'RV' })).code, succeeded, type);
    const read = await opp.read(paid.id);
    assert.equal(read.code, '100.396.201', type);
    assert.match(JSON.stringify(read.body.resultDetails), /Voided under review/, type);
  }
  const client = createPaymentzClient({ url: stack.url, traces: stack.parts.traces, member: demoMember });
  const ask = () => client.pay(purchase({ 'card.number': freshCardNumber(), 'customer.email': email }));
  await eventually(async () => (await ask()).body.status === 'authstarted', 'the rule to be in force');
  const paid = await ask();
  const id = paid.body.paymentId ?? '';
  const voided = await client.act(id, 'RV');
  assert.equal(voided.body.status, 'authcancelled', voided.text);
  const { body, text } = await client.act(id, 'IN');
  assert.deepEqual([body.status, body.resultCode], ['authcancelled', '00001'], text);
});

test('Paymentz: what a review declines is told as failed, and not as cancelled after that', async () => {
  const client = createPaymentzClient({ url: stack.url, traces: stack.parts.traces, member: demoMember });
  const email = await held();
  const ask = () => client.pay(purchase({ 'card.number': freshCardNumber(), 'customer.email': email }));
  await eventually(async () => (await ask()).body.status === 'authstarted', 'the rule to be in force');
  const paid = await ask();
  const operationId = await decide('decline');
  const isGivenUp = async () => {
    const { rows } = await stack.parts.database.query(
      `select from polygate.delivery d join polygate.event e using (merchant_id, payment_id, sequence)
      where e.name = 'reversal.approved' and d.state = 'delivered'
        and e.payment_id = (select payment_id from polygate.operation where operation_id = $1)`,
      [operationId],
    );
    return rows.length === 1;
  };
  await eventually(isGivenUp, 'the hold to be given up');
  const told = (await createHooks(stack.parts.host.url).list('paymentz')).map(({ body }) => JSON.parse(body) as Nested);
  const statuses = told.filter(({ paymentId }) => String(paymentId) === paid.body.paymentId).map(({ status }) => String(status));
  assert.equal(statuses.at(-1), 'failed');
  assert.ok(!statuses.includes('authcancelled'), statuses.join());
});

test('what its merchant has called off is not decided any more', async () => {
  const opp = stack.parts.api;
  const email = await held();
  for (const [type, decision] of [
    ['DB', 'accept'],
    ['PA', 'decline'],
  ] as const) {
    const { id } = await opp.pay({ type, card: freshCardNumber(), more: { 'customer.email': email } });
    const operation_id = String((await reviewOf()).operation_id);
    assert.equal(operation_id.replaceAll('-', ''), id);
    assert.equal((await opp.operate(id, { type: 'RV' })).code, succeeded);
    const before = (await opp.read(id)).code;
    const late = await console.call('post', '/reviews/{operation_id}/decision', {
      ids: { operation_id },
      body: { decision, reason: 'too late' },
    });
    assert.deepEqual([late.status, late.body.error], [409, 'conflict'], late.text);
    assert.equal((await opp.read(id)).code, before);
  }
});

test('a limit may ask for a review; a list that blocks counts for more', async () => {
  await console.done('post', '/merchants/{merchant_id}/risk-rules/limits', {
    ids: { merchant_id },
    body: { subject: 'card', attempts: 1, window_seconds: 600, action: 'review' },
  });
  await held();
  const card = stack.card(freshCardNumber());
  const mail = freshMail();
  assert.equal(codeIn((await pay(mail, { card })).body), 5);
  const second = await pay(mail, { card });
  assert.deepEqual([codeIn(second.body), fraudIn(second.body)], [50, 'challenged'], second.text);
  assert.equal((await reviewOf()).cause, 'card_too_often');
  await decide('accept');
  const body = { subject: 'email', value: mail };
  await console.done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids: { merchant_id }, body });
  const blocked = async () => (await pay(mail, { card: stack.card() })).status === 402;
  await eventually(blocked, 'the shopper to be blocked');
  assert.equal((await pay(mail, { card })).status, 402);
});
