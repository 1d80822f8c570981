/** Keys are made, replaced and retired by the command line while two nodes pay with stored cards; nothing fails, whatever is killed. */
import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Pan, parsePan } from '../src/core/instrument/card.ts';
import { openKeyFile } from '../src/vault/key-file.ts';
import { type OpenVault, openVault } from '../src/vault/vault.ts';
import { audit } from './harness/auditor.ts';
import { createOperator, type Operator } from './harness/operator.ts';
import { createOppClient, type OppClient, succeeded } from './harness/opp-client.ts';
import { eventually, type StartedProcess, startProcess } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

const demoMerchant = '00000000-0000-7000-8000-000000000001';
const cards = ['4111111111111111', '5555555555554444', '378282246310005'];

let stack: Stack;
let operator: Operator;
let folder: string;
let keyFile: string;
/** Registrations that payments are made with all the time. */
const tokens: string[] = [];

before(async () => {
  // On a busy machine no payment may be taken for one that the acquirer did not answer.
  stack = await startStack({ env: { ACQUIRER_TIMEOUT_MS: '20000' } });
  operator = createOperator(stack.env);
  keyFile = stack.config.masterKeyFile;
  folder = await mkdtemp(join(tmpdir(), 'polygate-keys-'));
  for (const card of cards) {
    const cvc = card.length === 15 ? '1234' : '123';
    const { code, body } = await stack.api.pay({ card, cvc, more: { createRegistration: 'true' } });
    assert.equal(code, succeeded);
    tokens.push(String((body as { registrationId?: string }).registrationId));
  }
});
after(async () => {
  // What a failed test has left up would keep this file from ending.
  await Promise.all([...nodes].map((node) => node.kill()));
  await stack?.stop();
  await rm(folder, { recursive: true });
});

interface Node {
  readonly api: OppClient;
  readonly process: StartedProcess;
  kill(): Promise<void>;
}

const nodes = new Set<Node>();

/** A second node as a process of its own. */
async function startNode(env: NodeJS.ProcessEnv = {}): Promise<Node> {
  const program = join(import.meta.dirname, 'harness', 'gateway-process.ts');
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const started = startProcess(process.execPath, [program], { env: { ...inherited, ...stack.env, PORT: '0', ...env } });
  const url = (await started.line(/^listening on/)).replace('listening on ', '');
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the second node to be ready');
  const node: Node = {
    api: createOppClient(url, stack.traces),
    process: started,
    async kill() {
      nodes.delete(node);
      started.child.kill('SIGKILL');
      await started.ended;
    },
  };
  nodes.add(node);
  return node;
}

/** Between two payments: often enough to be in the way of everything, and other tests need the machine too. */
const breathMs = 20;

/** Pays with the stored cards on all nodes, one payment after another each, until stopped; returns how many, after checking every one. */
function keepPaying(...nodes: readonly OppClient[]): () => Promise<number> {
  let stopped = false;
  const codes: string[] = [];
  const running = nodes.map(async (api) => {
    for (let index = 0; !stopped; index += 1) {
      const token = tokens[index % tokens.length];
      codes.push((await api.payWithToken(`/v1/registrations/${token}/payments`, { amount: '1.00' })).code);
      await delay(breathMs);
    }
  });
  return async () => {
    stopped = true;
    await Promise.all(running);
    assert.deepEqual(
      codes.filter((code) => code !== succeeded),
      [],
    );
    return codes.length;
  };
}

interface MasterKey {
  readonly id: string;
  readonly state: string;
  readonly inKeyFile: boolean;
  readonly dataKeys: number;
  readonly nodes: readonly string[];
}

const listKeys = (): Promise<readonly MasterKey[]> => operator.json('keys', 'list');
const activeOf = (keys: readonly MasterKey[]): MasterKey | undefined => keys.find(({ state }) => state === 'active');

test('a key file is made once, for its owner only, and never overwritten', async () => {
  const path = join(folder, 'deep', 'master.key');
  assert.equal((await operator.run(['keys', 'generate', path])).code, 0);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const content = await readFile(path, 'utf8');
  const again = await operator.run(['keys', 'generate', path]);
  assert.equal(again.code, 1);
  assert.match(again.output, /exists already and is left as it is/);
  assert.equal(await readFile(path, 'utf8'), content);
  await openKeyFile({ path, createIfMissing: false });
});

test('the master key is replaced under two nodes that pay all the time, and the old one retired', async () => {
  const node = await startNode();
  const stopPaying = keepPaying(stack.api, node.api);
  const old = activeOf(await listKeys());
  assert.equal(old?.nodes.length, 2);
  const { activeId, previousId } = await operator.json<{ activeId: string; previousId: string }>('keys', 'rotate');
  assert.equal(previousId, old.id);
  const keys = await listKeys();
  assert.equal(activeOf(keys)?.id, activeId);
  assert.equal(keys.find(({ id }) => id === previousId)?.state, 'not needed');
  const refused = await operator.run(['keys', 'retire', activeId]);
  assert.match(refused.output, /is the active one/);
  const lost = await operator.run(['keys', 'retire', previousId, '--archive', keyFile]);
  assert.match(lost.output, /is the key file itself/);
  const { archive } = await operator.json<{ archive: string }>('keys', 'retire', previousId);
  assert.equal((await stat(archive)).mode & 0o777, 0o600);
  assert.match(await readFile(archive, 'utf8'), new RegExp(previousId));
  assert.equal((await listKeys()).length, 1);
  // A node that starts now, and new merchants' cards, know the new key alone.
  const late = await startNode();
  const { code } = await late.api.payWithToken(`/v1/registrations/${tokens[0]}/payments`, { amount: '1.00' });
  assert.equal(code, succeeded);
  assert.ok((await stopPaying()) > 10);
  await Promise.all([node.kill(), late.kill()]);
  await audit(stack);
});

test('a node with a key file of its own is waited for, by name; the command that gave up is simply repeated', async () => {
  await nodesGone();
  const ownFile = join(folder, 'own.key');
  await copyFile(keyFile, ownFile);
  const node = await startNode({ MASTER_KEY_FILE: ownFile });
  const stopPaying = keepPaying(stack.api, node.api);
  const before = activeOf(await listKeys())?.id;
  const gaveUp = await operator.run(['keys', 'rotate', '--wait-seconds', '0']);
  assert.equal(gaveUp.code, 1);
  assert.match(gaveUp.output, new RegExp(`do not know master key [\\w-]+: .*:${node.process.child.pid}.* Copy the key file`));
  const keys = await listKeys();
  assert.equal(activeOf(keys)?.id, before);
  // Who clears away what is not needed must not take it for that.
  assert.equal(keys.at(-1)?.state, 'not used yet');
  const repeated = operator.start(['keys', 'rotate', '--json']);
  const [, pending] = /Going on with master key (\S+),/.exec(await repeated.line(/Going on with/)) ?? [];
  await copyFile(keyFile, ownFile);
  assert.deepEqual(await repeated.ended, { code: 0, signal: null }, repeated.output());
  assert.equal(activeOf(await listKeys())?.id, pending);
  assert.ok((await stopPaying()) > 5);
  await node.kill();
});

/** Of nodes that were killed the database believes for some seconds that they are up. */
async function nodesGone(): Promise<void> {
  await eventually(async () => (await listKeys())[0]?.nodes.length === 1, 'the killed nodes to be forgotten');
}

test('a rotation of the master key whose command is killed is finished by the running gateway', async () => {
  await nodesGone();
  const stopPaying = keepPaying(stack.api);
  const previous = activeOf(await listKeys())?.id;
  await whileLocked('select from vault.data_key for update', [], async () => {
    const killed = operator.start(['keys', 'rotate']);
    await eventually(async () => activeOf(await listKeys())?.id !== previous, 'the new key to be active');
    killed.child.kill('SIGKILL');
    await killed.ended;
    assert.ok(((await listKeys()).find(({ id }) => id === previous)?.dataKeys ?? 0) > 0);
    const refused = await operator.run(['keys', 'retire', String(previous)]);
    assert.match(refused.output, /is needed for 0 root keys and \d+ data keys/);
  });
  await eventually(
    async () => (await listKeys()).find(({ id }) => id === previous)?.state === 'not needed',
    'the gateway to wrap the rest',
  );
  assert.ok((await stopPaying()) > 0);
});

/** Holds the locks that `sql` takes while `work` runs. */
async function whileLocked(sql: string, values: readonly unknown[], work: () => Promise<void>): Promise<void> {
  const client = await stack.database.connect();
  try {
    await client.query('begin');
    await client.query(sql, [...values]);
    await work();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

interface Stored {
  readonly cardId: string;
  readonly digits: string;
}

async function withVault<T>(work: (vault: OpenVault) => Promise<T>): Promise<T> {
  const keyProvider = await openKeyFile({ path: keyFile, createIfMissing: false });
  const vault = await openVault({ url: stack.databaseUrl, keyProvider, log: { error: () => assert.fail() } });
  try {
    return await work(vault);
  } finally {
    await vault.close();
  }
}

function storeCards(count: number): Promise<readonly Stored[]> {
  return withVault((vault) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const stored = { cardId: randomUUIDv7(), digits: cards[index % cards.length] as string };
        await vault.store({
          merchantId: demoMerchant,
          cardId: stored.cardId,
          pan: parsePan(stored.digits) as Pan,
          purgeAtMs: Date.now() + 1e10,
        });
        return stored;
      }),
    ),
  );
}

async function assertReadable(stored: readonly Stored[]): Promise<void> {
  await withVault(async (vault) => {
    const pans = await Promise.all(stored.map(({ cardId }) => vault.reveal({ merchantId: demoMerchant, cardId })));
    assert.deepEqual(
      pans.map((pan) => pan?.reveal()),
      stored.map(({ digits }) => digits),
    );
  });
}

const rotation = async () => {
  const { rows } = await stack.database.query<{ total: string; done: string; finished_at: Date | null }>(
    'select total, done, finished_at from vault.card_rotation where merchant_id = $1 order by to_version desc limit 1',
    [demoMerchant],
  );
  return rows[0];
};

test('all cards get a new data key while payments go on; each is moved once', async () => {
  const stored = await storeCards(1_000);
  const stopPaying = keepPaying(stack.api);
  const finished = await operator.json<readonly { total: number; done: number; damaged: number }[]>('keys', 'rotate', '--data');
  assert.ok((await stopPaying()) > 0);
  const { rows } = await stack.database.query(
    'select distinct c.key_version = max(d.version) over () as moved from vault.card c join vault.data_key d using (merchant_id)',
  );
  assert.deepEqual(rows, [{ moved: true }]);
  const [{ total, done, damaged } = { total: 0, done: 0, damaged: 1 }] = finished;
  assert.ok(total >= 1_000 && done >= total && damaged === 0, `${done} of ${total}, ${damaged} damaged`);
  await assertReadable(stored);
  await audit(stack);
});

test('a node that is killed in the middle of it is followed by another one, which moves the rest', async () => {
  const stored = await storeCards(1_500);
  await stack.stopGateway();
  const node = await startNode();
  // The lock on a card in the middle holds up the one who works on it, at a known place.
  await whileLocked('select from vault.card where id = $1 for update', [stored[900]?.cardId], async () => {
    await operator.json('keys', 'rotate', '--data', '--background', '--merchant', '1');
    await eventually(async () => Number((await rotation())?.done) >= 600, 'the node to have moved some');
    await eventually(async () => (await waiting()) > 0, 'the node to wait for the lock');
    await node.kill();
  });
  const between = await rotation();
  assert.equal(between?.finished_at, null);
  await stack.startGateway();
  const stopPaying = keepPaying(stack.api);
  await eventually(async () => Number((await rotation())?.done) >= Number(between?.total), 'the other node to move the rest');
  await eventually(async () => (await rotation())?.finished_at !== null, 'the end of the rotation');
  assert.ok((await stopPaying()) > 0);
  const ended = await rotation();
  assert.equal(ended?.done, ended?.total);
  await assertReadable(stored);
  await audit(stack);
});

/** Asked outside of any transaction: within one, PostgreSQL answers such a question always as it did the first time. */
async function waiting(): Promise<number> {
  const { rowCount } = await stack.database.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%card_rotation%'`,
  );
  return rowCount ?? 0;
}

test('a card that cannot be opened is named and stays; the others are moved', async () => {
  const [broken, ...whole] = await storeCards(3);
  await stack.database.query(`update vault.card set sealed = sealed || '\\x00' where id = $1`, [broken?.cardId]);
  const { code, output } = await operator.run(['keys', 'rotate', '--data', '--merchant', 'Polygate Demo']);
  assert.equal(code, 1, output);
  assert.match(output, /But 1 cards cannot be opened/);
  await assertReadable(whole);
  await stack.database.query('delete from vault.card where id = $1', [broken?.cardId]);
});

test('what was done with keys stands in the audit trail, and no secret does', async () => {
  const { output } = await operator.run(['audit']);
  for (const act of ['master_key.activated', 'master_key.retired', 'data_keys.rotated']) assert.match(output, new RegExp(act));
  const { keys } = JSON.parse(await readFile(keyFile, 'utf8')) as { keys: { secret: string }[] };
  for (const { secret } of keys) assert.ok(!output.includes(secret));
});
