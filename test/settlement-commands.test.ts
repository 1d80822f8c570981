/** What operators do about settlement on the command line: cut-offs, fees, the batches and their reports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveClock } from './harness/console.ts';
import { createOperator, type Operator } from './harness/operator.ts';
import { approved, debit, expectReply, plain, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { settlementsOf } from './harness/settlements.ts';

let operator: Operator;
const stack = useOppStack({
  async onStart({ env }) {
    operator = createOperator(env);
  },
});

const run = async (...args: string[]) => {
  const { code, output } = await operator.run(args);
  assert.equal(code, 0, output);
  return output;
};
const refused = async (expected: RegExp, ...args: string[]) => {
  const { code, output } = await operator.run(args);
  assert.equal(code, 1, output);
  assert.match(output, expected);
};

const account = ['--account', 'sandbox-plain'];
const fees = (verb: string, ...more: string[]) => ['account', 'fees', verb, ...account, ...more];

test('fees are set for kinds and currencies, and are posted with the batch', async () => {
  await run(...fees('set', '--kinds', 'debit,capture', '--basis-points', '145'));
  await run(...fees('set', '--kinds', 'debit,refund', '--basis-points', '100', '--fixed', '30', '--currency', 'EUR'));
  await refused(/--fixed is an amount of a currency/, ...fees('set', '--kinds', 'debit', '--fixed', '30'));
  await refused(/--kinds has receipt; expected some of debit, /, ...fees('set', '--kinds', 'receipt'));
  await refused(/no acquirer account nowhere/, 'account', 'fees', 'set', '--account', 'nowhere', '--kinds', 'debit');
  const pay = async (more: Parameters<typeof debit>[0]) =>
    expectReply(await stack.post('/v1/payments', debit(more), { as: plain }), 200, approved).body.id as string;
  // 0.50 of a minor unit is rounded up: 1 % of 10.50 is 10.5, and 30.
  const id = await pay({ amount: '10.50', merchantTransactionId: '=1+1,"x\u001b[2J"' });
  expectReply(await stack.post(`/v1/payments/${id}`, { paymentType: 'RF', amount: '4.00', currency: 'EUR' }, { as: plain }), 200, approved);
  // 1.45 % of 1000 yen is 14.5.
  await pay({ amount: '1000', currency: 'JPY' });
  await moveClock(stack.url, 86_400);
  await eventually(async () => (await settlementsOf(stack.parts)).every(({ comparison }) => comparison === 'in_balance'), 'the comparison');
  const settled = await settlementsOf(stack.parts);
  assert.deepEqual(
    settled.map(({ currency, gross, fees: charged }) => [currency, gross, charged]),
    [
      ['EUR', 650, 41 + 34],
      ['JPY', 1000, 15],
    ],
  );
});

test('a batch is listed, shown with the figures of both sides, and reported as CSV', async () => {
  const [{ id = '' } = {}] = await settlementsOf(stack.parts);
  const list = await run('settlement', 'list');
  assert.match(list, /gross +fees +net +comparison/);
  assert.match(list, new RegExp(`${id} +sandbox-plain .* closed +EUR +2 +6\\.50 +0\\.75 +5\\.75 +in_balance`));
  assert.match(list, /JPY +1 +1000 +15 +985/);
  const shown = await run('settlement', 'show', id);
  assert.match(shown, /EUR: the acquirer has the same totals\./);
  assert.match(shown, /debits +1 +10\.50 +1 +10\.50/);
  assert.match(shown, /credits +1 +4\.00 +1 +4\.00/);
  const csv = (await run('settlement', 'show', id, '--csv')).split('\n');
  assert.equal(csv[0], 'operation,payment,merchant,reference,kind,made at,gross,fee,net,currency');
  assert.deepEqual(
    csv.slice(1).map((line) => line.split(',').slice(-4).join(' ')),
    ['10.50 0.41 10.09 EUR', '-4.00 0.34 -4.34 EUR', '1000 15 985 JPY'],
  );
  assert.match(csv[1] ?? '', /,"'=1\+1,""x\ufffd\[2J""",debit,/);
  const detail = await operator.json<{ parts: { merchant: string; net: number }[] }>('settlement', 'show', id);
  assert.deepEqual(
    detail.parts.map(({ merchant, net }) => [merchant, net]),
    [
      ['Polygate Demo', 575],
      ['Polygate Demo', 985],
    ],
  );
  await refused(/There is no settlement/, 'settlement', 'show', '01a1fe2f-9c51-76ae-81da-03168f7a4815');
});

test('a batch that comes to more than 2^53 is told digit by digit', async () => {
  const { database } = stack.parts;
  const book = (gross: string) => database.query(`update polygate.settlement_part set gross = $1 where currency = 'JPY'`, [gross]);
  const [{ id = '' } = {}] = await settlementsOf(stack.parts);
  await book('9007199254740993');
  const outputs = [await run('settlement', 'list'), await run('settlement', 'list', '--json')];
  outputs.push(await run('settlement', 'show', id), await run('settlement', 'show', id, '--json'));
  await book('1000');
  for (const output of outputs) assert.match(output, /9007199254740993\b.*9007199254740978\b/s);
});

test('cut-offs are set, and all of it is in the trail', async () => {
  await run('account', 'cut-off', ...account, '--time', '02:15', '--time-zone', 'Europe/Berlin');
  await refused(/Nowhere\/Land is no time zone/, 'account', 'cut-off', ...account, '--time', '02:15', '--time-zone', 'Nowhere/Land');
  await refused(/Expected a time of day/, 'account', 'cut-off', ...account, '--time', '24:00');
  assert.match(await run('account', 'list'), /sandbox-plain .* 02:15 +Europe\/Berlin/);
  await run(...fees('remove', '--kinds', 'refund', '--currency', 'EUR'));
  await refused(/has no fee for refund in EUR/, ...fees('remove', '--kinds', 'refund', '--currency', 'EUR'));
  const kept = await operator.json<{ kind: string; currency: string }[]>('account', 'fees', 'list');
  assert.deepEqual(
    kept.map(({ kind, currency }) => `${kind} ${currency}`),
    ['capture *', 'debit *', 'debit EUR'],
  );
  const trail = await run('audit');
  for (const act of ['account.fees_set', 'account.fees_removed', 'account.cut_off_set']) assert.ok(trail.includes(act), act);
});
