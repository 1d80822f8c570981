/** Live mode: it starts without a sandbox, keeps away from a sandbox's database, and serves no old TLS. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, type SecureVersion } from 'node:tls';
import pg from 'pg';
import { dialects } from '../src/dialects/registry.ts';
import { refuseDemoMerchants, refuseLiveDatabase, writeDemoMerchants } from '../src/local/demo-merchants.ts';
import { sealDemoSecrets } from '../src/local/demo-secrets.ts';
import { freePort } from '../src/local/ports.ts';
import { createKeyFile } from '../src/vault/key-file.ts';
import { callConsole, operatorKey } from './harness/console.ts';
import { createDatabase } from './harness/database.ts';
import { startProcess } from './harness/processes.ts';

const launcher = join(import.meta.dirname, '..', 'bin', 'polygate.js');
const folder = await mkdtemp(join(tmpdir(), 'polygate-live-'));
const masterKeyFile = join(folder, 'keys', 'master.key');
await createKeyFile(masterKeyFile);
const database = await createDatabase('nothing');
const [keyFile, certificateFile] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
const openssl = spawnSync(
  'openssl',
  ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost']
    .concat(['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'])
    .concat(['-keyout', keyFile, '-out', certificateFile]),
);
const withoutOpenssl = openssl.status !== 0 && 'there is no openssl here to make a certificate with';

const { NODE_TEST_CONTEXT: _context, NODE_ENV: _environment, ...inherited } = process.env;
const env: NodeJS.ProcessEnv = {
  ...inherited,
  DATABASE_URL: database.url,
  DATA_DIRECTORY: join(folder, 'data'),
  PORT: '0',
  MASTER_KEY_FILE: masterKeyFile,
  ACQUIRER_ADDRESS: `127.0.0.1:${await freePort()}`,
  ACQUIRER_INSTITUTION_ID: '123456',
  SHUTDOWN_NOTICE_MS: '0',
};
const behindProxy = { TRUSTED_PROXY: '1' };
const withTls = { TLS_CERTIFICATE_FILE: certificateFile, TLS_KEY_FILE: keyFile };

after(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

function startLive(more: NodeJS.ProcessEnv) {
  return startProcess(process.execPath, [launcher, 'start', '--mode', 'live'], { cwd: folder, env: { ...env, ...more } });
}

test('live mode migrates an empty database, starts beside an acquirer that is away, and offers no demo payment', async () => {
  const started = startLive({ ...behindProxy, OPERATOR_KEY: 'an-operator-of-ours' });
  const line = await started.line(/listens on/);
  await started.line(/is ready/);
  const url = /http:\S+\d/.exec(line)?.[0];
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  const ready = await fetch(`${url}/readyz`);
  assert.equal(ready.status, 503);
  assert.deepEqual(await ready.json(), { status: 'not ready', missing: ['acquirer'] });
  const move = { method: 'POST', body: '{"advance_seconds":1}' };
  assert.equal((await callConsole(`${url}`, { ...move, key: operatorKey })).status, 401);
  const answer = await callConsole(`${url}`, { ...move, key: 'an-operator-of-ours' });
  assert.deepEqual([answer.status, ((await answer.json()) as { error: string }).error], [403, 'live_mode']);
  started.child.kill('SIGTERM');
  assert.equal((await started.ended).code, 0, started.output());
  assert.doesNotMatch(started.output(), /sandbox|curl/i);
});

/** What happens when a client offers exactly this version. */
function handshake(port: number, version: SecureVersion): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  // Security level 0: else the client itself would not offer the old version, and the server would never be asked.
  const options = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0', ca: readFileSync(certificateFile) };
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ...options }, () => {
    resolve(socket.getProtocol() ?? 'none');
    socket.destroy();
  });
  socket.on('error', (error: Error & { code?: string }) => resolve(`refused: ${error.code}`));
  return promise;
}

function status(port: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const call = request({ host: 'localhost', port, path: '/healthz', ca: readFileSync(certificateFile) }, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  call.on('error', reject).end();
  return promise;
}

test('with a certificate it speaks TLS 1.2 and 1.3, nothing older and no plain HTTP', { skip: withoutOpenssl }, async () => {
  const started = startLive(withTls);
  const port = Number(/https:\S+:(\d+)/.exec(await started.line(/listens on/))?.[1]);
  assert.equal(await status(port), 200);
  assert.equal(await handshake(port, 'TLSv1.3'), 'TLSv1.3');
  assert.equal(await handshake(port, 'TLSv1.2'), 'TLSv1.2');
  assert.match(await handshake(port, 'TLSv1.1'), /^refused: ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION/);
  assert.match(await handshake(port, 'TLSv1'), /^refused: ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION/);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
  started.child.kill('SIGTERM');
  assert.equal((await started.ended).code, 0, started.output());
});

test('it makes no key of its own: without the named file it does not start', async () => {
  const missing = join(folder, 'keys', 'missing.key');
  const started = startLive({ ...behindProxy, MASTER_KEY_FILE: missing });
  assert.equal((await started.ended).code, 1);
  assert.match(
    started.output(),
    /polygate: MASTER_KEY_FILE: the key file \S*missing\.key does not exist: restore it from its backup, or .* `polygate keys generate`/,
  );
  assert.doesNotMatch(started.output(), /listens on/);
  assert.ok(!existsSync(missing));
});

test('a certificate that cannot be used is explained', async () => {
  const missing = startLive({ TLS_CERTIFICATE_FILE: join(folder, 'missing.crt'), TLS_KEY_FILE: masterKeyFile });
  assert.equal((await missing.ended).code, 1);
  assert.match(missing.output(), /TLS_CERTIFICATE_FILE names \S*missing\.crt, which cannot be read/);
  const garbage = join(folder, 'garbage.crt');
  writeFileSync(garbage, 'garbage');
  const unfit = startLive({ TLS_CERTIFICATE_FILE: garbage, TLS_KEY_FILE: masterKeyFile });
  assert.equal((await unfit.ended).code, 1);
  assert.match(unfit.output(), /TLS_CERTIFICATE_FILE and TLS_KEY_FILE cannot be used together/);
});

test('it waits for a database that is away, and a stop ends the waiting', async () => {
  const started = startLive({ ...behindProxy, DATABASE_URL: `postgres://gateway@127.0.0.1:${await freePort()}/polygate` });
  await started.line(/^Waiting up to 60 s for the database \(connect ECONNREFUSED/);
  const stoppedAtMs = performance.now();
  started.child.kill('SIGINT');
  assert.equal((await started.ended).code, 0, started.output());
  assert.ok(performance.now() - stoppedAtMs < 30_000, 'it went on waiting');
  assert.doesNotMatch(started.output(), /polygate:/);
});

test('a database that takes connections and says nothing is waited for like one that is away', async (t) => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const started = startLive({ ...behindProxy, DATABASE_URL: `postgres://gateway@127.0.0.1:${port}/polygate` });
  await started.line(/^Waiting up to 60 s for the database \(timeout expired/);
  started.child.kill('SIGINT');
  assert.equal((await started.ended).code, 0, started.output());
});

test('a command whose database is away says so, and what to do', async () => {
  for (const command of ['migrate', 'verify']) {
    const databaseUrl = `postgres://gateway@127.0.0.1:${await freePort()}/polygate`;
    const away = startProcess(process.execPath, [launcher, command], { cwd: folder, env: { ...inherited, DATABASE_URL: databaseUrl } });
    assert.equal((await away.ended).code, 1);
    assert.match(away.output(), /^polygate: A database does not answer\. Start it, or correct DATABASE_URL .*\n\(connect ECONNREFUSED 127/);
  }
});

test('it refuses the database of a sandbox', async () => {
  await writeDemoMerchants({ databaseUrl: database.url, shopUrl: 'http://127.0.0.1:8070' });
  const started = startLive(behindProxy);
  assert.equal((await started.ended).code, 1);
  assert.match(started.output(), /Live mode does not start on this database: .*Polygate Demo, Polygate Other/);
  assert.match(started.output(), /Set DATABASE_URL to a database that no sandbox was ever started on/);
  assert.doesNotMatch(started.output(), /listens on/);
});

test('it refuses a merchant of its own who has a published secret, until that is revoked', async () => {
  const own = await createDatabase();
  const client = new pg.Client({ connectionString: own.url });
  await client.connect();
  try {
    const merchant = '0190f5fe-7c00-7a00-8000-00000000000a';
    await client.query("insert into polygate.merchant (merchant_id, routing_number, name) values ($1, 7, 'Corner Shop')", [merchant]);
    await refuseDemoMerchants(own.url);
    await client.query(
      `insert into polygate.credential (merchant_id, credential_id, dialect, identifier, secret_hash)
      values ($1, gen_random_uuid(), 'opp', 'corner', sha256('sandbox'::bytea))`,
      [merchant],
    );
    await assert.rejects(refuseDemoMerchants(own.url), /Corner Shop/);
    await client.query('update polygate.credential set revoked_at = now()');
    await refuseDemoMerchants(own.url);
  } finally {
    await client.end();
    await own.drop();
  }
});

/** What a run says that is expected to end with an error. */
async function refusalOf(command: readonly string[], more: NodeJS.ProcessEnv): Promise<string> {
  const started = startProcess(process.execPath, [launcher, ...command], { cwd: folder, env: { ...env, ...more } });
  assert.equal((await started.ended).code, 1, started.output());
  return started.output();
}

async function merchantsOf(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query('select name from polygate.merchant order by name')).rows;
  } finally {
    await client.end();
  }
}

test('the sandbox does not start on a database of live mode, and writes nothing there', async () => {
  const own = await createDatabase('nothing');
  try {
    // Beside a node, before the first merchant is made.
    const node = startLive({ ...behindProxy, DATABASE_URL: own.url });
    await node.line(/is ready/);
    const refused = await refusalOf(['start'], { DATABASE_URL: own.url, ...behindProxy });
    assert.match(refused, /The sandbox does not start on this database: .* Start with --mode live, or set DATABASE_URL to/);
    assert.doesNotMatch(refused, /listens on/);
    assert.deepEqual(await merchantsOf(own.url), []);
    node.child.kill('SIGTERM');
    assert.equal((await node.ended).code, 0, node.output());
    const again = startLive({ ...behindProxy, DATABASE_URL: own.url });
    await again.line(/is ready/);
    again.child.kill('SIGTERM');
    assert.equal((await again.ended).code, 0, again.output());
  } finally {
    await own.drop();
  }
});

test('a database is one of live mode when that has migrated it, or when it has merchants and none of the sandbox', async () => {
  const [migrated, older, demo] = [await createDatabase('nothing'), await createDatabase(), await createDatabase('demo merchants')];
  try {
    const migrate = ['migrate', '--mode', 'live'];
    const more = { DATABASE_URL: migrated.url, ...behindProxy };
    const ran = startProcess(process.execPath, [launcher, ...migrate], { cwd: folder, env: { ...env, ...more } });
    assert.equal((await ran.ended).code, 0, ran.output());
    await assert.rejects(refuseLiveDatabase(migrated.url), /does not start on this database/);
    await refuseLiveDatabase(older.url);
    const client = new pg.Client({ connectionString: older.url });
    await client.connect();
    await client.query("insert into polygate.merchant (merchant_id, routing_number, name) values (gen_random_uuid(), 7, 'Corner Shop')");
    await client.end();
    await assert.rejects(refuseLiveDatabase(older.url), /does not start on this database/);
    // The sandbox's own stays its own, also after live mode was asked to migrate it.
    assert.match(await refusalOf(migrate, { DATABASE_URL: demo.url, ...behindProxy }), /Live mode does not start on this database/);
    await refuseLiveDatabase(demo.url);
  } finally {
    for (const place of [migrated, older, demo]) await place.drop();
  }
});

test('a live node lets nobody in with what the sandbox publishes, also when it appears while the node runs', async () => {
  const own = await createDatabase();
  const node = startLive({ ...behindProxy, DATABASE_URL: own.url });
  try {
    const baseUrl = /http:\S+\d/.exec(await node.line(/listens on/))?.[0] ?? '';
    await node.line(/is ready/);
    await writeDemoMerchants({ databaseUrl: own.url, shopUrl: 'http://127.0.0.1:8070' });
    await sealDemoSecrets({ databaseUrl: own.url, vaultDatabaseUrl: own.url, masterKeyFile });
    for (const { name, sandbox } of dialects) {
      const sample = sandbox?.sample({ baseUrl, shopUrl: 'http://127.0.0.1:8070' });
      assert.ok(sample !== undefined, name);
      const { method, url, headers, body } = sample.request;
      const answer = await fetch(url, { method, headers, body });
      assert.match(`${answer.status} ${await answer.text()}`, /^40[13] |"Unknown member or wrong key"/, name);
    }
  } finally {
    node.child.kill('SIGTERM');
    await node.ended;
    await own.drop();
  }
});
