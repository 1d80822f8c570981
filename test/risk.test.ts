/** Risk rules of merchants, through OPP and PAYONE: what is on a list, or tries too often, is recorded with its reason and never sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshCardNumber } from './harness/card-numbers.ts';
import { type ConsoleClient, createConsoleClient, moveClock } from './harness/console.ts';
import { approved, debit, expectReply, freshName, other, type Parameters, plain, type Reply, useOppStack } from './harness/opp.ts';
import type { Nested } from './harness/payone.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';
import { browserData } from './harness/shopper.ts';

const opp = useOppStack({ env: { RISK_LIMITS: 'on' } });
const console = createConsoleClient(() => opp.url);
/** A sandbox as it is by itself. */
const payone = usePayoneStack();
const payoneConsole = createConsoleClient(() => payone.url);

const merchant_id = '00000000-0000-7000-8000-000000000001';
const nobody = '018f0000-0000-7000-8000-00000000dead';
const blocks = '/merchants/{merchant_id}/risk-rules/blocks';
const limits = '/merchants/{merchant_id}/risk-rules/limits';
const freshMail = () => `${freshName('shopper')}@shop.example`;

async function add(client: ConsoleClient, path: string, body: object): Promise<string> {
  return String((await client.done('post', path, { ids: { merchant_id }, body })).rule_id);
}

const remove = (client: ConsoleClient, rule_id: string) =>
  client.done('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids: { merchant_id, rule_id } });

const pay = (more: Parameters = {}, as?: typeof other): Promise<Reply> =>
  opp.post('/v1/payments', debit({ 'card.number': freshCardNumber(), ...more }), as === undefined ? {} : { as });

/** Nodes go by rules in the order of the acts, so what was added before is kept as well once this one is. */
async function inForce(): Promise<void> {
  const email = freshMail();
  const rule = await add(console, blocks, { subject: 'email', value: email });
  await eventually(async () => (await pay({ 'customer.email': email })).code === '800.300.200', 'the rules to be in force');
  await remove(console, rule);
}

/** A fault of the host that waits for the card tells whether anything of it was sent. */
async function isNotSent(pan: string, act: () => Promise<Reply>, code: string): Promise<Reply> {
  await opp.parts.host.addFault({ fault: 'decline', code: '05', pan });
  const reply = expectReply(await act(), 400, code);
  assert.equal((await opp.parts.host.faults()).length, 1);
  await opp.parts.host.clearFaults();
  expectReply(await opp.get(`/v1/payments/${reply.body.id}`), 400, code);
  return reply;
}

test('what is on a block list is recorded with its reason and not sent; without the rule it is', async () => {
  const rows: readonly (readonly [subject: string, value: string, code: string, parameters: Parameters])[] = [
    ['email', 'Mallory@Shop.example', '800.300.200', { 'customer.email': 'mallory@shop.EXAMPLE' }],
    ['ip', '203.0.113.66', '800.300.301', { 'customer.ip': '203.0.113.66' }],
    ['ip', '2001:db8:0:0:0:0:0:66', '800.300.301', { 'customer.ip': '2001:DB8::66' }],
    ['country', 'kp', '800.300.102', { 'billing.country': 'KP' }],
  ];
  for (const [subject, value, code, parameters] of rows) {
    const rule = await add(console, blocks, { subject, value });
    await eventually(async () => (await pay(parameters)).code === code, `${subject} ${value} to be blocked`);
    const pan = freshCardNumber();
    const { body } = await isNotSent(pan, () => pay({ ...parameters, 'card.number': pan }), code);
    assert.match(body.id ?? '', /^[a-f0-9]{32}$/);
    expectReply(await pay(), 200, approved);
    expectReply(await pay(parameters, other), 200, approved);
    await remove(console, rule);
    await eventually(async () => (await pay(parameters)).code === approved, `${subject} ${value} to be let through again`);
  }
});

test('a BIN is blocked, also before its cardholder would be asked', async () => {
  const challenged = { ...browserData, 'card.number': '4874970686672022', shopperResultUrl: `${opp.url}/healthz` };
  assert.notEqual((await pay(challenged)).body.redirect, undefined);
  const rule = await add(console, blocks, { subject: 'bin', value: '487497' });
  await inForce();
  const { body } = expectReply(await pay(challenged), 400, '800.300.401');
  assert.equal(body.redirect, undefined);
  await remove(console, rule);
});

test('a card is blocked by a payment of it: under its number, under a token, for a rebill and for a payout', async () => {
  const pan = freshCardNumber();
  const headers = { 'idempotency-key': freshName('key') };
  const send = () => opp.post('/v1/payments', debit({ 'card.number': pan, createRegistration: 'true' }), { headers });
  const first = expectReply(await send(), 200, approved);
  const { rows } = await opp.parts.database.query<{ payment_id: string }>(
    'select payment_id from polygate.operation where rrn is not null order by created_at desc, operation_id desc limit 1',
  );
  const rule = await add(console, blocks, { subject: 'card', payment_id: rows[0]?.payment_id });
  await inForce();
  const code = '800.300.101';
  const money = { amount: '1.00', currency: 'EUR' };
  await isNotSent(pan, () => pay({ 'card.number': pan }), code);
  await isNotSent(pan, () => opp.post(`/v1/registrations/${first.body.registrationId}/payments`, { paymentType: 'DB', ...money }), code);
  await isNotSent(pan, () => opp.post(`/v1/payments/${first.body.id}`, { paymentType: 'RB', ...money }), code);
  await isNotSent(pan, () => pay({ 'card.number': pan, paymentType: 'CD', 'card.cvv': undefined }), code);
  // What was paid before is told, and can be given back.
  assert.equal(expectReply(await send(), 200, approved).body.id, first.body.id);
  expectReply(await opp.post(`/v1/payments/${first.body.id}`, { paymentType: 'RF', ...money }), 200, approved);
  expectReply(await pay(), 200, approved);
  await remove(console, rule);
});

test('a rule may be of one channel', async () => {
  const { items } = await console.done('get', '/channels', { query: { merchant_id, wire_id: '0f0e0d0c0b0a09080706050403020100' } });
  const email = freshMail();
  const rule = await add(console, blocks, { subject: 'email', value: email, channel_id: items?.[0]?.channel_id });
  await inForce();
  expectReply(await pay({ 'customer.email': email }), 400, '800.300.200');
  expectReply(await pay({ 'customer.email': email }, plain), 200, approved);
  await remove(console, rule);
});

const limited = [
  ['card', '800.120.101', (name: string): Parameters => ({ 'card.number': name })],
  ['ip', '800.120.102', (name: string): Parameters => ({ 'customer.ip': `203.0.113.${Number(name.slice(-3)) % 250}` })],
  ['email', '800.120.103', (name: string): Parameters => ({ 'customer.email': `${name}@shop.example` })],
] as const;

for (const [subject, code, parametersOf] of limited) {
  test(`a limit by ${subject}: so many attempts, then none until the time has passed`, async () => {
    const rule = await add(console, limits, { subject, attempts: 3, window_seconds: 3_600 });
    await inForce();
    const name = freshCardNumber();
    const again = (more: Parameters = {}) => pay({ ...parametersOf(name), ...more });
    for (const amount of ['1.00', '2.00', '3.00']) expectReply(await again({ amount }), 200, approved);
    const pan = subject === 'card' ? name : freshCardNumber();
    await isNotSent(pan, () => again({ 'card.number': pan }), code);
    expectReply(await pay(parametersOf(freshCardNumber())), 200, approved);
    await moveClock(opp.url, 3_700);
    expectReply(await again(), 200, approved);
    await remove(console, rule);
    await inForce();
  });
}

test('of many attempts at the same time no more get through than may; a request sent again is no further attempt, nor is a payout', async () => {
  const rule = await add(console, limits, { subject: 'card', attempts: 4, window_seconds: 600 });
  await inForce();
  const pan = freshCardNumber();
  const replies = await Promise.all(Array.from({ length: 12 }, () => pay({ 'card.number': pan })));
  const through = replies.filter(({ code }) => code === approved);
  assert.ok(through.length <= 4, `${through.length} got through`);
  for (const reply of replies) assert.ok(reply.code === approved || reply.code === '800.120.101', reply.text);
  const repeated = freshCardNumber();
  const headers = { 'idempotency-key': freshName('key') };
  const body = debit({ 'card.number': repeated });
  const ids = new Set<string | undefined>();
  for (let count = 0; count < 6; count++) ids.add(expectReply(await opp.post('/v1/payments', body, { headers }), 200, approved).body.id);
  assert.equal(ids.size, 1);
  for (let count = 0; count < 5; count++) {
    expectReply(await pay({ 'card.number': repeated, paymentType: 'CD', 'card.cvv': undefined }), 200, approved);
  }
  for (let count = 0; count < 3; count++) expectReply(await pay({ 'card.number': repeated }), 200, approved);
  expectReply(await pay({ 'card.number': repeated }), 400, '800.120.101');
  await remove(console, rule);
});

test('a limit of one channel counts the attempts there, also where the merchant has a limit for all', async () => {
  const { items } = await console.done('get', '/channels', { query: { merchant_id, wire_id: '0f0e0d0c0b0a09080706050403020100' } });
  const limit = { subject: 'email', window_seconds: 600 };
  const forAll = await add(console, limits, { ...limit, attempts: 4 });
  const forOne = await add(console, limits, { ...limit, attempts: 1, channel_id: items?.[0]?.channel_id });
  await inForce();
  const shopper = { 'customer.email': freshMail() };
  for (let count = 0; count < 2; count++) expectReply(await pay(shopper, plain), 200, approved);
  expectReply(await pay(shopper), 200, approved);
  expectReply(await pay(shopper), 400, '800.120.103');
  expectReply(await pay(shopper, plain), 400, '800.120.103');
  for (const rule of [forAll, forOne]) await remove(console, rule);
  await inForce();
});

const orderOf = (emailAddress: string, merchantReference: string) => ({
  order: {
    amountOfMoney: { amount: 1250, currencyCode: 'EUR' },
    references: { merchantReference },
    customer: { contactDetails: { emailAddress } },
  },
});

const methodIn = ({ payment }: Nested): Nested => payment?.paymentOutput?.cardPaymentMethodSpecificOutput ?? {};

test('PAYONE: the check is made before the authentication, and its result is in fraudResults', async () => {
  const email = freshMail();
  const reference = freshName('order').slice(0, 40);
  const rule = await add(payoneConsole, blocks, { subject: 'email', value: email });
  // This card's issuer asks its holder.
  const challenged = () => ({ card: payone.card('4874970686672022') });
  const asked = await payone.pay(challenged(), orderOf(freshMail(), reference));
  assert.deepEqual([asked.status, asked.body.merchantAction?.actionType], [201, 'REDIRECT'], asked.text);
  assert.equal(methodIn(asked.body).fraudResults?.fraudServiceResult, 'accepted', asked.text);
  const blocked = () => payone.pay(challenged(), orderOf(email, reference));
  await eventually(async () => (await blocked()).status === 402, 'the rule to be in force');
  const { status, body, text } = await blocked();
  const result: Nested = body.paymentResult ?? {};
  assert.deepEqual(
    [status, codeIn(result), result.payment?.status, result.merchantAction ?? undefined],
    [402, 2, 'REJECTED', undefined],
    text,
  );
  assert.equal((body.errors as unknown as readonly Nested[])[0]?.errorCode, '30591001', text);
  assert.equal(methodIn(result).fraudResults?.fraudServiceResult, 'denied', text);
  assert.equal(methodIn(result).threeDSecureResults, undefined, text);
  const again = await payone.pay({}, orderOf(freshMail(), reference));
  assert.deepEqual([again.status, codeIn(again.body)], [201, 5], again.text);
  await remove(payoneConsole, rule);
});

test('a sandbox keeps no limits unless it is told to, and remembers no attempts', async () => {
  const rule = await add(payoneConsole, limits, { subject: 'email', attempts: 1, window_seconds: 600 });
  const email = freshMail();
  const marker = freshMail();
  const markerRule = await add(payoneConsole, blocks, { subject: 'email', value: marker });
  const marked = () => payone.pay({}, orderOf(marker, freshName('order').slice(0, 40)));
  await eventually(async () => (await marked()).status === 402, 'the rules to be in force');
  for (let count = 0; count < 4; count++) {
    const { status, text } = await payone.pay({}, orderOf(email, freshName('order').slice(0, 40)));
    assert.equal(status, 201, text);
  }
  assert.equal((await payone.parts.database.query('select from polygate.risk_attempt')).rowCount, 0);
  for (const one of [rule, markerRule]) await remove(payoneConsole, one);
});

test('rules are listed, and what cannot be one is refused by its field; the trail names rules and no shoppers', async () => {
  const email = freshMail();
  const ids = { merchant_id };
  const rule = await add(console, blocks, { subject: 'email', value: ` ${email.toUpperCase()} ` });
  const { items } = await console.done('get', '/risk-rules', { query: { merchant_id, subject: 'email', value: email } });
  assert.deepEqual([items?.length, items?.[0]?.rule_id, items?.[0]?.channel_id, items?.[0]?.kind], [1, rule, null, 'block']);
  const refused: readonly (readonly [path: string, body: object, status: number, field: string | undefined])[] = [
    [blocks, { subject: 'email', value: email }, 409, undefined],
    [blocks, { subject: 'email', value: email, action: 'review' }, 409, undefined],
    [blocks, { subject: 'email', value: 'nobody' }, 400, 'value'],
    [blocks, { subject: 'email', value: `${freshCardNumber()}@shop.example` }, 400, 'value'],
    [blocks, { subject: 'ip', value: '203.0.113.0/24' }, 400, 'value'],
    [blocks, { subject: 'bin', value: '41111111' }, 400, 'value'],
    [blocks, { subject: 'country', value: 'Utopia' }, 400, 'value'],
    [blocks, { subject: 'country' }, 400, 'value'],
    [blocks, { subject: 'card', value: 'a number' }, 400, 'value'],
    [blocks, { subject: 'card' }, 400, 'payment_id'],
    [blocks, { subject: 'card', payment_id: nobody }, 400, 'payment_id'],
    [blocks, { subject: 'email', value: freshMail(), channel_id: nobody }, 400, 'channel_id'],
    [limits, { subject: 'country', attempts: 1, window_seconds: 1 }, 400, 'subject'],
    [limits, { subject: 'ip', attempts: 0, window_seconds: 1 }, 400, 'attempts'],
    [limits, { subject: 'ip', attempts: 1, window_seconds: 2_592_001 }, 400, 'window_seconds'],
  ];
  for (const [path, body, status, field] of refused) {
    const reply = await console.call('post', path, { ids, body });
    assert.deepEqual([reply.status, reply.body.errors?.[0]?.field], [status, field], `${JSON.stringify(body)} ${reply.text}`);
    if (status === 409) assert.match(String(reply.body.detail), new RegExp(`${rule}, with the action block`));
  }
  assert.equal(
    (await console.call('post', blocks, { ids: { merchant_id: nobody }, body: { subject: 'bin', value: '411111' } })).status,
    404,
  );
  for (const value of ['::ffff:203.0.113.9', '::FFFF:cb00:7109', '0:0:0:0:0:ffff:203.0.113.9']) {
    const added = await console.done('post', blocks, { ids, body: { subject: 'ip', value } });
    assert.equal(added.value, '203.0.113.9', value);
    await remove(console, String(added.rule_id));
  }
  await remove(console, rule);
  const gone = await console.call('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids: { merchant_id, rule_id: rule } });
  assert.equal(gone.status, 404);
  const { items: trail } = await console.done('get', '/audit', { query: { act: 'risk_rule' } });
  const acts = [...(trail ?? [])].filter(({ details }) => details?.ruleId === rule);
  assert.deepEqual(
    acts.map(({ act }) => act),
    ['risk_rule.removed', 'risk_rule.added'],
  );
  assert.doesNotMatch(JSON.stringify(trail), /@shop/i);
});
