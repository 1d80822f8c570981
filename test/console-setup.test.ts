/** From nothing to a merchant who is paid, by the console API alone; operators and their roles; every act in the trail. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditAfterEach } from './harness/auditor.ts';
import { type ConsoleBody, createConsoleClient } from './harness/console.ts';
import { createHooks } from './harness/hooks.ts';
import { createOperator } from './harness/operator.ts';
import { type Caller, debit, encode, exchange, freshName, type Reply } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
const url = () => `http://127.0.0.1:${stack.config.port}`;
const client = createConsoleClient(url);
before(async () => {
  stack = await startStack();
});
auditAfterEach(() => stack);
after(() => stack?.stop());

async function pay({ entityId, bearer }: Caller): Promise<Reply> {
  const headers = { authorization: bearer, 'content-type': 'application/x-www-form-urlencoded' };
  return exchange(url(), { method: 'POST', path: '/v1/payments', headers, body: encode({ entityId, ...debit() }) });
}

/** Running nodes go by an act within two seconds. */
async function eventuallyAnswered(caller: Caller, status: number): Promise<Reply> {
  let reply = await pay(caller);
  await eventually(async () => {
    if (reply.status !== status) reply = await pay(caller);
    return reply.status === status;
  }, `an answer with ${status}`);
  return reply;
}

let accountNumber = 0;

interface Shop {
  readonly merchantId: string;
  readonly channelId: string;
  readonly caller: Caller;
}

async function newShop(name: string): Promise<Shop> {
  accountNumber += 1;
  const account = { account_id: `acme-${accountNumber}`, merchant_identifier: 'ACME00000000001', category_code: '5812' };
  await client.done('post', '/accounts', { body: { ...account, terminals: [`SHOP${String(accountNumber).padStart(4, '0')}`] } });
  const { merchant_id } = await client.done('post', '/merchants', { body: { name } });
  const ids = { merchant_id: String(merchant_id) };
  const channel = { dialect: 'opp', account_id: account.account_id, name, currencies: ['EUR'] };
  const { channel_id, wire_id } = await client.done('post', '/merchants/{merchant_id}/channels', { ids, body: channel });
  const { login } = await client.done('post', '/merchants/{merchant_id}/credentials', { ids, body: { dialect: 'opp' } });
  const caller = { entityId: String(wire_id), bearer: String(login?.Authorization) };
  return { merchantId: ids.merchant_id, channelId: String(channel_id), caller };
}

const faultOf = (body: ConsoleBody) => body.errors?.[0]?.field;

test('a merchant made through the API is paid; disabled, it is refused, and its channel as well', async () => {
  const { merchantId, channelId, caller } = await newShop('Corner Shop');
  assert.equal((await eventuallyAnswered(caller, 200)).code, '000.100.110');
  const ids = { merchant_id: merchantId, channel_id: channelId };
  const disabled = await client.done('patch', '/merchants/{merchant_id}', { ids, body: { enabled: false } });
  assert.equal(disabled.enabled, false);
  await eventuallyAnswered(caller, 400);
  await client.done('patch', '/merchants/{merchant_id}', { ids, body: { enabled: true, name: 'Corner Shop Ltd' } });
  assert.equal((await client.done('get', '/merchants/{merchant_id}', { ids })).name, 'Corner Shop Ltd');
  await eventuallyAnswered(caller, 200);
  const path = '/merchants/{merchant_id}/channels/{channel_id}';
  await client.done('patch', path, { ids, body: { enabled: false } });
  await eventuallyAnswered(caller, 400);
  assert.equal((await client.done('get', path, { ids })).enabled, false);
});

test('a credential is told once and ended', async () => {
  const { merchantId, caller } = await newShop('Rotating Shop');
  await eventuallyAnswered(caller, 200);
  const ids = { merchant_id: merchantId };
  const body = { dialect: 'opp' };
  await client.done('post', '/merchants/{merchant_id}/credentials', { ids, body });
  const third = await client.call('post', '/merchants/{merchant_id}/credentials', { ids, body });
  assert.deepEqual([third.status, third.body.error], [409, 'conflict']);
  const { items } = await client.done('get', '/credentials', { query: { merchant_id: merchantId, active: 'true' } });
  assert.equal(items?.length, 2);
  const password = Buffer.from(caller.bearer.replace('Bearer ', ''), 'base64').toString().split('|')[1] ?? '';
  assert.ok(password.length >= 16 && !JSON.stringify(items).includes(password));
  const credential_id = String(items?.[0]?.credential_id);
  const revoked = await client.done('post', '/credentials/{credential_id}/revoke', { ids: { credential_id } });
  assert.ok(revoked.revoked_at !== null);
  await eventuallyAnswered(caller, 403);
  assert.equal((await client.call('post', '/credentials/{credential_id}/revoke', { ids: { credential_id } })).status, 404);
  const moved = await client.done('post', '/merchants/{merchant_id}/credentials', {
    ...{ ids, body: { ...body, identifier: 'moving-user', secret: 'sy6KJsT8' } },
  });
  assert.deepEqual([moved.identifier, moved.login], ['moving-user', {}]);
});

test('a key of QorePay that is brought along opens as it is, whichever way it is entered', async () => {
  const { merchantId } = await newShop('Moving Shop');
  const [first, second] = [freshName('old-qorepay-key'), freshName('older-qorepay-key')];
  const statusOf = async (key: string) => {
    const answer = await fetch(`http://127.0.0.1:${stack.config.port}/api/v1/account/json/balance/`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  assert.equal(await statusOf(first), 401);
  const ids = { merchant_id: merchantId };
  await client.done('post', '/merchants/{merchant_id}/credentials', { ids, body: { dialect: 'qorepay', secret: first } });
  await eventually(async () => (await statusOf(first)) === 200, 'the key that the console was given to open');
  const operator = createOperator(stack.env);
  const args = ['credential', 'create', '--merchant', merchantId, '--dialect', 'qorepay', '--secret-file', '-'];
  const made = await operator.run(args, { input: second });
  assert.equal(made.code, 0, made.output);
  await eventually(async () => (await statusOf(second)) === 200, 'the key that the command was given to open');
});

test('mistakes name their field, change nothing and leave no trail', async () => {
  const { merchantId, channelId } = await newShop('Careful Shop');
  const count = async () => (await stack.database.query('select count(*) from polygate.audit')).rows[0];
  const earlier = await count();
  const ids = { merchant_id: merchantId, channel_id: channelId };
  const channels = '/merchants/{merchant_id}/channels';
  const channel = { dialect: 'opp', account_id: 'sandbox-opp', name: 'X' };
  const cases: readonly (readonly [method: 'post' | 'patch', path: string, body: object, status: number, field: string | undefined])[] = [
    ['post', '/merchants', {}, 400, 'name'],
    ['post', '/merchants', { name: 'a\u0000b' }, 400, 'name'],
    ['post', '/merchants', { name: 'X', routing_number: 1 }, 409, 'routing_number'],
    ['post', '/merchants', { name: 'X', routing_number: 0 }, 400, 'routing_number'],
    ['post', '/merchants', { name: 'X', color: 'red' }, 400, 'color'],
    ['patch', '/merchants/{merchant_id}', { enabled: 'yes' }, 400, 'enabled'],
    ['patch', '/merchants/{merchant_id}', {}, 400, ''],
    ['patch', `${channels}/{channel_id}`, {}, 400, ''],
    ['post', '/accounts', { account_id: 'x', merchant_identifier: 'M', category_code: '5812', terminals: ['OPP00001'] }, 409, 'terminals'],
    ['post', '/accounts', { account_id: 'x', merchant_identifier: 'M', category_code: '58', terminals: ['Q1'] }, 400, 'category_code'],
    ['post', channels, { ...channel, dialect: 'swift' }, 400, 'dialect'],
    ['post', channels, { ...channel, account_id: 'none' }, 400, 'account_id'],
    ['post', channels, { ...channel, wire_id: 'ABC' }, 400, 'wire_id'],
    ['post', channels, { ...channel, wire_id: '0f0e0d0c0b0a09080706050403020100' }, 409, 'wire_id'],
    ['post', channels, { ...channel, currencies: ['XXQ'] }, 400, 'currencies.0'],
    ['patch', `${channels}/{channel_id}`, { brands: [] }, 400, 'brands'],
    ['patch', `${channels}/{channel_id}`, { brands: ['visa', 'visa'] }, 400, 'brands'],
    ['patch', `${channels}/{channel_id}`, { flows: ['teleport'] }, 400, 'flows.0'],
    ['patch', `${channels}/{channel_id}`, { bank_methods: ['cash'] }, 400, 'bank_methods.0'],
    ['patch', `${channels}/{channel_id}`, { policies: { requireCvv: 'yes' } }, 400, 'policies.requireCvv'],
    ['patch', `${channels}/{channel_id}`, { policies: { magic: true } }, 400, 'policies.magic'],
    ['patch', `${channels}/{channel_id}`, { policies: { constructor: true } }, 400, 'policies.constructor'],
    [
      'post',
      '/endpoints',
      { merchant_id: merchantId, dialect: 'opp', url: 'https://shop.example', settings: { constructor: 'x' } },
      400,
      'settings.constructor',
    ],
    ['patch', `${channels}/{channel_id}`, { policies: { magic: [4012888888881881] } }, 400, 'policies'],
    ['patch', `${channels}/{channel_id}`, { look: { accent: 'red' } }, 400, 'look.accent'],
    ['patch', `${channels}/{channel_id}`, { look: { logo: 'https://shop.example/logo.png' } }, 400, 'look.logo'],
    ['post', '/merchants/{merchant_id}/credentials', { dialect: 'opp', secret: 'short' }, 400, 'secret'],
    ['post', '/endpoints', { merchant_id: merchantId, dialect: 'opp', url: 'ftp://shop.example' }, 400, 'url'],
    ['post', '/endpoints', { merchant_id: merchantId, dialect: 'opp', url: 'https://shop.example/4012888888881881' }, 400, 'url'],
    ['post', '/endpoints', { merchant_id: merchantId, dialect: 'opp', url: 'https://shop.example/%34012888888881881' }, 400, 'url'],
    [
      'post',
      '/endpoints',
      { merchant_id: merchantId, dialect: 'opp', url: 'https://shop.example', settings: { wrap: 'x' } },
      400,
      'settings.wrap',
    ],
    ['post', '/endpoints', { merchant_id: merchantId, dialect: 'opp', url: 'https://shop.example', secret: 'short' }, 400, 'secret'],
    ['post', channels, { ...channel, dialect: 'payone', wire_id: '4012888888881881' }, 400, 'wire_id'],
    ['post', '/operators', { name: 'X', role: 'god' }, 400, 'role'],
    ['post', '/operators', { name: 'OPERATOR_KEY', role: 'viewer' }, 400, 'name'],
    ['post', '/operators', { name: 'viewer_Key', role: 'viewer' }, 400, 'name'],
    ['post', '/operators', { name: 'VIEWER_KEY', role: 'admin' }, 400, 'name'],
  ];
  for (const [method, path, body, status, field] of cases) {
    const reply = await client.call(method, path, { ids, body });
    assert.deepEqual([reply.status, faultOf(reply.body)], [status, field], `${path} ${JSON.stringify(body)}: ${reply.text}`);
    assert.ok(String(reply.body.detail).length > 10);
  }
  assert.deepEqual(await count(), earlier);
});

test('the look, the policies and the rest of a channel are set through it, and null takes a restriction away', async () => {
  const { merchantId, channelId } = await newShop('Pretty Shop');
  const ids = { merchant_id: merchantId, channel_id: channelId };
  const path = '/merchants/{merchant_id}/channels/{channel_id}';
  const look = { name: 'Pretty', accent: '#0a7d4f', logo: 'data:image/png;base64,iVBORw0KGgo=' };
  const settings = {
    ...{
      look,
      policies: { requireCvv: true, captureAfter: '1d' },
      currencies: ['EUR', 'JPY'],
      brands: ['visa'],
      flows: ['three_d_secure'],
    },
    ...{
      bank_methods: ['ideal'],
      without_authentication: 'stop',
      accepts_partial_approval: true,
      authenticates_without_shopper: true,
      name: 'Pretty Shop',
    },
  };
  const changed = await client.done('patch', path, { ids, body: settings });
  for (const [name, value] of Object.entries(settings)) assert.deepEqual(changed[name], value, name);
  const cleared = await client.done('patch', path, {
    ids,
    body: { currencies: null, brands: null, flows: null, bank_methods: null, look: null },
  });
  for (const name of ['currencies', 'brands', 'flows', 'bank_methods', 'look']) assert.equal(cleared[name], null, name);
  assert.deepEqual(cleared.policies, settings.policies);
});

test('an endpoint is made, tested, paused, resumed, changed and removed', async () => {
  const { merchantId } = await newShop('Listening Shop');
  const hooks = createHooks(stack.host.url);
  const name = freshName('hook');
  const made = await client.done('post', '/endpoints', { body: { merchant_id: merchantId, dialect: 'opp', url: hooks.url(name) } });
  assert.equal(made.state, 'inactive');
  assert.match(String(made.secret), /^[0-9a-f]{64}$/i);
  const ids = { endpoint_id: String(made.endpoint_id) };
  const one = '/endpoints/{endpoint_id}';
  assert.equal((await client.call('post', `${one}/pause`, { ids })).status, 409);
  await hooks.order(name, { status: 500 });
  const failed = await client.call('post', `${one}/test`, { ids });
  assert.deepEqual([failed.status, failed.body.error], [502, 'endpoint_failed']);
  assert.equal((await client.done('post', `${one}/test`, { ids })).state, 'active');
  const pauses = await Promise.all(Array.from({ length: 3 }, () => client.call('post', `${one}/pause`, { ids })));
  const tooLate = 'The endpoint is paused. Only an active endpoint is paused.';
  assert.deepEqual(pauses.map(({ status, body }) => (status === 200 ? body.state : body.detail)).sort(), [tooLate, tooLate, 'paused']);
  assert.equal((await client.done('post', `${one}/test`, { ids })).state, 'paused');
  assert.equal((await client.done('post', `${one}/resume`, { ids })).state, 'active');
  const other = hooks.url(`${name}-moved`);
  assert.equal((await client.done('patch', one, { ids, body: { url: other } })).url, other);
  const { items } = await client.done('get', '/endpoints', { query: { merchant_id: merchantId } });
  assert.deepEqual([items?.length, items?.[0]?.secret], [1, undefined]);
  await client.done('delete', one, { ids });
  for (const method of ['get', 'delete'] as const) assert.equal((await client.call(method, one, { ids })).status, 404);
});

test('operators have keys of their own and act under their names; a revoked key ends at once', async () => {
  const { key: viewer } = await client.done('post', '/operators', { body: { name: 'Vera', role: 'viewer' } });
  const { key: admin, operator_id } = await client.done('post', '/operators', { body: { name: 'Ada', role: 'admin' } });
  assert.equal((await client.call('post', '/operators', { body: { name: 'Ada', role: 'viewer' } })).status, 409);
  await client.done('get', '/merchants', { key: String(viewer) });
  assert.equal((await client.call('post', '/merchants', { key: String(viewer), body: { name: 'X' } })).status, 403);
  const { merchant_id } = await client.done('post', '/merchants', { key: String(admin), body: { name: 'By Ada' } });
  const { items } = await client.done('get', '/audit', { query: { act: 'merchant', actor: 'Ada (console)' } });
  assert.deepEqual(
    [items?.length, items?.[0]?.act, items?.[0]?.details?.merchant_id ?? items?.[0]?.details?.merchantId],
    [1, 'merchant.created', merchant_id],
  );
  await client.done('post', '/operators/{operator_id}/revoke', { ids: { operator_id: String(operator_id) } });
  assert.equal((await client.call('get', '/merchants', { key: String(admin) })).status, 401);
  const list = await client.call('get', '/operators');
  for (const key of [viewer, admin]) assert.ok(!list.text.includes(String(key)));
  const { rows } = await stack.database.query(`select key_hash from polygate.operator`);
  assert.ok(rows.every(({ key_hash: hash }) => (hash as Buffer).length === 32));
});

test('operators are made by the command line as well', async () => {
  const operator = createOperator(stack.env);
  const { key, operatorId } = await operator.json<{ key: string; operatorId: string }>(
    'operator',
    'add',
    '--name',
    'Otto',
    '--role',
    'operator',
  );
  await client.done('get', '/escalations', { key });
  assert.equal((await client.call('get', '/operators', { key })).status, 403);
  assert.match((await operator.run(['operator', 'list'])).output, /Otto +operator/);
  assert.equal((await operator.run(['operator', 'revoke', operatorId])).code, 0);
  assert.equal((await client.call('get', '/escalations', { key })).status, 401);
  const wrong = await operator.run(['operator', 'add', '--name', 'Otto', '--role', 'boss']);
  assert.match(wrong.output, /Allowed choices are viewer, operator, admin/);
});

test('the trail says the same of a channel, whichever way it is made and changed', async () => {
  const ids = { merchant_id: '00000000-0000-7000-8000-000000000001' };
  const channel = { dialect: 'tzero', account_id: 'sandbox-tzero', name: 'Twin', currencies: ['EUR'], bank_methods: ['ideal'] };
  const { channel_id } = await client.done('post', '/merchants/{merchant_id}/channels', { ids, body: channel });
  const one = { ids: { ...ids, channel_id: String(channel_id) }, body: { without_authentication: 'stop' } };
  await client.done('patch', '/merchants/{merchant_id}/channels/{channel_id}', one);
  const operator = createOperator(stack.env);
  const { wireId, currencies, bankMethods } = await operator.json<{ wireId: string; currencies: string[]; bankMethods: string[] }>(
    ...['channel', 'create', '--merchant', '1', '--dialect', 'tzero', '--account', 'sandbox-tzero', '--name', 'Twin'],
    ...['--currencies', 'EUR', '--bank-methods', 'ideal'],
  );
  assert.deepEqual([currencies, bankMethods], [['EUR'], ['ideal']]);
  await operator.json('channel', 'set', '--dialect', 'tzero', '--wire-id', wireId, '--without-authentication', 'stop');
  const { items = [] } = await client.done('get', '/audit', { query: { act: 'channel', limit: '4' } });
  const told = items.map(({ act, details }) => [act, { ...(details as object), channelId: '', wireId: '' }]);
  assert.deepEqual(told.slice(0, 2), told.slice(2));
  assert.equal(items[0]?.details?.merchantId, ids.merchant_id);
});

test('payouts are funded once under one id, and the books stay right', async () => {
  const { merchantId } = await newShop('Paying Shop');
  const ids = { merchant_id: merchantId };
  const body = { funding_id: '018f0000-0000-7000-8000-00000000f00d', currency: 'EUR', amount: 12_345 };
  const path = '/merchants/{merchant_id}/payout-fundings';
  const first = await client.done('post', path, { ids, body });
  assert.deepEqual([first.available, first.booked], [12_345, true]);
  const again = await client.done('post', path, { ids, body });
  assert.deepEqual([again.available, again.booked], [12_345, false]);
  assert.equal((await client.call('post', path, { ids, body: { ...body, amount: 1 } })).status, 409);
  const { items: entries } = await client.done('get', '/ledger/entries', { query: { merchant_id: merchantId } });
  assert.deepEqual(
    entries?.map(({ kind, amount, debit_account, credit_account }) => [kind, amount, debit_account, credit_account]),
    [['payout_funding', 12_345, 'payout_funds', 'payout_balance']],
  );
  const { items: balances } = await client.done('get', '/ledger/balances', { query: { merchant_id: merchantId } });
  assert.deepEqual(
    balances?.map(({ account, balance }) => [account, balance]),
    [
      ['payout_funds', 12_345],
      ['payout_balance', 12_345],
    ],
  );
});

test('the trail is checked, the keys are shown, and the verification finds nothing wrong', async () => {
  assert.deepEqual(await client.done('get', '/verification'), { ok: true, findings: [] });
  const { master_keys } = await client.done('get', '/keys');
  assert.deepEqual(
    master_keys?.map(({ state, in_key_file }) => [state, in_key_file]),
    [['active', true]],
  );
  await stack.database.query(`update polygate.audit set actor = 'nobody' where sequence = 2`);
  const { ok, findings } = await client.done('get', '/verification');
  assert.equal(ok, false);
  assert.match(String(findings?.[0]), /audit trail: entry 2 \(.*\) was changed/);
  await stack.database.query('truncate polygate.audit');
});
