/** From an empty database to a merchant who is paid, by the command line alone; credentials that are changed and ended; the audit trail. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '../src/postgres/connection.ts';
import { createDirectory } from '../src/store/directory.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { createDatabase } from './harness/database.ts';
import { createOperator, type Operator } from './harness/operator.ts';
import { bearerOf, type Caller, debit, encode, exchange, type Reply } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let operator: Operator;
let url: string;

before(async () => {
  stack = await startStack();
  operator = createOperator(stack.env);
  url = `http://127.0.0.1:${stack.config.port}`;
});
after(() => stack?.stop());

interface Login {
  readonly credentialId: string;
  readonly identifier: string;
  readonly login: Readonly<Record<string, string>>;
}

async function pay({ entityId, bearer }: Caller): Promise<Reply> {
  const headers = { authorization: bearer, 'content-type': 'application/x-www-form-urlencoded' };
  return exchange(url, { method: 'POST', path: '/v1/payments', headers, body: encode({ entityId, ...debit() }) });
}

let terminalNumber = 0;

/** A merchant with everything that a payment needs but a credential. */
async function newMerchant(name: string): Promise<{ readonly merchant: string; readonly entityId: string }> {
  const { routingNumber } = await operator.json<{ routingNumber: number }>('merchant', 'create', '--name', name);
  const account = `acme-${routingNumber}`;
  terminalNumber += 1;
  const terminals = `SHOP${String(terminalNumber).padStart(4, '0')}`;
  await operator.json('account', 'create', '--id', account, '--mid', 'ACME00000000001', '--mcc', '5812', '--terminals', terminals);
  const merchant = String(routingNumber);
  const { wireId } = await operator.json<{ wireId: string }>(
    ...['channel', 'create', '--merchant', merchant, '--dialect', 'opp', '--account', account, '--name', name, '--currencies', 'EUR'],
  );
  return { merchant, entityId: wireId };
}

const createCredential = (merchant: string, ...more: string[]): Promise<Login> =>
  operator.json<Login>('credential', 'create', '--merchant', merchant, '--dialect', 'opp', ...more);

test('a merchant made by the command line is paid, and only with his own credential', async () => {
  const { merchant, entityId } = await newMerchant('Corner Shop');
  const { login } = await createCredential(merchant);
  const bearer = login.Authorization ?? '';
  const paid = await eventuallyPaid({ entityId, bearer });
  assert.equal(paid.code, '000.100.110', paid.text);
  const [entry] = await stack.host.books({ rrn: String(paid.body.resultDetails?.ConnectorTxID1) });
  assert.equal(entry?.terminal, `SHOP${String(terminalNumber).padStart(4, '0')}`);
  assert.equal((await pay({ entityId, bearer: bearerOf(login['authentication.userId'] ?? '', 'wrong') })).status, 403);
  const other = await newMerchant('Other Corner');
  assert.equal((await pay({ entityId: other.entityId, bearer })).status, 403);
});

/** A new credential is known to a running node within two seconds. */
async function eventuallyPaid(caller: Caller): Promise<Reply> {
  let reply = await pay(caller);
  await eventually(async () => {
    if (reply.status !== 200) reply = await pay(caller);
    return reply.status === 200;
  }, 'the new credential to be known');
  return reply;
}

test('a credential is changed without a gap, a third one is refused, and a revoked one ends on the running node', async () => {
  const { merchant, entityId } = await newMerchant('Rotating Shop');
  const [first, second] = [await createCredential(merchant), await createCredential(merchant)];
  assert.equal(second.identifier, first.identifier);
  const [old, fresh] = [first, second].map(({ login }) => ({ entityId, bearer: login.Authorization ?? '' })) as [Caller, Caller];
  await eventuallyPaid(old);
  assert.equal((await pay(fresh)).status, 200);
  const third = await operator.run(['credential', 'create', '--merchant', merchant, '--dialect', 'opp']);
  assert.equal(third.code, 1);
  assert.match(third.output, new RegExp(`has 2 active credentials of opp \\(${first.credentialId} of .*credential revoke`));
  await operator.json('credential', 'revoke', first.credentialId);
  await eventually(async () => (await pay(old)).status === 403, 'the revoked credential to be refused');
  assert.equal((await pay(fresh)).status, 200);
  const again = await operator.run(['credential', 'revoke', first.credentialId]);
  assert.equal(again.code, 1);
  assert.match(again.output, /There is no active credential/);
});

test('a merchant who comes from elsewhere keeps entity, login and secret; the secret never stands in a command or an answer', async () => {
  const { merchant } = await newMerchant('Moving Shop');
  const entityId = '8ac7a4c9725f5cba01725f8f1f2c0a1b';
  await operator.json(
    ...['channel', 'create', '--merchant', merchant, '--dialect', 'opp', '--account', `acme-${merchant}`, '--name', 'Moving'],
    ...['--wire-id', entityId],
  );
  const { code, output } = await operator.run(
    [...['credential', 'create', '--merchant', merchant, '--dialect', 'opp'], ...['--identifier', 'moving-user', '--secret-file', '-']],
    { input: 'sy6KJsT8\n' },
  );
  assert.equal(code, 0, output);
  assert.doesNotMatch(output, /sy6KJsT8/);
  await eventuallyPaid({ entityId, bearer: bearerOf('moving-user', 'sy6KJsT8') });
  const { output: list } = await operator.run(['credential', 'list', '--merchant', merchant]);
  assert.match(list, /moving-user/);
  assert.doesNotMatch(list, /sy6KJsT8/);
});

test('a reader that has seen enough ends a command, and nothing is said about it', async () => {
  const started = operator.start(['audit']);
  started.child.stdout?.destroy();
  const { code } = await started.ended;
  assert.deepEqual([code, started.output()], [0, '']);
});

const mistakes: readonly { readonly args: readonly string[]; readonly input?: string; readonly says: RegExp }[] = [
  { args: ['merchant', 'create'], says: /required option '--name <name>' not specified/ },
  { args: ['merchant', 'create', '--name', `Shop ${freshCardNumber()}`], says: /must not hold what looks like a card number/ },
  { args: ['merchant', 'create', '--name', '4111 1111 1111 1111'], says: /'411111\*+1111' is invalid/ },
  { args: ['account', 'create', '--id', freshCardNumber()], says: /must not hold what looks like a card number/ },
  { args: ['credential', 'create', '--identifier', freshCardNumber()], says: /must not hold what looks like a card number/ },
  { args: ['partner', 'create', '--login', freshCardNumber()], says: /must not hold what looks like a card number/ },
  { args: ['channel', 'create', '--wire-id', freshCardNumber()], says: /must not hold what looks like a card number/ },
  { args: ['merchant', 'create', '--name', 'X', '--routing-number', '1'], says: /Routing number 1 is taken/ },
  { args: ['merchant', 'create', '--name', 'X', '--routing-number', '1679616'], says: /Expected a whole number from 1 to 1679615/ },
  {
    args: ['account', 'create', '--id', 'x', '--mid', 'M', '--mcc', '5812', '--terminals', 'OPP00001'],
    says: /sandbox-opp has one of these terminals/,
  },
  { args: ['account', 'create', '--id', 'x', '--mid', 'M', '--mcc', '5812', '--terminals', 'TOOLONG01'], says: /1 to 8 letters or digits/ },
  { args: ['account', 'create', '--id', 'sandbox-opp', '--mid', 'M', '--mcc', '5812', '--terminals', 'Q1'], says: /already/ },
  { args: ['credential', 'create', '--merchant', 'Nobody', '--dialect', 'opp'], says: /There is no merchant Nobody/ },
  { args: ['webhook', 'add', '--mail', `${freshCardNumber()}@shop.example`], says: /must not hold what looks like a card number/ },
  { args: ['compliance', 'add', '--valid-from', '2026-02-30'], says: /Expected a day that exists/ },
  {
    args: ['webhook', 'replay', '018f6a00-0000-7000-8000-00000000abcd', '--from', '2026-02-31T00:00:00Z'],
    says: /Expected a day or a time with its zone that exists/,
  },
  { args: ['operator', 'add', '--name', 'OPERATOR_KEY', '--role', 'viewer'], says: /Choose another name/ },
  { args: ['credential', 'create', '--merchant', '1', '--dialect', 'swift'], says: /There is no dialect swift/ },
  {
    args: ['credential', 'create', '--merchant', '2', '--dialect', 'opp', '--secret-file', '-'],
    input: 'short',
    says: /cannot be used with opp; expected 8 to 128/,
  },
  {
    args: ['credential', 'create', '--merchant', '2', '--dialect', 'opp', '--identifier', '0f0e0d0c0b0a09080706050403020100'],
    says: /Another merchant has a credential with this identifier/,
  },
  {
    args: ['channel', 'create', '--merchant', '1', '--dialect', 'opp', '--account', 'none', '--name', 'X'],
    says: /There is no acquirer account none/,
  },
  {
    args: ['channel', 'create', '--merchant', '1', '--dialect', 'opp', '--account', 'sandbox-opp', '--name', 'X', '--wire-id', 'ABC'],
    says: /expected 32 characters of 0-9 and a-f/,
  },
  {
    args: ['channel', 'create', '--merchant', '1', '--dialect', 'opp', '--account', 'sandbox-opp', '--name', 'X', '--currencies', 'XXQ'],
    says: /XXQ, which ISO 4217 does not know/,
  },
  {
    args: [
      'channel',
      'create',
      '--merchant',
      '1',
      '--dialect',
      'opp',
      '--account',
      'sandbox-opp',
      '--name',
      'X',
      '--bank-methods',
      'ideal,cash',
    ],
    says: /--bank-methods has cash; expected some of ideal, sofort, prepayment/,
  },
];

test('mistakes are explained, change nothing and leave no trail', async () => {
  const count = async () => (await stack.database.query('select count(*) from polygate.audit')).rows[0];
  const before = await count();
  for (const { args, input, says } of mistakes) {
    const { code, output } = await operator.run(args, input === undefined ? {} : { input });
    assert.equal(code, 1, `${args.join(' ')}: ${output}`);
    assert.match(output, says);
  }
  assert.deepEqual(await count(), before);
});

test('acts of several operators at once all leave their trail, and every change of it is found', async () => {
  const names = ['Ann', 'Bob', 'Cid', 'Dee'];
  await Promise.all(names.map((name) => operator.json('merchant', 'create', '--name', name)));
  const { output } = await operator.run(['audit']);
  for (const name of names) assert.match(output, new RegExp(`merchant.created .*"name":"${name}"`));
  const verify = () => operator.run(['verify']);
  assert.deepEqual((await verify()).output, 'The books balance.');
  const changes = [
    { sql: `update polygate.audit set actor = 'nobody' where sequence = 2`, says: /audit trail: entry 2 \(.*\) was changed/ },
    { sql: `delete from polygate.audit where sequence = 2`, says: /audit trail: entry 3 comes where entry 2 should be/ },
    { sql: `update polygate.audit set hash = sha256('x') where sequence = 2`, says: /entry 3 \(.*\) does not follow the entry before it/ },
  ];
  for (const { sql, says } of changes) {
    await stack.database.query('create table kept_audit as table polygate.audit');
    await stack.database.query(sql);
    const found = await verify();
    await stack.database.query('delete from polygate.audit; insert into polygate.audit table kept_audit; drop table kept_audit');
    assert.equal(found.code, 1);
    assert.match(found.output, says);
  }
  assert.equal((await verify()).code, 0);
});

test('the gateway’s own role can neither change nor delete an entry of the trail', async () => {
  for (const sql of [`update polygate.audit set actor = 'x'`, 'delete from polygate.audit', 'truncate polygate.audit']) {
    const client = await stack.database.connect();
    try {
      await client.query('set role polygate_app');
      await assert.rejects(client.query(sql), { code: '42501' });
    } finally {
      await client.query('reset role');
      client.release();
    }
  }
});

test('what a node remembers of a merchant is asked again after an act, and not before', async () => {
  const { merchant } = await newMerchant('Remembered Shop');
  const { credentialId, identifier } = await createCredential(merchant);
  const database = openDatabase({ url: stack.databaseUrl, applicationName: 'test', maxConnections: 1, purpose: 'general' });
  try {
    const directory = createDirectory(database);
    const known = async () => (await directory.credentials({ dialect: 'opp', identifier })).length;
    await directory.refresh();
    assert.equal(await known(), 1);
    await database.query({ name: 'behind', text: 'update polygate.credential set revoked_at = now() where credential_id = $1' }, [
      credentialId,
    ]);
    await directory.refresh();
    assert.equal(await known(), 1);
    await operator.json('merchant', 'create', '--name', 'Any Act');
    await directory.refresh();
    assert.equal(await known(), 0);
  } finally {
    await database.close();
  }
});

test('a database without tables is named as such', async () => {
  const empty = await createDatabase('nothing');
  const { code, output } = await operator.run(['merchant', 'list'], { env: { DATABASE_URL: empty.url } });
  await empty.drop();
  assert.equal(code, 1);
  assert.match(output, /run `polygate migrate` first/);
});

test('the command that is told to be the next can be pasted, also where a merchant has a name of two words', async () => {
  await newMerchant('Two Words');
  const names = ['--merchant', 'Two Words', '--account', `acme-${(await newMerchant('Other')).merchant}`, '--name', 'Second Shop'];
  const told = await operator.run(['channel', 'create', '--dialect', 'opp', ...names]);
  const [, next = ''] = /^Next: polygate (.+)$/m.exec(told.output) ?? [];
  const made = await operator.run(next.split(' '));
  assert.match(made.output, /works on running nodes/, told.output);
});

test('a merchant whose name is the routing number of another is named by its id', async () => {
  const { merchantId } = await operator.json<{ merchantId: string }>('merchant', 'create', '--name', '1');
  const { code, output } = await operator.run(['channel', 'list', '--merchant', '1']);
  assert.deepEqual([code, /name one by its id/.test(output)], [1, true], output);
  assert.equal((await operator.run(['channel', 'list', '--merchant', merchantId])).code, 0);
});
