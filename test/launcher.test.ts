/** bin/polygate.js and the command line: exits and signals are handed on, nothing outlives the launcher, faults are explained. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resetDataDirectory } from '../src/local/data-directory.ts';
import { freePort } from '../src/local/ports.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { debit, demo, encode, exchange, freshName } from './harness/opp.ts';
import { createOppClient, type OppAnswer, pending, succeeded } from './harness/opp-client.ts';
import { eventually, isRunning, type StartedProcess, startProcess } from './harness/processes.ts';
import { demo as demoPlatform } from './harness/qorepay.ts';
import { browserData } from './harness/shopper.ts';
import { mountSmallDisk } from './harness/small-disk.ts';
import { createTraces } from './harness/traces.ts';
import { demo as demoShop } from './harness/tzero.ts';

const root = join(import.meta.dirname, '..');
const launcher = join(root, 'bin', 'polygate.js');
const folder = mkdtempSync(join(tmpdir(), 'polygate-launcher-'));
const dataDirectory = join(folder, '.polygate');
const env: NodeJS.ProcessEnv = {
  ...process.env,
  DATA_DIRECTORY: dataDirectory,
  PORT: '0',
  EMBEDDED_POSTGRES_PORT: '0',
  SANDBOX_ACQUIRER_PORT: '0',
  SANDBOX_HTTP_PORT: '0',
  SANDBOX_SMTP_PORT: '0',
  SANDBOX_SHOP_PORT: '0',
};
delete env.NODE_TEST_CONTEXT;
delete env.DATABASE_URL;
delete env.NODE_ENV;

const unlimited = { ...env, REQUESTS_PER_MINUTE: '0' };
const noGroups = process.platform === 'win32' && 'there are no process groups here';

after(async () => {
  await resetDataDirectory({ directory: dataDirectory, log: () => undefined });
  rmSync(folder, { recursive: true });
});

function launch(...args: readonly string[]) {
  return startProcess(process.execPath, [launcher, ...args], { cwd: folder, env });
}

async function readyUrl(started: StartedProcess): Promise<string> {
  const line = await started.line(/listens on/);
  await started.line(/is ready/);
  return /http:\S+\d/.exec(line)?.[0] ?? '';
}

function script(content: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.ts`);
  writeFileSync(path, content);
  return path;
}

const parent = JSON.stringify(join(root, 'src', 'local', 'parent.ts'));

test('the exit code and the arguments are handed on', async () => {
  const started = launch('--script', script('process.stdout.write(process.argv.slice(2).join()); process.exitCode = 42;'), 'a', '--b');
  assert.deepEqual(await started.ended, { code: 42, signal: null });
  assert.equal(started.output(), 'a,--b');
});

test('a signal that ended the child ends the launcher', async () => {
  assert.equal(
    (await launch('--script', script("process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);")).ended).signal,
    'SIGTERM',
  );
});

test('a signal is forwarded', async () => {
  const started = launch(
    '--script',
    script("process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000);"),
  );
  await started.line(/^up/);
  started.child.kill('SIGTERM');
  assert.equal((await started.ended).code, 7);
});

test('the child ends when the launcher is killed', async () => {
  const started = launch(
    '--script',
    script(`import { exitWithParent } from ${parent}; exitWithParent(); console.log(process.pid); setInterval(() => {}, 1000);`),
  );
  const pid = Number(await started.line(/^\d+$/));
  started.child.kill('SIGKILL');
  await eventually(() => !isRunning(pid), 'the end of the child');
});

test('what a start took of the memory for new objects is given back once all is quiet', async () => {
  const memory = JSON.stringify(join(root, 'src', 'local', 'memory.ts'));
  const started = launch(
    '--script',
    script(`
      import { getHeapSpaceStatistics } from 'node:v8';
      import { giveBackMemoryOfStart } from ${memory};
      const room = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size;
      for (let round = 0; round < 40; round += 1) Array.from({ length: 100_000 }, (_, index) => ({ index }));
      const taken = room();
      giveBackMemoryOfStart();
      setInterval(() => { if (room() < taken / 4) { console.log(\`from \${taken} to \${room()}\`); process.exit(); } }, 20);
    `),
  );
  const [, from, to] = /^from (\d+) to (\d+)$/.exec(await started.line(/^from/)) ?? [];
  assert.ok(Number(from) > 8_000_000 && Number(to) < 4_000_000, `${from} ${to}`);
});

test('a script that is not there, and an installation without the pinned Node, are explained', async () => {
  const missing = launch('--script', 'test/missing.ts');
  assert.equal((await missing.ended).code, 1);
  assert.match(missing.output(), /there is no test\/missing\.ts/);
  const bare = join(folder, 'bare');
  mkdirSync(bare);
  cpSync(join(root, 'bin'), join(bare, 'bin'), { recursive: true });
  const started = startProcess(process.execPath, [join(bare, 'bin', 'polygate.js')]);
  assert.equal((await started.ended).code, 1);
  assert.match(started.output(), /neither src\/main\.ts nor dist\/main\.js/);
});

test('help and version come without starting anything', async () => {
  const help = launch('start', '--help');
  assert.equal((await help.ended).code, 0);
  assert.match(help.output(), /--mode <mode>/);
  const version = launch('pay', '--version');
  assert.equal((await version.ended).code, 0);
  assert.match(version.output(), /^\d+\.\d+\.\d+$/);
});

test('the programs that measure, kill and test take no number that makes no sense, and say so before they start anything', async () => {
  const refusals = [
    ['bench/drill.ts', '--minutes', '0', /'--minutes <n>' argument '0' is invalid\. Expected a number above zero/],
    ['bench/drill.ts', '--seed', 'abc', /'--seed <n>' argument 'abc' is invalid\. Expected a whole number from 0/],
    ['bench/drill.ts', '--rate', '0', /'--rate <n>' argument '0' is invalid\. Expected a whole number from 1/],
    ['bench/drill.ts', '--connections', '0', /'--connections <n>' .*Expected a whole number from 1/],
    ['bench/drill.ts', '--merchants', '0', /'--merchants <n>' .*Expected a whole number from 1/],
    ['bench/drill.ts', '--days', '366', /'--days <n>' .*Expected a whole number from 0 to 365/],
    ['bench/drill.ts', '--rolling', '--days=8', /'--rolling' cannot be used with option '--days/],
    // As npm hands it on when the two dashes are left out.
    ['bench/drill.ts', '1', '', /too many arguments[\s\S]*npm run drill -- --minutes 1/],
    ['bench/run.ts', '--seconds', '0', /'--seconds <n>' .*Expected a whole number from 1/],
    ['bench/run.ts', '--connections', '0', /'--connections <n>' .*Expected a whole number from 1/],
    ['bench/abuse.ts', '--rate', '0', /'--rate <n>' .*Expected a whole number from 1/],
    ['test/soak.ts', '--days', 'x', /There is no file --days\. Arguments are test files/],
    ['test/run.ts', 'test/misspelt.test.ts', '', /There is no file test\/misspelt\.test\.ts/],
    ['test/check.ts', '--wirte', '', /There is no option --wirte/],
  ] as const;
  for (const [program, option, value, message] of refusals) {
    const started = launch('--script', program, ...[option, value].filter((part) => part !== ''));
    assert.equal((await started.ended).code, 1, started.output());
    assert.match(started.output(), message);
    assert.doesNotMatch(started.output(), /^seed|Drill of|pgbench|^ {4}at /m);
  }
  const seeded = startProcess(process.execPath, [launcher, '--script', 'test/run.ts'], {
    cwd: folder,
    env: { ...env, POLYGATE_SEED: 'x' },
  });
  assert.equal((await seeded.ended).code, 1);
  assert.match(seeded.output(), /POLYGATE_SEED is "x"; expected a whole number/);
});

test('start comes up, answers, and goes down cleanly on SIGTERM; the second start finds the folder', async () => {
  for (const _ of [1, 2]) {
    const started = launch('start');
    const line = await started.line(/listens on/);
    await started.line(/is ready/);
    const url = /http:\S+\d/.exec(line)?.[0];
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    started.child.kill('SIGTERM');
    assert.deepEqual(await started.ended, { code: 0, signal: null }, started.output());
    assert.match(started.output(), /Stopped the gateway\.[\s\S]*Stopped the embedded PostgreSQL\./);
  }
});

test('everything goes down when the launcher is killed, and the next start takes over', async () => {
  const killed = launch('start');
  await killed.line(/is ready/);
  killed.child.kill('SIGKILL');
  const next = launch('start');
  await next.line(/is ready/);
  next.child.kill('SIGINT');
  assert.equal((await next.ended).code, 0, next.output());
});

test('Ctrl-C in the middle of payments: every answer that left counts, and the next start settles the rest', {
  skip: noGroups,
}, async () => {
  // A terminal signals every process of the group at once.
  const started = startProcess(process.execPath, [launcher, 'start'], { cwd: folder, env: unlimited, detached: true });
  const api = createOppClient(await readyUrl(started), createTraces());
  const answers: OppAnswer[] = [];
  const payUntilItEnds = async (): Promise<void> => {
    for (;;) {
      const answer = await api.pay({ card: freshCardNumber(), amount: '5.00' }).catch(() => undefined);
      if (answer === undefined) return;
      answers.push(answer);
    }
  };
  const paying = Promise.all([1, 2, 3, 4, 5, 6].map(payUntilItEnds));
  await eventually(() => answers.filter(({ code }) => code === succeeded).length >= 30, 'payments');
  process.kill(-(started.child.pid ?? Number.NaN), 'SIGINT');
  assert.deepEqual(await started.ended, { code: 0, signal: null }, started.output());
  await paying;

  const next = startProcess(process.execPath, [launcher, 'start'], { cwd: folder, env: unlimited });
  const again = createOppClient(await readyUrl(next), createTraces());
  for (const { id, code } of answers) {
    if (code === pending) await eventually(async () => (await again.read(id)).code !== pending, `the truth about ${id}`);
    // That it can be refunded shows that the acquirer knows it as well.
    if (code === succeeded) assert.equal((await again.operate(id, { type: 'RF', amount: '5.00' })).code, succeeded, id);
  }
  next.child.kill('SIGINT');
  assert.equal((await next.ended).code, 0, next.output());
  const verified = launch('verify');
  assert.equal((await verified.ended).code, 0, verified.output());
});

test('where any port will do, shoppers are sent to the one that was chosen', async () => {
  const started = launch('start');
  const url = await readyUrl(started);
  const { brandId, apiKey } = demoPlatform;
  const response = await fetch(`${url}/api/v1/purchases/`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      brand_id: brandId,
      client: { email: 'ada@example.com' },
      purchase: { currency: 'EUR', products: [{ name: 'Tea', quantity: 1, price: 700 }] },
    }),
  });
  const { checkout_url: page } = (await response.json()) as { checkout_url: string };
  assert.ok(page.startsWith(`${url}/`), page);
  assert.equal((await fetch(page)).status, 200);
  // The directory server of the sandbox is found as well: a card that it knows is authenticated.
  const card = { ...browserData, 'card.number': '4200000000000091', paymentBrand: undefined };
  const authenticated = await exchange(url, {
    ...{
      method: 'POST',
      path: '/v1/payments',
      headers: { authorization: demo.bearer, 'content-type': 'application/x-www-form-urlencoded' },
    },
    body: encode({ entityId: demo.entityId, ...debit({ ...card, shopperResultUrl: `${url}/healthz` }) }),
  });
  assert.equal(authenticated.body.threeDSecure?.authenticationStatus, 'Y', authenticated.text);
  started.child.kill('SIGINT');
  assert.equal((await started.ended).code, 0, started.output());
});

test('the demo shop is named where it is, also when it has moved: by the printed command, and by the channel that it is paid at', async () => {
  for (const port of ['0', String(await freePort())]) {
    const started = startProcess(process.execPath, [launcher, 'start'], { cwd: folder, env: { ...env, SANDBOX_SHOP_PORT: port } });
    const url = await readyUrl(started);
    const shop = /http:\S+\d/.exec(await started.line(/A shop to click through/))?.[0] ?? '';
    if (port !== '0') assert.equal(new URL(shop).port, port);
    assert.ok(started.output().includes(`"success_redirect":"${shop}/"`), started.output());
    const order = {
      channel: demoShop.channel,
      amount: 700,
      currency: 'USD',
      reference: freshName('tea'),
      return_url: `${shop}/return/tzero`,
    };
    const response = await fetch(`${url}/payment/session`, {
      method: 'POST',
      headers: { 'x-secret-key': demoShop.key, 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    assert.equal(response.status, 201, await response.text());
    started.child.kill('SIGINT');
    assert.equal((await started.ended).code, 0, started.output());
  }
});

test('a port that is taken is named with its setting, and nothing is left running', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const port = String((other.address() as AddressInfo).port);
  for (const setting of ['PORT', 'SANDBOX_ACQUIRER_PORT']) {
    const refused = startProcess(process.execPath, [launcher, 'start'], {
      cwd: folder,
      env: { ...env, HOST: '127.0.0.1', [setting]: port },
    });
    assert.equal((await refused.ended).code, 1);
    assert.match(
      refused.output(),
      new RegExp(`^polygate: Port ${port} on 127.0.0.1 is taken .* or set ${setting} to a free port\\.$`, 'm'),
    );
  }
});

test('a data folder that cannot be made is named with its setting', async () => {
  const file = join(folder, 'a file');
  writeFileSync(file, '');
  // Node asks for ever whether a folder below /proc can be made now.
  const proc = process.platform === 'linux' ? ['/proc/polygate', '/proc/polygate/below/it'] : [];
  for (const path of [file, join(file, 'below'), ...proc]) {
    const started = startProcess(process.execPath, [launcher, 'start'], { cwd: folder, env: { ...env, DATA_DIRECTORY: path } });
    assert.equal((await started.ended).code, 1);
    assert.ok(started.output().includes(`polygate: DATA_DIRECTORY ${path} cannot be made. Set it to a folder`), started.output());
  }
});

const disk = process.getuid?.() === 0 ? mountSmallDisk({ uid: 0, gid: 0 }) : undefined;
after(() => disk?.remove());

test('a data folder that cannot be written is named with its setting', async () => {
  const path = disk?.path ?? join(folder, 'closed');
  if (disk === undefined) mkdirSync(path, { mode: 0o500 });
  else disk.makeReadOnly();
  const started = startProcess(process.execPath, [launcher, 'start'], { cwd: folder, env: { ...env, DATA_DIRECTORY: path } });
  assert.equal((await started.ended).code, 1);
  assert.ok(started.output().includes(`polygate: DATA_DIRECTORY ${path} cannot be written. Set it to a folder`), started.output());
});

test('a key file that cannot be made is named with its setting', {
  skip: process.platform !== 'linux' && 'there is no /proc',
}, async () => {
  const MASTER_KEY_FILE = '/proc/polygate/master.key';
  const data = join(folder, 'without key');
  const started = startProcess(process.execPath, [launcher, 'start'], {
    cwd: folder,
    env: { ...env, DATA_DIRECTORY: data, MASTER_KEY_FILE },
  });
  assert.equal((await started.ended).code, 1);
  assert.match(started.output(), /polygate: MASTER_KEY_FILE: the folder of the key file \/proc\/polygate\/master\.key cannot be made/);
  await resetDataDirectory({ directory: data, log: () => undefined });
  const generated = launch('keys', 'generate', MASTER_KEY_FILE);
  assert.equal((await generated.ended).code, 1);
  assert.match(generated.output(), /cannot be made .* name a place where this user may write/);
});

test('reset refuses a folder of somebody else', async () => {
  const foreign = join(folder, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'thesis.txt'), 'years of work');
  const started = startProcess(process.execPath, [launcher, 'reset'], { cwd: folder, env: { ...env, DATA_DIRECTORY: foreign } });
  assert.equal((await started.ended).code, 1);
  assert.match(started.output(), /was not made by Polygate; nothing was removed/);
});
