/** The verification of settled batches finds exactly what a foreign hand has changed in them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '../src/store/verify.ts';
import { moveClock } from './harness/console.ts';
import { approved, debit, expectReply, plain, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { settlementsOf } from './harness/settlements.ts';

const stack = useOppStack({
  async onStart({ database }) {
    await database.query(`insert into polygate.account_fee values ('sandbox-plain', 'debit', '*', 100, 0)`);
  },
});

interface Corruption {
  readonly name: string;
  readonly sql: string;
  readonly undo: string;
  /** The rules that find it, and what they say. */
  readonly found: Readonly<Record<string, RegExp>>;
}

const one = `where operation_id = (select operation_id from polygate.settled_operation where amount = 1000)`;

const corruptions: readonly Corruption[] = [
  {
    name: 'a mark that is gone',
    sql: `update polygate.operation set settled = false ${one}`,
    undo: `update polygate.operation set settled = true ${one}`,
    found: { 'settled operation': /a batch has it, and it is no operation that could be settled/ },
  },
  {
    name: 'an amount in a batch',
    sql: `update polygate.settled_operation set amount = 1001 where amount = 1000`,
    undo: `update polygate.settled_operation set amount = 1000 where amount = 1001`,
    found: {
      'settled operation': /it is a approved debit of 1000 and stands in its batch as a debit of 1001/,
      'settlement part': /has 3000 EUR gross and 30 fees of 2 operations, and should have 3001 and 30 of 2/,
    },
  },
  {
    name: 'an operation that has left its batch',
    sql: `update polygate.settled_operation set account_id = settlement_id::text, settlement_id = null where amount = 1000`,
    undo: `update polygate.settled_operation set settlement_id = account_id::uuid, account_id = 'sandbox-plain' where amount = 1000`,
    found: {
      'settled operation': /it is marked as settled, and is in no batch/,
      'settlement part': /and should have 2000 and 20 of 1 by its operations/,
    },
  },
  {
    name: 'the fees of a part',
    sql: 'update polygate.settlement_part set fees = fees + 1',
    undo: 'update polygate.settlement_part set fees = fees - 1',
    found: {
      'settlement part': /and 31 fees of 2 operations, and should have 3000 and 30 of 2/,
      'settlement ledger': /the fee(_charged)? of 3[01] EUR (is missing|should not be)/,
    },
  },
  {
    name: 'a ledger line of a batch',
    sql: `update polygate.ledger_entry set debit_account = 1200 where kind = 'settlement'`,
    undo: `update polygate.ledger_entry set debit_account = 1300 where kind = 'settlement'`,
    found: { 'settlement ledger': /the settlement of 3000 EUR (is missing|should not be)/ },
  },
  {
    name: 'a batch that is never compared',
    sql: `update polygate.reconciliation set currency = 'XXX'`,
    undo: `update polygate.reconciliation set currency = 'EUR'`,
    found: { reconciliation: /is never compared with the host in EUR/ },
  },
];

test('each change in a settled batch is found, and named', async () => {
  for (const amount of ['10.00', '20.00']) {
    expectReply(await stack.post('/v1/payments', debit({ amount }), { as: plain }), 200, approved);
  }
  await moveClock(stack.url, 86_400);
  await eventually(async () => (await settlementsOf(stack.parts))[0]?.comparison === 'in_balance', 'the comparison');
  for (const { name, sql, undo, found } of corruptions) {
    await stack.parts.database.query(sql);
    const findings = await verify({ databaseUrl: stack.databaseUrl });
    await stack.parts.database.query(undo);
    const rules = new Set(findings.map((finding) => finding.slice(0, finding.indexOf(':'))));
    assert.deepEqual([...rules].sort(), Object.keys(found).sort(), `${name}: ${findings.join('\n')}`);
    for (const [rule, text] of Object.entries(found)) {
      const said = findings.filter((finding) => finding.startsWith(`${rule}:`));
      for (const finding of said) assert.match(finding, text, name);
    }
  }
});
