/** Tokens and payments that were made elsewhere come in encrypted, keep their ids, and are from then on like any others. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { JWK } from 'jose';
import { audit } from './harness/auditor.ts';
import { moveClock } from './harness/console.ts';
import {
  bookAtHost,
  card,
  entityId,
  type Imported,
  type ImportResult,
  importFile,
  type Json,
  type Line,
  newId,
  newTrace,
  operation,
  payment,
  sealTo,
} from './harness/imported.ts';
import { createOperator, type Operator } from './harness/operator.ts';
import { freshName } from './harness/opp.ts';
import { succeeded } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let operator: Operator;
let folder: string;
let key: JWK;

before(async () => {
  stack = await startStack();
  operator = createOperator(stack.env);
  folder = await mkdtemp(join(tmpdir(), 'polygate-import-'));
  key = (await operator.run(['import', 'key'])).json as JWK;
});
after(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true });
});

const seal = (line: unknown, to: JWK = key): Promise<string> => sealTo(to, line);

const importText = (noun: Imported, text: string, ...args: readonly string[]) =>
  importFile(operator, { noun, file: join(folder, freshName('lines')), text, args });

async function importAll(noun: Imported, lines: readonly unknown[], ...args: readonly string[]) {
  const sealed = await Promise.all(lines.map((line) => seal(line)));
  return importText(noun, `${sealed.join('\n')}\n`, ...args);
}

test('an imported token pays under its old id; the same line again changes nothing', async () => {
  const line = { id: newId(), entityId, card };
  const dry = await importAll('tokens', [line], '--dry-run');
  assert.equal(dry.result.imported, 1);
  const early = await stack.api.payWithToken(`/v1/registrations/${line.id}/payments`, { amount: '3.00' });
  assert.equal(early.code, '100.150.200');
  const { code, result } = await importAll('tokens', [line, line]);
  assert.equal(code, 0);
  assert.deepEqual([result.imported, result.unchanged, result.refused], [1, 1, 0]);
  const paid = await stack.api.payWithToken(`/v1/registrations/${line.id}/payments`, { amount: '3.00' });
  assert.equal(paid.code, succeeded);
  const shown = paid.body as unknown as { card: { last4Digits: string; holder: string }; registrationId: string };
  assert.deepEqual([shown.card.last4Digits, shown.card.holder, shown.registrationId], ['4444', 'Ada Example', line.id]);
  assert.equal((await importAll('tokens', [line])).result.unchanged, 1);
  for (const dryRun of [['--dry-run'], []]) {
    for (const other of [{ number: '4242424242424242' }, { expiryYear: '2038' }]) {
      const refused = await importAll('tokens', [{ ...line, card: { ...card, ...other } }], ...dryRun);
      assert.equal(refused.code, 1);
      assert.match(refused.result.problems[0]?.problem ?? '', /^id: it was imported or made here with other content/);
    }
  }
  assert.equal((await stack.api.payWithToken(`/v1/registrations/${line.id}/payments`, { amount: '3.00' })).code, succeeded);
  await audit(stack);
});

test('an import that is stopped tells the trail what it has done, and is simply repeated', async () => {
  const lines = Array.from({ length: 201 }, () => ({ id: newId(), entityId, card }));
  const text = `${(await Promise.all(lines.map((line) => seal(line)))).join('\n')}\n`;
  const [begun, told, cards] = [await trailOf('tokens.import_started'), await trailOf('tokens.imported'), await countOf('vault.card')];
  const started = operator.start(['import', 'tokens', '-', '--dialect', 'opp']);
  // Its input goes on, so only the first two hundred are taken.
  started.child.stdin?.write(text);
  await eventually(async () => (await countOf('vault.card')) >= cards + 200, 'the first batch');
  started.child.kill('SIGTERM');
  const { code } = await started.ended;
  assert.equal(code, 1);
  assert.match(started.output(), /The import stopped after line \d+\. Give the command again/);
  assert.equal(await trailOf('tokens.imported'), told + 1);
  const again = await importText('tokens', text);
  assert.deepEqual([again.code, again.result.imported, again.result.unchanged], [0, 1, 200], again.output);
  assert.equal(await trailOf('tokens.import_started'), begun + 2);
});

const trailOf = (act: string): Promise<number> => countOf(`polygate.audit where act = '${act}'`);

async function countOf(rows: string): Promise<number> {
  return Number((await stack.database.query<{ count: string }>(`select count(*) from ${rows}`)).rows[0]?.count);
}

test('an imported debit is shown, and its refund reaches the acquirer, up to what was not refunded before', async () => {
  const debit = payment('DB', '50.00');
  const refund = operation('RF', '20.00', '11:00:00', { referencedId: debit.id });
  await bookAtHost(stack.host, debit);
  await bookAtHost(stack.host, refund, debit);
  const { code, result, output } = await importAll('payments', [{ ...debit, operations: [refund] }]);
  assert.equal(code, 0, output);
  assert.equal(result.imported, 1);
  const shown = await stack.api.read(debit.id);
  assert.equal(shown.code, succeeded);
  assert.deepEqual(
    (({ id, paymentType, amount, currency, merchantTransactionId }) => ({ id, paymentType, amount, currency, merchantTransactionId }))(
      shown.body as unknown as Json,
    ),
    { id: debit.id, paymentType: 'DB', amount: '50.00', currency: 'EUR', merchantTransactionId: 'old order' },
  );
  assert.match(
    JSON.stringify(shown.body),
    new RegExp(`"ConnectorTxID1":"${debit.acquirer.rrn}".*"AuthCode":"${debit.acquirer.approvalCode}"`),
  );
  assert.equal((await stack.api.read(refund.id)).code, succeeded);
  assert.notEqual((await stack.api.operate(debit.id, { type: 'RF', amount: '30.01' })).code, succeeded);
  assert.equal((await stack.api.operate(debit.id, { type: 'RF', amount: '30.00' })).code, succeeded);
  const [entry] = (await stack.host.books({ rrn: debit.acquirer.rrn })).filter(({ kind }) => kind === 'debit');
  assert.equal(entry?.refundedAmount, 5000);
  await audit(stack);
});

test('an imported authorization is captured on, released, and its old capture refunded', async () => {
  const hold = payment('PA', '100.00');
  const first = operation('CP', '40.00', '11:00:00', { referencedId: hold.id });
  await bookAtHost(stack.host, hold);
  await bookAtHost(stack.host, first, hold);
  const { code, output } = await importAll('payments', [{ ...hold, operations: [first] }]);
  assert.equal(code, 0, output);
  const captured = await stack.api.operate(hold.id, { type: 'CP', amount: '10.00' });
  assert.equal(captured.code, succeeded);
  assert.equal((await stack.api.operate(first.id, { type: 'RF', amount: '15.00' })).code, succeeded);
  assert.equal((await stack.api.operate(hold.id, { type: 'RV' })).code, succeeded);
  const [entry] = (await stack.host.books({ rrn: hold.acquirer.rrn })).filter(({ kind }) => kind === 'authorization');
  assert.deepEqual([entry?.capturedAmount, entry?.remainingAmount], [5000, 0]);
  await audit(stack);
});

test('what was made in the same second keeps its order, whatever its ids are: a refund is of the first capture', async () => {
  const hold = payment('PA', '100.00');
  const [first, second] = ['f', '0'].map((digit) => {
    return operation('CP', '30.00', '11:00:00', { id: `${digit}${hold.id.slice(1)}`, referencedId: hold.id });
  }) as [Line, Line];
  await bookAtHost(stack.host, hold);
  await bookAtHost(stack.host, first, hold);
  await bookAtHost(stack.host, second, hold);
  const { code, output } = await importAll('payments', [{ ...hold, operations: [first, second] }]);
  assert.equal(code, 0, output);
  const refunded = await stack.api.operate(hold.id, { type: 'RF', amount: '10.00' });
  assert.equal(refunded.code, succeeded);
  const [entry] = (await stack.host.books({ rrn: first.acquirer.rrn })).filter(({ kind }) => kind === 'capture');
  assert.equal(entry?.refundedAmount, 1_000);
  await audit(stack);
});

test('every kind of history keeps the rules of the books', async () => {
  const released = payment('PA', '30.00');
  const release = operation('RV', '30.00', '12:00:00', { referencedId: released.id });
  const undone = payment('DB', '12.00');
  const undo = operation('RV', '12.00', '12:00:00', { referencedId: undone.id });
  const partly = payment('PA', '90.00');
  const release20 = operation('RV', '20.00', '11:00:00', { referencedId: partly.id });
  const capture = operation('CP', '70.00', '12:00:00', { referencedId: partly.id });
  for (const line of [released, undone, partly]) await bookAtHost(stack.host, line);
  await bookAtHost(stack.host, release, released);
  await bookAtHost(stack.host, undo, undone);
  await bookAtHost(stack.host, release20, partly, { amount: 9000, remaining: 7000 });
  await bookAtHost(stack.host, capture, partly);
  const lines = [
    { ...released, operations: [release] },
    { ...undone, operations: [undo] },
    { ...partly, operations: [release20, capture] },
  ];
  const { result, output } = await importAll('payments', lines);
  assert.equal(result.imported, 3, output);
  assert.equal((await stack.api.operate(partly.id, { type: 'RF', amount: '70.00' })).code, succeeded);
  await audit(stack);
});

test('a payment with an imported token; the same line again, in any order of fields, and another one under its id', async () => {
  const token = { id: newId(), entityId, card };
  const { card: _, ...debit } = payment('DB', '8.00', { registrationId: token.id });
  const early = await importAll('payments', [debit]);
  assert.match(early.result.problems[0]?.problem ?? '', /^registrationId: there is no such token/);
  await importAll('tokens', [token]);
  await bookAtHost(stack.host, debit as Line);
  assert.equal((await importAll('payments', [debit], '--dry-run')).result.imported, 1);
  assert.equal((await stack.api.read(debit.id)).status, 404);
  const reordered = Object.fromEntries(Object.entries(debit).toReversed());
  const { result } = await importAll('payments', [debit, reordered, { ...debit, amount: '9.00' }]);
  assert.deepEqual([result.imported, result.unchanged, result.refused], [1, 1, 1], JSON.stringify(result.problems));
  assert.match(result.problems[0]?.problem ?? '', /other content/);
  assert.equal(result.problems[0]?.line, 3);
  assert.equal((await importAll('payments', [debit], '--dry-run')).result.unchanged, 1);
  assert.equal((await stack.api.operate(debit.id, { type: 'RF', amount: '8.00' })).code, succeeded);
  await audit(stack);
});

test('each faulty line is named with what is wrong, the others are imported, and no card number is repeated', async () => {
  const good = payment('DB', '5.00');
  await bookAtHost(stack.host, good);
  const { card: _, ...cardless } = payment('DB', '5.00');
  const { approvalCode: _code, ...uncoded } = newTrace('10:00:00');
  const faults: readonly { readonly line: unknown; readonly says: RegExp }[] = [
    { line: payment('DB', '5.00', { card: { ...card, number: '5555555555554445' } }), says: /^card\.number: its check digit is wrong$/ },
    { line: payment('DB', '5,00'), says: /^amount: must match/ },
    { line: payment('DB', '0.00'), says: /^amount: not an amount of EUR above zero/ },
    { line: payment('DB', '5.00', { entityId: 'f'.repeat(32) }), says: /^entityId: there is no channel f+; make it with/ },
    { line: payment('DB', '5.00', { surprise: 1 }), says: /^surprise: unknown field/ },
    { line: payment('DB', '5.00', { currency: 'XXQ' }), says: /^currency: ISO 4217 does not know XXQ/ },
    { line: payment('PA', '5.00', { acquirer: uncoded }), says: /^acquirer\.approvalCode: missing in a PA/ },
    { line: cardless, says: /^card, registrationId: expected one of the two/ },
    {
      line: payment('DB', '5.00', { acquirer: { ...newTrace('10:00:00'), transmittedAt: new Date().toISOString() } }),
      says: /it is of today/,
    },
    { line: payment('DB', '5.00', { timestamp: '2026-02-30T12:00:00Z' }), says: /^timestamp: there is no such time/ },
    {
      line: payment('DB', '5.00', { acquirer: { ...newTrace('10:00:00'), transmittedAt: '2025-02-29T12:00:00Z' } }),
      says: /^acquirer\.transmittedAt: there is no such time/,
    },
    { line: payment('DB', '5.00', { timestamp: '2101-01-01T00:00:00Z' }), says: /^timestamp: it lies in the future/ },
    { line: payment('DB', '5.00', { timestamp: '0000-01-01T00:00:00Z' }), says: /^timestamp: it lies before 1970/ },
    {
      line: payment('DB', '5.00', { acquirer: { ...newTrace('10:00:00'), rrn: good.acquirer.rrn } }),
      says: /^acquirer\.rrn: another operation/,
    },
    { line: payment('DB', '5.00', { acquirer: { ...newTrace('10:00:00'), stan: good.acquirer.stan } }), says: /^acquirer\.stan: another/ },
    { line: withOperation('RF', '6.00'), says: /refund [a-f\d]{32}: it returns 600 of 500 that is left/ },
    { line: withOperation('CP', '5.00'), says: /capture [a-f\d]{32}: it cannot act upon a debit/ },
    { line: withOperation('RF', '1.00', { referencedId: newId() }), says: /what it acts upon does not come before it/ },
    { line: 'no JSON', says: /^what is encrypted is no JSON/ },
  ];
  const { code, result, output } = await importAll('payments', [good, ...faults.map(({ line }) => line)]);
  assert.equal(code, 1);
  assert.deepEqual([result.imported, result.refused], [1, faults.length], output);
  for (const [index, { says }] of faults.entries()) {
    const found = result.problems.find(({ line }) => line === index + 2);
    assert.match(found?.problem ?? 'nothing', says);
    assert.match(output, new RegExp(`^line ${index + 2}: `, 'm'));
  }
  assert.doesNotMatch(output, /\d{13,}(?!")/);
  await audit(stack);
});

function withOperation(type: string, amount: string, more: Json = {}): Json {
  const debit = payment('DB', '5.00');
  return { ...debit, operations: [operation(type, amount, '11:00:00', { referencedId: debit.id, ...more })] };
}

test('what is not encrypted, or to another key, or was changed, is refused', async () => {
  const line = { id: newId(), entityId, card };
  const other = { ...key, kid: 'another' };
  const sealed = await seal(line);
  const changed = `${sealed.slice(0, -4)}AAAA`;
  const { result, output } = await importText('tokens', [JSON.stringify(line), await seal(line, other), '', changed].join('\n'));
  assert.deepEqual(
    result.problems.map((problem) => [problem.line, problem.problem.slice(0, 30)]),
    [
      [1, 'it is no compact JWE with a ki'],
      [2, 'it is encrypted to another key'],
      [4, 'it cannot be decrypted: expect'],
    ],
  );
  assert.ok(!output.includes(card.number));
});

test('the import key outlives a new master key; imports stand in the audit trail', async () => {
  await operator.json('keys', 'rotate');
  assert.deepEqual((await operator.run(['import', 'key'])).json, key);
  const { result } = await importAll('tokens', [{ id: newId(), entityId, card }]);
  assert.equal(result.imported, 1);
  const { output } = await operator.run(['audit']);
  assert.match(output, /tokens\.imported .*"imported":1/);
  assert.match(output, /payments\.imported /);
  assert.ok(!output.includes(card.number));
});

test('many lines go in, also when the command is killed in between and given again', async () => {
  const lines = Array.from({ length: 1_000 }, () => ({ id: newId(), entityId, card }));
  const sealed = await Promise.all(lines.map((line) => seal(line)));
  const args = ['import', 'tokens', '-', '--dialect', 'opp', '--json'];
  const killed = operator.start(args);
  killed.child.stdin?.on('error', () => undefined);
  // Half of the lines and no end: the command waits for more, having kept what came in whole batches.
  killed.child.stdin?.write(`${sealed.slice(0, 500).join('\n')}\n`);
  const kept = async () =>
    Number(
      (await stack.database.query('select count(*) from vault.token where token = any ($1)', [lines.map(({ id }) => id)])).rows[0]?.count,
    );
  await eventually(async () => (await kept()) >= 200, 'some tokens to be kept');
  killed.child.kill('SIGKILL');
  await killed.ended;
  const before = await kept();
  const { json, output } = await operator.run(args, { input: sealed.join('\n') });
  const { imported, unchanged } = json as ImportResult;
  assert.equal(imported + unchanged, 1_000, output);
  assert.equal(unchanged, before);
  assert.equal(await kept(), 1_000);
});

test('an imported hold ends at its scheme’s time, counted from when it was made', async () => {
  const hold = payment('PA', '100.00');
  await bookAtHost(stack.host, hold);
  const { code, output } = await importAll('payments', [hold]);
  assert.equal(code, 0, output);
  const url = `http://127.0.0.1:${stack.config.port}`;
  const left = async () =>
    (await stack.host.books({ rrn: hold.acquirer.rrn })).find(({ kind }) => kind === 'authorization')?.remainingAmount;
  await moveClock(url, 4 * 86_400);
  assert.equal(await left(), 10_000);
  await moveClock(url, 3 * 86_400);
  assert.equal(await left(), 0);
  await audit(stack);
});
