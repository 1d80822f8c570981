/** What a person meets first: what the start prints, the command in it, and `polygate pay`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { resetDataDirectory } from '../src/local/data-directory.ts';
import { freePort } from '../src/local/ports.ts';
import { eventually, type StartedProcess, startProcess } from './harness/processes.ts';

const launcher = join(import.meta.dirname, '..', 'bin', 'polygate.js');
const folder = mkdtempSync(join(tmpdir(), 'polygate-pay-'));
const dataDirectory = join(folder, '.polygate');
const env: NodeJS.ProcessEnv = {
  ...process.env,
  DATA_DIRECTORY: dataDirectory,
  // Addresses that the gateway tells by itself name this port, so it is known before.
  PORT: String(await freePort()),
  EMBEDDED_POSTGRES_PORT: '0',
  SANDBOX_ACQUIRER_PORT: '0',
  SANDBOX_HTTP_PORT: String(await freePort()),
  SANDBOX_SMTP_PORT: '0',
  SANDBOX_SHOP_PORT: '0',
};
delete env.NODE_TEST_CONTEXT;
delete env.DATABASE_URL;
delete env.NODE_ENV;

const withoutTools = ['curl', 'openssl'].some((tool) => spawnSync(tool, ['version']).error !== undefined) && 'no curl or openssl here';

let started: StartedProcess;

before(async () => {
  started = startProcess(process.execPath, [launcher, 'start'], { cwd: folder, env });
  await started.line(/is ready/);
  env.PORT = /listens on http:\S+:(\d+)/.exec(started.output())?.[1];
});

after(async () => {
  started.child.kill('SIGTERM');
  await started.ended;
  await resetDataDirectory({ directory: dataDirectory, log: () => undefined });
  rmSync(folder, { recursive: true });
});

async function pay(dialect: string, more: NodeJS.ProcessEnv = {}): Promise<{ readonly code: number | null; readonly output: string }> {
  const run = startProcess(process.execPath, [launcher, 'pay', dialect], { cwd: folder, env: { ...env, ...more } });
  const { code } = await run.ended;
  return { code, output: run.output() };
}

test('the printed command pays, and pays again', { skip: spawnSync('curl', ['--version']).status !== 0 && 'no curl here' }, () => {
  const command = /^curl [\s\S]*?[^\\]$/m.exec(started.output())?.[0] ?? '';
  const ids = [1, 2].map(() => {
    const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    const answer: { id: string; result: { code: string } } = JSON.parse(stdout);
    assert.equal(answer.result.code, '000.100.110');
    return answer.id;
  });
  assert.notEqual(ids[0], ids[1]);
});

/** By what an answer is known as a payment that went through, and which one it is, where the answer says so. */
const paid: Readonly<Record<string, RegExp>> = {
  opp: /"id":"(\w+)".*"code":"000\.100\.110"/,
  payone: /"payment":\{"id":"(\w+)","status":"CAPTURED"/,
  qorepay: /"status":"executed"/,
  paymentz: /"paymentId":"(\d+)","status":"capturesuccess"/,
  tzero: /"id":"(\w+)","status":"captured"/,
};

for (const [dialect, answer] of Object.entries(paid)) {
  test(`what the start prints for ${dialect} pays, and is another payment when it is pasted again at once`, { skip: withoutTools }, () => {
    const section = new RegExp(`── ${dialect} ──[^]*?A payment[^\\n]*\\n\\n([^]*?)\\n\\n`).exec(started.output());
    const command = section?.[1] ?? assert.fail(`nothing is printed for ${dialect}`);
    // Both in one shell, as in a terminal.
    const { stdout, stderr } = spawnSync('sh', ['-c', `${command}\necho\n${command}\n`], { encoding: 'utf8' });
    const found = stdout
      .trim()
      .split('\n')
      .map((line) => answer.exec(line));
    assert.ok(found.length === 2 && found.every((match) => match !== null), `${stdout}${stderr}`);
    const ids = found.flatMap((match) => match?.[1] ?? []);
    assert.equal(new Set(ids).size, ids.length, stdout);
  });
}

test('the start names the page that describes each API', async () => {
  const page = /http:\/\/\S+\/docs\/\w+/.exec(started.output())?.[0] ?? '';
  assert.equal((await fetch(page)).status, 200);
});

test('the start names where webhooks can be seen, and what was paid is seen there', async () => {
  const page = /http:\/\/\S+\/control\/hooks\?name=\w+/.exec(started.output())?.[0] ?? '';
  const { code, output } = await pay('opp');
  assert.equal(code, 0, output);
  await eventually(
    async () => ((await (await fetch(page)).json()) as { readonly hooks: readonly unknown[] }).hooks.length > 0,
    'a webhook',
  );
});

test('pay shows both sides of the wire, and no card number', async () => {
  const { code, output } = await pay('opp');
  assert.equal(code, 0, output);
  assert.match(output, /^POST \/v1\/payments HTTP\/1\.1$/m);
  assert.match(output, /&card\.number=411111\*{6}1111&/);
  assert.match(output, /&card\.cvv=\*{3}$/m);
  assert.match(output, /^HTTP\/1\.1 200 OK$/m);
  assert.match(output, /"code": "000\.100\.110"/);
  const rrn = /under RRN ([A-Z0-9]{12})/.exec(output)?.[1];
  assert.match(output, new RegExp(`"rrn": "${rrn}"`));
  for (const name of ['stan', 'approvalCode', 'amount', 'account']) assert.match(output, new RegExp(`"${name}": `));
  assert.doesNotMatch(output, /4111111111111111|cvv=123/);
});

test('the printed `polygate pay` finds the sandbox in another terminal, also where nothing is at its usual port', async () => {
  const [, given = ''] = /or: (.*)npx polygate pay opp\)/.exec(started.output()) ?? [];
  const moved = Object.fromEntries(given.split(' ').map((pair) => pair.split('=')));
  assert.deepEqual(Object.keys(moved).slice(0, 3), ['PORT', 'SANDBOX_HTTP_PORT', 'SANDBOX_SHOP_PORT']);
  const without = { PORT: '', SANDBOX_HTTP_PORT: '', SANDBOX_SHOP_PORT: '' };
  const { code, output } = await pay('opp', { ...without, ...moved });
  assert.equal(code, 0, output);
  assert.match(output, /in the books of the acquirer host/);
});

test('pay takes all the steps that a payment has, whatever it is called there', async () => {
  for (const dialect of Object.keys(paid)) {
    const { code, output } = await pay(dialect);
    assert.equal(code, 0, output);
    const rrn = /under RRN ([A-Z0-9]{12})/.exec(output)?.[1] ?? assert.fail(`${dialect}: no reference of the acquirer\n${output}`);
    assert.match(output, new RegExp(`"rrn": "${rrn}"`));
    if (dialect === 'qorepay') assert.match(output, /^POST \/p\/[\w-]+\/\?s2s=true HTTP\/1\.1$/m);
    assert.doesNotMatch(output, /4111111111111111|4444333322221111|"cvc": ?"123"|cvv=123|"123"/);
  }
});

test('pay logs in first where the protocol has logins', async () => {
  const { code, output } = await pay('paymentz');
  assert.equal(code, 0, output);
  assert.match(output, /^POST \/transactionServices\/REST\/v1\/authToken HTTP\/1\.1$/m);
  assert.match(output, /&card\.number=411111\*{6}1111&/);
  assert.match(output, /"code": "00001"/);
  assert.match(output, /in the books of the acquirer host, under RRN/);
});

test('pay makes a payment in tZero as well', async () => {
  const { code, output } = await pay('tzero');
  assert.equal(code, 0, output);
  assert.match(output, /^POST \/payment\/authorise HTTP\/1\.1$/m);
  assert.match(output, /"number": ?"424242\*{6}4242"/);
  assert.match(output, /"status": "captured"/);
  assert.match(output, new RegExp(`"rrn": "${/under RRN ([A-Z0-9]{12})/.exec(output)?.[1]}"`));
  assert.doesNotMatch(output, /4242424242424242/);
});

test('pay signs where the protocol wants it, and shows both sides of the wire', async () => {
  const { code, output } = await pay('payone');
  assert.equal(code, 0, output);
  assert.match(output, /^authorization: GCS v1HMAC:sandbox-payone-key:/m);
  assert.match(output, /"cardNumber":"411111\*{6}1111"/);
  assert.match(output, /"statusCode": 9/);
  const rrn = /under RRN ([A-Z0-9]{12})/.exec(output)?.[1];
  assert.match(output, new RegExp(`"rrn": "${rrn}"`));
  assert.doesNotMatch(output, /4111111111111111|"cvv":"123"/);
});

test('a setting that is misspelt in the environment is told beside the error that comes of it, without its value', async () => {
  const misspelt = { POLYGATE_PORT: '9', DATABASE_ULR: 'postgres://user:hush@db/polygate', PORTS: '9' };
  const { code, output } = await pay('opp', { PORT: String(await freePort()), ...misspelt });
  assert.equal(code, 1);
  assert.match(output, /Nothing answers at/);
  assert.match(output, /^POLYGATE_PORT in the environment is no setting of Polygate and counts for nothing; did you mean PORT\?$/m);
  assert.match(output, /^DATABASE_ULR in the environment .* did you mean DATABASE_URL\?$/m);
  assert.doesNotMatch(output, /hush|PORTS in/);
});

test('an unknown dialect is told which ones there are', async () => {
  const { code, output } = await pay('morse');
  assert.equal(code, 1);
  assert.match(output, /There is no dialect "morse"\. This version speaks: opp\b/);
});

test('where nothing runs, it says how to start it', async () => {
  const { code, output } = await pay('opp', { PORT: String(await freePort()) });
  assert.equal(code, 1);
  assert.match(output, /^polygate: Nothing answers at http:\/\/127\.0\.0\.1:\d+ \(connection refused\)\. Start the sandbox/m);
});

async function command(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const run = startProcess(process.execPath, [launcher, ...args], { cwd: folder, env: { ...env, ...more } });
  const { code } = await run.ended;
  return { code, output: run.output() };
}

test('a command beside the running sandbox works on its database, and the sandbox goes by what was changed', async () => {
  const added = await command(['operator', 'add', '--name', 'Grace', '--role', 'viewer', '--json']);
  assert.equal(added.code, 0, added.output);
  const { key } = JSON.parse(added.output) as { readonly key: string };
  const look = () => fetch(`http://127.0.0.1:${env.PORT}/console-api/merchants`, { headers: { authorization: `Bearer ${key}` } });
  await eventually(async () => (await look()).status === 200, 'the new key to be known');
  const found = await command(['verify']);
  assert.deepEqual([found.code, found.output.split('\n').at(-1)], [0, 'The books balance.'], found.output);
});

test('a command on a database that was never migrated says what to do', async () => {
  const found = await command(['verify'], { DATA_DIRECTORY: join(folder, 'empty') });
  assert.equal(found.code, 1);
  assert.match(found.output, /The database is not up to date: run `polygate migrate` first\./);
  await resetDataDirectory({ directory: join(folder, 'empty'), log: () => undefined });
});

test('a setting that is given as an option, and an option before its command, are told where they stand', async () => {
  const setting = await command(['start', '--port', '9080']);
  assert.equal(setting.code, 1);
  assert.match(setting.output, /unknown option '--port'[\s\S]*PORT is a setting: write PORT=… before the command/);
  const early = await command(['--mode', 'live', 'start']);
  assert.match(early.output, /unknown option '--mode'[\s\S]*options, which stand behind their command/);
  assert.doesNotMatch(early.output, /is a setting/);
});
