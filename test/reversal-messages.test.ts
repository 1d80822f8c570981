/** What reversals tell the host: which amount and approval they take back, and why. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Iso8583Message } from '../src/protocols/iso8583/codec.ts';
import { originalData } from '../src/protocols/iso8583/messages.ts';
import { pending, succeeded, undone } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Answer, type ScriptedHost, startScriptedHost } from './harness/scripted-host.ts';
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

const partDeclined = '800.100.155';
const part = { 4: '000000000400', 38: 'PART01', 39: '10' };

const isReversal = ({ mti }: Pick<Iso8583Message, 'mti'>): boolean => mti.startsWith('042');

/** Answers authorizations and reversals, and returns the reversals that come from now on. */
function answering(authorization: Answer | undefined, reversal: (number: number) => Answer | undefined): () => readonly Iso8583Message[] {
  const from = host.asked.length;
  const reversals = () => host.asked.slice(from).filter(isReversal);
  host.script((message) => (isReversal(message) ? reversal(reversals().length) : authorization));
  return reversals;
}

/** Amount, approval code, reason, and what remains. */
const told = ({ mti, fields }: Iso8583Message) => [mti, fields[4], fields[38], fields[39], fields[95]?.slice(0, 12)];

test('a part that is not wanted is reversed as what it is: its amount, its approval, and not as an answer that came too late', async () => {
  for (const type of ['PA', 'DB'] as const) {
    const reversals = answering(part, () => ({ 39: '00' }));
    const { code } = await stack.api.pay({ type, amount: '10.00' });
    assert.equal(code, partDeclined);
    assert.deepEqual(reversals().map(told), [['0420', '000000000400', 'PART01', '17', undefined]]);
    const asked = host.asked.at(-2);
    assert.ok(asked);
    const { 7: transmittedAt = '', 11: stan = '', 32: acquirer = '' } = asked.fields;
    assert.equal(reversals()[0]?.fields[90], originalData({ mti: asked.mti, stan, transmittedAt, acquirer, forwarder: '' }));
  }
});

test('its repeats say the same, also after a restart', async () => {
  const reversals = answering(part, (number) => (number < 3 ? undefined : { 39: '00' }));
  const { id, code } = await stack.api.pay({ type: 'PA', amount: '10.00' });
  assert.equal(code, pending);
  await stack.stopGateway();
  await stack.startGateway();
  await eventually(async () => (await stack.api.read(id)).code === partDeclined, 'the payment to be declined');
  const all = reversals().map(told);
  assert.ok(all.length >= 3);
  assert.equal(all.at(-1)?.[0], '0421');
  for (const [, ...same] of all) assert.deepEqual(same, ['000000000400', 'PART01', '17', undefined]);
});

test('a payment that was not answered is reversed as a whole, as too late', async () => {
  const reversals = answering(undefined, () => ({ 39: '25' }));
  const { id } = await stack.api.pay({ type: 'DB', amount: '10.00' });
  await eventually(async () => (await stack.api.read(id)).code === undone, 'the payment to be undone');
  assert.deepEqual(reversals().map(told), [['0420', '000000001000', undefined, '68', undefined]]);
});

test('the reversal of a merchant names the approval that it takes back, whole or in part', async () => {
  const reversals = answering({ 38: 'ABC123', 39: '00' }, () => ({ 39: '00' }));
  const { id } = await stack.api.pay({ type: 'PA', amount: '10.00' });
  assert.equal((await stack.api.operate(id, { type: 'RV', amount: '4.00' })).code, succeeded);
  assert.equal((await stack.api.operate(id, { type: 'RV' })).code, succeeded);
  assert.deepEqual(reversals().map(told), [
    ['0420', '000000001000', 'ABC123', '17', '000000000600'],
    ['0420', '000000001000', 'ABC123', '17', undefined],
  ]);
});
