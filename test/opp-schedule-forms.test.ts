/** OPP: what a schedule may say, and the code of each thing that it may not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDue } from '../src/core/due/timetable.ts';
import { approved, debit, expectReply, freshName, other, type Parameters, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();
let made: Promise<string> | undefined;

/** One token for all. */
function token(): Promise<string> {
  made ??= stack
    .post('/v1/registrations', debit({ paymentType: undefined, amount: undefined, currency: undefined }))
    .then(({ body }) => body.id ?? '');
  return made;
}

async function plan(more: Parameters, headers: Record<string, string> = {}): Promise<Reply> {
  const sent = { registrationId: await token(), paymentType: 'DB', amount: '5.00', currency: 'EUR', 'job.dayOfMonth': '1', ...more };
  return stack.post('/scheduling/v1/schedules', sent, { headers });
}

const refused: readonly (readonly [what: string, more: Parameters, code: string])[] = [
  ['no job', { 'job.dayOfMonth': undefined }, '100.250.100'],
  ['dates and no time', { 'job.dayOfMonth': undefined, 'job.endDate': '2039-01-01' }, '100.250.110'],
  ['no type', { paymentType: undefined }, '100.250.105'],
  ['a type that is none', { paymentType: 'RF' }, '100.250.105'],
  ['a payout', { paymentType: 'CD' }, '600.200.400'],
  ['a day that is none', { 'job.dayOfMonth': '32' }, '100.250.120'],
  ['a day that never comes', { 'job.month': '2', 'job.dayOfMonth': '30' }, '100.250.120'],
  ['a day of the month and of the week', { 'job.dayOfWeek': '2' }, '100.250.120'],
  ['every second', { 'job.second': '*' }, '100.250.120'],
  ['two seconds', { 'job.second': '0,30' }, '100.250.120'],
  ['parts in a part', { 'job.hour': '0 0' }, '100.250.120'],
  ['a year that is over', { 'job.year': '2020' }, '100.250.120'],
  ['words', { 'job.expression': 'every day', 'job.dayOfMonth': undefined }, '100.250.120'],
  ['five parts', { 'job.expression': '0 0 1 * *', 'job.dayOfMonth': undefined }, '100.250.120'],
  ['parts beside an expression', { 'job.expression': '0 0 0 1 * ?' }, '100.250.120'],
  ['an end before the start', { 'job.startDate': '2039-01-02', 'job.endDate': '2039-01-01' }, '100.250.120'],
  ['a start that is no date', { 'job.startDate': '2039-02-30' }, '200.300.404'],
  ['no token', { registrationId: undefined }, '100.150.100'],
  ['a token of another length', { registrationId: 'abc' }, '100.150.101'],
  ['a token that is none', { registrationId: 'a'.repeat(32) }, '100.150.200'],
  ['no amount', { amount: undefined }, '100.550.300'],
  ['nothing as amount', { amount: '0.00' }, '100.550.300'],
  ['no currency', { currency: undefined }, '100.550.400'],
  ['a currency that is none', { currency: 'ABC' }, '100.550.401'],
  ['a card', { 'card.number': '4111111111111111' }, '200.300.404'],
];

for (const [what, more, code] of refused) {
  test(`${what}: ${code}`, async () => {
    assert.equal(expectReply(await plan(more), 400, code).body.id, undefined);
  });
}

test('what is taken is repeated, with the id', async () => {
  const reference = freshName('plan');
  const { body } = expectReply(await plan({ merchantTransactionId: reference, 'customParameters[box]': 'tea' }), 200, approved);
  assert.match(body.id ?? '', /^[a-f0-9]{32}$/);
  assert.deepEqual(
    [body.registrationId, body.paymentType, body.amount, body.currency, body.merchantTransactionId, body.customParameters?.box],
    [await token(), 'DB', '5.00', 'EUR', reference, 'tea'],
  );
  for (const more of [
    { 'job.expression': '0 0 12 ? * MON', 'job.dayOfMonth': undefined },
    { 'job.expression': '0 30 9 L * ? *', 'job.dayOfMonth': undefined },
    { 'job.dayOfMonth': undefined, 'job.dayOfWeek': '2', 'job.hour': '6,18' },
    { 'job.month': '*', 'job.startDate': '2038-01-01', 'job.endDate': '2039-12-31 12:00:00' },
  ]) {
    expectReply(await plan(more), 200, approved);
  }
});

test('the deleted and the foreign token have their codes', async () => {
  const mine =
    (await stack.post('/v1/registrations', debit({ paymentType: undefined, amount: undefined, currency: undefined }))).body.id ?? '';
  const theirs = { registrationId: mine, paymentType: 'DB', amount: '5.00', currency: 'EUR', 'job.dayOfMonth': '1' };
  expectReply(await stack.post('/scheduling/v1/schedules', theirs, { as: other }), 400, '100.150.200');
  expectReply(await stack.remove(`/v1/registrations/${mine}`), 200, approved);
  expectReply(await plan({ registrationId: mine }), 400, '100.150.202');
});

test('a key makes one schedule', async () => {
  const headers = { 'idempotency-key': freshName('plan') };
  const ids = await Promise.all(Array.from({ length: 5 }, async () => expectReply(await plan({}, headers), 200, approved).body.id));
  assert.equal(new Set(ids).size, 1);
  expectReply(await plan({ amount: '6.00' }, headers), 400, '200.200.106');
});

test('the parts mean what they mean on the platform: Sunday is 1, what is left out is midnight', () => {
  const fromMs = Date.parse('2034-01-31T12:00:00Z');
  const due = (expression: string, endsAtMs?: number) => {
    const next = nextDue({ expression, ...(endsAtMs === undefined ? {} : { endsAtMs }) }, fromMs);
    return next === undefined ? undefined : new Date(next).toISOString();
  };
  assert.equal(due('0 0 0 1 * ? *'), '2034-02-01T00:00:00.000Z');
  assert.equal(due('0 0 0 ? * 1 *'), '2034-02-05T00:00:00.000Z');
  assert.equal(due('0 0 0 * * SUN *'), '2034-02-05T00:00:00.000Z');
  assert.equal(due('0 0 0 31 * * *'), '2034-03-31T00:00:00.000Z');
  assert.equal(due('0 0 0 L * ? *'), '2034-02-28T00:00:00.000Z');
  assert.equal(due('0 0 12 * * * *'), '2034-02-01T12:00:00.000Z');
  assert.equal(due('0 0 0 29 2 * *'), '2036-02-29T00:00:00.000Z');
  assert.equal(due('0 0 0 1 * ? *', Date.parse('2034-02-01T00:00:00Z')), '2034-02-01T00:00:00.000Z');
  assert.equal(due('0 0 0 1 * ? *', Date.parse('2034-01-31T23:59:59Z')), undefined);
  assert.equal(due('0 0 0 1 1 ? 2030'), undefined);
});
