/** The settings: sources and their order, every problem at once, secrets masked, and what live mode refuses. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError, type ConfigSource, readConfig } from '../src/config.ts';
import { misspeltVariables } from '../src/config-misspelt.ts';
import { settings } from '../src/config-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'polygate-config-'));
after(() => rmSync(folder, { recursive: true }));

function fileWith(content: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.json`);
  writeFileSync(path, content);
  return path;
}

function problemsOf(source: Partial<ConfigSource>): readonly string[] {
  try {
    readConfig({ mode: 'sandbox', file: undefined, env: {}, ...source });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

/** The one problem that mentions `name`. */
function problemOf(name: string, source: Partial<ConfigSource>): string {
  const found = problemsOf(source).filter((problem) => problem.startsWith(name));
  assert.equal(found.length, 1, `${name}: ${problemsOf(source).join(' | ')}`);
  return found[0] ?? '';
}

const live = {
  DATABASE_URL: 'postgres://gateway:hush@db.example.com:5432/polygate',
  MASTER_KEY_FILE: '/etc/polygate/master.key',
  ACQUIRER_ADDRESS: 'acquirer.example.com:8583',
  ACQUIRER_INSTITUTION_ID: '476134',
  TRUSTED_PROXY: '10.0.0.0/8',
};

test('the sandbox needs no setting at all', () => {
  const config = readConfig({ mode: 'sandbox', file: undefined, env: {} });
  assert.equal(config.port, 8080);
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.databaseUrl, undefined);
  assert.equal(config.acquirerTimeoutMs, 2000);
  assert.equal(config.masterKeyFile, resolve('.polygate/master.key'));
  assert.deepEqual(config.acquirerAddress, { host: '127.0.0.1', port: 8583 });
});

test('an environment variable wins over the file, the file over the default, and an empty variable means absent', () => {
  const file = fileWith('{"PORT": 9000, "SANDBOX_ACQUIRER_PORT": "9583", "LOG_LEVEL": "debug"}');
  const config = readConfig({ mode: 'sandbox', file, env: { PORT: '9001', LOG_LEVEL: '' } });
  assert.equal(config.port, 9001);
  assert.equal(config.logLevel, 'debug');
  assert.equal(config.sandboxAcquirerPort, 9583);
  assert.deepEqual(config.acquirerAddress, { host: '127.0.0.1', port: 9583 });
});

test('the vault is in the same database unless it is given one of its own', () => {
  assert.equal(readConfig({ mode: 'live', file: undefined, env: live }).vaultDatabaseUrl, live.DATABASE_URL);
  const vault = 'postgres://vault@vault.example.com/vault';
  assert.equal(readConfig({ mode: 'live', file: undefined, env: { ...live, VAULT_DATABASE_URL: vault } }).vaultDatabaseUrl, vault);
});

test('every problem is reported at once, with the name, the value and what was expected', () => {
  const file = fileWith('{"PROT": 9000, "HOST": {}, "LOG_LEVEL": "loud"}');
  const problems = problemsOf({ file, env: { PORT: '80800', ACQUIRER_CONNECTIONS: '2.5' } });
  assert.equal(problems.length, 5, problems.join('\n'));
  assert.match(problems.join('\n'), /PROT in .* is no setting/);
  assert.match(problems.join('\n'), /HOST in .* is neither text nor a number/);
  assert.match(problems.join('\n'), /LOG_LEVEL is "loud"; expected one of fatal/);
  assert.match(problems.join('\n'), /PORT is "80800"; expected a whole number from 0 to 65535/);
  assert.match(problems.join('\n'), /ACQUIRER_CONNECTIONS is "2\.5"/);
});

test('a name that is close to a setting is answered with that one', () => {
  const meant = { PROT: 'PORT', log_level: 'LOG_LEVEL', POLYGATE_PORT: 'PORT', DATABASE_ULR: 'DATABASE_URL', TRUSTED_PROXIES: undefined };
  for (const [name, setting] of Object.entries({ ...meant, GREETING: undefined, PO: undefined })) {
    const problem = problemOf(name, { file: fileWith(JSON.stringify({ [name]: 'x' })) });
    assert.equal(/did you mean (\w+)\?/.exec(problem)?.[1], setting, problem);
    assert.match(problem, /is no setting of Polygate/);
  }
});

test('a variable of the environment that is called almost like a setting is told, and never its value', () => {
  const found = misspeltVariables({
    ...{ PORT: '1', NODE_ENV: 'test', HOSTNAME: 'h', HOSTS: 'h', PORTS: '2', OTEL_SERVICE_NAMESPACE: 'n', DATABASE_PORT: '5432' },
    ...{ DATABASE_ULR: 'postgres://user:hush@host/db', ADDRESS_REQUEST_PER_SECOND: '5', POLYGATE_OPERATOR_KEY: 'hush' },
  });
  assert.deepEqual(
    found.map((line) => /^(\w+) in the environment is no setting .* did you mean (\w+)\?$/.exec(line)?.slice(1)),
    [
      ['DATABASE_ULR', 'DATABASE_URL'],
      ['ADDRESS_REQUEST_PER_SECOND', 'ADDRESS_REQUESTS_PER_SECOND'],
      ['POLYGATE_OPERATOR_KEY', 'OPERATOR_KEY'],
    ],
  );
});

const malformed: readonly (readonly [keyof typeof examples, string])[] = [
  ['PORT', '1e3'],
  ['PORT', ' 8080'],
  ['PORT', '-1'],
  ['HOST', 'a b'],
  ['HOST', '127.0.0.256'],
  ['DATABASE_URL', 'mysql://root@localhost/x'],
  ['DATABASE_URL', 'postgres://localhost'],
  ['ACQUIRER_ADDRESS', 'acquirer.example.com'],
  ['ACQUIRER_ADDRESS', 'acquirer.example.com:0'],
  ['ACQUIRER_INSTITUTION_ID', '123456789012'],
  ['TRUSTED_PROXY', '0'],
  ['TRUSTED_PROXY', '10.0.0.0/33'],
  ['TRUSTED_PROXY', 'everyone'],
  ['PAN_RETENTION_DAYS', '0'],
];

const examples = {
  PORT: '0',
  HOST: 'gateway.internal',
  DATABASE_URL: 'postgresql://u:p@h/d',
  ACQUIRER_ADDRESS: '[2001:db8::1]:8583',
  ACQUIRER_INSTITUTION_ID: '1',
  TRUSTED_PROXY: 'loopback, 10.0.0.0/8, 2001:db8::/32',
  PAN_RETENTION_DAYS: '11',
} as const;

for (const [name, value] of malformed) {
  test(`${name} refuses ${JSON.stringify(value)}`, () => {
    assert.match(problemOf(name, { env: { [name]: value } }), /expected/);
  });
}

test('well-formed values of each form are taken', () => {
  const config = readConfig({ mode: 'sandbox', file: undefined, env: examples });
  assert.deepEqual(config.acquirerAddress, { host: '2001:db8::1', port: 8583 });
  assert.deepEqual(config.trustedProxy, ['loopback', '10.0.0.0/8', '2001:db8::/32']);
  assert.equal(readConfig({ mode: 'sandbox', file: undefined, env: { TRUSTED_PROXY: '2' } }).trustedProxy, 2);
});

test('a password never appears in a problem', () => {
  for (const value of ['mysql://user:hush@host/db?password=hush', 'user:hush@host', 'postgres://user:hush@host', 'postgres:hush']) {
    assert.doesNotMatch(problemOf('DATABASE_URL', { env: { DATABASE_URL: value } }), /hush/);
  }
  assert.doesNotMatch(problemsOf({ file: fileWith('{"DATABASE_URL": "postgres://user:hush@host/db",}') }).join(), /hush/);
});

test('a file that was named must exist and hold an object', () => {
  assert.match(problemsOf({ file: join(folder, 'missing.json') }).join(), /cannot be read \(ENOENT\)/);
  assert.match(problemsOf({ file: fileWith('[]') }).join(), /does not hold a JSON object/);
});

test('a card number is kept longer than any hold stands', () => {
  const says =
    /PAN_RETENTION_DAYS is 10, and holds stand for up to 10 days .*: without the card’s number they could be neither captured nor released/;
  assert.match(problemsOf({ env: { PAN_RETENTION_DAYS: '10' } }).join(), says);
  const shorter = { HOLD_DAYS_VISA: '2', HOLD_DAYS_VISA_MERCHANT_INITIATED: '2', HOLD_DAYS_MASTERCARD: '1', HOLD_DAYS_OTHER: '1' };
  assert.equal(readConfig({ mode: 'sandbox', file: undefined, env: { PAN_RETENTION_DAYS: '3', ...shorter } }).panRetentionDays, 3);
});

test('the sandbox does not start in production', () => {
  assert.match(problemsOf({ env: { NODE_ENV: 'production' } }).join(), /--mode live/);
});

test('live mode starts with what it needs', () => {
  const config = readConfig({ mode: 'live', file: undefined, env: { ...live, NODE_ENV: 'production' } });
  assert.equal(config.acquirerTimeoutMs, 15_000);
  assert.deepEqual(config.acquirerAddress, { host: 'acquirer.example.com', port: 8583 });
});

for (const name of ['DATABASE_URL', 'MASTER_KEY_FILE', 'ACQUIRER_ADDRESS', 'ACQUIRER_INSTITUTION_ID', 'TRUSTED_PROXY'] as const) {
  test(`live mode refuses to start without ${name}, and says what to do`, () => {
    assert.match(problemOf(name, { mode: 'live', env: { ...live, [name]: undefined } }), /must be given in live mode.* [Ss]et it to /);
  });
}

test('live mode serves HTTPS by itself instead of behind a proxy', () => {
  const env = { ...live, TRUSTED_PROXY: undefined, TLS_CERTIFICATE_FILE: 'a.pem', TLS_KEY_FILE: 'b.pem' };
  assert.equal(readConfig({ mode: 'live', file: undefined, env }).tlsKeyFile, resolve('b.pem'));
  assert.match(problemsOf({ mode: 'live', env: { ...live, TLS_KEY_FILE: 'b.pem' } }).join(), /belong together/);
});

test('live mode refuses what belongs to the sandbox', () => {
  assert.match(problemOf('MASTER_KEY_FILE', { mode: 'live', env: { ...live, MASTER_KEY_FILE: '.polygate/master.key' } }), /sandbox/);
  assert.match(problemOf('ACQUIRER_ADDRESS', { mode: 'live', env: { ...live, ACQUIRER_ADDRESS: 'localhost:8583' } }), /sandbox host/);
});

test('live mode sends card numbers over TLS alone, and lets shoppers enter them over TLS alone', () => {
  const secure = {
    ...live,
    PUBLIC_URL: 'https://pay.example',
    DIRECTORY_SERVER_URL: 'https://ds.example',
    DIRECTORY_SERVERS: 'visa=https://visa.example',
  };
  assert.deepEqual(problemsOf({ mode: 'live', env: secure }), []);
  for (const [name, value] of [
    ['DIRECTORY_SERVER_URL', 'http://ds.example'],
    ['DIRECTORY_SERVER_URL', 'HTTP://127.0.0.1:8090/ds'],
    ['DIRECTORY_SERVERS', 'mastercard=https://ds.example visa=http://ds.example'],
    ['PUBLIC_URL', 'http://pay.example'],
  ] as const) {
    assert.match(problemOf(name, { mode: 'live', env: { ...secure, [name]: value } }), /https:\/\/ in live mode/);
    assert.deepEqual(problemsOf({ env: { [name]: value } }), []);
  }
});

test('no setting has two rows', () => {
  const names = Object.values(settings).map((row) => row.name);
  assert.equal(new Set(names).size, names.length);
});

test('the keys of the console API that the sandbox publishes open no live gateway, and the two differ', () => {
  assert.deepEqual(
    [
      readConfig({ mode: 'live', file: undefined, env: live }).operatorKey,
      readConfig({ mode: 'sandbox', file: undefined, env: {} }).operatorKey,
    ],
    [undefined, 'sandbox-operator-key'],
  );
  for (const [name, value] of [
    ['OPERATOR_KEY', 'sandbox-operator-key'],
    ['VIEWER_KEY', 'sandbox-operator-key'],
    ['VIEWER_KEY', 'sandbox-viewer-key'],
  ] as const) {
    assert.match(problemOf(name, { mode: 'live', env: { ...live, [name]: value } }), /publishes/);
  }
  const key = 'one-and-the-same-key';
  assert.match(problemOf('OPERATOR_KEY', { mode: 'live', env: { ...live, OPERATOR_KEY: key, VIEWER_KEY: key } }), /the same/);
});
