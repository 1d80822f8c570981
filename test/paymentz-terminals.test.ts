/** Paymentz: a member with several terminals: which one a payment is made with, and references that are used once whichever it is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOperator } from './harness/operator.ts';
import { freshName, type Parameters, type Reply } from './harness/opp.ts';
import { expectResult, purchase, usePaymentzStack } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';

const stack = usePaymentzStack();
let making: Promise<string> | undefined;

const payAt = (terminalId: string, more: Parameters = {}): Promise<Reply> =>
  stack.demo.pay(purchase({ 'authentication.terminalId': terminalId, ...more }));
const idOf = ({ body }: Reply): string => body.paymentId ?? '';

/** A second terminal of the demo member. */
function secondTerminal(): Promise<string> {
  making ??= (async () => {
    const options = ['--merchant', '1', '--dialect', 'paymentz', '--account', 'sandbox-paymentz', '--name', 'Second'];
    const { wireId } = await createOperator(stack.parts.env).json<{ wireId: string }>('channel', 'create', ...options);
    await eventually(async () => (await payAt(wireId)).code === '00001', 'the second terminal to work');
    return wireId;
  })();
  return making;
}

test('the terminal has to be named, and is told again', async () => {
  const second = await secondTerminal();
  const reply = expectResult(await payAt(second), '00001');
  assert.equal(reply.body.terminalId, second);
  expectResult(await stack.demo.pay(purchase({ 'authentication.terminalId': undefined })), '20001');
});

test('a reference is used once over all terminals, also at the same moment', async () => {
  const second = await secondTerminal();
  for (let round = 0; round < 5; round += 1) {
    const merchantTransactionId = freshName('order');
    const replies = await Promise.all(['1001', second, '1001', second].map((terminal) => payAt(terminal, { merchantTransactionId })));
    const [paid, ...more] = replies.filter(({ code }) => code === '00001');
    assert.ok(paid !== undefined && more.length === 0, replies.map(({ text }) => text).join('\n'));
    assert.equal(replies.filter(({ code }) => code === '20015').length, 3);
    for (const terminal of ['1001', second]) {
      assert.equal(idOf(expectResult(await payAt(terminal, { merchantTransactionId }), '20015')), idOf(paid));
    }
  }
});

test('a request that was refused uses no reference up at its terminal', async () => {
  const second = await secondTerminal();
  const merchantTransactionId = freshName('order');
  expectResult(await payAt(second, { merchantTransactionId, amount: '0.00' }), '20007');
  expectResult(await payAt(second, { merchantTransactionId }), '00001');
  expectResult(await payAt('1001', { merchantTransactionId }), '20015');
});
