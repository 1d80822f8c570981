/** Paymentz: partners made by the command line: they log in, act for their merchants and nobody else's, and lose their tokens with their key. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOperator } from './harness/operator.ts';
import { encode, exchange, freshName, type Parameters, type Reply } from './harness/opp.ts';
import { demoMember, expectResult, md5, otherMember, purchase, rest, usePaymentzStack } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';

const stack = usePaymentzStack();

interface Made {
  readonly identifier: string;
  readonly merchants: readonly string[];
  readonly login: Readonly<Record<string, string>>;
}

const operator = () => createOperator(stack.parts.env);
const dialect = ['--dialect', 'paymentz'];
const form = { 'content-type': 'application/x-www-form-urlencoded' };

const logIn = (identifier: string, login: string, key: string): Promise<Reply> =>
  exchange(stack.url, {
    ...{ method: 'POST', path: `${rest}/partnerAuthToken`, headers: form },
    body: encode({ 'authentication.partnerId': identifier, 'partner.userName': login, 'authentication.sKey': key }),
  });

/** A debit for a member, with the token and the key of a partner. */
function payFor({ memberId, terminalId }: typeof demoMember | typeof otherMember, token: string, key: string): Promise<Reply> {
  const sent = purchase();
  const checksum = md5(memberId, key, sent.merchantTransactionId ?? '', sent.amount ?? '');
  const signed = { 'authentication.memberId': memberId, 'authentication.checksum': checksum, 'authentication.terminalId': terminalId };
  const body = encode({ ...signed, ...sent });
  return exchange(stack.url, { method: 'POST', path: `${rest}/payments`, headers: { ...form, AuthToken: token }, body });
}

test('a partner is made, acts for the merchants that it was given, and loses them', async () => {
  const login = freshName('reseller');
  const made = await operator().json<Made>('partner', 'create', ...dialect, '--login', login);
  const key = made.login['authentication.sKey'] ?? '';
  assert.deepEqual([made.login['authentication.partnerId'], made.login['partner.userName']], [made.identifier, login]);
  const listed = await operator().run(['partner', 'list']);
  assert.match(listed.output, new RegExp(`${made.identifier} +${login}`));
  assert.equal(listed.output.includes(key), false);
  await eventually(async () => (await logIn(made.identifier, login, key)).code === '200', 'the partner to log in');
  const token = (await logIn(made.identifier, login, key)).body.AuthToken ?? '';
  expectResult(await payFor(demoMember, token, key), '20008');
  const brought = await operator().json<Made>('partner', 'add-merchant', made.identifier, ...dialect, '--merchant', '1', '--login', 'shop');
  assert.deepEqual(brought.merchants, ['shop']);
  await eventually(async () => (await payFor(demoMember, token, key)).code === '00001', 'the partner to act for its merchant');
  expectResult(await payFor(otherMember, token, key), '20008');
  const twice = await operator().run(['partner', 'add-merchant', made.identifier, ...dialect, '--merchant', '2', '--login', 'shop']);
  assert.match(twice.output, /already/);
  await operator().json('partner', 'remove-merchant', made.identifier, ...dialect, '--login', 'shop');
  await eventually(async () => (await payFor(demoMember, token, key)).code === '20008', 'the merchant to be taken away');
});

test('a key is replaced: the old one ends, with its tokens', async () => {
  const login = freshName('reseller');
  const made = await operator().json<Made>('partner', 'create', ...dialect, '--login', login);
  const old = made.login['authentication.sKey'] ?? '';
  await operator().json('partner', 'add-merchant', made.identifier, ...dialect, '--merchant', '1', '--login', 'shop');
  await eventually(async () => (await logIn(made.identifier, login, old)).code === '200', 'the partner to log in');
  const token = (await logIn(made.identifier, login, old)).body.AuthToken ?? '';
  const rotated = await operator().json<Made>('partner', 'rotate', made.identifier, ...dialect);
  const key = rotated.login['authentication.sKey'] ?? '';
  assert.notEqual(key, old);
  await eventually(async () => (await logIn(made.identifier, login, key)).code === '200', 'the new key to open');
  expectResult(await logIn(made.identifier, login, old), '20004');
  expectResult(await payFor(demoMember, token, key), '20008');
  const again = { path: `${rest}/regenerateToken`, body: encode({ authToken: token }) };
  assert.equal((await exchange(stack.url, { method: 'POST', headers: form, ...again })).status, 401);
  const trail = (await operator().run(['audit'])).output;
  for (const act of ['partner.created', 'partner.merchant_added', 'partner.key_rotated'])
    assert.match(trail, new RegExp(act.replace('.', '\\.')));
  assert.equal(trail.includes(key) || trail.includes(old), false);
});

test('a partner registers cardholders and lists for its members, signed with its own id and key', async () => {
  const key = 'aaaabbbbccccddddeeeeffff00001111';
  const token = (await logIn('1', 'demo-partner', key)).body.AuthToken ?? '';
  const ask = (path: string, sum: readonly string[], more: Parameters = {}) => {
    const signed = {
      'authentication.memberId': demoMember.memberId,
      'authentication.partnerId': '1',
      'authentication.checksum': md5(...sum),
    };
    const body = encode({ ...signed, ...more });
    return exchange(stack.url, { method: 'POST', path, headers: { ...form, AuthToken: token }, body });
  };
  const person = { 'customer.givenName': 'Jon', 'customer.surname': 'Doe', 'customer.email': 'jon@shop.example' };
  const signUp = await ask('/merchantServices/api/v1/customerSignup', ['1', key, 'Jon', 'Doe', 'jon@shop.example'], person);
  assert.match(expectResult(signUp, '00007').body.customerId ?? '', /^[0-9]+$/);
  expectResult(await ask(`${rest}/getCardsAndAccounts`, ['1', key]), '10026');
  expectResult(await payFor(demoMember, token, key), '00001');
  expectResult(await ask(`${rest}/getTransactionList`, ['1', key]), '00026');
  expectResult(await ask(`${rest}/getTransactionList`, ['2', key]), '20003');
});

test('what cannot be is said, and every verb explains itself', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['create', '--dialect', 'opp', '--login', 'x'], /opp has no partners/],
    [['create', ...dialect, '--login', 'x', '--identifier', '1'], /There is a partner 1 of paymentz already/],
    [['create', ...dialect, '--login', 'x', '--identifier', 'abc'], /must be a number of at most 10 digits/],
    [['rotate', '999', ...dialect], /There is no partner 999/],
    [['add-merchant', '1', ...dialect, '--merchant', '1', '--login', 'new', '--member', '77'], /no active credential/],
    [['remove-merchant', '1', ...dialect, '--login', 'nobody'], /no merchant with the login/],
  ];
  for (const [args, text] of cases) {
    const { code, output } = await operator().run(['partner', ...args]);
    assert.equal(code, 1, output);
    assert.match(output, text);
  }
  for (const verb of ['create', 'list', 'rotate', 'add-merchant', 'remove-merchant']) {
    const { code, output } = await operator().run(['partner', verb, '--help']);
    assert.deepEqual([code, /Usage: polygate partner/.test(output)], [0, true], output);
  }
});
