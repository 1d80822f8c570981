/** What the start writes for the demo merchants names the demo shop where it is; what somebody has set stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeDemoMerchants } from '../src/local/demo-merchants.ts';
import { openDatabase } from '../src/postgres/connection.ts';
import { createDatabase } from './harness/database.ts';

test('a demo channel goes with the shop to another port, unless somebody has set it', async (t) => {
  const { url, drop } = await createDatabase('demo merchants');
  const database = openDatabase({ url, applicationName: 'test', purpose: 'general', maxConnections: 1 });
  t.after(async () => {
    await database.close();
    await drop();
  });
  const policies = async () => {
    const rows = await database.query<{ wire_id: string; policies: object }>(
      {
        ...{ name: 'test_policies', text: 'select wire_id, policies from polygate.channel where policies::text <> $1' },
      },
      ['{}'],
    );
    return Object.fromEntries(rows.map(({ wire_id, policies: kept }) => [wire_id, kept]));
  };
  const at = (port: number) => ({ returnUrl: `http://127.0.0.1:${port}/return/tzero`, allowedOrigins: [`http://127.0.0.1:${port}`] });
  assert.deepEqual(await policies(), { ch_demo: at(8070), ch_other: at(8070) });
  const own = { ...at(8070), amountUnit: 'major' };
  await database.query({ name: 'test_set', text: `update polygate.channel set policies = $1 where wire_id = 'ch_other'` }, [
    JSON.stringify(own),
  ]);
  await writeDemoMerchants({ databaseUrl: url, shopUrl: 'http://127.0.0.1:18070' });
  assert.deepEqual(await policies(), { ch_demo: at(18070), ch_other: own });
});
