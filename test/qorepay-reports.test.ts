/** QorePay: balances, turnover and company statements, all of them from the ledger. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '../src/store/verify.ts';
import { moveClock } from './harness/console.ts';
import { eventually } from './harness/processes.ts';
import { type Answer, type Body, codeOf, demo, idOf, other, useQorepayStack } from './harness/qorepay.ts';
import { unzip } from './harness/zip.ts';

const shop = useQorepayStack();

const act = (id: string, name: string, body?: object) => shop.api('POST', `purchases/${id}/${name}/`, body);
const get = async (path: string, as = demo) => (await shop.api('GET', path, undefined, { as })).body;

/** A purchase in a currency of its own, so that tests do not see each other's money. */
const inCurrency = (currency: string, price: number, more: object = {}) => ({
  purchase: { currency, products: [{ name: 'Harbor Blend', price }] },
  ...more,
});

async function sold(currency: string, price: number, more: object = {}, card: object = {}): Promise<string> {
  const purchase = await shop.create(inCurrency(currency, price, more));
  const paid = await shop.s2s(purchase, card);
  assert.equal(paid.status, 200, paid.text);
  return idOf(purchase);
}

/** What came and went in a currency: 90.00 and 40.00 of a hold came, 15.00 went back; 70.00 came elsewhere. */
async function trade(currency: string): Promise<{ readonly sale: string; readonly hold: string; readonly elsewhere: string }> {
  const sale = await sold(currency, 9000, { reference: `${currency}-1, "first"`, client: { email: 'ada@example.com' } });
  const hold = await sold(
    currency,
    9000,
    { skip_capture: true, reference: '=1+1' },
    { card_number: '5200000000000007', remember_card: 'on' },
  );
  assert.equal((await act(hold, 'capture', { amount: 4000 })).status, 200);
  assert.equal((await act(sale, 'refund', { amount: 1500 })).status, 200);
  const elsewhere = idOf(await shop.create(inCurrency(currency, 7000, { reference: 'cash' })));
  assert.equal((await act(elsewhere, 'mark_as_paid', { paid_on: 1_700_000_000 })).body.status, 'paid');
  return { sale, hold, elsewhere };
}

test('balances and turnover are what the ledger says, in whole and by filter', async () => {
  await trade('CHF');
  const balance = (await get('account/json/balance/?currency=CHF')).CHF;
  assert.deepEqual(balance, {
    ...{ gross_balance: 11_500, balance: 11_500, available_balance: 0, reserved: 11_500, pending_outgoing: 0, fee_sell: 0 },
  });
  const { incoming, outgoing } = await get('account/json/turnover/?currency=CHF');
  assert.deepEqual(incoming, { turnover: 13_000, fee_sell: 0, count: { all: 2 } });
  assert.deepEqual(outgoing, { turnover: 1500, fee_sell: 0, count: { all: 1 } });
  const gross = async (filter: string) => (await get(`account/json/balance/?currency=CHF&${filter}`)).CHF?.gross_balance ?? 0;
  assert.deepEqual(
    [
      await gross('payment_method=visa'),
      await gross('payment_method=mastercard'),
      await gross('payment_method=visa&payment_method=mastercard'),
    ],
    [7500, 4000, 11_500],
  );
  assert.deepEqual([await gross('tokenized=true'), await gross('flow=api'), await gross('flow=server_to_server')], [4000, 0, 11_500]);
  assert.deepEqual([await gross(`brand=${demo.brandId}`), await gross(`brand=${other.brandId}`)], [11_500, 0]);
  assert.deepEqual(
    [await gross('product=purchases'), await gross('product=billing_invoices'), await gross('from=4000000000')],
    [11_500, 0, 0],
  );
  const { rows } = await shop.parts.database.query<{ owed: string }>(
    `select sum(case when credit_account = 2100 then amount else -amount end) as owed from polygate.ledger_entry
     where currency = 'CHF' and layer = 'posted' and 2100 in (credit_account, debit_account)`,
  );
  assert.equal(rows[0]?.owed, '11500');
});

test('sums beyond 2^53, where numbers begin to have gaps, are told digit by digit', async () => {
  await sold('PLN', 1000);
  await sold('PLN', 1000);
  const { database } = shop.parts;
  const book = (amount: string) =>
    database.query(`update polygate.ledger_entry set amount = $1 where currency = 'PLN' and layer = 'posted' and kind = 'debit'`, [amount]);
  await book('9007199254740990');
  const operator = (query: string) =>
    fetch(`${shop.url}/console-api/ledger/balances?layer=posted&currency=PLN${query}`, {
      headers: { authorization: 'Bearer sandbox-operator-key' },
    }).then((answer) => answer.text());
  const paths = ['account/json/balance/?currency=PLN', 'account/json/turnover/?currency=PLN', 'balance/'];
  const asked = await Promise.all(paths.map((path) => shop.api('GET', path)));
  const shown = await Promise.all([operator(''), operator('&format=csv')]);
  // As it was, before the auditor comes.
  await book('1000');
  const sum = '18014398509481980';
  const [balance = '', turnover = '', all = ''] = asked.map(({ text }) => text);
  for (const name of ['gross_balance', 'balance', 'reserved']) assert.ok(balance.includes(`"${name}":${sum}`), balance);
  assert.ok(balance.includes('"available_balance":0'), balance);
  assert.ok(turnover.includes(`"turnover":${sum}`), turnover);
  assert.ok(all.includes(`"gross_balance":${sum}`), all);
  assert.ok(shown[0]?.includes(`"debits":${sum}`), shown[0]);
  assert.ok(shown[1]?.includes(`,${sum}`), shown[1]);
});

test('the balance of a company has what it may pay out beside what it took, by currency', async () => {
  const { ecommerce, bank_accounts, payout_balances_enabled } = await get('balance/');
  const eur = ecommerce?.find(({ currency }) => String(currency) === 'EUR');
  assert.deepEqual([eur?.payout_balance, eur?.payout_available_balance, eur?.payout_pending_outgoing], [100_000_000, 100_000_000, 0]);
  assert.deepEqual([bank_accounts, payout_balances_enabled?.EUR], [[], true]);
});

test('what cannot be asked for is named', async () => {
  const codes = async (path: string) => {
    const { status, body } = await shop.api('GET', path);
    return [status, ...Object.entries(body).map(([name, messages]) => `${name} ${messages[0]?.code}`)];
  };
  assert.deepEqual(await codes('account/json/turnover/'), [400, 'currency required']);
  assert.deepEqual(await codes('account/json/turnover/?currency=EUR&currency=USD'), [400, 'currency invalid']);
  assert.deepEqual(await codes('account/json/balance/?currency=XYZ&brand=x&from=soon'), [
    400,
    'currency invalid_choice',
    'brand invalid',
    'from invalid',
  ]);
  assert.deepEqual(await codes('account/json/balance/?terminal_uid=1&tokenized=yes&product=cars'), [
    400,
    'terminal_uid invalid',
    'product invalid_choice',
    'tokenized invalid',
  ]);
  for (const body of [{}, { format: 'pdf' }, { format: 'csv', timezone: 'Mars/Base' }]) {
    assert.equal((await shop.api('POST', 'company_statements/?currency=EUR', body)).status, 400);
  }
  assert.equal((await shop.api('POST', 'company_statements/', { format: 'csv' })).status, 400);
});

async function finished(made: Answer): Promise<Body> {
  assert.equal(made.status, 201, made.text);
  let body = made.body;
  await eventually(async () => {
    body = await get(`company_statements/${idOf(made)}/`);
    return !['pending', 'processing'].includes(String(body.status));
  }, 'the statement to be finished');
  return body;
}

const statement = (query: string, format: 'csv' | 'xlsx', more: object = {}) =>
  shop.api('POST', `company_statements/?${query}`, { format, timezone: 'Africa/Lagos', ...more });

/** Lines of simple CSV: fields with commas in them are quoted. */
const rowsOf = (csv: string) =>
  csv
    .trim()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .map(([, field = '']) => field.replace(/^"|"$/g, '').replaceAll('""', '"'))
        .slice(0, 17),
    );

test('a statement as CSV: every movement in order, in the zone that was asked for, and no formula in it', async () => {
  const { sale, hold, elsewhere } = await trade('NOK');
  const body = await finished(await statement('currency=NOK', 'csv'));
  assert.deepEqual(
    [body.type, body.status, body.format, body.timezone, body.query_string, body.progress, body.lines, body.is_test],
    ['company_statement', 'success', 'csv', 'Africa/Lagos', 'currency=NOK', 100, 4, true],
  );
  assert.ok(Number(body.began_on) <= Number(body.finished_on));
  const file = await fetch(String(body.download_url));
  assert.deepEqual([file.status, file.headers.get('content-type')], [200, 'text/csv; charset=utf-8']);
  const [names = [], ...lines] = rowsOf(await file.text());
  const of = (...columns: readonly string[]) => lines.map((line) => columns.map((column) => line[names.indexOf(column)]));
  assert.deepEqual(of('type', 'status', 'purchase_id', 'reference', 'currency', 'amount', 'payment_method'), [
    ['purchase', 'refunded', sale, 'NOK-1, "first"', 'NOK', '90.00', 'visa'],
    ['refund', 'success', sale, 'NOK-1, "first"', 'NOK', '-15.00', 'visa'],
    ['purchase', 'paid', hold, "'=1+1", 'NOK', '40.00', 'mastercard'],
    ['custom', 'paid', elsewhere, 'cash', 'NOK', '70.00', ''],
  ]);
  const paidOn = Date.parse(`${of('paid_on')[0]?.[0]?.replace(' ', 'T')}+01:00`);
  assert.ok(Math.abs(paidOn - Date.now()) < 600_000, String(of('paid_on')[0]));
  const chosen = await finished(await statement('currency=NOK&status=refunded&q=first&from=1&paid_from=1&updated_to=4000000000', 'csv'));
  assert.equal(chosen.lines, 1);
});

test('the same as a workbook: amounts are numbers, everything else is text', async () => {
  await trade('DKK');
  const body = await finished(await statement('currency=DKK', 'xlsx'));
  const { searchParams } = new URL(String(body.download_url));
  assert.deepEqual([...searchParams.keys()], ['expires', 'signature']);
  const file = await fetch(String(body.download_url));
  assert.match(file.headers.get('content-disposition') ?? '', /\.xlsx"$/);
  const files = unzip(Buffer.from(await file.arrayBuffer()));
  const sheet = files.get('xl/worksheets/sheet1.xml') ?? '';
  assert.match(sheet, /<v>-15<\/v>/);
  assert.equal(sheet.match(/<row /g)?.length, 5);
  assert.match([...files.values()].join(''), /=1\+1/);
  assert.doesNotMatch(sheet, /<f>/);
});

test("statements are the company's own, listed in pages, and end when they are called off", async () => {
  const made = await statement('currency=PLN', 'csv');
  const path = `company_statements/${idOf(made)}`;
  const done = await finished(made);
  for (const [method, rest] of [
    ['GET', '/'],
    ['POST', '/cancel/'],
    ['GET', '/download/'],
  ] as const) {
    assert.equal((await shop.api(method, `${path}${rest}`, undefined, { as: other })).status, 404);
  }
  const late = await shop.api('POST', `${path}/cancel/`);
  assert.deepEqual([late.status, late.body.__all__?.[0]?.code], [400, 'company_statement_cancel_wrong_status']);
  const download = new URL(String(done.download_url));
  download.searchParams.set('expires', String(Number(download.searchParams.get('expires')) + 1));
  assert.equal((await fetch(download)).status, 404);
  assert.equal((await fetch(`${download.origin}${download.pathname}`)).status, 401);
  assert.equal((await shop.api('GET', `${path}/download/`)).status, 200);
  const ids: string[] = [];
  for (let next: string | undefined = `${shop.url}/api/v1/company_statements/?page_size=1`; next !== undefined; ) {
    const { results = [], next: following } = await get(next.split('/api/v1/')[1] ?? '');
    ids.push(...results.map(({ id }) => String(id)));
    next = following === null ? undefined : String(following);
  }
  assert.ok(ids.includes(idOf(made)) && new Set(ids).size === ids.length);
});

test('a statement that was called off is not written to any more', async () => {
  const { database } = shop.parts;
  // Somebody else is writing it, as far as anybody can see.
  const made = await statement('currency=HUF', 'csv');
  await database.query(
    `update polygate.statement set due_at = now() + interval '1 hour', state = 'processing', lease = gen_random_uuid() where statement_id = $1`,
    [idOf(made)],
  );
  const cancelled = await shop.api('POST', `company_statements/${idOf(made)}/cancel/`);
  assert.deepEqual([cancelled.status, cancelled.body.status, cancelled.body.download_url], [200, 'cancelled', null]);
  const { rows } = await database.query('select from polygate.statement_part where statement_id = $1', [idOf(made)]);
  assert.equal(rows.length, 0);
});

test('a statement whose node is gone is begun anew by another one', async () => {
  const { database } = shop.parts;
  await trade('CZK');
  const made = await finished(await statement('currency=CZK', 'csv'));
  await database.query(
    `update polygate.statement set state = 'processing', lease = gen_random_uuid(), due_at = now(), finished_at = null, lines = 2 where statement_id = $1`,
    [made.id],
  );
  await eventually(
    async () => (await get(`company_statements/${made.id}/`)).status?.toString() === 'success',
    'the statement to be made again',
  );
  const { text } = await shop.api('GET', `company_statements/${made.id}/download/`);
  assert.equal(rowsOf(text).length, 5);
});

test('what was paid elsewhere is in the ledger as declared, is nobody’s debt, and verification misses it', async () => {
  const id = idOf(await shop.create(inCurrency('ISK', 500)));
  const { body } = await act(id, 'mark_as_paid', { paid_on: 1_700_000_000 });
  assert.deepEqual([body.payment?.paid_on, body.payment?.payment_type, body.refundable_amount], [1_700_000_000, 'custom', 0]);
  const entry = () =>
    shop.parts.database.query(
      `select kind, layer, debit_account, credit_account, amount, currency from polygate.ledger_entry where operation_id = $1`,
      [id],
    );
  assert.deepEqual((await entry()).rows, [
    { kind: 'declared', layer: 'posted', debit_account: 1400, credit_account: 2400, amount: '500', currency: 'ISK' },
  ]);
  assert.equal((await get('account/json/balance/?currency=ISK')).ISK, undefined);
  const findings = async () => (await verify({ databaseUrl: shop.parts.databaseUrl })).filter((line) => line.startsWith('order:'));
  assert.deepEqual(await findings(), []);
  await shop.parts.database.query('update polygate.checkout set amount = 501 where checkout_id = $1', [id]);
  const [found = ''] = await findings();
  await shop.parts.database.query('update polygate.checkout set amount = 500 where checkout_id = $1', [id]);
  assert.match(found, /over 501 was paid elsewhere, and the ledger says otherwise/);
});

test('what a cut-off has settled is available, less the fees of the acquirer', async () => {
  await shop.parts.database.query(
    `insert into polygate.account_fee (account_id, kind, currency, basis_points, fixed) values ('sandbox-qorepay', 'debit', 'SEK', 100, 10)`,
  );
  const sale = await sold('SEK', 9000);
  await moveClock(shop.url, 86_400);
  const balance = async () => (await get('account/json/balance/?currency=SEK')).SEK;
  await eventually(async () => (await balance())?.fee_sell?.toString() === '100', 'the batch to be closed');
  assert.deepEqual(await balance(), {
    ...{ gross_balance: 9000, balance: 8900, available_balance: 8900, reserved: 0, pending_outgoing: 0, fee_sell: 100 },
  });
  // A refund that nobody has answered yet is under way.
  await shop.parts.host.addFault({ fault: 'no_answer', pan: '4444333322221111', mti: '0200', times: 100 });
  assert.equal((await act(sale, 'refund', { amount: 1000 })).body.status, 'pending_refund');
  // A second request may be the first one again.
  const repeated = await act(sale, 'refund', { amount: 1000 });
  assert.deepEqual([repeated.status, codeOf(repeated)], [400, 'purchase_refund_wrong_status']);
  const waiting = await balance();
  await shop.parts.host.clearFaults();
  assert.deepEqual([waiting?.available_balance, waiting?.pending_outgoing], [7900, 1000]);
  assert.equal((await get('account/json/turnover/?currency=SEK')).incoming?.fee_sell, 100);
});

test('a refund that is sent again while the first is under way gives nothing back twice', async () => {
  const sale = await sold('CAD', 9000);
  await shop.parts.host.addFault({ fault: 'slow', pan: '4444333322221111', mti: '0200', delay_ms: 800 });
  const first = act(sale, 'refund', { amount: 1000 });
  await eventually(
    async () => (await get('account/json/balance/?currency=CAD')).CAD?.pending_outgoing?.toString() === '1000',
    'the refund',
  );
  const repeated = await act(sale, 'refund', { amount: 1000 });
  assert.deepEqual([repeated.status, codeOf(repeated)], [400, 'purchase_refund_wrong_status'], repeated.text);
  assert.equal((await first).status, 200);
  assert.equal((await act(sale, 'refund', { amount: 1000 })).status, 200);
  assert.equal((await get(`purchases/${sale}/`)).refundable_amount, 7000);
});
