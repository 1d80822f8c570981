/** Activated methods of a channel: what is not among them gets the dialect's own code, and what is, is paid. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankPayment, goToBank, press } from './harness/bank-shopper.ts';
import { createConsoleClient } from './harness/console.ts';
import { approved, debit, freshName, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { openCheckout, payAddress } from './harness/payment-page.ts';
import { eventually } from './harness/processes.ts';
import { browserData } from './harness/shopper.ts';

const opp = useOppStack();
const client = createConsoleClient(() => opp.url);
const notConfigured = '600.200.201';

const merchant_id = '00000000-0000-7000-8000-000000000001';

const all = { brands: null, flows: null, currencies: null, bank_methods: ['ideal', 'sofort', 'prepayment'] };

/** What is not said is activated. */
async function activate(settings: object): Promise<void> {
  const { items } = await client.done('get', '/channels', { query: { merchant_id, wire_id: '0f0e0d0c0b0a09080706050403020100' } });
  const ids = { merchant_id, channel_id: String(items?.[0]?.channel_id) };
  await client.done('patch', '/merchants/{merchant_id}/channels/{channel_id}', { ids, body: { ...all, ...settings } });
}

/** Running nodes go by an act within two seconds. */
async function eventuallyCode(pay: () => Promise<Reply>, code: string): Promise<Reply> {
  let reply: Reply | undefined;
  await eventually(async () => {
    reply = await pay();
    return reply.code === code;
  }, `an answer with ${code}; it was ${reply?.code}`);
  return reply as Reply;
}

const pay = (more: Parameters = {}) => opp.post('/v1/payments', debit({ paymentBrand: undefined, ...more }));
const amex = { 'card.number': '378282246310005', 'card.cvv': '1234' };
const withShopper = () => ({ ...browserData, shopperResultUrl: `${opp.url}/healthz` });

async function atBank(): Promise<Reply> {
  const reply = await opp.post('/v1/payments', bankPayment('IDEAL', { shopperResultUrl: `${opp.url}/healthz` }));
  if (reply.body.redirect !== undefined) await press(await goToBank(reply), 'pay');
  return reply;
}

test('a brand that is not activated is refused without a trace: as a card, under a token, for a payout', async () => {
  const { body: stored } = await pay({ createRegistration: 'true' });
  const { body: kept } = await pay({ ...amex, createRegistration: 'true' });
  await activate({ brands: ['amex'] });
  const reference = freshName('order');
  await eventuallyCode(() => pay(), notConfigured);
  const refused = await pay({ merchantTransactionId: reference });
  assert.equal(refused.code, notConfigured);
  assert.deepEqual([refused.status, refused.body.id], [400, undefined]);
  const money = { paymentType: 'DB', amount: '1.00', currency: 'EUR' };
  assert.equal((await opp.post(`/v1/registrations/${stored.registrationId}/payments`, money)).code, notConfigured);
  assert.equal((await pay({ paymentType: 'CD' })).code, notConfigured);
  const { body } = await opp.post(`/v1/payments/${stored.id}`, { paymentType: 'RB', amount: '1.00', currency: 'EUR' });
  assert.equal(body.result?.code, notConfigured);
  const { rows } = await opp.parts.database.query('select from polygate.operation where merchant_reference = $1', [reference]);
  assert.equal(rows.length, 0);
  assert.equal((await pay(amex)).code, approved);
  assert.equal((await opp.post(`/v1/registrations/${kept.registrationId}/payments`, money)).code, approved);
  await activate({});
  await eventuallyCode(() => pay(), approved);
});

test('the page of a checkout takes the brands that are activated', async () => {
  await activate({ brands: ['amex'] });
  await eventuallyCode(() => pay(), notConfigured);
  const page = await fetch(payAddress(opp, await openCheckout(opp)));
  const html = await page.text();
  assert.match(html, /data-accepted="amex"/);
  assert.match(html, /aria-label="American Express"/);
  assert.doesNotMatch(html, /aria-label="Mastercard"/);
  await activate({});
  await eventuallyCode(() => pay(), approved);
});

const flows: readonly (readonly [flow: string, pay: () => Promise<Reply>, code: string])[] = [
  ['synchronous', () => pay(), approved],
  ['three_d_secure', () => pay({ ...withShopper(), 'card.number': '4200000000000091' }), approved],
  ['redirect', () => atBank(), '000.200.000'],
];

test('of three ways to pay, the ones that are activated are open, and the others are refused', async () => {
  for (const [flow, payOpen, open] of flows) {
    await activate({ flows: [flow] });
    // Both, since what was activated before may have one of them in common.
    await eventuallyCode(payOpen, open);
    await eventuallyCode(flows.find(([name]) => name !== flow)?.[1] ?? pay, notConfigured);
    for (const [name, payBy, code] of flows) {
      assert.equal((await payBy()).code, name === flow ? code : notConfigured, `${name} while ${flow} is activated`);
    }
  }
  assert.equal((await pay({ paymentType: 'CD' })).code, approved);
  await activate({});
  await eventuallyCode(() => pay(), approved);
});

test('a currency and a method of a bank are activated as well', async () => {
  await activate({ currencies: ['SEK'], bank_methods: ['prepayment'] });
  await eventuallyCode(() => pay(), '600.200.500');
  assert.equal((await pay({ currency: 'SEK' })).code, approved);
  assert.equal((await atBank()).code, notConfigured);
  const { paymentType: _type, ...authentication } = debit({ ...withShopper(), paymentBrand: undefined, 'card.number': '5555555555554444' });
  assert.equal((await opp.post('/v1/threeDSecure', authentication)).code, '600.200.500');
  assert.equal((await opp.post('/v1/threeDSecure', { ...authentication, currency: 'SEK' })).code, '000.200.000');
  await activate({});
  await eventuallyCode(() => pay(), approved);
});
