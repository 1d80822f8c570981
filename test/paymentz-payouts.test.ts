/** Paymentz: payouts to cards and to bank accounts, within the balance, whatever is lost on the way. */
import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { test } from 'node:test';
import type { NewAccountPayout } from '../src/core/ports/new-operation.ts';
import { openDatabase } from '../src/postgres/connection.ts';
import { submitAccountPayout } from '../src/store/payouts.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { callConsole, viewerKey } from './harness/console.ts';
import { createHooks } from './harness/hooks.ts';
import type { TransferEntry } from './harness/host-control.ts';
import { freshName, type Parameters, type Reply } from './harness/opp.ts';
import { demoMember, expectResult, key, md5, type PaymentzClient, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';
import { settlementsOf } from './harness/settlements.ts';

const stack = usePaymentzStack({ env: { BANK_TIMEOUT_MS: '1000' } });

const idOf = ({ body }: Reply): string => body.paymentId ?? '';

function card(more: Parameters = {}): Parameters {
  const { merchantTransactionId, amount, currency, paymentType, ...given } = purchase({ 'card.number': freshCardNumber(), ...more });
  return given;
}

function payOut(amount: string, more: Parameters, client: PaymentzClient = stack.demo): Promise<Reply> {
  const merchantTransactionId = freshName('payout');
  const sent = { merchantTransactionId, amount, paymentType: 'PO', ...more };
  return client.post(`${rest}/payout`, [who, sent.merchantTransactionId ?? '', amount, key], sent);
}

test('a payout goes to a card, or to that of an earlier payment', async () => {
  const direct = expectResult(await payOut('5.00', { ...card(), currency: 'EUR' }), '00009', 'payoutsuccessful', 'Y');
  const [booked] = await stack.parts.host.books({ rrn: direct.body.bankReferenceId ?? '-' });
  assert.deepEqual([booked?.kind, booked?.amount], ['payout', 5_00]);
  const number = freshCardNumber();
  const paid = expectResult(await stack.demo.pay(purchase({ 'card.number': number })), '00001');
  const back = expectResult(await payOut('3.00', { paymentId: idOf(paid) }), '00009', 'payoutsuccessful', 'Y');
  assert.equal(back.body.card?.last4Digits, number.slice(-4));
  expectResult(await stack.demo.act(idOf(back), 'IN'), '00026', 'payoutsuccessful', 'Y');
  expectResult(await stack.demo.act(idOf(back), 'RF', { amount: '1.00' }), '20010');
  const hold = idOf(await stack.demo.pay(purchase({ paymentType: 'PA' })));
  expectResult(await payOut('3.00', { paymentId: hold }), '20010');
  expectResult(await payOut('3.00', { paymentId: '9999999999' }), '20009');
  expectResult(await payOut('3.00', { paymentId: idOf(paid) }, stack.other), '20009');
  expectResult(await payOut('3.00', { currency: 'EUR' }), '20001');
});

test('two payouts at once never take more than there is', async () => {
  // Most of the balance of a currency that nothing else uses here.
  const currency = 'NOK';
  const each = '600000.00';
  const replies = await Promise.all([1, 2, 3].map(() => payOut(each, { ...card(), currency })));
  assert.deepEqual(replies.map(({ code }) => code).toSorted(), ['00009', '20018', '20018']);
  expectResult(await payOut('400000.01', { ...card(), currency }), '20018');
  expectResult(await payOut('400000.00', { ...card(), currency }), '00009');
});

/** IBANs whose ends decide what the bank does with them: pays, knows no such account, has it closed, has not decided. */
const iban = {
  good: 'DE23100000001234567890',
  unknown: ibanOf('100000001234560053'),
  closed: ibanOf('100000001234560046'),
  slow: ibanOf('100000001234560099'),
};

/** With its check digits. */
function ibanOf(rest: string): string {
  const remainder = BigInt(`${rest}131400`) % 97n;
  return `DE${String(98n - remainder).padStart(2, '0')}${rest}`;
}

const account = (number: string, more: Parameters = {}): Parameters => ({
  ...{ currency: 'EUR', 'bankAccount.iban': number, 'customer.bankAccountName': 'Ada Example' },
  ...more,
});

/** What the bank has of a payout. */
async function atBank(reply: Reply): Promise<TransferEntry | undefined> {
  const reference = reply.body.bankReferenceId ?? (await inquire(reply)).body.bankReferenceId;
  return (await stack.parts.host.transfers()).find((entry) => entry.reference === reference);
}

/** What the bank has of an amount, in minor units. */
const bankHas = async (amount: number) => (await stack.parts.host.transfers()).find((entry) => entry.amount === amount);

const inquire = (reply: Reply) => stack.demo.act(idOf(reply), 'IN');
const becomes = (reply: Reply, status: string) =>
  eventually(async () => {
    await stack.parts.hurry();
    return (await inquire(reply)).body.status === status;
  }, `the payout to be ${status}`);

test('a payout goes to a bank account, by its IBAN or its number', async () => {
  const reply = expectResult(await payOut('5.00', account(iban.good, { orderDescriptor: 'Prize' })), '00009', 'payoutsuccessful', 'Y');
  assert.deepEqual(reply.body.bankAccount, { holder: 'Ada Example', last4: '7890' });
  const { state, amount, currency, debtor, holder, last4, purpose } = (await atBank(reply)) ?? ({} as Partial<TransferEntry>);
  assert.deepEqual(
    [state, amount, currency, debtor, holder, last4, purpose],
    ['paid', 5_00, 'EUR', 'Polygate Demo', 'Ada Example', '7890', 'Prize'],
  );
  expectResult(await inquire(reply), '00026', 'payoutsuccessful', 'Y');
  const number = { currency: 'USD', 'customer.bankAccountNumber': '9876 543-210', 'customer.bankCode': '011000028', paymentMode: 'ACH' };
  const owner = { 'customer.givenName': 'Ada', 'customer.surname': 'Example', paymentBrand: 'ACH' };
  const other = expectResult(await payOut('5.00', { ...number, ...owner }), '00009', 'payoutsuccessful');
  assert.deepEqual(other.body.bankAccount, { holder: 'Ada Example', last4: '3210' });
  // No more than the end of the number is kept anywhere.
  const { rows } = await stack.parts.database.query<{ row: string }>(
    'select row_to_json(o)::text || row_to_json(a)::text as row from polygate.operation o join polygate.attempt a using (merchant_id, payment_id)',
  );
  assert.equal(
    rows.some(({ row }) => row.includes('9876543210') || row.includes(iban.good.slice(4))),
    false,
  );
  const short = { currency: 'EUR', 'customer.bankAccountNumber': '123456', 'customer.bankCode': '77', 'customer.bankAccountName': 'Ada' };
  assert.deepEqual(expectResult(await payOut('1.00', short), '00009').body.bankAccount, { holder: 'Ada', last4: '56' });
  const seen = await callConsole(stack.url, { key: viewerKey, path: '/console-api/payments?bank_method=transfer' });
  assert.equal(seen.status, 200);
  const { items } = (await seen.json()) as { readonly items: readonly { readonly state: string; readonly last4: string }[] };
  assert.deepEqual(
    items.map(({ state, last4: end }) => [state, end]),
    [
      ['paid_out', '56'],
      ['paid_out', '3210'],
      ['paid_out', '7890'],
    ],
  );
  expectResult(await stack.demo.act(idOf(reply), 'RF', { amount: '1.00' }), '20010');
  expectResult(await stack.demo.act(idOf(reply), 'RV'), '20010');
});

test('an account that cannot be paid is refused by the bank, and the amount is there again', async () => {
  expectResult(await payOut('5.00', account(iban.unknown)), '11053', 'payoutfailed', 'N');
  expectResult(await payOut('5.00', account(iban.closed)), '11046', 'payoutfailed', 'N');
});

test('a payout that the bank has not decided is told when it has', async () => {
  const hooks = createHooks(stack.parts.host.url);
  const name = freshName('payouts');
  const begun = (more: Parameters = {}) => payOut('7.00', account(iban.slow, { notificationUrl: hooks.url(name), ...more }));
  const paid = expectResult(await begun(), '00003', 'payoutstarted', 'P');
  const refused = expectResult(await begun(), '00003', 'payoutstarted', 'P');
  await stack.parts.host.endTransfer((await atBank(paid))?.reference ?? '', 'pay');
  await stack.parts.host.endTransfer((await atBank(refused))?.reference ?? '', 'refuse', 'account_closed');
  const told = async () => (await hooks.list(name)).map(({ body }) => JSON.parse(body) as Record<string, string>);
  const isTold = async (reply: Reply, status: string) =>
    (await told()).some((notice) => notice.paymentId === idOf(reply) && notice.status === status);
  await eventually(() => isTold(paid, 'payoutsuccessful'), 'the payout to be told');
  await eventually(() => isTold(refused, 'payoutfailed'), 'the refusal to be told');
  for (const { paymentId = '', merchantTransactionId = '', amount = '', transactionStatus = '', checksum } of await told()) {
    assert.equal(checksum, md5(paymentId, merchantTransactionId, amount, transactionStatus, demoMember.key));
  }
  expectResult(await inquire(paid), '00026', 'payoutsuccessful', 'Y');
  assert.equal((await inquire(refused)).body.resultCode, '11046');
});

test('two payouts to accounts at once, or one to a card beside, never take more than there is', async () => {
  const currency = 'SEK';
  const each = '600000.00';
  const to = account(iban.good, { currency });
  const replies = await Promise.all([payOut(each, to), payOut(each, { ...card(), currency }), payOut(each, to)]);
  assert.deepEqual(replies.map(({ code }) => code).toSorted(), ['00009', '20018', '20018']);
  expectResult(await payOut('400000.01', to), '20018');
  // What was refused by the bank was taken for a moment only.
  expectResult(await payOut('400000.00', account(iban.closed, { currency })), '11046');
  expectResult(await payOut('400000.00', to), '00009');
});

test('the answer of the bank is lost: nothing is sent twice, and the truth is found', async () => {
  await stack.parts.host.addFault({ fault: 'bank_answer_lost' });
  const reply = expectResult(await payOut('9.00', account(iban.good)), '00003', 'payoutstarted', 'P');
  await becomes(reply, 'payoutsuccessful');
  assert.equal((await stack.parts.host.transfers()).filter(({ amount }) => amount === 9_00).length, 1);
});

test('the bank has never seen it: it is called off there, and the amount is there again', async () => {
  await stack.parts.host.addFault({ fault: 'bank_down' });
  const reply = expectResult(await payOut('9.50', account(iban.good)), '00003', 'payoutstarted', 'P');
  await becomes(reply, 'payoutfailed');
  assert.equal((await inquire(reply)).body.resultCode, '11091');
  assert.equal(await atBank(reply), undefined);
});

/** A payout as a process leaves it that ends right after its first transaction. */
async function leftBehind(amount: number): Promise<NewAccountPayout> {
  const { database, databaseUrl } = stack.parts;
  const { rows } = await database.query<{ channel_id: string; merchant_id: string; routing_number: number }>(
    `select c.channel_id, c.merchant_id, m.routing_number from polygate.channel c join polygate.merchant m using (merchant_id)
    where c.dialect = 'paymentz' and c.wire_id = '1001'`,
  );
  const { channel_id: channelId = '', merchant_id: merchantId = '', routing_number: routingNumber = 1 } = rows[0] ?? {};
  const letters = Array.from({ length: 20 }, () => 'abcdefghij'[Math.floor(Math.random() * 10)]).join('');
  const reference = `${letters}${routingNumber.toString(36).padStart(4, '0')}`;
  const nowMs = Date.now();
  const trace = { accountId: 'bank_transfers', mti: 'bank', terminal: 'bank_transfers', stan: reference, rrn: reference };
  const row: NewAccountPayout = {
    ...{ kind: 'payout', merchantId, channelId, paymentId: randomUUIDv7(), operationId: randomUUIDv7(), amount, currency: 'EUR' },
    ...{
      account: { holder: 'Ada Example', last4: '7890' },
      trace: { ...trace, transmittedAtMs: nowMs },
      createdAtMs: nowMs,
      dialectData: {},
    },
  };
  const own = openDatabase({ url: databaseUrl, role: 'polygate_app', applicationName: 'test', purpose: 'general', maxConnections: 1 });
  assert.equal(await submitAccountPayout(own, row), 'submitted');
  await own.close();
  return row;
}

test('a process ends between recording and ordering, or before the answer: each payout is found out', async () => {
  const [never, ordered] = [await leftBehind(6_00), await leftBehind(6_50)];
  const headers = { authorization: 'Bearer sandbox-bank-secret', 'content-type': 'application/json' };
  const { trace, amount, currency } = ordered;
  const order = {
    ...{ reference: trace.rrn, amount, currency, debtor: 'Polygate Demo', holder: 'Ada Example', account: iban.good, purpose: 'Prize' },
    ...{ orderedAt: new Date(trace.transmittedAtMs).toISOString(), notificationUrl: `${stack.url}/healthz` },
  };
  const sent = await fetch(`${stack.parts.host.url}/bank/transfers`, { method: 'POST', headers, body: JSON.stringify(order) });
  assert.equal(sent.status, 200, await sent.text());
  const stateOf = async ({ operationId }: NewAccountPayout) => {
    await stack.parts.hurry();
    const { rows } = await stack.parts.database.query<{ state: string }>('select state from polygate.operation where operation_id = $1', [
      operationId,
    ]);
    return rows[0]?.state;
  };
  await eventually(async () => (await stateOf(never)) === 'declined', 'the payout that was never ordered to be called off');
  await eventually(async () => (await stateOf(ordered)) === 'approved', 'the payout that was ordered to be found');
  // Should the order still arrive, nothing comes of it.
  const late = { ...order, reference: never.trace.rrn, amount: never.amount };
  const answer = await fetch(`${stack.parts.host.url}/bank/transfers`, { method: 'POST', headers, body: JSON.stringify(late) });
  assert.equal(((await answer.json()) as { readonly state: string }).state, 'canceled');
});

test('the bank stops while it decides, and the gateway as well: it is told when both are back', async () => {
  const reply = expectResult(await payOut('7.50', account(iban.slow)), '00003', 'payoutstarted', 'P');
  await stack.parts.stopGateway();
  await stack.parts.host.endTransfer((await bankHas(7_50))?.reference ?? '', 'pay');
  await stack.parts.stopSandbox();
  await stack.parts.startSandbox();
  await stack.parts.startGateway();
  await becomes(reply, 'payoutsuccessful');
});

test('a reference pays out once, also asked for by many at once', async () => {
  const merchantTransactionId = freshName('payout');
  const replies = await Promise.all([1, 2, 3].map(() => payOut('4.00', account(iban.good, { merchantTransactionId }))));
  assert.deepEqual(replies.map(({ code }) => code).toSorted(), ['00009', '20015', '20015']);
  const [paid] = replies.filter(({ code }) => code === '00009');
  const again = expectResult(await payOut('4.00', account(iban.good, { merchantTransactionId })), '20015');
  assert.equal(idOf(again), paid === undefined ? '' : idOf(paid));
});

test('what is wrong with an account is said', async () => {
  const cases: readonly (readonly [Parameters, string, RegExp])[] = [
    [account('DE24100000001234567890'), '20002', /bankAccount.iban: is no IBAN/],
    [account(iban.good, { 'customer.bankAccountName': undefined }), '20001', /customer.bankAccountName/],
    [account(iban.good, { currency: undefined }), '20001', /currency/],
    [account(iban.good, { amount: '0.00' }), '20007', /amount/],
    [account(iban.good, { paymentMode: 'CC', paymentBrand: 'VISA' }), '20005', /paymentMode/],
    [account(iban.good, { paymentId: '1' }), '20002', /name one receiver/],
    [account(iban.good, card()), '20002', /name one receiver/],
    [{ currency: 'EUR', 'customer.bankAccountNumber': '1234567', 'customer.bankAccountName': 'Ada' }, '20001', /customer.bankCode/],
    [{ currency: 'EUR', 'customer.bankCode': '1234567', 'customer.bankAccountName': 'Ada' }, '20001', /customer.bankAccountNumber/],
  ];
  for (const [given, code, text] of cases) {
    const reply = expectResult(await payOut(given.amount ?? '5.00', given), code);
    assert.match(reply.body.result?.description ?? '', text);
  }
});

test('payouts to accounts are settled in a batch, which is compared with the bank', async () => {
  const seconds = 86_400;
  const headers = { authorization: 'Bearer sandbox-operator-key', 'content-type': 'application/json' };
  const sent = (await stack.parts.host.transfers()).filter(({ state, currency }) => state === 'paid' && currency === 'EUR');
  expectResult(await payOut('2.00', account(iban.good)), '00009');
  const clock = { method: 'POST', headers, body: JSON.stringify({ advance_seconds: seconds }) };
  assert.equal((await fetch(`${stack.url}/console-api/clock`, clock)).status, 200);
  const batches = async () => (await settlementsOf(stack.parts)).filter(({ account: of }) => of === 'bank_transfers');
  const isCompared = async () => {
    const found = await batches();
    return found.length > 0 && found.every(({ comparison }) => comparison !== 'waiting');
  };
  await eventually(isCompared, 'the batch to be compared');
  const found = await batches();
  assert.ok(
    found.every(({ comparison, state }) => comparison === 'in_balance' && state === 'closed'),
    JSON.stringify(found),
  );
  const euros = found.find(({ currency }) => currency === 'EUR');
  assert.deepEqual([euros?.operations, euros?.gross, euros?.fees], [sent.length + 1, 0, 0]);
});
