/** PAYONE's payment links at the end of their time: who is told of what nobody has paid, once, and who is not. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { verify } from '../src/store/verify.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { createConsoleClient, moveClock, readClock } from './harness/console.ts';
import { createHooks } from './harness/hooks.ts';
import type { Nested } from './harness/payone.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';
import { authenticateAt } from './harness/shopper.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePayoneStack({ webhooks: true, env: { RISK_LIMITS: 'on' } });
const operatorConsole = createConsoleClient(() => stack.url);
const merchant_id = '00000000-0000-7000-8000-000000000001';
const html = { accept: 'text/html' };
const hour = 3_600;

interface Link {
  readonly id: string;
  readonly url: string;
  readonly endsAt: string;
}

async function makeLink(seconds: number, more: object = {}): Promise<Link> {
  const endsAt = new Date(Date.parse((await readClock(stack.url)).business_time) + seconds * 1_000).toISOString();
  const { status, body, text } = await stack.post('/paymentlinks', {
    ...{ order: { amountOfMoney: { amount: 1250, currencyCode: 'EUR' } }, cardPaymentMethodSpecificInput: { authorizationMode: 'SALE' } },
    ...{ paymentLinkSpecificInput: { description: 'Two chairs', expirationDate: endsAt }, ...more },
  });
  assert.equal(status, 201, text);
  return { id: String(body.paymentLinkId), url: String(body.redirectionUrl), endsAt };
}

const readLink = async (id: string): Promise<Nested> => (await stack.get(`/paymentlinks/${id}`)).body;
const statusOf = async (id: string): Promise<string> => String((await readLink(id)).status);

/** What the shopper types on the page; answered by the page that this leads to. */
function pay(url: string, { cardnumber = freshCardNumber(), attempt = '1' } = {}): Promise<Response> {
  rememberCard(stack.parts.traces, { pan: cardnumber, cvc: '123' });
  const fields = { cardnumber, 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example', attempt, revision: '1', browser: '' };
  return fetch(url, { method: 'POST', headers: html, body: new URLSearchParams(fields) });
}

/** Messages about a link so far, in their order. */
async function messagesOf(id: string): Promise<readonly Nested[]> {
  const caught = (await createHooks(stack.parts.host.url).list('payone')).map(({ body }) => JSON.parse(body) as Nested);
  return caught.filter(({ paymentLink }) => String(paymentLink?.paymentLinkId) === id);
}

const toldOf = async (id: string) => (await messagesOf(id)).map(({ type }) => String(type).replace('paymentlink.', ''));

const eventsIn = ({ paymentLinkEvents }: Nested) => {
  const all = (paymentLinkEvents ?? []) as unknown as readonly { readonly type: string; readonly dateTime: string }[];
  return all.map(({ type, dateTime }) => [type, dateTime] as const);
};

test('a link that nobody has paid is told as expired, once, with the time that was set', async () => {
  const [left, paid, calledOff, reusable, later] = await Promise.all([
    makeLink(hour),
    makeLink(hour),
    makeLink(hour),
    makeLink(hour, { isReusableLink: true }),
    makeLink(30 * 24 * hour),
  ]);
  await fetch(left.url, { headers: html });
  await pay(paid.url);
  await eventually(async () => (await statusOf(paid.id)) === 'PAID', 'the link to be paid');
  assert.equal((await stack.post(`/paymentlinks/${calledOff.id}/cancel`)).status, 204);
  const own = await fetch(reusable.url, { headers: html, redirect: 'manual' });
  await pay(own.headers.get('location') ?? '');
  await eventually(async () => (await toldOf(reusable.id)).includes('paid'), 'the reusable link to be paid');
  assert.deepEqual(await statusOf(reusable.id), 'ACTIVE');
  await moveClock(stack.url, hour);
  assert.deepEqual(await toldOf(left.id), ['created', 'clicked', 'expired']);
  assert.deepEqual(await toldOf(paid.id), ['created', 'paid']);
  assert.deepEqual(await toldOf(calledOff.id), ['created', 'cancelled']);
  assert.deepEqual(await toldOf(reusable.id), ['created', 'clicked', 'paid', 'expired']);
  const message = (await messagesOf(left.id)).at(-1);
  assert.deepEqual(
    [message?.paymentLink?.status, message?.created, message?.paymentLink?.expirationDate],
    ['EXPIRED', left.endsAt.replace('Z', '0000+00:00'), left.endsAt],
  );
  const read = await readLink(left.id);
  assert.deepEqual(eventsIn(read).at(-1), ['EXPIRED', left.endsAt]);
  assert.deepEqual(message?.paymentLink, read);
  assert.deepEqual(
    eventsIn(await readLink(paid.id)).map(([type]) => type),
    ['CREATED', 'PAID'],
  );
  assert.deepEqual([await toldOf(later.id), await statusOf(later.id)], [['created'], 'ACTIVE']);
  await moveClock(stack.url, 365 * 24 * hour);
  assert.deepEqual(
    [await toldOf(later.id), await toldOf(left.id)],
    [
      ['created', 'expired'],
      ['created', 'clicked', 'expired'],
    ],
  );
  assert.deepEqual(eventsIn(await readLink(later.id)).at(-1), ['EXPIRED', later.endsAt]);
});

/** A link that ends while its shopper is at the issuer. */
async function withShopperAtIssuer(): Promise<Link & { readonly goOn: () => Promise<unknown> }> {
  const link = await makeLink(60);
  const page = await (await pay(link.url, { cardnumber: '4874970686672022' })).text();
  const [, url = ''] = /0;url=([^"]*)"/.exec(page) ?? [];
  return { ...link, goOn: () => authenticateAt({ url, method: 'GET', parameters: [] }, { code: '1234', act: 'confirm' }) };
}

test('a shopper who has opened a reusable link that was called off is told so, also after its end', async () => {
  const link = await makeLink(hour, { isReusableLink: true });
  const own = (await fetch(link.url, { headers: html, redirect: 'manual' })).headers.get('location') ?? '';
  assert.equal((await stack.post(`/paymentlinks/${link.id}/cancel`)).status, 204);
  await moveClock(stack.url, 2 * hour);
  const page = await fetch(own, { headers: html });
  assert.deepEqual([page.status, (await page.text()).includes('The shop has canceled it.')], [410, true]);
  assert.deepEqual(await toldOf(link.id), ['created', 'clicked', 'cancelled']);
});

test('a link whose shopper is at the issuer has not expired yet: it is paid, or told when the shopper does not come back', async () => {
  const [comes, stays] = [await withShopperAtIssuer(), await withShopperAtIssuer()];
  await moveClock(stack.url, 90);
  for (const { id } of [comes, stays]) assert.deepEqual([await toldOf(id), await statusOf(id)], [['created'], 'ACTIVE']);
  await comes.goOn();
  await eventually(async () => (await statusOf(comes.id)) === 'PAID', 'the payment');
  await moveClock(stack.url, 48 * hour);
  assert.deepEqual(await toldOf(comes.id), ['created', 'paid']);
  assert.deepEqual(await toldOf(stays.id), ['created', 'expired']);
  assert.deepEqual(eventsIn(await readLink(stays.id)).at(-1), ['EXPIRED', stays.endsAt]);
});

/** What an operator says to the last payment of a link. */
async function decide({ id }: Link, decision: 'accept' | 'decline'): Promise<void> {
  const lastOf = 'select operation_id from polygate.checkout where checkout_id = $1';
  const { rows } = await stack.parts.database.query<{ operation_id: string }>(lastOf, [id]);
  const ids = { operation_id: rows[0]?.operation_id ?? '' };
  await operatorConsole.done('post', '/reviews/{operation_id}/decision', { ids, body: { decision, reason: 'looked at it' } });
}

test('a link whose payment is under review has not expired yet: it is paid when it is let through, and told when nobody does', async () => {
  const order = {
    ...{ amountOfMoney: { amount: 1250, currencyCode: 'EUR' }, references: { merchantReference: 'order 1' } },
    customer: { contactDetails: { emailAddress: 'reviewed@shop.example' } },
  };
  const body = { subject: 'email', value: 'reviewed@shop.example', action: 'review' };
  await operatorConsole.done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids: { merchant_id }, body });
  await eventually(async () => codeIn((await stack.pay({}, { order })).body) === 50, 'the rule to be in force');
  const [accepted, retried, left] = [await makeLink(60, { order }), await makeLink(60, { order }), await makeLink(60, { order })];
  for (const { url } of [accepted, retried, left]) await pay(url);
  // What was not let through pays nothing: its shopper may try again.
  await decide(retried, 'decline');
  await pay(retried.url, { attempt: '2' });
  await moveClock(stack.url, 90);
  for (const { id } of [accepted, retried, left]) assert.deepEqual([await toldOf(id), await statusOf(id)], [['created'], 'ACTIVE']);
  for (const link of [accepted, retried]) {
    await decide(link, 'accept');
    await eventually(async () => (await statusOf(link.id)) === 'PAID', 'the payment');
  }
  await moveClock(stack.url, 30 * 24 * hour);
  for (const { id } of [accepted, retried]) assert.equal((await toldOf(id)).includes('expired'), false);
  assert.deepEqual([await toldOf(left.id), await statusOf(left.id)], [['created', 'expired'], 'EXPIRED']);
});

test('a link that was tried too often is told as expired when it happens, once, also where the last attempt is decided later', async () => {
  const tried = async (more: object = {}) => {
    const link = await makeLink(30 * 24 * hour, more);
    for (let attempt = 1; attempt <= 9; attempt += 1) await pay(link.url, { cardnumber: '4000000000000002', attempt: String(attempt) });
    await eventually(async () => (await toldOf(link.id)).length === 2, 'the link to be told as opened');
    assert.equal(await statusOf(link.id), 'ACTIVE');
    return link;
  };
  const [declined, waiting, paid] = [await tried(), await tried(), await tried()];
  await pay(declined.url, { cardnumber: '4000000000000002', attempt: '10' });
  assert.equal(await statusOf(declined.id), 'EXPIRED');
  await eventually(async () => (await toldOf(declined.id)).length > 2, 'the link to be told');
  const message = (await messagesOf(declined.id)).at(-1);
  const [type, atMs] = eventsIn(await readLink(declined.id)).at(-1) ?? [];
  assert.deepEqual([message?.type, message?.paymentLink?.status, type], ['paymentlink.expired', 'EXPIRED', 'EXPIRED']);
  assert.ok(Date.parse(String(atMs)) < Date.parse(declined.endsAt) - 29 * 24 * hour * 1_000, `${atMs}`);
  await pay(waiting.url, { cardnumber: '4874970686672022', attempt: '10' });
  await pay(paid.url, { attempt: '10' });
  assert.deepEqual([await statusOf(waiting.id), await statusOf(paid.id)], ['ACTIVE', 'PAID']);
  await moveClock(stack.url, 2 * hour);
  assert.deepEqual([await statusOf(waiting.id), (await toldOf(waiting.id)).at(-1)], ['EXPIRED', 'expired']);
  await moveClock(stack.url, 31 * 24 * hour);
  for (const { id } of [declined, waiting]) assert.deepEqual(await toldOf(id), ['created', 'clicked', 'expired']);
  assert.deepEqual(await toldOf(paid.id), ['created', 'clicked', 'paid']);
});

test('an attempt that may be under way keeps a link from being told', async () => {
  const link = await makeLink(60);
  const begun = (ago: string) =>
    stack.parts.database.query(`update polygate.checkout set begun = 1, begun_at = now() - $2::interval where checkout_id = $1`, [
      link.id,
      ago,
    ]);
  await begun('0 s');
  await moveClock(stack.url, 90);
  assert.deepEqual(await toldOf(link.id), ['created']);
  await begun('2 minutes');
  await moveClock(stack.url, 90);
  assert.deepEqual(await toldOf(link.id), ['created', 'expired']);
});

test('links that are paid while they end are paid or expired, never both', async () => {
  const links = await Promise.all(Array.from({ length: 24 }, () => makeLink(3)));
  await Promise.all(
    links.map(async ({ url, endsAt }, index) => {
      const now = Date.parse((await readClock(stack.url)).business_time);
      await delay(Math.max(0, Date.parse(endsAt) - now - 300 + index * 15));
      await pay(url);
    }),
  );
  const ends: string[] = [];
  for (const { id } of links) {
    await eventually(async () => ['paid', 'expired'].includes((await toldOf(id)).at(-1) ?? ''), `the end of ${id}`);
    const told = await toldOf(id);
    ends.push(told.at(-1) ?? '');
    assert.deepEqual([told.length, await statusOf(id)], [2, told.at(-1)?.toUpperCase()]);
  }
  await moveClock(stack.url, hour);
  assert.deepEqual(await Promise.all(links.map(async ({ id }) => (await toldOf(id)).at(-1))), ends);
});

test('several nodes tell of each link once, also of what a node that ended has left', async () => {
  const links = await Promise.all(Array.from({ length: 40 }, () => makeLink(hour)));
  const ids = links.map(({ id }) => id);
  const nodes = await Promise.all([1, 2].map(() => stack.parts.startNode()));
  await stack.parts.stopGateway();
  // As if a node had ended while it told the first of them: its lease has to end, too.
  await stack.parts.database.query(
    `update polygate.checkout set expires_at = created_at, leased_until = case when checkout_id = $2 then now() + interval '2 s' else leased_until end
    where checkout_id = any ($1)`,
    [ids, ids[0]],
  );
  const allTold = async () => {
    const { rows } = await stack.parts.database.query<{ told: number }>(
      `select count(*)::int as told from polygate.checkout_event where name = 'expired' and checkout_id = any ($1)`,
      [ids],
    );
    return rows[0]?.told === ids.length;
  };
  await eventually(allTold, 'all links to be told');
  await stack.parts.startGateway();
  await Promise.all(nodes.map((node) => node.stop()));
  for (const id of ids) await eventually(async () => (await toldOf(id)).length === 2, `${id} to be told`);
  await moveClock(stack.url, 2 * hour);
  for (const id of ids) assert.deepEqual(await toldOf(id), ['created', 'expired']);
});

test('what was told as expired begins no attempt, and verification notices one that is paid all the same', async () => {
  const [told, paid] = [await makeLink(hour), await makeLink(hour)];
  const change = (id: string, expiry: string) =>
    stack.parts.database.query('update polygate.checkout set expiry = $2 where checkout_id = $1', [id, expiry]);
  // As when it is told between the look at an order and the first attempt to pay it.
  await change(told.id, 'told');
  await pay(told.url);
  assert.equal(await statusOf(told.id), 'ACTIVE');
  await pay(paid.url);
  await eventually(async () => (await statusOf(paid.id)) === 'PAID', 'the link to be paid');
  await change(paid.id, 'told');
  const findings = await verify({ databaseUrl: stack.parts.databaseUrl });
  await change(paid.id, 'open');
  assert.match(findings.join('\n'), /^order: .* order [\w-]+ is told as expired, and this pays it$/);
});

test('links that expired before this was told are not told at the upgrade; those that expire later are', async () => {
  const [old, open] = [await makeLink(hour), await makeLink(hour)];
  await eventually(async () => (await toldOf(old.id)).length === 1, 'the links to be told as made');
  await stack.parts.stopGateway();
  const { database } = stack.parts;
  await database.query(`update polygate.checkout set expires_at = created_at + interval '1 ms' where checkout_id = $1`, [old.id]);
  await database.query('alter table polygate.checkout drop column expiry, drop column expiry_look_at, drop column leased_until');
  await database.query(await readFile(join(import.meta.dirname, '../src/store/migrations/0108_expiring_orders.sql'), 'utf8'));
  await stack.parts.startGateway();
  await moveClock(stack.url, hour);
  assert.deepEqual([await toldOf(open.id), await toldOf(old.id)], [['created', 'expired'], ['created']]);
  const read = await readLink(old.id);
  assert.deepEqual([read.status, eventsIn(read).at(-1)], ['EXPIRED', ['EXPIRED', String(read.expirationDate)]]);
});
