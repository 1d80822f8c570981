/** PCI DSS documents: handed in, looked at by their content, kept sealed, approved by an operator, required where card data is sent, warned of, expired. */
import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ComplianceDocument, requiredTypes, standingOf } from '../src/core/compliance/document.ts';
import { openDatabase } from '../src/postgres/connection.ts';
import { createComplianceStore } from '../src/store/compliance.ts';
import { callConsole, createConsoleClient, moveClock, operatorKey, readClock, viewerKey } from './harness/console.ts';
import { createDatabase } from './harness/database.ts';
import { dayMs, documentShops, pdf, type Sent } from './harness/document-shops.ts';
import { createMailbox } from './harness/mailbox.ts';
import { createOperator, type Operator } from './harness/operator.ts';
import { freshName } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { card, shop as confirm, listIn, payOn, type TzeroReply, useTzero } from './harness/tzero.ts';

let operator: Operator;
const stack = useTzero({
  onStart: async ({ env }) => {
    operator = createOperator(env);
  },
});
const { newShop, handIn, statusOf, pay, today } = documentShops(stack);

const codeOf = ({ status, body }: TzeroReply) => [status, body.error?.code];

test('without approved documents card data is refused, while the hosted page works', async () => {
  const shop = await newShop();
  assert.deepEqual(await statusOf(shop), { compliant: false, required: { asv_scan: 'missing', saq: 'missing' } });
  assert.deepEqual(codeOf(await pay(shop)), [403, 'pci_compliance_required']);
  const session = await stack.send({
    ...{ path: '/payment/session', key: shop.key },
    body: { channel: shop.channel, amount: 100, currency: 'USD', reference: freshName('s') },
  });
  assert.equal(session.status, 201, session.text);
  const scan = await handIn(shop, { type: 'asv_scan' });
  const saq = await handIn(shop);
  assert.deepEqual([scan.status, scan.body.status, saq.body.status], [201, 'submitted', 'submitted'], scan.text);
  assert.deepEqual(await statusOf(shop), { compliant: false, required: { asv_scan: 'submitted', saq: 'submitted' } });
  assert.equal((await pay(shop)).status, 403);
  await operator.json('compliance', 'approve', String(scan.body.id));
  assert.equal((await pay(shop)).status, 403);
  await operator.json('compliance', 'approve', String(saq.body.id));
  await eventually(async () => (await pay(shop)).status === 201, 'the approvals to count');
  assert.deepEqual(await statusOf(shop), { compliant: true, required: { asv_scan: 'valid', saq: 'valid' } });
  await operator.json('compliance', 'reject', String(saq.body.id), '--reason', 'not signed');
  await eventually(async () => (await pay(shop)).status === 403, 'the rejection to count');
  const { body } = await stack.send({ method: 'GET', path: '/compliance/status', key: shop.key });
  assert.ok(listIn(body, 'documents').some(({ status, reason }) => status === 'rejected' && reason === 'not signed'));
  const { output } = await operator.run(['audit']);
  assert.match(output, /compliance_document\.approved .*asv_scan[\s\S]*compliance_document\.rejected/);
});

test('a file is what its content says, at most 20 MB, and kept sealed', async () => {
  const shop = await newShop();
  const refusedFor = async (sent: Sent) => {
    const reply = await handIn(shop, sent);
    assert.equal(reply.status, 422, reply.text);
    return listIn(reply.body.error ?? ({} as never), 'details').map(({ field }) => field)[0];
  };
  assert.equal(await refusedFor({ file: '<html><script>alert(1)</script></html>' }), 'file');
  assert.equal(await refusedFor({ file: '%PDF-1.7 cut off' }), 'file');
  assert.equal(await refusedFor({ file: '' }), 'file');
  assert.equal(await refusedFor({ file: `%PDF-${'x'.repeat(20 * 1_024 * 1_024)}%%EOF` }), 'file');
  assert.equal(await refusedFor({ type: 'invoice' }), 'type');
  assert.equal(await refusedFor({ valid_from: '2026-02-30' }), 'valid_from');
  assert.equal(await refusedFor({ valid_from: await today(2) }), 'valid_from');
  assert.equal(await refusedFor({ valid_to: await today(-1) }), 'valid_to');
  assert.equal(await refusedFor({ valid_to: await today(400) }), 'valid_to');
  const tooLarge = await handIn(shop, { file: `%PDF-${'x'.repeat(22 * 1_024 * 1_024)}%%EOF` });
  assert.deepEqual(codeOf(tooLarge), [413, 'body_too_large']);
  const file = pdf('a secret of the merchant');
  const kept = await handIn(shop, { file });
  const again = await handIn(shop, { file });
  assert.deepEqual([kept.status, again.status, again.body.id], [201, 200, kept.body.id]);
  const { rows } = await stack.parts.database.query<{ sealed: Buffer }>(
    'select sealed from polygate.compliance_document where sealed is not null',
  );
  assert.ok(rows.length > 0);
  for (const { sealed } of rows) {
    assert.ok(!sealed.includes('a secret') && !sealed.includes(Buffer.from(file).toString('base64').slice(0, 24)));
  }
  const out = join(tmpdir(), freshName('document'));
  const exported = await operator.run(['compliance', 'export', String(kept.body.id), '--out', out]);
  assert.equal(exported.code, 0, exported.output);
  assert.equal(readFileSync(out, 'utf8'), file);
  rmSync(out);
});

test('operators decide in the console API as well, by their role', async () => {
  const shop = await newShop();
  const { body } = await handIn(shop, { file: pdf('for the console') });
  const client = createConsoleClient(() => stack.url);
  const ids = { document_id: String(body.id) };
  const one = '/compliance-documents/{document_id}';
  const listed = await client.done('get', '/compliance-documents', { query: { state: 'submitted' } });
  assert.ok(listed.items?.some((item) => item.document_id === body.id));
  assert.equal((await client.call('post', `${one}/approve`, { ids, key: viewerKey })).status, 403);
  assert.equal((await client.call('get', `${one}/file`, { ids, key: viewerKey })).status, 403);
  const file = await client.done('get', `${one}/file`, { ids });
  assert.equal(Buffer.from(String(file.base64), 'base64').toString(), pdf('for the console'));
  assert.equal((await client.done('post', `${one}/approve`, { ids })).state, 'approved');
  assert.equal((await client.call('post', `${one}/approve`, { ids })).status, 404);
  const rejected = await client.done('post', `${one}/reject`, { ids, body: { reason: 'It is not signed.' } });
  assert.deepEqual([rejected.state, rejected.reason], ['rejected', 'It is not signed.']);
  assert.equal((await client.done('get', one, { ids })).state, 'rejected');
  // What was done is in the trail, with who did it and to whose document.
  const { output } = await operator.run(['audit']);
  for (const act of ['approved', 'rejected', 'read']) {
    assert.match(output, new RegExp(`compliance_document\\.${act}\\b.*${String(body.id)}`), act);
  }
  const served = await callConsole(stack.url, { path: `/console-api/compliance-documents/${String(body.id)}/file`, key: operatorKey });
  assert.match(served.headers.get('content-type') ?? '', /^application\/json/);
  assert.equal(served.headers.get('x-content-type-options'), 'nosniff');
  assert.ok(!(await served.text()).includes('%PDF'));
});

test('an operator hands in a document for a merchant: it waits, and is in the trail, once', async () => {
  const shop = await newShop();
  const file = join(tmpdir(), `${freshName('document')}.pdf`);
  writeFileSync(file, pdf('handed in for them'));
  const days = ['--valid-from', await today(0), '--valid-until', await today(30)];
  const add = () => operator.run(['compliance', 'add', '--merchant', shop.merchant, '--type', 'asv_scan', '--file', file, ...days]);
  for (const told of [/The file is document/, /was handed in before/]) {
    const { code, output } = await add();
    assert.equal(code, 0, output);
    assert.match(output, told);
  }
  rmSync(file);
  assert.deepEqual((await statusOf(shop)).required, { asv_scan: 'submitted', saq: 'missing' });
  const rows = await stack.parts.database.query<{ actor: string }>(
    `select a.actor from polygate.audit a join polygate.merchant m on m.merchant_id = (a.details::json ->> 'merchantId')::uuid
     where a.act = 'compliance_document.added' and m.routing_number = $1`,
    [shop.merchant],
  );
  assert.equal(rows.rows.length, 1);
});

test('a key that is made in the console API opens', async () => {
  const client = createConsoleClient(() => stack.url);
  const { merchant } = await newShop();
  const { items } = await client.done('get', '/merchants');
  const found = items?.find(({ routing_number: number }) => String(number) === merchant);
  const [first] = (await client.done('get', '/credentials', { query: { merchant_id: String(found?.merchant_id) } })).items ?? [];
  await client.done('post', '/credentials/{credential_id}/revoke', { ids: { credential_id: String(first?.credential_id) } });
  const made = await client.done('post', '/merchants/{merchant_id}/credentials', {
    ids: { merchant_id: String(found?.merchant_id) },
    body: { dialect: 'tzero' },
  });
  const key = String(made.login?.['X-Secret-Key']);
  await eventually(async () => (await stack.send({ method: 'GET', path: '/compliance/status', key })).status === 200, 'the key to open');
});

test('another form than a form, and none at all, is refused', async () => {
  const shop = await newShop();
  const send = (body: string, type: string) =>
    stack.send({ path: '/compliance/document', key: shop.key, body, headers: { 'content-type': type } });
  assert.deepEqual(codeOf(await send('{}', 'application/json')), [415, 'unsupported_media_type']);
  assert.deepEqual(codeOf(await send('nothing', 'multipart/form-data')), [400, 'unreadable_request']);
  assert.deepEqual(codeOf(await send('--x\r\nnothing', 'multipart/form-data; boundary=x')), [400, 'unreadable_request']);
});

test('an attestation of compliance stands for the questionnaire', async () => {
  const shop = await newShop();
  for (const type of ['asv_scan', 'aoc']) {
    const { status, body } = await handIn(shop, { type });
    assert.deepEqual([status, body.type], [201, type]);
    assert.equal((await statusOf(shop)).compliant, false);
    await operator.json('compliance', 'approve', String(body.id));
  }
  await eventually(async () => (await pay(shop)).status === 201, 'the approvals to count');
  assert.deepEqual(await statusOf(shop), { compliant: true, required: { asv_scan: 'valid', saq: 'valid' } });
});

test('documents of one merchant are nobody else’s', async () => {
  const [mine, theirs] = [await newShop(), await newShop()];
  await handIn(mine);
  const { body } = await stack.send({ method: 'GET', path: '/compliance/status', key: theirs.key });
  assert.deepEqual(listIn(body, 'documents'), []);
});

test('warnings by mail 60, 30 and 7 days before the end, each once; after it card data is refused', async () => {
  const shop = await newShop();
  const to = `${shop.merchant}@pci.example`;
  await operator.json('webhook', 'add', '--merchant', shop.merchant, '--dialect', 'tzero', '--mail', to);
  for (const type of ['asv_scan', 'saq']) {
    const { body } = await handIn(shop, { type, valid_to: await today(type === 'saq' ? 70 : 300) });
    await operator.json('compliance', 'approve', String(body.id));
  }
  await eventually(async () => (await pay(shop)).status === 201, 'the approvals to count');
  const mailbox = createMailbox(stack.parts.host.url);
  const { rows } = await stack.parts.database.query<{ until: Date }>(
    `select d.valid_until as until from polygate.compliance_document d join polygate.merchant m using (merchant_id)
    where m.routing_number = $1 and d.type = 'saq'`,
    [shop.merchant],
  );
  const untilMs = rows[0]?.until.getTime() ?? 0;
  /** To so many seconds before the end. */
  const moveTo = async (secondsBefore: number) => {
    const nowMs = Date.parse((await readClock(stack.url)).business_time);
    await moveClock(stack.url, Math.floor((untilMs - nowMs) / 1_000) - secondsBefore);
  };
  const ordered = async () => (await stack.parts.database.query(`select from polygate.delivery where mail ->> 'to' = $1`, [to])).rowCount;
  for (const [index, days] of [60, 30, 7].entries()) {
    await moveTo(days * 86_400 + 30);
    assert.equal(await ordered(), index, `just before ${days} days`);
    await moveTo(days * 86_400 - 30);
    assert.equal(await ordered(), index + 1, `just after ${days} days`);
    await moveTo((days - 2) * 86_400);
    assert.equal(await ordered(), index + 1, `two days later`);
  }
  for (const { subject, text } of await mailbox.received(to, 3, 'PCI DSS')) {
    assert.match(subject, /PCI DSS document expires soon: Self-assessment questionnaire/);
    assert.match(text, /Hand in a new one/);
  }
  const kept = await pay(shop, {
    payment_method: card('4111111111111111', { store_for_future_use: true }),
    customer: { reference: shop.merchant },
  });
  await confirm(kept.body.redirect_url ?? '');
  const stored = (await stack.read(kept.body.id ?? '', { key: shop.key })).body.payment_method?.id ?? '';
  await moveTo(30);
  assert.equal((await pay(shop)).status, 201);
  await moveTo(-30);
  assert.deepEqual(codeOf(await pay(shop)), [403, 'pci_compliance_required']);
  assert.deepEqual((await statusOf(shop)).required, { asv_scan: 'valid', saq: 'expired' });
  const merchantPays = await pay(shop, {
    payment_method: card('4111111111111111'),
    payment_data: { payment_type: 'mit', previous_network_reference: 'A1B2C3D4' },
  });
  assert.equal(merchantPays.status, 403);
  const networkToken = {
    type: 'network_token',
    number: '4111111111111111',
    expiry_month: 12,
    expiry_year: 2077,
    cryptogram: 'A'.repeat(28),
  };
  assert.deepEqual(codeOf(await pay(shop, { payment_method: networkToken })), [403, 'pci_compliance_required']);
  // Whatever brings no card number goes on: the page, the link, and a card that is stored here.
  const hosted = { channel: shop.channel, amount: 5_00, currency: 'USD' };
  for (const [path, name] of [
    ['/payment/session', 'redirect_url'],
    ['/payment/link', 'url'],
  ] as const) {
    const reference = freshName('hosted');
    const opened = await stack.send({ path, key: shop.key, body: { ...hosted, reference } });
    assert.equal(opened.status, 201, opened.text);
    await payOn(opened.body[name] ?? '');
    const query = `?channel=${shop.channel}&reference=${reference}`;
    const { body } = await stack.send({ method: 'GET', path: `/payment${query}`, key: shop.key });
    assert.deepEqual(
      listIn(body, 'data').map(({ status }) => status),
      ['captured'],
    );
  }
  const again = await pay(shop, { payment_method: { type: 'stored_card', id: stored } });
  assert.equal(again.status, 201, again.text);
  // A code that the merchant's server has taken from its customer is card data.
  const withCode = await pay(shop, { payment_method: { type: 'stored_card', id: stored, cvc: '123' } });
  assert.deepEqual(codeOf(withCode), [403, 'pci_compliance_required']);
  const renewed = await handIn(shop);
  await operator.json('compliance', 'approve', String(renewed.body.id));
  await eventually(async () => (await pay(shop)).status === 201, 'the new document to count');
  assert.equal((await mailbox.list({ to })).filter(({ subject }) => subject.includes('PCI DSS')).length, 3);
});

test('a warning comes in its time, however many documents of others end before', async () => {
  const nowMs = Date.parse((await readClock(stack.url)).business_time);
  // Nobody of them has an address, so each is only noted.
  await stack.parts.database.query(
    `with crowd as (
      insert into polygate.merchant (merchant_id, routing_number, name)
      select gen_random_uuid(), 900000 + number, 'one of many ' || number from generate_series(1, 300) as number returning merchant_id
    )
    insert into polygate.compliance_document (merchant_id, document_id, type, state, valid_from, valid_until, created_at)
    select merchant_id, gen_random_uuid(), 'saq', 'approved', $1::timestamptz, $1::timestamptz + interval '20 days', $1 from crowd`,
    [new Date(nowMs)],
  );
  const shop = await newShop();
  const to = `${shop.merchant}@pci.example`;
  await operator.json('webhook', 'add', '--merchant', shop.merchant, '--dialect', 'tzero', '--mail', to);
  const { body } = await handIn(shop, { valid_to: await today(50) });
  await operator.json('compliance', 'approve', String(body.id));
  await eventually(
    async () => (await stack.parts.database.query(`select from polygate.delivery where mail ->> 'to' = $1`, [to])).rowCount === 1,
    'the warning of the document that ends last',
  );
});

const insertPayment = {
  name: 'test_payment',
  text: `insert into polygate.payment (merchant_id, payment_id, channel_id, state, currency, amount, created_at)
values ($1, $2, $3, 'open', 'USD', 1, now())`,
};

test('the transactions of the last twelve months are counted, those of one merchant alone, and told', async () => {
  const shop = await newShop();
  const session = await stack.send({
    ...{ path: '/payment/session', key: shop.key },
    body: { channel: shop.channel, amount: 100, currency: 'USD', reference: freshName('s') },
  });
  await payOn(session.body.redirect_url ?? '');
  const { body } = await stack.send({ method: 'GET', path: '/compliance/status', key: shop.key });
  assert.equal(body.transactions_last_12_months, 1);
  // On a database of its own, since nothing stands behind these rows.
  const { url, drop } = await createDatabase();
  const database = openDatabase({ url, applicationName: 'test', purpose: 'general', maxConnections: 1 });
  try {
    const [mine, theirs] = [randomUUIDv7(), randomUUIDv7()];
    const nowMs = Date.now();
    const idAt = (ms: number) =>
      `${ms
        .toString(16)
        .padStart(12, '0')
        .replace(/^(.{8})/, '$1-')}-7000-8000-${randomUUIDv7().slice(-12)}`;
    const days = (count: number) => nowMs - count * dayMs;
    for (const [merchant, ms] of [
      [mine, days(0)],
      [mine, days(200)],
      [mine, days(364)],
      [mine, days(366)],
      [mine, days(800)],
      [theirs, days(1)],
    ] as const) {
      await database.query(insertPayment, [merchant, idAt(ms), randomUUIDv7()]);
    }
    const store = createComplianceStore(database, { wallNow: () => nowMs });
    const counts = await Promise.all([mine, theirs, randomUUIDv7()].map((merchant) => store.transactionsOf(merchant)));
    assert.deepEqual(counts, [3, 1, 0]);
  } finally {
    await database.close();
    await drop();
  }
});

test('beyond six million transactions a year the attestation is required, and it does for the questionnaire before', () => {
  assert.deepEqual(requiredTypes(6_000_000), ['asv_scan', 'saq']);
  assert.deepEqual(requiredTypes(6_000_001), ['asv_scan', 'aoc']);
  const document = (type: ComplianceDocument['type']): ComplianceDocument => ({
    ...{ merchantId: 'm', documentId: type, type, state: 'approved', validFromMs: 0, validUntilMs: 10, createdAtMs: 0 },
  });
  const isCompliant = (types: readonly ComplianceDocument['type'][], transactions: number, nowMs = 5) =>
    standingOf(types.map(document), transactions, nowMs).isCompliant;
  assert.equal(isCompliant(['asv_scan', 'saq'], 1), true);
  assert.equal(isCompliant(['asv_scan', 'saq'], 6_000_001), false);
  assert.equal(isCompliant(['asv_scan', 'aoc'], 6_000_001), true);
  assert.equal(isCompliant(['asv_scan', 'aoc'], 1), true);
  assert.equal(isCompliant(['aoc'], 1), false);
  assert.equal(isCompliant(['asv_scan', 'saq'], 1, 10), false);
});
