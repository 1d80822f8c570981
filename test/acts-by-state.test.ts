/**
 * Every act against every state of a payment, once as core decides it and once over HTTP. A cell is the most that the act may take, in minor units, or
 * the refusal; `-` where there is nothing that the act could name.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decideCapture } from '../src/core/payment/capture.ts';
import { decideChargeback, decideChargebackReversal } from '../src/core/payment/chargeback.ts';
import { decideVoid } from '../src/core/payment/decide-void.ts';
import { effectOf } from '../src/core/payment/effect.ts';
import type { Decide, OperateCommand } from '../src/core/payment/operate.ts';
import type { OperationKind, OperationNode, PaymentTree } from '../src/core/payment/operation.ts';
import { decideRefund } from '../src/core/payment/refund.ts';
import type { OperationState } from '../src/core/states/operation.ts';
import { approved, debit, expectReply, type OppStack, type Reply, startOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { tableOf } from './harness/tables.ts';

/** How a state comes about: what is done, one after the other, to an authorization or a debit of 10000. */
const stories: Readonly<Record<string, readonly (readonly [act: 'CP' | 'RV' | 'RF' | 'CB' | 'CR', amount: number])[]>> = {
  'as it began': [],
  'partly captured': [['CP', 4_000]],
  captured: [['CP', 10_000]],
  'partly refunded': [
    ['CP', 10_000],
    ['RF', 3_000],
  ],
  refunded: [
    ['CP', 10_000],
    ['RF', 10_000],
  ],
  'partly charged back': [
    ['CP', 10_000],
    ['CB', 3_000],
  ],
  'charged back': [
    ['CP', 10_000],
    ['CB', 10_000],
  ],
  'charged back and reversed': [
    ['CP', 10_000],
    ['CB', 10_000],
    ['CR', 10_000],
  ],
  'refunded, rest charged back': [
    ['CP', 10_000],
    ['RF', 3_000],
    ['CB', 7_000],
  ],
  'charge voided': [
    ['CP', 10_000],
    ['RV', 10_000],
  ],
  voided: [['RV', 10_000]],
  failed: [],
  processing: [],
};

/** An authorization. CP and `RV hold` name it; the others name its capture, or it where nothing was captured. */
const ofHold = tableOf(`
state                       | CP                     | RV hold                | RV charge        | RF               | CB                   | CR
as it began                 | 10000                  | 10000                  | -                | wrong_kind       | wrong_kind           | wrong_kind
partly captured             | 6000                   | 6000                   | 4000             | 4000             | 4000                 | no_chargeback
captured                    | exceeds_authorized     | nothing_left           | 10000            | 10000            | 10000                | no_chargeback
partly refunded             | exceeds_authorized     | nothing_left           | already_refunded | 7000             | 7000                 | no_chargeback
refunded                    | exceeds_authorized     | nothing_left           | already_refunded | exceeds_captured | already_charged_back | no_chargeback
partly charged back         | exceeds_authorized     | nothing_left           | charged_back     | charged_back     | already_charged_back | 3000
charged back                | exceeds_authorized     | nothing_left           | charged_back     | charged_back     | already_charged_back | 10000
charged back and reversed   | exceeds_authorized     | nothing_left           | 10000            | 10000            | charged_back_before  | chargeback_already_reversed
refunded, rest charged back | exceeds_authorized     | nothing_left           | charged_back     | charged_back     | already_charged_back | 7000
charge voided               | exceeds_authorized     | nothing_left           | already_refunded | exceeds_captured | already_charged_back | no_chargeback
voided                      | exceeds_authorized     | nothing_left           | -                | wrong_kind       | wrong_kind           | wrong_kind
failed                      | operation_unsuccessful | operation_unsuccessful | -                | wrong_kind       | wrong_kind           | wrong_kind
processing                  | operation_pending      | operation_pending      | -                | wrong_kind       | wrong_kind           | wrong_kind
`);

/** A debit, which every act names. */
const ofDebit = tableOf(`
state                       | CP         | RV charge              | RF                     | CB                     | CR
as it began                 | wrong_kind | 10000                  | 10000                  | 10000                  | no_chargeback
partly refunded             | wrong_kind | already_refunded       | 7000                   | 7000                   | no_chargeback
refunded                    | wrong_kind | already_refunded       | exceeds_captured       | already_charged_back   | no_chargeback
partly charged back         | wrong_kind | charged_back           | charged_back           | already_charged_back   | 3000
charged back                | wrong_kind | charged_back           | charged_back           | already_charged_back   | 10000
charged back and reversed   | wrong_kind | 10000                  | 10000                  | charged_back_before    | chargeback_already_reversed
refunded, rest charged back | wrong_kind | charged_back           | charged_back           | already_charged_back   | 7000
voided                      | wrong_kind | already_refunded       | exceeds_captured       | already_charged_back   | no_chargeback
failed                      | wrong_kind | operation_unsuccessful | operation_unsuccessful | operation_unsuccessful | no_chargeback
processing                  | wrong_kind | operation_pending      | operation_pending      | operation_pending      | no_chargeback
`);

const acts = {
  CP: { kind: 'capture', decide: decideCapture },
  RV: { kind: 'reversal', decide: decideVoid },
  RF: { kind: 'refund', decide: decideRefund },
  CB: { kind: 'chargeback', decide: decideChargeback },
  CR: { kind: 'chargeback_reversal', decide: decideChargebackReversal },
} as const satisfies Readonly<Record<string, { readonly kind: OperationKind; readonly decide: Decide }>>;

type Act = keyof typeof acts;
type Cell = readonly [state: string, column: string, expected: string];

function cellsOf(table: readonly (readonly string[])[], columns: readonly string[]): readonly Cell[] {
  return table.flatMap(([state = '', ...cells]) => cells.map((expected, index): Cell => [state, columns[index] ?? '', expected]));
}

const flows = [
  { first: 'preauthorization', cells: cellsOf(ofHold, ['CP', 'RV hold', 'RV charge', 'RF', 'CB', 'CR']) },
  { first: 'debit', cells: cellsOf(ofDebit, ['CP', 'RV charge', 'RF', 'CB', 'CR']) },
] as const;

type First = (typeof flows)[number]['first'];

/** A debit has taken its money from the start. */
function storyOf(first: First, state: string): (typeof stories)[string] {
  const story = stories[state];
  if (story === undefined) throw new Error(`no story ${state}`);
  return first === 'debit' ? story.filter(([act]) => act !== 'CP') : story;
}

const isOfHold = (column: string) => column === 'CP' || column === 'RV hold';

// As core decides.

/** The payment that a story makes, by what core says each approval changes. */
function treeOf(first: First, state: string): PaymentTree {
  const firstState: OperationState = state === 'failed' ? 'declined' : state === 'processing' ? 'unknown' : 'approved';
  const begun = nodeOf({ kind: first, operationId: first, amount: 10_000, state: firstState });
  let tree: PaymentTree = {
    ...{ merchantId: 'm', channelId: 'c', paymentId: 'p', currency: 'EUR', operations: [begun] },
    ...{ state: 'authorized', authorized: 0, captured: 0, capturePending: 0, released: 0, releasePending: 0 },
  };
  if (firstState !== 'approved') return tree;
  tree = withEffect(tree, { kind: first, amount: 10_000 });
  for (const [act, amount] of storyOf(first, state)) {
    const target = act === 'CP' ? tree.operations[0] : chargeIn(tree);
    if (target === undefined) throw new Error('nothing to act upon');
    tree = withEffect(tree, { kind: acts[act].kind, amount, target });
  }
  return tree;
}

function nodeOf(one: Pick<OperationNode, 'kind' | 'operationId' | 'amount' | 'state'> & Partial<OperationNode>): OperationNode {
  const counters = { refunded: 0, refundPending: 0, reversed: 0, reversePending: 0, chargedBack: 0, chargebackReversed: 0, settled: false };
  const view = {
    merchantId: 'm',
    channelId: 'c',
    paymentId: 'p',
    currency: 'EUR',
    cardId: 'k',
    dialectData: {},
    createdAtMs: 0,
    number: 0,
  };
  return { ...view, ...counters, ...one };
}

interface Step {
  readonly kind: OperationKind;
  readonly amount: number;
  readonly target?: OperationNode;
}

/** Reservations come and go at once, so only what grows counts. */
function withEffect(tree: PaymentTree, { kind, amount, target }: Step): PaymentTree {
  const effect = effectOf({ kind, targetKind: target?.kind, amount, event: 'approve' });
  const grown = <T extends object>(old: T, delta: object): T =>
    Object.fromEntries(
      Object.entries(old).map(([name, value]) => [
        name,
        name in delta ? value + Math.max(0, (delta as Record<string, number>)[name] ?? 0) : value,
      ]),
    ) as T;
  const operations = tree.operations.map((one) => (one.operationId === target?.operationId ? grown(one, effect.target) : one));
  if (target === undefined) return { ...grown(tree, effect.payment), operations };
  const operationId = `${kind} ${operations.length}`;
  const disputeId = kind === 'chargeback' ? operationId : tree.operations.find((one) => one.kind === 'chargeback')?.operationId;
  const more = disputeId !== undefined && /^chargeback/.test(kind) ? { disputeId } : {};
  const added = nodeOf({ kind, operationId, amount, state: 'approved', targetId: target.operationId, ...more });
  return { ...grown(tree, effect.payment), operations: [...operations, added] };
}

function chargeIn({ operations }: PaymentTree): OperationNode | undefined {
  return operations.find(({ kind }) => kind === 'capture') ?? operations[0];
}

function decided(tree: PaymentTree, column: string, amount?: number): string {
  const act = column.slice(0, 2) as Act;
  const named = isOfHold(column) ? tree.operations[0] : chargeIn(tree);
  if (named === undefined) throw new Error('nothing to name');
  const channel = {} as OperateCommand['channel'];
  const command = { channel, operationId: named.operationId, dialectData: {}, ...(amount === undefined ? {} : { amount }) };
  const decision = acts[act].decide(tree, named, command);
  return 'code' in decision ? decision.code : String(decision.amount);
}

for (const { first, cells } of flows) {
  test(`what core decides on a ${first} in every state`, () => {
    for (const [state, column, expected] of cells) {
      if (expected === '-') continue;
      const tree = treeOf(first, state);
      const cell = `${column} of a ${first} that is ${state}`;
      assert.equal(decided(tree, column), expected, cell);
      if (!/^\d+$/.test(expected)) continue;
      assert.equal(decided(tree, column, Number(expected)), expected, cell);
      assert.doesNotMatch(decided(tree, column, Number(expected) + 1), /^\d+$/, `${cell}, one more than there is`);
    }
  });
}

// Over HTTP.

let stack: OppStack;
before(async () => {
  stack = await startOppStack();
});
after(() => stack?.finish());

/** The refusals above in the protocol's codes, by act. */
const wireCodes: Readonly<Record<string, Readonly<Partial<Record<Act, string>>>>> = {
  wrong_kind: { CP: '700.400.510', RV: '700.400.530', RF: '700.400.520', CB: '700.400.550', CR: '700.400.420' },
  exceeds_authorized: { CP: '700.400.100', RV: '700.400.300' },
  exceeds_captured: { RF: '700.400.200', RV: '700.400.300', CB: '700.400.400' },
  nothing_left: { RV: '700.400.300' },
  already_refunded: { RV: '700.400.300' },
  charged_back: { RV: '700.300.600', RF: '700.300.600' },
  already_charged_back: { CB: '700.400.400' },
  charged_back_before: { CB: '700.300.500' },
  no_chargeback: { CR: '700.400.420' },
  chargeback_already_reversed: { CR: '700.400.410' },
  operation_unsuccessful: { CP: '700.300.200', RV: '700.300.200', RF: '700.300.200', CB: '700.300.200' },
  operation_pending: { CP: '700.400.570', RV: '700.400.570', RF: '700.400.570', CB: '700.400.570' },
};

/** Beyond the most that is possible. */
const tooMuch: Readonly<Record<Act, string>> = {
  ...{ CP: '700.400.100', RV: '700.400.300', RF: '700.400.200', CB: '700.400.400', CR: '100.550.701' },
};

interface Made {
  readonly first: string;
  readonly charge: string;
}

async function make(first: First, state: string): Promise<Made> {
  const paymentType = first === 'debit' ? 'DB' : 'PA';
  if (state === 'failed') return both(await pay(paymentType, { 'card.number': '4000000000000002' }));
  if (state === 'processing') return both(await pay(paymentType, { 'card.number': '4000000000000911' }));
  const begun = expectReply(await pay(paymentType), 200, approved);
  let made = both(begun);
  for (const [act, amount] of storyOf(first, state)) {
    const named = act === 'CP' ? made.first : made.charge;
    const reply = expectReply(await operate(named, act, amount), 200, approved);
    if (act === 'CP') made = { ...made, charge: reply.body.id ?? '' };
  }
  return made;
}

const both = ({ body }: Reply): Made => ({ first: body.id ?? '', charge: body.id ?? '' });
const pay = (paymentType: string, more = {}) => stack.post('/v1/payments', debit({ paymentType, amount: '100.00', ...more }));

function operate(id: string, act: Act, amountMinor: number): Promise<Reply> {
  return stack.post(`/v1/payments/${id}`, { paymentType: act, amount: (amountMinor / 100).toFixed(2), currency: 'EUR' });
}

for (const { first, cells } of flows) {
  test(`what merchants are answered on a ${first} in every state`, async () => {
    // The issuer's side stays silent, so that what is in process stays so until all cells have been tried.
    await stack.parts.host.addFault({ fault: 'no_answer', mti: '0420', pan: '4000000000000911', times: 1_000 });
    for (const [state, column, expected] of cells) {
      if (expected === '-') continue;
      const act = column.slice(0, 2) as Act;
      const made = await make(first, state);
      const named = isOfHold(column) ? made.first : made.charge;
      const cell = `${column} of a ${first} that is ${state}`;
      if (/^\d+$/.test(expected)) {
        assert.equal((await operate(named, act, Number(expected) + 1)).code, tooMuch[act], `${cell}, one more than there is`);
        assert.equal((await operate(named, act, Number(expected))).code, approved, cell);
      } else {
        assert.equal((await operate(named, act, 100)).code, wireCodes[expected]?.[act], cell);
      }
    }
    await stack.parts.host.clearFaults();
    await eventually(nothingUnknown, 'what is in process to be resolved');
  });
}

/** Makes what waits due again and again: a look that was under way before may have put the next one off by a minute. */
async function nothingUnknown(): Promise<boolean> {
  await stack.parts.hurry();
  const { rowCount } = await stack.parts.database.query(`select from polygate.operation where state in ('submitted', 'unknown') limit 1`);
  return rowCount === 0;
}
