/** Risk rules about what the issuer has found of the holder's address and of the code on the card: the approval is reversed, or held until an operator has looked at it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConsoleClient } from './harness/console.ts';
import { type OppAnswer, type PayOptions, pending, succeeded } from './harness/opp-client.ts';
import type { Nested } from './harness/payone.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';

const stack = usePayoneStack({ webhooks: true });
const console = createConsoleClient(() => stack.url);
const merchant_id = '00000000-0000-7000-8000-000000000001';

interface Rule {
  readonly subject: 'address' | 'street' | 'postcode' | 'cvc';
  readonly result: 'mismatch' | 'not_checked' | 'unavailable';
  readonly action: 'decline' | 'review';
}

/** The work under a rule, which is gone after it. */
async function under(rule: Rule, work: () => Promise<void>): Promise<void> {
  const at = '/merchants/{merchant_id}/risk-rules/checks';
  const { rule_id } = await console.done('post', at, { ids: { merchant_id }, body: rule });
  const isMet = async () => (await pay({ type: 'PA', cvc: '200', more: wrong })).code !== succeeded;
  await eventually(isMet, 'the rule to be in force');
  try {
    await work();
  } finally {
    const ids = { merchant_id, rule_id: String(rule_id) };
    await console.done('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids });
    await eventually(async () => !(await isMet()), 'the rule to be gone');
  }
}

const address = (street: string, postcode: string) => ({ 'billing.street1': street, 'billing.postcode': postcode });
const good = address('1 Example Street', '12345');
const wrong = address('200 Example Street', '20000');
const streetOnly = address('1 Example Street', '20000');
const pay = (options: PayOptions): Promise<OppAnswer> => stack.parts.api.pay({ card: '5454545454545454', amount: '25.00', ...options });

async function bookedFor({ body }: OppAnswer): Promise<readonly (readonly unknown[])[]> {
  const { ConnectorTxID1: rrn = '' } = body.resultDetails as Readonly<Record<string, string>>;
  const entries = await stack.parts.host.books({ rrn });
  return entries.map(({ kind, amount, remainingAmount }) => [kind, amount, remainingAmount]);
}

async function eventsOf({ id }: OppAnswer): Promise<readonly string[]> {
  const { rows } = await stack.parts.database.query<{ name: string }>(
    `select e.name from polygate.event e join polygate.operation o using (merchant_id, payment_id) where o.operation_id = $1::uuid order by e.sequence`,
    [id],
  );
  return rows.map(({ name }) => name);
}

test('decline: the approval is reversed at once, and the payment declined; a debit like a hold', async () => {
  await under({ subject: 'address', result: 'mismatch', action: 'decline' }, async () => {
    for (const [type, kind, booked] of [
      ['DB', 'debit', 'debit'],
      ['PA', 'preauthorization', 'authorization'],
      ['PA.CP', 'preauthorization', 'authorization'],
    ] as const) {
      const answer = await pay({ type, more: wrong });
      assert.deepEqual(
        [answer.status, answer.code, (answer.body.result as Nested).avsResponse],
        [400, '800.400.100', 'N'],
        JSON.stringify(answer.body),
      );
      assert.deepEqual(await bookedFor(answer), [
        [booked, 2_500, 0],
        ['reversal', 2_500, 0],
      ]);
      assert.deepEqual(await eventsOf(answer), [`${kind}.checks_failed`, `${kind}.declined`]);
      assert.equal((await stack.parts.api.read(answer.id)).code, '800.400.100');
      assert.equal((await stack.parts.api.operate(answer.id, { type: 'RV' })).code, '700.300.200');
    }
    for (const more of [good, streetOnly, {}]) assert.equal((await pay({ more })).code, succeeded);
    assert.equal((await pay({ cvc: '200', more: good })).code, succeeded);
  });
  assert.equal((await pay({ more: wrong })).code, succeeded);
});

test('while the reversal is not confirmed the payment is pending; then it is declined', async () => {
  await under({ subject: 'postcode', result: 'mismatch', action: 'decline' }, async () => {
    for (const fault of ['answer_lost', 'no_answer'] as const) {
      await stack.parts.host.addFault({ fault, pan: '5454545454545454', mti: '0420' });
      const answer = await pay({ more: streetOnly });
      assert.equal(answer.code, pending);
      await eventually(async () => (await stack.parts.api.read(answer.id)).code === '800.400.100', 'the payment to be declined');
    }
  });
});

test('a code that differs declines as a wrong code, in the words of each protocol; what is not compared does not', async () => {
  await under({ subject: 'cvc', result: 'mismatch', action: 'decline' }, async () => {
    const opp = await pay({ cvc: '200' });
    assert.deepEqual([opp.code, (opp.body.result as Nested).cvvResponse], ['800.100.153', 'N']);
    const { Retryable, AcquirerResponse } = opp.body.resultDetails as Readonly<Record<string, string>>;
    assert.deepEqual([Retryable, AcquirerResponse], ['true', '00']);
    const { status, body } = await stack.pay({ card: stack.card(undefined, '200') });
    const payment = body.paymentResult?.payment;
    assert.deepEqual([status, codeIn(body.paymentResult)], [402, 2]);
    const { errors } = (payment?.statusOutput ?? {}) as { readonly errors?: readonly Nested[] };
    assert.equal(errors?.[0]?.errorCode, '30821001');
    const fraud = payment?.paymentOutput?.cardPaymentMethodSpecificOutput?.fraudResults;
    assert.deepEqual([fraud?.fraudServiceResult, fraud?.cvvResult], ['denied', 'N']);
    for (const cvc of ['123', '201', '301']) assert.equal((await pay({ cvc })).code, succeeded);
  });
});

const reviews = async () => (await console.done('get', '/reviews', { query: { merchant_id, cause: 'card_checks' } })).items ?? [];
const dueRows = async ({ id }: OppAnswer) => {
  const text = 'select kind from polygate.due_work d where d.operation_id = $1::uuid';
  return (await stack.parts.database.query<{ kind: string }>(text, [id])).rows.map(({ kind }) => kind);
};

async function decided(answer: OppAnswer, decision: 'accept' | 'decline'): Promise<void> {
  const found = (await reviews()).find(({ operation_id }) => String(operation_id).replaceAll('-', '') === answer.id);
  assert.ok(found !== undefined, 'it is under review');
  const ids = { operation_id: String(found.operation_id) };
  await console.done('post', '/reviews/{operation_id}/decision', { ids, body: { decision, reason: 'looked at it' } });
}

const reviewOfAddresses = { subject: 'address', result: 'mismatch', action: 'review' } as const;

test('review: what no rule is against goes its way at once; a debit is a hold that is captured, and is known as the debit', async () => {
  await under(reviewOfAddresses, async () => {
    const debit = await pay({ more: good });
    assert.deepEqual([debit.code, debit.body.paymentType, debit.body.amount], [succeeded, 'DB', '25.00'], JSON.stringify(debit.body));
    assert.deepEqual(await eventsOf(debit), ['preauthorization.approved', 'capture.approved']);
    assert.deepEqual(await dueRows(debit), []);
    assert.equal((await stack.parts.api.read(debit.id)).code, succeeded);
    assert.equal((await stack.parts.api.operate(debit.id, { type: 'RF', amount: '25.00' })).code, succeeded);
    const hold = await pay({ type: 'PA', more: streetOnly });
    assert.deepEqual([hold.code, await eventsOf(hold), await dueRows(hold)], [succeeded, ['preauthorization.approved'], []]);
    assert.equal((await stack.parts.api.operate(hold.id, { type: 'CP', amount: '10.00' })).code, succeeded);
    const both = await pay({ type: 'PA.CP', more: good });
    assert.equal(both.code, succeeded, JSON.stringify(both.body));
    assert.equal((await stack.parts.api.read(both.id)).code, succeeded);
    const card = await pay({ more: { ...good, createRegistration: 'true' } });
    assert.match(String(card.body.registrationId), /^[0-9a-f]{32}$/);
  });
});

test('what a rule is against waits for an operator, with what was found; let through it is charged, else it is given up', async () => {
  await under(reviewOfAddresses, async () => {
    for (const [decision, code] of [
      ['accept', succeeded],
      ['decline', '100.400.319'],
    ] as const) {
      const debit = await pay({ more: wrong });
      assert.deepEqual([debit.status, debit.code], [200, '000.400.010'], JSON.stringify(debit.body));
      assert.deepEqual(await eventsOf(debit), ['preauthorization.in_review']);
      const review = (await reviews()).find(({ operation_id }) => String(operation_id).replaceAll('-', '') === debit.id);
      const { cause, address_code, address_street, address_postcode, cvc_result } = review ?? {};
      assert.deepEqual(
        [cause, address_code, address_street, address_postcode, cvc_result],
        ['card_checks', 'N', 'mismatch', 'mismatch', 'match'],
      );
      await decided(debit, decision);
      assert.equal((await stack.parts.api.read(debit.id)).code, code);
    }
  });
});

test('a review for the code says so; what brings neither address nor code is charged as it was', async () => {
  await under({ subject: 'cvc', result: 'mismatch', action: 'review' }, async () => {
    const answer = await pay({ cvc: '200', more: good });
    assert.equal(answer.code, '000.400.020');
    await decided(answer, 'decline');
    const later = await pay({ more: { recurringType: 'REPEATED', 'card.cvv': '' } });
    assert.equal(later.code, succeeded);
    assert.deepEqual(await eventsOf(later), ['debit.approved']);
    const { body } = await stack.pay({ card: stack.card(undefined, '200'), authorizationMode: 'SALE' });
    const fraud = body.payment?.paymentOutput?.cardPaymentMethodSpecificOutput?.fraudResults;
    assert.deepEqual([codeIn(body), fraud?.fraudServiceResult, fraud?.cvvResult], [50, 'challenged', 'N']);
    const sale = (await stack.pay({ authorizationMode: 'SALE' })).body;
    assert.deepEqual(
      [codeIn(sale), sale.payment?.paymentOutput?.cardPaymentMethodSpecificOutput?.fraudResults?.fraudServiceResult],
      [9, 'accepted'],
    );
  });
});

test('a charge whose capture has no answer is pending until it has one; one that is refused is declined, and its hold released', async () => {
  await under(reviewOfAddresses, async () => {
    await stack.parts.host.addFault({ fault: 'answer_lost', pan: '5454545454545454', mti: '0220' });
    const unanswered = await pay({ more: good });
    assert.equal(unanswered.code, pending);
    const codeOf = async ({ id }: OppAnswer) => (await stack.parts.api.read(id)).code;
    await eventually(async () => (await codeOf(unanswered)) === succeeded, 'the capture to be answered');
    await stack.parts.host.addFault({ fault: 'decline', code: '05', pan: '5454545454545454', mti: '0220' });
    const refused = await pay({ more: good });
    assert.deepEqual([refused.code, await codeOf(refused)], ['800.100.100', '800.100.100']);
    await eventually(async () => (await eventsOf(refused)).includes('reversal.approved'), 'the hold to be released');
  });
});

test('what a crash has left between the approval and the capture is captured by whoever comes after', async () => {
  await under(reviewOfAddresses, async () => {
    const debit = await pay({ more: wrong });
    const { database } = stack.parts;
    await database.query(`update polygate.operation set reason = 'review_accepted' where operation_id = $1::uuid`, [debit.id]);
    await database.query(`update polygate.due_work set due_at = now() where operation_id = $1::uuid`, [debit.id]);
    await eventually(async () => (await stack.parts.api.read(debit.id)).code === succeeded, 'the debit to be captured');
    assert.deepEqual((await eventsOf(debit)).slice(1), ['capture.approved']);
  });
});

test('what was due early, and is under review after all, waits as long as any other', async () => {
  await under(reviewOfAddresses, async () => {
    const debit = await pay({ more: wrong });
    await stack.parts.database.query(`update polygate.due_work set due_at = now() where operation_id = $1::uuid`, [debit.id]);
    const text = `select due_at > now() + interval '71 hours' as waits from polygate.due_work where operation_id = $1::uuid`;
    await eventually(
      async () => (await stack.parts.database.query<{ waits: boolean }>(text, [debit.id])).rows[0]?.waits === true,
      'it to be due later',
    );
    assert.equal((await stack.parts.api.read(debit.id)).code, '000.400.010');
  });
});

test('a rule is written once, names its field where it is wrong, and is listed', async () => {
  const post = (body: object) => console.call('post', '/merchants/{merchant_id}/risk-rules/checks', { ids: { merchant_id }, body });
  const rule = { subject: 'street', result: 'unavailable', action: 'decline' };
  const made = await post(rule);
  assert.equal(made.status, 201, made.text);
  const { kind, subject, value, action, attempts } = made.body;
  assert.deepEqual([kind, subject, value, action, attempts], ['check', 'street', 'unavailable', 'decline', null]);
  assert.equal((await post(rule)).status, 409);
  for (const [field, change] of [
    ['subject', { subject: 'name' }],
    ['result', { result: 'match' }],
    ['action', { action: 'block' }],
    ['result', { result: undefined }],
  ] as const) {
    const refused = await post({ ...rule, ...change });
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.text, new RegExp(`"${field}"`));
  }
  const { items } = await console.done('get', '/risk-rules', { query: { merchant_id, kind: 'check' } });
  assert.deepEqual(
    (items ?? []).map(({ rule_id }) => rule_id),
    [made.body.rule_id],
  );
  const ids = { merchant_id, rule_id: String(made.body.rule_id) };
  await console.done('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids });
});
