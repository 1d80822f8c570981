/** QorePay: payouts to bank accounts, in two steps, whatever is lost on the way to the bank. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callConsole, moveClock, viewerKey } from './harness/console.ts';
import { createHooks, hurryDeliveries } from './harness/hooks.ts';
import { eventually } from './harness/processes.ts';
import { type Answer, type Body, cards, demo, other, seedPurchase, useQorepayStack } from './harness/qorepay.ts';
import { rememberCard } from './harness/traces.ts';

const shop = useQorepayStack({ webhooks: true, env: { BANK_TIMEOUT_MS: '1000' } });

/** Numbers whose ends decide what the bank does: pays, knows no such account, has it closed, has not decided. */
const numbers = { good: '0123456789', unknown: '0123450053', closed: '0123450046', slow: '0123450099' };
const iban = 'DE23100000001234567890';

interface Made {
  readonly id: string;
  readonly url: string;
}

async function made(amount: number, more: object = {}, currency = 'NGN'): Promise<Made> {
  const payment = { amount, currency, description: 'Winnings' };
  const body = { brand_id: demo.brandId, client: { email: 'ada@example.com' }, payment, ...more };
  const answer = await shop.api('POST', 'payouts/', body);
  assert.equal(answer.status, 201, answer.text);
  return { id: String(answer.body.id), url: String(answer.body.execution_url) };
}

type Headers = Record<string, string>;

const post = (url: string, body: object | undefined, headers: Headers = {}): Promise<Answer> =>
  shop.send({
    ...{ method: 'POST', path: new URL(url).pathname, headers: { 'content-type': 'application/json', ...headers } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const ask = (url: string, headers: Headers = {}) => shop.send({ method: 'GET', path: new URL(url).pathname, headers });
const account = (more: object = {}) => ({ account_number: numbers.good, bank_code: '058', recipient_name: 'Ada Example', ...more });

/** The second step, at the address that the first is told. */
async function execute({ url }: Made, more: object = {}): Promise<Answer> {
  const first = await ask(url);
  return first.body.payout_url === undefined ? first : post(String(first.body.payout_url), account(more));
}

function executeByCard({ url }: Made): Promise<Answer> {
  rememberCard(shop.parts.traces, { pan: cards.plain, cvc: undefined });
  return post(url, { card_number: cards.plain, cardholder_name: 'Ada Example', expiry_month: '01', expiry_year: '34' });
}

const read = async ({ id }: Made) => (await shop.api('GET', `payouts/${id}/`)).body;
const becomes = (payout: Made, status: string) =>
  eventually(async () => {
    await shop.parts.hurry();
    return String((await read(payout)).status) === status;
  }, `the payout to be ${status}`);
const bankHas = async (amount: number) => (await shop.parts.host.transfers()).filter((entry) => entry.amount === amount);

async function balance(currency = 'NGN'): Promise<number> {
  const { rows } = await shop.parts.database.query<{ available: string }>(
    `select available from polygate.account_limit where merchant_id = '00000000-0000-7000-8000-000000000001' and currency = $1`,
    [currency],
  );
  return Number(rows[0]?.available);
}

/** The events of a payout, once the last of them has been told, and nothing more than them. */
async function isTold({ id }: Made, events: readonly string[]): Promise<readonly Body[]> {
  const hooks = createHooks(shop.parts.host.url);
  let found: readonly Body[] = [];
  await eventually(
    async () => {
      await hurryDeliveries(shop.parts.database);
      found = (await hooks.list('qorepay')).map(({ body }) => JSON.parse(body) as Body).filter((body) => String(body.id) === id);
      return found.length >= events.length;
    },
    `${events.join(', ')} of ${id}`,
  );
  assert.deepEqual(
    found.map(({ event_type: event }) => String(event)),
    events,
  );
  return found;
}

const fault = ({ status, body }: Answer) => [status, body.status, body.code, body.field].map((part) => part && String(part));
const errorOf = (code: string, field?: string) => ['400', 'error', code, field];

test('a payout goes to a bank account in two steps, is read and told', async () => {
  const before = await balance();
  const payout = await made(1_250, { reference: 'WIN-1' });
  const first = await ask(payout.url);
  assert.equal(first.status, 200, first.text);
  assert.deepEqual(Object.keys(first.body), ['status', 'payout_url', 'detail']);
  const { status, payout_url: payoutUrl, detail } = first.body;
  assert.deepEqual([status, payoutUrl, detail?.success], ['pending', `${payout.url}sarepay_payouts/create/payout`, true]);
  const banks = [...(detail?.data ?? [])].map(({ code, name }) => `${code} ${name}`);
  assert.ok(banks.includes('058 Guaranty Trust Bank') && new Set(banks).size === banks.length, banks.join());
  assert.deepEqual([String((await read(payout)).status), await balance()], ['initialized', before]);

  const done = await post(String(payoutUrl), account());
  assert.deepEqual([done.status, done.body], [200, { status: 'pending' }]);
  const [sent, ...others] = await bankHas(1_250);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [sent?.state, sent?.currency, sent?.debtor, sent?.holder, sent?.last4, sent?.purpose],
    ['paid', 'NGN', 'Polygate Demo', 'Ada Example', '6789', 'Winnings'],
  );
  assert.equal(await balance(), before - 1_250);

  const now = await read(payout);
  assert.deepEqual([now.status, now.execution_url, now.recipient_card_brand], ['success', null, '']);
  assert.deepEqual(
    now.status_history?.map((entry) => String(entry.status)),
    ['initialized', 'success'],
  );
  const transaction = now.transaction_data;
  const shown = { masked_account_number: '******6789', bank_code: '058', recipient_name: 'Ada Example' };
  assert.deepEqual([transaction?.payment_method, transaction?.extra], ['sarepay_payouts', shown]);
  const [attempt] = transaction?.attempts ?? [];
  assert.deepEqual(
    [attempt?.type, attempt?.successful, attempt?.payment_method, attempt?.extra, attempt?.processing_tx_id],
    ['execute', true, 'sarepay_payouts', shown, sent?.reference],
  );
  const [, last] = await isTold(payout, ['payout.created', 'payout.success']);
  assert.deepEqual([last?.status, last?.transaction_data?.extra], ['success', shown]);

  // Told as it stands, and never twice.
  for (const again of [await post(String(payoutUrl), account()), await post(String(payoutUrl), account({ account_number: '9876543210' }))])
    assert.deepEqual([again.status, again.body], [200, { status: 'executed' }]);
  assert.deepEqual((await ask(payout.url)).body, { status: 'executed' });
  assert.deepEqual([await balance(), (await bankHas(1_250)).length], [before - 1_250, 1]);
  // No more than the end of the number is kept anywhere.
  const { rows } = await shop.parts.database.query<{ row: string }>(
    `select row_to_json(o)::text || row_to_json(a)::text as row from polygate.operation o join polygate.attempt a using (merchant_id, payment_id)
    union all select row_to_json(c)::text from polygate.checkout c`,
  );
  assert.equal(
    rows.some(({ row }) => row.includes(numbers.good)),
    false,
  );
});

test('the first step may be posted, an account be named at once, and an IBAN says its bank', async () => {
  const payout = await made(1_300, { payment: { amount: 1_300, currency: 'EUR' }, reference: 'WIN-2' });
  for (const body of [undefined, {}]) {
    const { status, body: told } = await post(payout.url, body);
    assert.deepEqual([status, told.status, told.detail], [200, 'pending', { success: true, data: [] }]);
  }
  const done = await post(payout.url, { account_number: 'DE23 1000 0000 1234 5678 90', recipient_name: ' Ada Example ' });
  assert.deepEqual([done.status, done.body], [200, { status: 'pending' }]);
  const [sent] = await bankHas(1_300);
  assert.deepEqual([sent?.state, sent?.last4, sent?.holder, sent?.purpose], ['paid', '7890', 'Ada Example', 'WIN-2']);
  const number = await made(1_350, {}, 'USD');
  assert.equal((await execute(number, { account_number: '9876 543-210', bank_code: '011000028' })).status, 200);
  assert.equal((await read(number)).transaction_data?.extra?.bank_code, '011000028');
});

test('an account that the bank refuses costs nothing, and another can be named', async () => {
  const before = await balance();
  const payout = await made(1_400);
  const unknown = await execute(payout, { account_number: numbers.unknown });
  assert.deepEqual(fault(unknown), errorOf('payment_rejected_other_reason'));
  assert.match(String(unknown.body.message), /no such account/);
  assert.match(String((await execute(payout, { account_number: numbers.closed })).body.message), /closed/);
  const failed = await read(payout);
  assert.deepEqual([failed.status, failed.transaction_data?.attempts?.length, failed.execution_url], ['error', 2, payout.url]);
  assert.equal(await balance(), before);
  assert.equal((await execute(payout)).status, 200);
  await isTold(payout, ['payout.created', 'payout.failed', 'payout.failed', 'payout.success']);
  // To a card instead.
  const either = await made(1_450);
  assert.equal((await execute(either, { account_number: numbers.unknown })).status, 400);
  assert.deepEqual((await executeByCard(either)).body, { status: 'executed' });
  assert.deepEqual([(await read(either)).recipient_card_brand, await balance()], ['visa', before - 2_850]);
});

test('what the bank has not decided is pending, nothing is sent beside it, and it is told when it is decided', async () => {
  const before = await balance();
  const [paid, refused] = [await made(1_500), await made(1_550)];
  for (const payout of [paid, refused]) {
    assert.deepEqual((await execute(payout, { account_number: numbers.slow })).body, { status: 'pending' });
    assert.deepEqual((await post(`${payout.url}sarepay_payouts/create/payout`, account())).body, { status: 'pending' });
    assert.deepEqual((await executeByCard(payout)).body, { status: 'pending' });
    assert.deepEqual((await ask(payout.url)).body, { status: 'pending' });
    assert.equal((await read(payout)).execution_url, null);
  }
  assert.equal(await balance(), before - 3_050);
  assert.equal(await pendingOutgoing(), 3_050);
  const referenceOf = async (amount: number) => (await bankHas(amount))[0]?.reference ?? '';
  await shop.parts.host.endTransfer(await referenceOf(1_500), 'pay');
  await shop.parts.host.endTransfer(await referenceOf(1_550), 'refuse', 'account_closed');
  await becomes(paid, 'success');
  await becomes(refused, 'error');
  await isTold(paid, ['payout.created', 'payout.pending', 'payout.success']);
  await isTold(refused, ['payout.created', 'payout.pending', 'payout.failed']);
  assert.deepEqual([await balance(), (await bankHas(1_500)).length, await pendingOutgoing()], [before - 1_500, 1, 0]);
});

async function pendingOutgoing(): Promise<number> {
  const { ecommerce } = (await shop.api('GET', 'balance/')).body;
  return Number(ecommerce?.find(({ currency }) => String(currency) === 'NGN')?.payout_pending_outgoing);
}

test('the answer of the bank is lost: pending, sent once, and the truth is found', async () => {
  const payout = await made(1_600);
  await shop.parts.host.addFault({ fault: 'bank_answer_lost' });
  assert.deepEqual((await execute(payout)).body, { status: 'pending' });
  await becomes(payout, 'success');
  await isTold(payout, ['payout.created', 'payout.pending', 'payout.success']);
  assert.equal((await bankHas(1_600)).length, 1);
});

test('the bank has never seen it: called off there, and it can be tried again', async () => {
  const before = await balance();
  const payout = await made(1_650);
  await shop.parts.host.addFault({ fault: 'bank_down' });
  assert.deepEqual((await execute(payout)).body, { status: 'pending' });
  await becomes(payout, 'error');
  const [attempt] = (await read(payout)).transaction_data?.attempts ?? [];
  assert.deepEqual([attempt?.error?.code, await balance()], ['acquirer_connection_error', before]);
  assert.equal((await execute(payout)).status, 200);
  await becomes(payout, 'success');
  assert.equal((await bankHas(1_650)).filter(({ state }) => state === 'paid').length, 1);
});

test('the gateway and the bank stop while it is decided', async () => {
  const payout = await made(1_700);
  assert.deepEqual((await execute(payout, { account_number: numbers.slow })).body, { status: 'pending' });
  const [sent] = await bankHas(1_700);
  await shop.parts.stopGateway();
  await shop.parts.host.endTransfer(sent?.reference ?? '', 'pay');
  await shop.parts.stopSandbox();
  await shop.parts.startSandbox();
  await shop.parts.startGateway();
  await becomes(payout, 'success');
});

test('one payout executed ten times at once, to two accounts and a card, pays once', async () => {
  const before = await balance();
  const payout = await made(1_750);
  const to = (index: number) => post(`${payout.url}sarepay_payouts/create/payout`, account({ account_number: `012345678${index % 2}` }));
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => (index === 9 ? executeByCard(payout) : to(index))));
  assert.ok(
    answers.every(({ status, body }) => status === 200 && ['pending', 'executed'].includes(String(body.status))),
    answers.map(({ text }) => text).join(),
  );
  await becomes(payout, 'success');
  assert.equal(await balance(), before - 1_750);
});

test('the balance cannot be overdrawn, by accounts and cards at once', async () => {
  const each = await Promise.all(Array.from({ length: 6 }, () => made(25_000_000, {}, 'SEK')));
  const to = { account_number: iban, bank_code: undefined };
  const answers = await Promise.all(each.map((payout, index) => (index % 2 === 0 ? execute(payout, to) : executeByCard(payout))));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 200, 200, 200, 400, 400]);
  const refused = answers.findIndex(({ status }) => status === 400);
  assert.equal(answers[refused]?.body.code, 'exceeded_account_limit');
  assert.equal(await balance('SEK'), 0);
  const [payout] = each.slice(refused);
  assert.ok(payout !== undefined);
  assert.deepEqual(fault(await execute(payout, to)), errorOf('exceeded_account_limit'));
  assert.deepEqual([(await read(payout)).status, (await read(payout)).transaction_data?.attempts], ['initialized', []]);
});

const faults: readonly (readonly [more: object, code: string, field: string])[] = [
  [{ account_number: undefined }, 'validation_account_number_not_provided', 'account_number'],
  [{ account_number: 123_456_789 }, 'validation_account_number_invalid', 'account_number'],
  [{ account_number: '012345678' }, 'validation_account_number_invalid', 'account_number'],
  [{ account_number: 'GB82WEST12345698765432' }, 'validation_account_number_invalid', 'account_number'],
  [{ account_number: ['0123456789'] }, 'validation_account_number_invalid', 'account_number'],
  [{ bank_code: '' }, 'validation_bank_code_not_provided', 'bank_code'],
  [{ bank_code: 58 }, 'validation_bank_code_invalid', 'bank_code'],
  [{ bank_code: '05/8' }, 'validation_bank_code_invalid', 'bank_code'],
  [{ recipient_name: null }, 'validation_recipient_name_not_provided', 'recipient_name'],
  [{ recipient_name: 'x'.repeat(101) }, 'validation_recipient_name_invalid', 'recipient_name'],
  [{ recipient_name: 'Ada\0' }, 'validation_recipient_name_invalid', 'recipient_name'],
];

test('what is wrong with an account is named, and nothing is tried', async () => {
  const payout = await made(1_800);
  for (const [more, code, field] of faults)
    assert.deepEqual(fault(await execute(payout, more)), errorOf(code, field), JSON.stringify(more));
  const euros = await made(1_800, {}, 'EUR');
  const wrong = await execute(euros, { account_number: 'DE24100000001234567890' });
  assert.deepEqual(fault(wrong), errorOf('validation_account_number_invalid', 'account_number'));
  const unsaid = await execute(euros, { account_number: '12345678', bank_code: undefined });
  assert.deepEqual(fault(unsaid), errorOf('validation_bank_code_not_provided', 'bank_code'));
  assert.match(String((await post(payout.url, { ...account(), card_number: cards.plain })).body.message), /exclude/);
  const path = `${new URL(payout.url).pathname}sarepay_payouts/create/payout`;
  for (const body of ['[]', '{', '"x"', 'null'])
    assert.equal((await shop.send({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body })).status, 400, body);
  assert.deepEqual([(await read(payout)).status, await bankHas(1_800)], ['initialized', []]);
});

test('where payouts may go, and where one may not', async () => {
  const { body } = await shop.api('GET', `payout_methods/?brand_id=${demo.brandId}&currency=NGN`);
  assert.ok([...(body.available_payout_methods ?? [])].map(String).includes('sarepay_payouts'));
  assert.ok(![...(body.card_methods ?? [])].map(String).includes('sarepay_payouts'));
  assert.equal(String(body.names?.sarepay_payouts), 'Bank account');
  const payments = await shop.api('GET', `payment_methods/?brand_id=${demo.brandId}&currency=NGN`);
  assert.ok(![...(payments.body.available_payment_methods ?? [])].map(String).includes('sarepay_payouts'));
  const cardsOnly = await made(1_850, { payout_method_whitelist: ['visa'] });
  for (const answer of [await ask(cardsOnly.url), await post(cardsOnly.url, account())])
    assert.deepEqual(fault(answer), errorOf('unknown_payment_method'));
  assert.deepEqual(fault(await post(cardsOnly.url, {})), errorOf('validation_card_number_not_provided', 'card_number'));
  const accountsOnly = await made(1_850, { payout_method_whitelist: ['sarepay_payouts'] });
  assert.deepEqual(fault(await executeByCard(accountsOnly)), errorOf('unknown_payment_method'));
  assert.equal((await execute(accountsOnly)).status, 200);
  const purchase = await shop.api('POST', 'purchases/', seedPurchase({ payment_method_whitelist: ['sarepay_payouts'] }));
  assert.equal(purchase.body.payment_method_whitelist?.[0]?.code, 'invalid_choice');
});

test('the address opens one payout of one company, for a quarter of an hour', async () => {
  const payout = await made(1_900);
  const second = `${payout.url}sarepay_payouts/create/payout`;
  const foreign = { authorization: `Bearer ${other.apiKey}` };
  assert.equal((await ask(payout.url, foreign)).status, 401);
  assert.equal((await post(second, account(), foreign)).status, 401);
  const purchase = String((await shop.api('POST', 'purchases/', seedPurchase())).body.id);
  for (const id of [purchase, demo.brandId, 'x']) {
    assert.equal((await ask(payout.url.replace(payout.id, id))).status, 404);
    assert.equal((await post(second.replace(payout.id, id), account())).status, 404);
  }
  assert.equal((await ask(payout.url, { authorization: `Bearer ${demo.apiKey}` })).status, 200);
  await moveClock(shop.url, 15 * 60);
  for (const answer of [await ask(payout.url), await post(second, account())]) assert.deepEqual(fault(answer), errorOf('timeout'));
  assert.deepEqual([(await read(payout)).status, await bankHas(1_900)], ['error', []]);
});

test('a payout to an account is in the reports and in the console by its method', async () => {
  const outgoing = async (method: string) =>
    (await shop.api('GET', `account/json/turnover/?currency=CHF&payment_method=${method}`)).body.outgoing?.turnover;
  const payout = await made(1_950, {}, 'CHF');
  assert.equal((await execute(payout, { account_number: iban, bank_code: undefined })).status, 200);
  assert.deepEqual([await outgoing('sarepay_payouts'), await outgoing('sarepay_bank_transfer')], [1_950, 0]);
  const seen = await callConsole(shop.url, { key: viewerKey, path: '/console-api/payments?bank_method=transfer&currency=CHF' });
  const { items } = (await seen.json()) as { readonly items: readonly { readonly state: string; readonly last4: string }[] };
  assert.deepEqual(
    items.map(({ state, last4 }) => [state, last4]),
    [['paid_out', '7890']],
  );
});
