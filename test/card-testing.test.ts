/** Whoever tries out cards is found by the declines, and kept from going on; everybody else pays as before. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settings } from '../src/config-table.ts';
import { passesLuhn } from '../src/core/instrument/card.ts';
import { createConsoleClient, moveClock } from './harness/console.ts';
import {
  approved,
  debit,
  demo,
  exchange,
  expectReply,
  freshName,
  type OppCalls,
  other,
  type Parameters,
  plain,
  type Reply,
  useOppStack,
} from './harness/opp.ts';
import { createPaymentzClient, demoMember, purchase } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';
import { browserData } from './harness/shopper.ts';

const refused = '800.120.401';
const everywhereElse = '1000';

let made = 0;

/** A card number that nobody has used, with the given first eight digits or with some of its own. */
function freshCard(bin?: string): string {
  made += 1;
  const first = bin ?? `4512${String(made).padStart(4, '0')}`;
  const digits = `${first}${String(made).padStart(7, '0')}`;
  return [...'0123456789'].map((check) => `${digits}${check}`).find(passesLuhn) ?? '';
}

function freshAddress(): string {
  made += 1;
  return `203.0.${Math.floor(made / 250)}.${made % 250}`;
}

/** Payments of the demo merchant, who has no triggers on this terminal. */
function payments(stack: OppCalls) {
  const pay = (more: Parameters = {}, as: typeof plain = plain): Promise<Reply> =>
    stack.post('/v1/payments', debit({ 'card.number': freshCard(), amount: '20.00', ...more }), { as });
  return {
    pay,
    async decline(more: Parameters = {}, code = '05'): Promise<void> {
      const pan = more['card.number'] ?? freshCard();
      await stack.parts.host.addFault({ fault: 'decline', code, pan });
      const reply = await pay({ ...more, 'card.number': pan });
      assert.equal(reply.status, 400, reply.text);
      assert.equal((await stack.parts.host.faults()).length, 0, 'it was sent');
    },
    async isRefused(more: Parameters = {}): Promise<Reply> {
      const pan = more['card.number'] ?? freshCard();
      await stack.parts.host.addFault({ fault: 'decline', code: '05', pan });
      const reply = expectReply(await pay({ ...more, 'card.number': pan }), 400, refused);
      assert.equal((await stack.parts.host.faults()).length, 1, 'it was not sent');
      await stack.parts.host.clearFaults();
      expectReply(await stack.get(`/v1/payments/${reply.body.id}`, {}, { as: plain }), 400, refused);
      return reply;
    },
    passes: async (more: Parameters = {}, as?: typeof plain): Promise<Reply> => expectReply(await pay(more, as), 200, approved),
    metrics: async () => (await exchange(stack.url, { method: 'GET', path: '/metrics' })).text,
  };
}

describe('many cards from one address', () => {
  const stack = useOppStack({
    env: {
      ...{ CARD_TESTING: 'on', CARD_TESTING_CARDS_PER_ADDRESS: '3' },
      ...{ CARD_TESTING_CARDS_PER_BIN: everywhereElse, CARD_TESTING_CARDS_PER_MERCHANT: everywhereElse },
    },
  });
  const { pay, decline, isRefused, passes, metrics } = payments(stack);

  async function tryOut(ip: string): Promise<void> {
    for (let count = 0; count < 3; count += 1) await decline({ 'customer.ip': ip });
  }

  test('after so many declined cards the address is refused, whatever the card, and nothing is sent; other addresses and merchants are not concerned', async () => {
    const ip = freshAddress();
    await tryOut(ip);
    await isRefused({ 'customer.ip': ip });
    await isRefused({ 'customer.ip': ip, 'card.number': '5555555555554444', ...{ paymentBrand: 'MASTER' } });
    await passes({ 'customer.ip': freshAddress() });
    await passes();
    await passes({ 'customer.ip': ip }, other);
    assert.match(await metrics(), /polygate_card_testing_total\{subject="address"\} [1-9]/);
    const lines = stack.parts.log().filter((line) => line.includes('tries out cards'));
    assert.ok(lines.length > 0);
    assert.doesNotMatch(lines.join('\n'), /203\.0\.|4512/);
  });

  test('an IPv6 address stands for its network', async () => {
    for (const ip of ['2001:db8:1:2::1', '2001:db8:1:2:a:b:c:d', '2001:0db8:1:2::2:3']) await decline({ 'customer.ip': ip });
    await isRefused({ 'customer.ip': '2001:db8:1:2::ffff' });
    await passes({ 'customer.ip': '2001:db8:1:3::ffff' });
  });

  test('it ends with its time, and lasts twice as long when it happens again', async () => {
    const ip = freshAddress();
    await tryOut(ip);
    await isRefused({ 'customer.ip': ip });
    await moveClock(stack.url, 660);
    await passes({ 'customer.ip': ip });
    await tryOut(ip);
    await moveClock(stack.url, 660);
    await isRefused({ 'customer.ip': ip });
    await moveClock(stack.url, 660);
    await passes({ 'customer.ip': ip });
  });

  test('one card again and again, many approvals beside the declines, or an outage of issuers are something else', async () => {
    const [sameCard, mostlyGood, outage] = [freshAddress(), freshAddress(), freshAddress()];
    const pan = freshCard();
    for (let count = 0; count < 5; count += 1) await decline({ 'customer.ip': sameCard, 'card.number': pan });
    await passes({ 'customer.ip': sameCard });
    await decline({ 'customer.ip': mostlyGood });
    for (let count = 0; count < 3; count += 1) await passes({ 'customer.ip': mostlyGood });
    for (let count = 0; count < 4; count += 1) await decline({ 'customer.ip': mostlyGood });
    await passes({ 'customer.ip': mostlyGood });
    for (let count = 0; count < 5; count += 1) await decline({ 'customer.ip': outage }, '91');
    await passes({ 'customer.ip': outage });
  });

  test('declines of long ago do not count', async () => {
    const ip = freshAddress();
    for (let count = 0; count < 2; count += 1) await decline({ 'customer.ip': ip });
    await moveClock(stack.url, 660);
    for (let count = 0; count < 2; count += 1) await decline({ 'customer.ip': ip });
    await passes({ 'customer.ip': ip });
  });

  test('stored cards, refunds, and what was paid before go on at such an address', async () => {
    const ip = freshAddress();
    const headers = { 'idempotency-key': freshName('key') };
    const body = debit({ 'card.number': freshCard(), 'customer.ip': ip, createRegistration: 'true' });
    const send = () => stack.post('/v1/payments', body, { headers, as: plain });
    const first = expectReply(await send(), 200, approved);
    await tryOut(ip);
    await isRefused({ 'customer.ip': ip });
    const money = { amount: '1.00', currency: 'EUR' };
    const token = `/v1/registrations/${first.body.registrationId}/payments`;
    expectReply(await stack.post(token, { paymentType: 'DB', ...money, 'customer.ip': ip }, { as: plain }), 200, approved);
    expectReply(await stack.post(`/v1/payments/${first.body.id}`, { paymentType: 'RF', ...money }, { as: plain }), 200, approved);
    assert.equal(expectReply(await send(), 200, approved).body.id, first.body.id);
    expectReply(await pay({ 'customer.ip': ip, paymentType: 'CD', 'card.cvv': undefined }), 200, approved);
  });

  test('through another protocol it is a refusal in its own words', async () => {
    const ip = freshAddress();
    const client = createPaymentzClient({ url: stack.url, traces: stack.parts.traces, member: demoMember });
    const buy = (pan: string) => client.pay(purchase({ 'card.number': pan, 'customer.ip': ip }));
    for (let count = 0; count < 3; count += 1) {
      const pan = freshCard();
      await stack.parts.host.addFault({ fault: 'decline', code: '05', pan });
      await buy(pan);
    }
    assert.equal((await buy(freshCard())).code, '11034');
  });

  test('what a rule of the merchant declines for its code counts, although the issuer has approved it', async () => {
    const client = createConsoleClient(() => stack.url);
    const ids = { merchant_id: '00000000-0000-7000-8000-000000000001' };
    const at = '/merchants/{merchant_id}/risk-rules/checks';
    const { rule_id } = await client.done('post', at, { ids, body: { subject: 'cvc', result: 'mismatch', action: 'decline' } });
    const guess = async (ip: string) => (await pay({ 'card.number': freshCard(), 'card.cvv': '200', 'customer.ip': ip }, demo)).code;
    await eventually(async () => (await guess(freshAddress())) === '800.100.153', 'the rule to be in force');
    const ip = freshAddress();
    for (let count = 0; count < 3; count += 1) assert.equal(await guess(ip), '800.100.153');
    assert.equal(await guess(ip), refused);
    await client.done('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids: { ...ids, rule_id: String(rule_id) } });
  });
});

describe('many cards under one mail address', () => {
  const stack = useOppStack({
    env: {
      ...{ CARD_TESTING: 'on', CARD_TESTING_CARDS_PER_EMAIL: '3', CARD_TESTING_CARDS_PER_ADDRESS: everywhereElse },
      ...{ CARD_TESTING_CARDS_PER_BIN: everywhereElse, CARD_TESTING_CARDS_PER_MERCHANT: everywhereElse },
    },
  });
  const { decline, isRefused, passes, metrics } = payments(stack);

  test('after so many declined cards it is refused, from wherever and however it is written; others are not concerned', async () => {
    const from = (email: string): Parameters => ({ 'customer.email': email, 'customer.ip': freshAddress() });
    for (const email of ['tester@shop.example', 'Tester@Shop.example', 'TESTER@shop.example']) await decline(from(email));
    await isRefused(from('tester@shop.example'));
    await passes(from('other@shop.example'));
    await passes({ 'customer.ip': freshAddress() });
    await passes(from('tester@shop.example'), other);
    assert.match(await metrics(), /polygate_card_testing_total\{subject="email"\} [1-9]/);
    const lines = stack.parts.log().filter((line) => line.includes('tries out cards'));
    assert.ok(lines.length > 0);
    assert.doesNotMatch(lines.join('\n'), /tester@|4512/i);
  });
});

describe('many cards with the same first digits', () => {
  const stack = useOppStack({
    env: {
      ...{ CARD_TESTING: 'on', CARD_TESTING_CARDS_PER_BIN: '6' },
      ...{ CARD_TESTING_CARDS_PER_ADDRESS: everywhereElse, CARD_TESTING_CARDS_PER_MERCHANT: everywhereElse },
    },
  });
  const { pay, decline, isRefused, passes } = payments(stack);
  // That of sandbox cards whose issuers authenticate their holders.
  const bin = '40000000';

  test('such cards need their holder’s authentication then; others do not, and other merchants are not concerned', async () => {
    for (let count = 0; count < 6; count += 1) await decline({ 'card.number': freshCard(bin), 'customer.ip': freshAddress() });
    await isRefused({ 'card.number': freshCard(bin), 'customer.ip': freshAddress() });
    await passes();
    await passes({ 'card.number': freshCard(bin) }, other);
    const here = { ...browserData, shopperResultUrl: `${stack.url}/healthz` };
    const challenged = await pay({ ...here, 'card.number': '4000000000003220' });
    assert.notEqual(challenged.body.redirect, undefined, challenged.text);
    expectReply(await pay({ ...here, 'card.number': freshCard(bin) }), 400, '100.390.107');
    const brought = {
      ...{ 'threeDSecure.eci': '05', 'threeDSecure.verificationId': 'MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=', 'threeDSecure.version': '2.2.0' },
      ...{ 'threeDSecure.dsTransactionId': 'c75f23af-9454-43f6-ba17-130ed529507e', 'threeDSecure.authenticationStatus': 'Y' },
    };
    await passes({ ...brought, 'card.number': freshCard(bin) });
  });
});

describe('many cards at one merchant', () => {
  const stack = useOppStack({
    env: {
      ...{ CARD_TESTING: 'on', CARD_TESTING_CARDS_PER_MERCHANT: '8' },
      ...{ CARD_TESTING_CARDS_PER_ADDRESS: everywhereElse, CARD_TESTING_CARDS_PER_BIN: everywhereElse },
    },
  });
  const { decline, isRefused, passes } = payments(stack);

  test('small amounts count twice: with half as many declined cards, new ones without authentication are refused', async () => {
    for (let count = 0; count < 4; count += 1) await decline({ amount: '1.00' });
    await isRefused({ amount: '1.00' });
    await passes({}, other);
    await moveClock(stack.url, 660);
    await passes();
    // One was approved since, so nine of ten are declines.
    for (let count = 0; count < 8; count += 1) await decline();
    await isRefused();
  });
});

describe('without being switched on', () => {
  const stack = useOppStack();
  const { decline, passes } = payments(stack);

  test('a sandbox looks for nobody; live mode does', async () => {
    const ip = freshAddress();
    for (let count = 0; count < 12; count += 1) await decline({ 'customer.ip': ip });
    await passes({ 'customer.ip': ip });
    assert.deepEqual(settings.cardTesting.defaults, { sandbox: 'off', live: 'on' });
  });
});
