/** Mail from the payment to the mailbox: what it says in which language, what mail servers do to it, and that it is sent once in effect. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sendMail } from '../src/core/mail/send.ts';
import { type Database, openDatabase } from '../src/postgres/connection.ts';
import { createMailQueue } from '../src/store/mails.ts';
import { auditAfterEach } from './harness/auditor.ts';
import { createMailbox, type Mailbox } from './harness/mailbox.ts';
import { createOperator, type Operator } from './harness/operator.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let mailbox: Mailbox;
let operator: Operator;
let database: Database;
before(async () => {
  stack = await startStack();
  mailbox = createMailbox(stack.host.url);
  operator = createOperator(stack.env);
  database = openDatabase({
    url: stack.databaseUrl,
    role: 'polygate_app',
    applicationName: 'mail-test',
    purpose: 'general',
    maxConnections: 1,
  });
});
auditAfterEach(() => stack);
after(async () => {
  await database.close();
  await stack.stop();
});

let count = 0;
const freshAddress = (): string => {
  count += 1;
  return `shop-${count}@merchant.example`;
};

async function endpointFor(to: string, ...more: readonly string[]): Promise<string> {
  const args = ['webhook', 'add', '--merchant', '1', '--dialect', 'opp', '--mail', to, ...more];
  const { id } = await operator.json<{ readonly id: string }>(...args);
  return id;
}

/** Everything that waits is due now, whatever pause it is in. */
async function hurry(): Promise<void> {
  await stack.database.query(`update polygate.delivery set due_at = now() where state = 'pending' and lease is null`);
  await stack.database.query('update polygate.endpoint set wake_at = now()');
}

async function attemptsOf(to: string): Promise<readonly { readonly status: number | null; readonly problem: string | null }[]> {
  const { rows } = await stack.database.query<{ status: number | null; problem: string | null }>(
    `select a.status, a.problem from polygate.delivery_attempt a join polygate.delivery d using (merchant_id, endpoint_id, payment_id, sequence)
      join polygate.endpoint ep using (merchant_id, endpoint_id)
    where ep.url = 'mailto:' || $1 or d.mail ->> 'to' = $1 order by a.started_at`,
    [to],
  );
  return rows;
}

const merchantId = async (): Promise<string> =>
  String((await stack.database.query('select merchant_id from polygate.merchant where routing_number = 1')).rows[0].merchant_id);

test('a payment is confirmed in text and in HTML, in the language that was asked for, without a word of the card', async () => {
  const [english, german, french, spanish] = [freshAddress(), freshAddress(), freshAddress(), freshAddress()];
  await endpointFor(english);
  await endpointFor(german, '--language', 'de');
  await endpointFor(french, '--language', 'fr');
  await endpointFor(spanish, '--language', 'es');
  const paid = await stack.api.pay({ amount: '1234.50', more: { merchantTransactionId: 'order <7> & "more"' } });
  const [mail] = await mailbox.received(english, 1);
  assert.ok(mail !== undefined);
  assert.equal(mail.subject, 'Payment received: €1,234.50 (order <7> & "more")');
  assert.equal(mail.from, 'payments@polygate.example');
  assert.match(mail.headers.from ?? '', /^"?Polygate Demo"? <payments@polygate\.example>$/);
  assert.match(mail.headers['auto-submitted'] ?? '', /auto-generated/);
  assert.match(mail.text, /This is a test: no money moves\./);
  assert.match(mail.text, /Your reference: order <7> & "more"\n/);
  assert.ok(mail.text.replaceAll('-', '').includes(paid.id));
  assert.match(mail.html, /order &#60;7&#62; &#38; &#34;more&#34;/);
  assert.doesNotMatch(`${mail.raw}${mail.text}${mail.html}`, /4111|1111|VISA|Jane|12\/20/i);
  for (const [to, subject, locale] of [
    [german, /^Zahlung erhalten: 1\.234,50\s€/, 'de'],
    [french, /^Paiement reçu: 1\s234,50\s€/, 'fr'],
    [spanish, /^Pago recibido: 1234,50\s€/, 'es'],
  ] as const) {
    const [other] = await mailbox.received(to, 1);
    assert.match(other?.subject ?? '', subject);
    assert.match(other?.html ?? '', new RegExp(`<html lang="${locale}">`));
  }
  for (const to of [english, german, french, spanish]) await operator.run(['webhook', 'remove', await idOf(to)]);
});

async function idOf(to: string): Promise<string> {
  const { rows } = await stack.database.query('select endpoint_id from polygate.endpoint where url = $1', [`mailto:${to}`]);
  return String(rows[0]?.endpoint_id);
}

test('each result is told by mail, once: holds, charges, refunds, declines, voids, also in part', async () => {
  const to = freshAddress();
  const id = await endpointFor(to);
  const held = await stack.api.pay({ type: 'PA', amount: '30.00' });
  const captured = await stack.api.operate(held.id, { type: 'CP', amount: '20.00' });
  await stack.api.operate(captured.id, { type: 'RF', amount: '5.00' });
  await stack.api.pay({ card: '4000000000000002', amount: '6.00' });
  const voided = await stack.api.pay({ type: 'PA', amount: '7.00' });
  await stack.api.operate(voided.id, { type: 'RV', amount: '7.00' });
  const reduced = await stack.api.pay({ type: 'PA', amount: '9.00' });
  await stack.api.operate(reduced.id, { type: 'RV', amount: '4.00' });
  await stack.api.operate(reduced.id, { type: 'CP', amount: '5.00' });
  const settled = async () => {
    const { rows } = await stack.database.query(
      `select count(*)::int as count from polygate.delivery where endpoint_id = $1 and state = 'delivered'`,
      [id],
    );
    return rows[0].count >= 9;
  };
  await eventually(settled, 'all deliveries');
  const mails = await mailbox.received(to, 9);
  assert.deepEqual(mails.map(({ subject }) => subject).toSorted(), [
    'Payment authorized: €30.00',
    'Payment authorized: €7.00',
    'Payment authorized: €9.00',
    'Payment canceled: €7.00',
    'Payment not made: €6.00',
    'Payment received: €20.00',
    'Payment received: €5.00',
    'Payment reduced: €4.00',
    'Refund made: €5.00',
  ]);
  await operator.run(['webhook', 'remove', id]);
});

test('a busy server, one that hangs up and one whose answer is lost: tried again under the same Message-ID, each try recorded', async () => {
  const to = freshAddress();
  const id = await endpointFor(to);
  const logged = stack.log().length;
  for (const fault of ['mail_refused', 'mail_dropped', 'mail_answer_lost'] as const) await stack.host.addFault({ fault });
  await stack.api.pay({ amount: '7.00' });
  const done = async () => {
    await hurry();
    return (await attemptsOf(to)).some(({ problem }) => problem === null);
  };
  await eventually(done, 'the mail to be taken');
  const attempts = await attemptsOf(to);
  assert.deepEqual(
    attempts.map(({ status, problem }) => [status, problem === null]),
    [
      [451, false],
      [null, false],
      [null, false],
      [250, true],
    ],
  );
  assert.match(attempts[0]?.problem ?? '', /try again later/);
  // What the server says of one mail is for whoever is told by it; that it fails altogether is for the operator, once.
  const lines = stack
    .log()
    .slice(logged)
    .map((line) => JSON.parse(line) as { readonly level: number; readonly msg: string });
  assert.deepEqual(
    lines.filter(({ msg }) => msg.includes('SMTP_URL')).map(({ level, msg }) => [level, msg.slice(0, 40)]),
    [
      [40, 'the mail server of SMTP_URL cannot be us'],
      [30, 'the mail server of SMTP_URL takes mails '],
    ],
  );
  const mails = await mailbox.list({ to });
  // The one whose answer was lost had been kept.
  assert.equal(mails.length, 2);
  assert.equal(new Set(mails.map(({ message_id }) => message_id)).size, 1);
  await operator.run(['webhook', 'remove', id]);
});

test('an address that does not exist parks its endpoint; a test mail that is taken sends what has waited', async () => {
  const to = freshAddress();
  const id = await endpointFor(to);
  await stack.host.addFault({ fault: 'mail_rejected' });
  await stack.api.pay({ amount: '8.00' });
  const parked = async () => {
    const { rows } = await stack.database.query('select state, reason from polygate.endpoint where endpoint_id = $1', [id]);
    return rows[0].state === 'parked' && /no such mailbox/.test(rows[0].reason);
  };
  await eventually(parked, 'the endpoint to be parked');
  assert.equal((await mailbox.list({ to })).length, 0);
  const tested = await operator.run(['webhook', 'test', id]);
  assert.equal(tested.code, 0, tested.output);
  const seen = async () => {
    await hurry();
    return (await mailbox.list({ to, subject: 'Payment received' })).length === 1;
  };
  await eventually(seen, 'the confirmation');
  assert.equal((await mailbox.list({ to, subject: 'Test message' })).length, 1);
  const { rows } = await stack.database.query(`select act from polygate.audit where details::json ->> 'endpointId' = $1 order by 1`, [id]);
  assert.deepEqual(
    rows.map(({ act }) => act),
    ['endpoint.activated', 'endpoint.added'],
  );
  await operator.run(['webhook', 'remove', id]);
});

const data = {
  ...{
    merchantName: 'Shop',
    amount: 100,
    currency: 'EUR',
    result: 'charged' as const,
    paymentId: 'p',
    operationId: 'o',
    happenedAtMs: 0,
    isTest: true,
  },
};

test('what core queues is one row, sent once for its key however often it is ordered', async () => {
  const to = freshAddress();
  const queue = createMailQueue(database);
  const order = { merchantId: await merchantId(), senderName: 'Shop', to, language: 'en', data, key: 'invoice 7' } as const;
  const answers = await Promise.all([1, 2, 3].map(() => sendMail(queue, 'payment_confirmation', order)));
  assert.deepEqual(answers.toSorted(), ['known', 'known', 'queued']);
  await mailbox.received(to, 1);
  assert.equal(await sendMail(queue, 'payment_confirmation', order), 'known');
  const { rows } = await stack.database.query(`select count(*)::int as count from polygate.delivery where mail ->> 'to' = $1`, [to]);
  assert.equal(rows[0].count, 1);
  assert.equal((await mailbox.list({ to })).length, 1);
});

test('a queued mail that is refused for good is given up, and does not hold up the next one', async () => {
  const [bad, good] = [freshAddress(), freshAddress()];
  const queue = createMailQueue(database);
  await stack.host.addFault({ fault: 'mail_rejected' });
  const order = { merchantId: await merchantId(), senderName: 'Shop', language: 'fr', data } as const;
  await sendMail(queue, 'payment_confirmation', { ...order, to: bad });
  await eventually(async () => (await attemptsOf(bad)).length === 1, 'the refusal');
  await sendMail(queue, 'payment_confirmation', { ...order, to: good });
  await mailbox.received(good, 1);
  const stateOf = async () => {
    const { rows } = await stack.database.query(`select state from polygate.delivery where mail ->> 'to' = $1`, [bad]);
    return rows[0].state;
  };
  await eventually(async () => (await stateOf()) === 'given_up', 'the mail to be given up');
});

test('names and references end no header, and card numbers in them are masked', async () => {
  const to = freshAddress();
  const evil = 'Shop\r\nBcc: everybody@elsewhere.example\u2028<script>alert(1)</script>';
  const hostile = { ...data, merchantName: evil, reference: 'x\r\nSubject: y 4111 1111 1111 1111' };
  const answer = await sendMail(createMailQueue(database), 'payment_confirmation', {
    ...{ merchantId: await merchantId(), senderName: evil, to, language: 'en', data: hostile },
  });
  assert.equal(answer, 'queued');
  const [mail] = await mailbox.received(to, 1);
  assert.ok(mail !== undefined);
  assert.deepEqual(mail.to, [to]);
  assert.equal(mail.headers.bcc, undefined);
  assert.equal(mail.raw.split('\r\n\r\n')[0]?.match(/^subject:/gim)?.length, 1);
  assert.doesNotMatch(mail.html, /<script/);
  assert.doesNotMatch(`${mail.subject}${mail.text}${mail.html}`, /4111 1111 1111 1111/);
});

test('what is no plain address is refused, by core and by the command line', async () => {
  const queue = createMailQueue(database);
  const order = { merchantId: await merchantId(), senderName: 'Shop', language: 'en', data } as const;
  const bad = [
    '',
    'shop',
    'a@b',
    'a b@c.example',
    'a@c.example, d@e.example',
    'a@c.example\r\nBcc: x@y.example',
    '<a@c.example>',
    '"a"@c.example',
  ];
  for (const to of bad) assert.equal(await sendMail(queue, 'payment_confirmation', { ...order, to }), 'bad_address', to);
  for (const to of ['nonsense', 'a@c.example,d@e.example']) {
    const refused = await operator.run(['webhook', 'add', '--merchant', '1', '--dialect', 'opp', '--mail', to]);
    assert.equal(refused.code, 1);
    assert.match(refused.output, /^polygate: The address cannot be used; expected one plain address, as in shop@example\.com\.$/);
    const { rows } = await stack.database.query('select from polygate.endpoint where url = $1', [`mailto:${to}`]);
    assert.deepEqual(rows, []);
  }
  const neither = await operator.run(['webhook', 'add', '--merchant', '1', '--dialect', 'opp']);
  assert.match(neither.output, /--url, or --mail/);
});
