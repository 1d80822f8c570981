/** Paymentz: the statuses of the documentation, each reached by what happens to a payment, and the codes of the acquirer's answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { descriptions, type ResultCode } from '../src/dialects/paymentz/result-codes.ts';
import { longStatuses, shortStatusOf } from '../src/dialects/paymentz/states.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { createHooks } from './harness/hooks.ts';
import type { FaultRequest } from './harness/host-control.ts';
import { freshName, type Parameters, type Reply } from './harness/opp.ts';
import { expectResult, key, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';

const stack = usePaymentzStack();

const idOf = ({ body }: Reply): string => body.paymentId ?? '';
const pay = (more: Parameters = {}) => stack.demo.pay(purchase({ 'card.number': freshCardNumber(), ...more }));
const inquire = (id: string) => stack.demo.act(id, 'IN');
const fault = (mti: NonNullable<FaultRequest['mti']>, more: Partial<FaultRequest> = {}) =>
  stack.parts.host.addFault({ fault: 'no_answer', mti, ...more });
const becomes = (id: string, status: string) =>
  eventually(async () => {
    await stack.parts.hurry();
    return (await inquire(id)).body.status === status;
  }, `${id} to be ${status}`);

async function advance(seconds: number): Promise<void> {
  const headers = { authorization: 'Bearer sandbox-operator-key', 'content-type': 'application/json' };
  const move = { method: 'POST', headers, body: JSON.stringify({ advance_seconds: seconds }) };
  assert.equal((await fetch(`${stack.url}/console-api/clock`, move)).status, 200);
}

const documented: Readonly<Record<string, string>> = {
  ...{ begun: 'P', authstarted: 'P', '3D Authstarted': '3D', authsuccessful: 'Y', authfailed: 'N', authcancelled: 'C', cancelstarted: 'P' },
  ...{ cancelled: 'C', capturestarted: 'P', capturesuccess: 'Y', capturefailed: 'N', settled: 'Y', markedforreversal: 'P', reversed: 'Y' },
  ...{ chargeback: 'N', failed: 'N', payoutstarted: 'P', payoutsuccessful: 'Y', payoutfailed: 'N' },
};

test('every status of the documentation is there, with its short form', () => {
  assert.deepEqual(Object.fromEntries(longStatuses.map((status) => [status, shortStatusOf(status)])), documented);
});

test('a hold: authstarted, authsuccessful, capturestarted, capturesuccess, markedforreversal, reversed', async () => {
  const hold = idOf(expectResult(await pay({ paymentType: 'PA' }), '00001', 'authsuccessful', 'Y'));
  await fault('0220');
  expectResult(await stack.demo.act(hold, 'CP', { amount: '12.50' }), '00003', 'capturestarted', 'P');
  await becomes(hold, 'capturesuccess');
  await fault('0200');
  expectResult(await stack.demo.act(hold, 'RF', { amount: '12.50' }), '00003', 'markedforreversal', 'P');
  await becomes(hold, 'reversed');
});

test('what is not answered is pending, and reversed in the end: authstarted, authfailed', async () => {
  await fault('0200');
  const reply = expectResult(await pay(), '00003', 'authstarted', 'P');
  await becomes(idOf(reply), 'authfailed');
  assert.equal((await inquire(idOf(reply))).body.resultCode, '11068');
});

test('a cancellation: cancelstarted, authcancelled', async () => {
  const hold = idOf(await pay({ paymentType: 'PA' }));
  await fault('0420');
  expectResult(await stack.demo.act(hold, 'RV'), '00003', 'cancelstarted', 'P');
  await becomes(hold, 'authcancelled');
});

test('what is being captured is not cancelled meanwhile', async () => {
  const hold = idOf(await pay({ paymentType: 'PA', amount: '100.00' }));
  await fault('0220');
  expectResult(await stack.demo.act(hold, 'CP', { amount: '40.00' }), '00003', 'capturestarted', 'P');
  expectResult(await stack.demo.act(hold, 'RV'), '20010');
  await becomes(hold, 'capturesuccess');
  expectResult(await stack.demo.act(hold, 'RV'), '00006');
});

test('what is released beside a capture leaves the payment captured, also when the hold ends by itself', async () => {
  const hooks = createHooks(stack.parts.host.url);
  const name = freshName('rest');
  const partly = async (more: Parameters = {}) => {
    const hold = idOf(await pay({ paymentType: 'PA', amount: '40.00', ...more }));
    expectResult(await stack.demo.act(hold, 'CP', { amount: '25.00' }), '00004', 'capturesuccess', 'Y');
    return hold;
  };
  const left = await partly({ notificationUrl: hooks.url(name) });
  expectResult(await stack.demo.act(await partly(), 'RV'), '00006', 'capturesuccess', 'Y');
  await advance(40 * 86_400);
  await eventually(async () => (await hooks.list(name)).length === 3, 'the end of the hold to be told');
  const told = (await hooks.list(name)).map(({ body }) => JSON.parse(body) as Readonly<Record<string, string>>);
  const [held, ...later] = told.map(({ paymentId, paymentType, status, amount }) => [paymentId, paymentType, status, amount]);
  assert.deepEqual(held, [left, 'PA', 'authsuccessful', '40.00']);
  assert.deepEqual(later, [
    [left, 'CP', 'capturesuccess', '25.00'],
    [left, 'RV', 'capturesuccess', '15.00'],
  ]);
});

test('a capture that the acquirer refuses: capturefailed', async () => {
  const hold = idOf(await pay({ paymentType: 'PA' }));
  await fault('0220', { fault: 'decline', code: '96' });
  expectResult(await stack.demo.act(hold, 'CP', { amount: '12.50' }), '10005', 'capturefailed', 'N');
  expectResult(await inquire(hold), '00026', 'capturefailed', 'N');
  expectResult(await stack.demo.act(hold, 'RV'), '00006');
});

test('a dispute: chargeback, told to the merchant', async () => {
  const hooks = createHooks(stack.parts.host.url);
  const name = freshName('disputed');
  const paid = expectResult(await pay({ notificationUrl: hooks.url(name) }), '00001');
  const { id: dispute } = await stack.parts.host.dispute({ rrn: paid.body.bankReferenceId ?? '', reason: '10.4' });
  await eventually(async () => (await inquire(idOf(paid))).body.status === 'chargeback', 'the chargeback to be there');
  await eventually(async () => (await hooks.list(name)).some(({ body }) => body.includes('"status":"chargeback"')), 'it to be told');
  expectResult(await stack.demo.act(idOf(paid), 'RF', { amount: '1.00' }), '20010');
  const list = await stack.demo.post(`${rest}/getTransactionList`, [who, key], { status: 'chargeback' });
  assert.match(list.text, new RegExp(`"systemPaymentId":"${idOf(paid)}"[^}]*"chargebackamount":"12.50"`));
  await stack.parts.host.reverseDispute(dispute);
  await becomes(idOf(paid), 'capturesuccess');
  const after = await stack.demo.post(`${rest}/getTransactionList`, [who, key], { status: 'capturesuccess' });
  assert.match(after.text, new RegExp(`"systemPaymentId":"${idOf(paid)}"[^}]*"captureamount":"12.50"[^}]*"chargebackamount":"0.00"`));
});

test('the daily batch: settled, which can still be refunded; a hold that nobody captures: authcancelled', async () => {
  const paid = idOf(await pay());
  const hold = idOf(await pay({ paymentType: 'PA' }));
  await advance(86_400);
  await becomes(paid, 'settled');
  expectResult(await stack.demo.act(paid, 'RF', { amount: '2.50' }), '00005', 'reversed', 'Y');
  expectResult(await inquire(hold), '00026', 'authsuccessful', 'Y');
  await advance(40 * 86_400);
  await becomes(hold, 'authcancelled');
});

test('what the acquirer declines has 11000 and its code', async () => {
  const own = (Object.keys(descriptions) as ResultCode[]).filter((code) => code.startsWith('110'));
  // These are made here, or say that the issuer approved a part or wants its holder to authenticate.
  const made = ['11010', '11068', '11082'];
  for (const code of own.filter((one) => !made.includes(one))) {
    await stack.parts.host.addFault({ fault: 'decline', code: code.slice(3) });
    const reply = expectResult(await pay(), code, 'authfailed', 'N');
    assert.deepEqual([reply.body.result?.bankCode, reply.body.result?.description], [code.slice(3), descriptions[code]]);
  }
});
