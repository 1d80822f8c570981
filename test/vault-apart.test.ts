/** Cards in a database of their own (`VAULT_DATABASE_URL`): each database has its part and nothing of the other's, and payments notice nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { migrateUrl } from '../src/store/migrate.ts';
import { auditAfterEach } from './harness/auditor.ts';
import { createDatabase, type TestDatabase } from './harness/database.ts';
import { succeeded } from './harness/opp-client.ts';
import { type Stack, startStack } from './harness/stack.ts';

let cards: TestDatabase;
let stack: Stack;
before(async () => {
  cards = await createDatabase();
  stack = await startStack({ env: { VAULT_DATABASE_URL: cards.url } });
});
auditAfterEach(() => stack);
after(async () => {
  await stack.stop();
  await cards.drop();
});

async function ask<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row | undefined> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows[0];
  } finally {
    await client.end();
  }
}

test('two empty databases get a schema each', async () => {
  const [payments, vault] = [await createDatabase('nothing'), await createDatabase('nothing')];
  try {
    const applied = await migrateUrl(payments.url, { vaultUrl: vault.url });
    assert.ok(applied.includes('polygate/0001_core.sql') && applied.includes('vault/0001_cards.sql'));
    const tables = `select to_regclass('polygate.payment') is not null as payments, to_regclass('vault.card') is not null as cards`;
    assert.deepEqual(await ask(payments.url, tables), { payments: true, cards: false });
    assert.deepEqual(await ask(vault.url, tables), { payments: false, cards: true });
    assert.deepEqual(await migrateUrl(payments.url, { vaultUrl: vault.url }), []);
  } finally {
    await payments.drop();
    await vault.drop();
  }
});

test('a card is kept, paid with and refunded; its number is in the one database, its payments in the other', async () => {
  const first = await stack.api.pay({ more: { createRegistration: 'true' } });
  const { registrationId } = first.body;
  const second = await stack.api.payWithToken(`/v1/registrations/${String(registrationId)}/payments`, { amount: '7.50' });
  const refund = await stack.api.operate(second.id, { type: 'RF', amount: '7.50' });
  assert.deepEqual([first.code, second.code, refund.code], [succeeded, succeeded, succeeded]);
  const counts = `select (select count(*)::int from polygate.payment) as payments, (select count(*)::int from vault.card) as cards`;
  assert.deepEqual(await ask(stack.databaseUrl, counts), { payments: 2, cards: 0 });
  assert.deepEqual(await ask(cards.url, counts), { payments: 0, cards: 1 });
});
