/**
 * What others get: a fresh checkout that is started with the README's first command, and the package that is built from it, installed into an empty
 * folder. Both come from npm's cache or registry, as a user's would.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { settings } from '../src/config-table.ts';
import { resetDataDirectory } from '../src/local/data-directory.ts';
import { scriptOf } from './harness/documents.ts';
import { type StartedProcess, startProcess } from './harness/processes.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'polygate-packaging-'));
const [checkout, empty] = [join(folder, 'checkout'), join(folder, 'empty')];
const running: StartedProcess[] = [];

/** A user's shell knows nothing of a test run; ports are chosen free. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|POLYGATE_|DATABASE_URL$|INIT_CWD$)/.test(name));
  const ports = ['PORT', 'EMBEDDED_POSTGRES_PORT', 'SANDBOX_ACQUIRER_PORT', 'SANDBOX_HTTP_PORT', 'SANDBOX_SMTP_PORT', 'SANDBOX_SHOP_PORT'];
  return { ...Object.fromEntries(own), ...Object.fromEntries(ports.map((name) => [name, '0'])), npm_config_prefer_offline: 'true' };
}

/** What a version control would give: no dependencies, nothing built, nothing stored. */
before(() => {
  const left = new Set(['node_modules', 'dist', '.polygate', '.git'].map((name) => join(root, name)));
  cpSync(root, checkout, { recursive: true, filter: (path) => !left.has(path) && !path.endsWith('.tgz') });
  mkdirSync(empty);
});
after(async () => {
  for (const started of running) await interrupt(started);
  for (const place of [checkout, empty]) await resetDataDirectory({ directory: join(place, '.polygate'), log: () => undefined });
  rmSync(folder, { recursive: true });
});

function shell(script: string, cwd: string): StartedProcess {
  const started = startProcess('sh', ['-c', `set -e\n${script}`], { cwd, env: environment(), detached: true });
  running.push(started);
  return started;
}

/** Ctrl-C: everything that the terminal runs is told. */
async function interrupt({ child, ended }: StartedProcess): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGINT');
  await ended;
}

/** An installation takes its time. */
const patienceMs = 300_000;

async function untilReady(started: StartedProcess): Promise<string> {
  const deadlineMs = performance.now() + patienceMs;
  const isOver = started.ended.then(() => true);
  while (!started.output().includes('Polygate is ready')) {
    if (await Promise.race([isOver, delay(100, false)])) throw new Error(`It ended before it was ready:\n${started.output()}`);
    assert.ok(performance.now() < deadlineMs, `It was not ready in time:\n${started.output()}`);
  }
  const url = /The gateway listens on (http:\S+\d)/.exec(started.output())?.[1];
  assert.ok(url !== undefined, started.output());
  return url;
}

/** The payment of the README, pasted. */
function pay(url: string): void {
  const script = scriptOf({ page: 'README.md', first: 'curl http://127.0.0.1:8080/v1/payments \\' });
  const { stdout } = spawnSync('sh', ['-c', script.replace('http://127.0.0.1:8080', url)], { encoding: 'utf8' });
  assert.match(stdout, /"code":"000\.100\.110"/);
}

const clean = /Stopped the gateway\.[\s\S]*Stopped the embedded PostgreSQL\./;

interface Lock {
  readonly packages: Readonly<Record<string, { readonly engines?: { readonly node?: string } }>>;
}

/** Whether one of the alternatives of a range, as in `^18.19.0 || >=20.6.0`, takes some version of this major. */
function takes(range: string, major: number): boolean {
  return range.split('||').some((alternative) => {
    const [, sign = '', first = ''] = /^\s*(>=|\^|~|)\s*v?(\d+)/.exec(alternative) ?? [];
    return first === '' || (sign === '>=' ? Number(first) <= major : Number(first) === major);
  });
}

test('npm ci has nothing to say against the oldest Node that is promised', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly engines: { readonly node: string } };
  const oldest = Number(/^>=(\d+)$/.exec(manifest.engines.node)?.[1]);
  assert.ok(readFileSync(join(root, 'README.md'), 'utf8').includes(`Node ${oldest} or newer`));
  assert.deepEqual([takes('>=22.15.0', oldest), takes('^18.19.0 || >=20.6.0', oldest), takes('22', oldest)], [false, true, false]);
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const unfit = Object.entries(packages).filter(([, { engines }]) => engines?.node !== undefined && !takes(engines.node, oldest));
  assert.deepEqual(
    unfit.map(([name, { engines }]) => `${name} ${engines?.node}`),
    [],
  );
});

test('a fresh checkout is installed, started, paid at and stopped by the first command of the README', async () => {
  const started = shell(scriptOf({ page: 'README.md', first: 'npm ci && npm start' }), checkout);
  pay(await untilReady(started));
  await interrupt(started);
  assert.match(started.output(), clean);
});

test('the package works in an empty folder', async () => {
  const packed = shell(scriptOf({ page: 'docs/operating.md', first: 'npm run build && npm pack' }), checkout);
  assert.equal((await packed.ended).code, 0, packed.output());
  const [tarball] = globSync('polygate-*.tgz', { cwd: checkout });
  assert.ok(tarball !== undefined, packed.output());
  assertContents(join(checkout, tarball));
  cpSync(join(checkout, tarball), join(empty, tarball));
  const started = shell(scriptOf({ page: 'docs/operating.md', first: 'npm install ./polygate-*.tgz' }), empty);
  const url = await untilReady(started);
  pay(url);
  for (const path of ['/docs/opp', '/docs/assets/swagger-ui-bundle.js', '/docs/assets/page.css', '/readyz']) {
    assert.equal((await fetch(`${url}${path}`)).status, 200, path);
  }
  await interrupt(started);
  assert.match(started.output(), clean);
});

/** What is needed is in it, what belongs to development or to somebody's sandbox is not, and it uses nothing that is not installed with it. */
function assertContents(tarball: string): void {
  const names = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).stdout.trim().split('\n');
  const needed = [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'package.json',
    'bin/polygate.js',
    'dist/main.js',
    'docs/README.md',
  ]
    .concat(['dist/src/store/migrations/0001_core.sql', 'dist/sandbox/main.js', 'dist/demo-shop/main.js', 'docs/payment.svg'])
    .concat(['dist/src/http/docs/swagger-ui/LICENSE']);
  assert.deepEqual(
    needed.filter((name) => !names.includes(`package/${name}`)),
    [],
  );
  const strange =
    /^package\/(?!bin\/|dist\/|docs\/|[A-Z]+(\.md)?$|package\.json$)|\.test\.|\.key$|\.env|\.polygate|\.jsonl|(?<!\.d)\.ts$|node_modules/;
  assert.deepEqual(
    names.filter((name) => strange.test(name)),
    [],
  );
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly dependencies: object };
  const used = globSync('dist/**/*.js', { cwd: checkout, exclude: ['**/swagger-ui/**'] }).flatMap((name) => {
    const imports = readFileSync(join(checkout, name), 'utf8').matchAll(
      /(?:^import|^export)[^;'"]*?from ['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)/gm,
    );
    return [...imports].map(([, from, lazily]) => from ?? lazily ?? '').filter((from) => !/^(\.|node:)/.test(from));
  });
  const packages = new Set(used.map((from) => from.split('/', from.startsWith('@') ? 2 : 1).join('/')));
  assert.ok(packages.has('pg') && packages.has('fastify'));
  assert.deepEqual(
    [...packages].filter((name) => !(name in dependencies)),
    [],
  );
}

test('the container files name settings and files that exist, a user without rights and a file system that nobody writes', () => {
  const read = (name: string) => readFileSync(join(root, name), 'utf8');
  const [dockerfile, compose] = [read('Dockerfile'), read('compose.yaml')];
  const names = [...dockerfile.matchAll(/\b([A-Z][A-Z_]+)=/g), ...compose.matchAll(/^ {4}([A-Z][A-Z_]+):/gm)].map(([, name = '']) => name);
  const known = new Set<string>([...Object.values(settings).map(({ name }) => name), 'NODE_ENV']);
  assert.ok(names.includes('HOST') && names.includes('MASTER_KEY_FILE'));
  assert.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
  );
  assert.match(dockerfile, /^ENTRYPOINT \["node", "node_modules\/polygate\/bin\/polygate\.js"\]$/m);
  const user = dockerfile.indexOf('\nUSER node\n');
  assert.ok(user > 0 && user < dockerfile.indexOf('\nENTRYPOINT') && !dockerfile.slice(user).includes('RUN'));
  assert.match(dockerfile, /^HEALTHCHECK /m);
  assert.match(compose, /^ {2}read_only: true$/m);
  for (const file of [dockerfile, compose]) assert.match(file, /The tests do not (?:build|run) it/);
});
