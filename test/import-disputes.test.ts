/** Chargebacks of payments that another gateway made: the acquirer names them by the trace that they had there. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { JWK } from 'jose';
import { audit } from './harness/auditor.ts';
import type { DisputeRequest, HostDispute } from './harness/host-control.ts';
import { bookAtHost, importFile, type Line, operation, payment, sealTo, terminal } from './harness/imported.ts';
import { createOperator } from './harness/operator.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let folder: string;
before(async () => {
  stack = await startStack();
  folder = await mkdtemp(join(tmpdir(), 'polygate-import-'));
});
after(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true });
});

async function importAll(lines: readonly unknown[]) {
  const operator = createOperator(stack.env);
  const key = (await operator.run(['import', 'key'])).json as JWK;
  const sealed = await Promise.all(lines.map((line) => sealTo(key, line)));
  return importFile(operator, { noun: 'payments', file: join(folder, 'lines'), text: `${sealed.join('\n')}\n` });
}

test('a chargeback that the acquirer tells of an imported payment is found by its old trace, and reversed; of two that have it, none is taken', async () => {
  const debit = payment('DB', '50.00');
  const hold = payment('PA', '80.00');
  const capture = operation('CP', '30.00', '11:00:00', { referencedId: hold.id });
  await bookAtHost(stack.host, debit);
  await bookAtHost(stack.host, hold);
  await bookAtHost(stack.host, capture, hold);
  const { code, output } = await importAll([debit, { ...hold, operations: [capture] }]);
  assert.equal(code, 0, output);
  const told = await disputed({ rrn: debit.acquirer.rrn, reason: '10.4', amount: 2_000 });
  assert.equal(told.chargebackAnswer, '00');
  await stack.host.reverseDispute(told.id);
  await eventually(async () => (await disputeOf(told.id))?.reversalAnswer === '00', 'the reversal to be answered');
  assert.equal((await disputed({ rrn: capture.acquirer.rrn, reason: '10.4' })).chargebackAnswer, '00');
  assert.deepEqual(await chargebacksOf(debit), [
    ['chargeback', '2000'],
    ['chargeback_reversal', '2000'],
  ]);
  assert.deepEqual(await chargebacksOf(capture), [['chargeback', '3000']]);
  const isUnmatched = async () => assert.equal((await disputed({ rrn: capture.acquirer.rrn, reason: '10.4' })).chargebackAnswer, '25');
  await sentFrom('OTHERGW1', capture, isUnmatched);
  await alsoImportedByAnother(capture, isUnmatched);
  await audit(stack);
});

/** As if a payment with this RRN had been imported that came from another terminal. */
async function sentFrom(other: string, { acquirer: { rrn } }: Line, work: () => Promise<void>): Promise<void> {
  const setTerminal = (to: string) => stack.database.query('update polygate.acquirer_message set terminal = $1 where rrn = $2', [to, rrn]);
  await setTerminal(other);
  try {
    await work();
  } finally {
    await setTerminal(terminal);
  }
}

/** As if another merchant, of a gateway that counted like the first, had imported a payment with the same trace. */
async function alsoImportedByAnother({ acquirer: { rrn, stan } }: Line, work: () => Promise<void>): Promise<void> {
  const [{ database }, other] = [stack, randomUUID()];
  await database.query(
    `with message as (
      insert into polygate.acquirer_message (merchant_id, rrn, mti, purpose, operation_id, account_id, terminal, stan, transmitted_at)
      select $1, rrn, mti, purpose, operation_id, account_id, terminal, stan, transmitted_at from polygate.acquirer_message where rrn = $2
    ) insert into polygate.imported_operation (merchant_id, operation_id, payment_id, content_mac, terminal, transmitted_on, stan)
    select $1, operation_id, payment_id, content_mac, terminal, transmitted_on, stan from polygate.imported_operation where stan = $3`,
    [other, rrn, stan],
  );
  try {
    await work();
  } finally {
    await database.query('delete from polygate.acquirer_message where merchant_id = $1', [other]);
    await database.query('delete from polygate.imported_operation where merchant_id = $1', [other]);
  }
}

const disputeOf = async (id: string) => (await stack.host.disputes()).find((dispute) => dispute.id === id);

/** As the gateway has answered it. */
async function disputed(order: DisputeRequest): Promise<HostDispute> {
  const { id } = await stack.host.dispute(order);
  await eventually(async () => (await disputeOf(id))?.chargebackAnswer !== undefined, 'the chargeback to be answered');
  return (await disputeOf(id)) as HostDispute;
}

/** Kind and amount of what was charged back, and given up again, of a charge. */
async function chargebacksOf({ acquirer: { rrn } }: Line): Promise<readonly (readonly string[])[]> {
  const { rows } = await stack.database.query<{ kind: string; amount: string }>(
    `select o.kind, o.amount from polygate.operation c join polygate.operation o on o.merchant_id = c.merchant_id and o.target_id = c.operation_id
    where c.rrn = $1 and o.dispute_id is not null order by o.number`,
    [rrn],
  );
  return rows.map(({ kind, amount }) => [kind, amount]);
}
