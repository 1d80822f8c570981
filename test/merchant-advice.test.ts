/** What Mastercard advises after a decline: told to the merchant, and kept to. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { packSubelements } from '../src/protocols/iso8583/subelements.ts';
import { succeeded } from './harness/opp-client.ts';
import { type ScriptedHost, startScriptedHost } from './harness/scripted-host.ts';
import { type Stack, startStack } from './harness/stack.ts';

let host: ScriptedHost;
let stack: Stack;

before(async () => {
  host = await startScriptedHost();
  stack = await startStack({ env: { ACQUIRER_ADDRESS: host.address } });
});
after(async () => {
  await stack?.stop();
  host?.stop();
});

const [doNotHonor, forbidden] = ['800.100.152', '800.200.160'];
const advised = (code: string) => packSubelements({ 84: code });
const ofMerchant = { recurringType: 'REPEATED', 'card.cvv': '' };

const declineWith = (details: string | undefined) => host.script(() => ({ 39: '05', ...(details === undefined ? {} : { 48: details }) }));
const approve = () => host.script(() => ({ 38: 'ABC123', 39: '00' }));

async function declined(card: string): Promise<Record<string, unknown>> {
  const { id, code } = await stack.api.pay({ card });
  assert.equal(code, doNotHonor);
  const { body } = await stack.api.read(id);
  return body.resultDetails as Record<string, unknown>;
}

async function isNotSent(card: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const sent = host.asked.length;
  assert.equal((await stack.api.pay({ card, more })).code, forbidden);
  assert.equal(host.asked.length, sent);
}

test('03: the card is not tried again', async () => {
  const card = '5555555555554444';
  declineWith(advised('03'));
  const { MerchantAdviceCode, Retryable, AcquirerResponse } = await declined(card);
  assert.deepEqual([MerchantAdviceCode, Retryable, AcquirerResponse], ['03', 'false', '05']);
  approve();
  await isNotSent(card);
  await isNotSent(card, ofMerchant);
});

test('21: the merchant initiates nothing more with it, and its shopper can still pay', async () => {
  const card = '5454545454545454';
  declineWith(advised('21'));
  const { MerchantAdviceCode, Retryable } = await declined(card);
  assert.deepEqual([MerchantAdviceCode, Retryable], ['21', 'true']);
  approve();
  await isNotSent(card, ofMerchant);
  assert.equal((await stack.api.pay({ card })).code, succeeded);
});

test('other advice is told only; what cannot be read, and what is not of Mastercard, is none', async () => {
  const master = '5105105105105100';
  for (const [card, details, code] of [
    [master, advised('02'), '02'],
    [master, undefined, undefined],
    [master, '8499', undefined],
    [master, '???', undefined],
    [master, advised('x'), undefined],
    ['4111111111111111', advised('03'), undefined],
  ] as const) {
    declineWith(details);
    assert.equal((await declined(card)).MerchantAdviceCode, code, String(details));
  }
  approve();
  for (const card of [master, '4111111111111111']) assert.equal((await stack.api.pay({ card })).code, succeeded);
});
