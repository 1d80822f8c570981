/** What core decides of payments at a bank, as tables: flows, receipts, references, signatures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signatureOf } from '../sandbox/bank/notifier.ts';
import { isSigned } from '../src/acquirers/bank/signature.ts';
import { routingNumberIn } from '../src/core/bank/bank.ts';
import { bankMethods, supports } from '../src/core/instrument/bank.ts';
import { splitReceipt } from '../src/core/payment/receipt.ts';
import { tableOf } from './harness/tables.ts';

const flows = tableOf(`
method     | debit | preauthorization | rebill | payout
ideal      | yes   | no               | yes    | no
sofort     | yes   | yes              | yes    | no
prepayment | no    | yes              | yes    | no
`);

test('which flow each method supports', () => {
  const found = bankMethods.map((method) => [
    method,
    ...(['debit', 'preauthorization', 'rebill', 'payout'] as const).map((kind) => (supports(method, kind) ? 'yes' : 'no')),
  ]);
  assert.deepEqual(found, [...flows]);
});

/** Declared receipts as `amount/confirmed`. */
const splits = tableOf(`
money | left | declared   | confirms         | posted | unassigned
100   | 100  |            |                  | 100    | 0
60    | 100  |            |                  | 60     | 0
150   | 100  |            |                  | 100    | 50
100   | 0    | 100/0      | 100 whole        | 0      | 0
40    | 0    | 100/0      | 40 part          | 0      | 0
60    | 0    | 100/40     | 60 whole         | 0      | 0
90    | 40   | 30/0 30/10 | 30 whole 20 whole | 40    | 0
100   | 40   | 30/0 30/10 | 30 whole 20 whole | 40    | 10
35    | 40   | 30/0 30/10 | 30 whole 5 part  | 0      | 0
50    | 0    |            |                  | 0      | 50
`);

for (const [money = '', left, declared = '', confirms, posted, unassigned] of splits) {
  test(`a receipt of ${money} with ${left} left and ${declared || 'nothing'} declared`, () => {
    const known = declared
      .split(' ')
      .filter((text) => text !== '')
      .map((text, index) => {
        const [amount, confirmed] = text.split('/').map(Number);
        return { operationId: String(index), amount: amount ?? 0, confirmed: confirmed ?? 0 };
      });
    const split = splitReceipt(Number(money), known, Number(left));
    const parts = split.confirms.map(({ amount, isWhole }) => `${amount} ${isWhole ? 'whole' : 'part'}`).join(' ');
    assert.deepEqual([parts, String(split.posted), String(split.unassigned)], [confirms, posted, unassigned]);
    const confirmed = split.confirms.reduce((sum, { amount }) => sum + amount, 0);
    assert.equal(confirmed + split.posted + split.unassigned, Number(money));
  });
}

test('a reference names its merchant, and what is none does not', () => {
  assert.equal(routingNumberIn(`${'a'.repeat(20)}0001`), 1);
  assert.equal(routingNumberIn(`${'a'.repeat(20)}zzzz`), 36 ** 4 - 1);
  for (const strange of ['', 'a'.repeat(23), 'a'.repeat(25), `${'a'.repeat(20)}000A`, `${'-'.repeat(20)}0001`]) {
    assert.equal(routingNumberIn(strange), undefined, strange);
  }
});

test('a signature holds for its body, its secret and five minutes', () => {
  const body = Buffer.from('{"reference":"x"}');
  const nowMs = 1_790_000_000_000;
  const signature = (secret: string, offsetMs: number, text = body.toString()) => signatureOf(secret, (nowMs + offsetMs) / 1_000, text);
  const holds = (text: string | undefined) => isSigned({ signature: text, body, secret: 'right', nowMs });
  for (const offsetMs of [0, 300_000, -300_000]) assert.ok(holds(signature('right', offsetMs)));
  for (const offsetMs of [301_000, -301_000]) assert.ok(!holds(signature('right', offsetMs)));
  assert.ok(!holds(signature('wrong', 0)));
  assert.ok(!holds(signature('right', 0, '{"reference":"y"}')));
  assert.ok(!holds(signature('right', 0).toUpperCase()));
  assert.ok(!holds(undefined));
});
