/** Paymentz: live credentials need an approved certificate of PCI DSS compliance or a questionnaire, by the command line and by the console API. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { freePort } from '../src/local/ports.ts';
import { createKeyFile } from '../src/vault/key-file.ts';
import { callConsole } from './harness/console.ts';
import { createDatabase } from './harness/database.ts';
import { createOperator } from './harness/operator.ts';
import { startProcess } from './harness/processes.ts';

const folder = await mkdtemp(join(tmpdir(), 'polygate-pci-'));
const masterKeyFile = join(folder, 'keys', 'master.key');
await createKeyFile(masterKeyFile);
const database = await createDatabase('nothing');
const env = {
  ...{ DATABASE_URL: database.url, DATA_DIRECTORY: join(folder, 'data'), PORT: '0', MASTER_KEY_FILE: masterKeyFile, TRUSTED_PROXY: '1' },
  ...{ ACQUIRER_ADDRESS: `127.0.0.1:${await freePort()}`, ACQUIRER_INSTITUTION_ID: '123456', OPERATOR_KEY: 'an-operator-of-ours' },
};
const operator = createOperator(env);
const live = ['--mode', 'live'];

after(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const dayOf = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

async function handIn(merchant: string, type: string): Promise<string> {
  const file = join(folder, `${type}-${merchant}.pdf`);
  writeFileSync(file, `%PDF-1.7\n(${type} ${merchant})\n%%EOF\n`);
  const options = ['--merchant', merchant, '--type', type, '--file', file, '--valid-from', dayOf(-1), '--valid-until', dayOf(300)];
  return (await operator.json<{ documentId: string }>('compliance', 'add', ...options, ...live)).documentId;
}

const newMerchant = async (name: string) => {
  const { routingNumber, merchantId } = await operator.json<{ routingNumber: number; merchantId: string }>(
    ...['merchant', 'create', '--name', name, ...live],
  );
  return { merchant: String(routingNumber), merchantId };
};
const credentialFor = (merchant: string, ...mode: string[]) =>
  operator.run(['credential', 'create', '--merchant', merchant, '--dialect', 'paymentz', '--json', ...mode]);

test('a live credential needs an approved certificate or questionnaire', async () => {
  const migrated = await operator.run(['migrate', ...live]);
  assert.equal(migrated.code, 0, migrated.output);
  const { merchant } = await newMerchant('Certified Shop');
  const refused = await credentialFor(merchant, ...live);
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /need a PCI DSS document of the merchant \(aoc or saq\).*polygate compliance add/s);
  // A scan alone is no certificate, and what nobody has looked at does not count.
  const scan = await handIn(merchant, 'asv_scan');
  await operator.json('compliance', 'approve', scan, ...live);
  const questionnaire = await handIn(merchant, 'saq');
  assert.notEqual((await credentialFor(merchant, ...live)).code, 0);
  await operator.json('compliance', 'approve', questionnaire, ...live);
  const made = await credentialFor(merchant, ...live);
  assert.equal(made.code, 0, made.output);
  await operator.json('compliance', 'reject', questionnaire, '--reason', 'It is not signed.', ...live);
  assert.notEqual((await credentialFor(merchant, ...live)).code, 0);
  const certificate = await handIn(merchant, 'aoc');
  await operator.json('compliance', 'approve', certificate, ...live);
  assert.equal((await credentialFor(merchant, ...live)).code, 0);
  const trail = await operator.run(['audit', ...live]);
  assert.match(trail.output, /compliance_document\.added/);
});

test('other dialects ask for nothing of it, and neither does the sandbox', async () => {
  const { merchant } = await newMerchant('Plain Shop');
  const other = await operator.run(['credential', 'create', '--merchant', merchant, '--dialect', 'opp', ...live]);
  assert.equal(other.code, 0, other.output);
  const sandbox = await credentialFor(merchant);
  assert.equal(sandbox.code, 0, sandbox.output);
});

test('the console API asks for it as well', async () => {
  const { merchantId, merchant } = await newMerchant('Console Shop');
  const started = startProcess(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts'), 'start', ...live], {
    env: { ...process.env, NODE_TEST_CONTEXT: '', ...env },
  });
  const url = /http:\S+\d/.exec(await started.line(/listens on/))?.[0] ?? '';
  const ask = () =>
    callConsole(url, {
      key: 'an-operator-of-ours',
      method: 'POST',
      path: `/console-api/merchants/${merchantId}/credentials`,
      body: '{"dialect":"paymentz"}',
    });
  const refused = await ask();
  assert.equal(refused.status, 409, await refused.text());
  await operator.json('compliance', 'approve', await handIn(merchant, 'aoc'), ...live);
  assert.equal((await ask()).status, 201);
  started.child.kill('SIGTERM');
  await started.ended;
});
