/** The pure rules of core as tables: what an outcome changes, what an act may take, which states follow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { largestAmount } from '../src/core/money/amount.ts';
import { decideCapture } from '../src/core/payment/capture.ts';
import { decideChargeback } from '../src/core/payment/chargeback.ts';
import { decideVoid } from '../src/core/payment/decide-void.ts';
import { effectOf } from '../src/core/payment/effect.ts';
import type { OperateCommand } from '../src/core/payment/operate.ts';
import { type OperationKind, type OperationNode, operationKinds, type PaymentTree } from '../src/core/payment/operation.ts';
import { decideReceipt } from '../src/core/payment/receipt.ts';
import { decideRefund } from '../src/core/payment/refund.ts';
import {
  type AuthenticationEvent,
  type AuthenticationState,
  authenticationTransitions,
  isOpen,
} from '../src/core/states/authentication.ts';
import {
  type OperationEvent,
  type OperationState,
  operationEvents,
  operationStates,
  operationTransitions,
} from '../src/core/states/operation.ts';
import { paymentEvents, paymentStates, paymentTransitions } from '../src/core/states/payment.ts';
import { tableOf } from './harness/tables.ts';

/** `captured+1 capture_pending-1`: the counters that change, for an amount of 1. */
function deltasOf(delta: object): string {
  const changes = Object.entries(delta).filter(([, value]) => value !== 0);
  return changes.map(([name, value]) => `${name}${value > 0 ? '+' : ''}${value}`).join(' ');
}

const keeps = ['submit', 'step_up', 'approve_partly', 'fail_checks', 'lose', 'escalate', 'resume'] as const;
const givesBack = ['refuse', 'decline', 'fail', 'confirm_undone'] as const;

const effects = tableOf(`
kind            target           event    | payment event | payment                        | target                      | ledger
preauthorization -               approve  | hold          | authorized+1                   |                             | hold pending +1
preauthorization -               back     | fail          |                                |                             |
preauthorization -               reopen   | reopen        |                                |                             |
preauthorization -               keep     |               |                                |                             |
debit            -               approve  | charge        | captured+1                     |                             | debit posted +1
debit            -               back     | fail          |                                |                             |
debit            -               reopen   | reopen        |                                |                             |
debit            -               keep     |               |                                |                             |
rebill           -               approve  | charge        | captured+1                     |                             | rebill posted +1
rebill           -               back     | fail          |                                |                             |
rebill           -               reopen   | reopen        |                                |                             |
rebill           -               keep     |               |                                |                             |
payout           -               approve  | pay_out       |                                |                             | payout posted -1
payout           -               back     | fail          |                                |                             |
payout           -               keep     |               |                                |                             |
capture          preauthorization approve | move          | captured+1 capturePending-1    |                             | hold_release pending -1, capture posted +1
capture          preauthorization back    |               | capturePending-1               |                             |
capture          preauthorization keep    |               |                                |                             |
reversal         preauthorization approve | move          | released+1 releasePending-1    |                             | hold_release pending -1
reversal         preauthorization back    |               | releasePending-1               |                             |
reversal         preauthorization keep    |               |                                |                             |
reversal         debit           approve  | move          | reversed+1                     | reversed+1 reversePending-1 | charge_reversal posted -1
reversal         debit           back     |               |                                | reversePending-1            |
reversal         debit           keep     |               |                                |                             |
reversal         capture         approve  | move          | reversed+1                     | reversed+1 reversePending-1 | charge_reversal posted -1
reversal         capture         back     |               |                                | reversePending-1            |
reversal         capture         keep     |               |                                |                             |
refund           debit           approve  |               | refunded+1                     | refunded+1 refundPending-1  | refund posted -1
refund           debit           back     |               |                                | refundPending-1             |
refund           debit           keep     |               |                                |                             |
reversal         rebill          approve  | move          | reversed+1                     | reversed+1 reversePending-1 | charge_reversal posted -1
refund           rebill          approve  |               | refunded+1                     | refunded+1 refundPending-1  | refund posted -1
refund           capture         approve  |               | refunded+1                     | refunded+1 refundPending-1  | refund posted -1
refund           capture         back     |               |                                | refundPending-1             |
refund           capture         keep     |               |                                |                             |
receipt preauthorization approve           | move          | captured+1                     |                             | hold_release pending -1, receipt posted +1
refund           receipt          approve  |               | refunded+1                     | refunded+1 refundPending-1  | refund posted -1
chargeback          receipt approve       |               | chargedBack+1                  | chargedBack+1               | chargeback posted -1
chargeback          debit   approve       |               | chargedBack+1                  | chargedBack+1               | chargeback posted -1
chargeback          capture approve       |               | chargedBack+1                  | chargedBack+1               | chargeback posted -1
chargeback          preauthorization approve |            | chargedBack+1                  | chargedBack+1               | chargeback posted -1
chargeback_reversal debit   approve       |               | chargebackReversed+1           | chargebackReversed+1        | chargeback_reversal posted +1
chargeback_reversal capture approve       |               | chargebackReversed+1           | chargebackReversed+1        | chargeback_reversal posted +1
`);

for (const [outcome = '', paymentEvent, payment, target, ledger] of effects) {
  const [kind, targetKind, group] = outcome.split(/\s+/);
  const events = group === 'back' ? givesBack : group === 'keep' ? keeps : [group as OperationEvent];
  test(`what changes when a ${kind} of ${targetKind}: ${group}`, () => {
    for (const event of events) {
      const targetOf = targetKind === '-' ? undefined : (targetKind as OperationKind);
      for (const amount of [1, largestAmount]) {
        const effect = effectOf({ kind: kind as OperationKind, targetKind: targetOf, amount, event });
        const one = (delta: object) => Object.fromEntries(Object.entries(delta).map(([name, value]) => [name, value / amount]));
        assert.equal(effect.paymentEvent ?? '', paymentEvent);
        assert.equal(deltasOf(one(effect.payment)), payment);
        assert.equal(deltasOf(one(effect.target)), target);
        const lines = effect.ledger.map((line) => {
          assert.equal(line.amount, amount);
          assert.notEqual(line.debit, line.credit);
          return `${line.kind} ${line.layer} ${line.credit === 'merchant_payable' ? '+1' : '-1'}`;
        });
        assert.equal(lines.join(', '), ledger);
        assert.ok(effect.event.startsWith(`${kind}.`));
      }
    }
  });
}

test('every event of an operation has a name of its own; the end of a review is told as what it comes to', () => {
  const nameOf = (event: OperationEvent) => effectOf({ kind: 'preauthorization', targetKind: undefined, amount: 1, event }).event;
  assert.deepEqual([nameOf('accept_review'), nameOf('refuse_review')], ['preauthorization.approved', 'preauthorization.rejected']);
  const others = operationEvents.filter((event) => event !== 'accept_review' && event !== 'refuse_review');
  assert.equal(new Set(others.map(nameOf)).size, others.length);
});

/**
 * A payment with one operation of each kind. `payment` and `named` are counters that are not zero. The authorization is of 100, the capture
 * and the debit are of 60.
 */
interface Situation {
  readonly named: OperationKind;
  readonly state?: OperationState;
  readonly payment?: Partial<PaymentTree>;
  readonly own?: Partial<OperationNode>;
  readonly amount?: number;
}

function treeOf({ named, state = 'approved', payment, own }: Situation): PaymentTree {
  const view = { merchantId: 'm', channelId: 'c', paymentId: 'p', currency: 'EUR', cardId: 'k', dialectData: {}, createdAtMs: 0 };
  const counters = { refunded: 0, refundPending: 0, reversed: 0, reversePending: 0, chargedBack: 0, chargebackReversed: 0, settled: false };
  const operations = operationKinds.map((kind): OperationNode => {
    const amount = kind === 'preauthorization' ? 100 : 60;
    return {
      ...view,
      ...counters,
      number: 0,
      kind,
      amount,
      operationId: kind,
      state: kind === named ? state : 'approved',
      ...(kind === named ? own : {}),
    };
  });
  const amounts = { authorized: 100, captured: 60, capturePending: 0, released: 0, releasePending: 0 };
  return { merchantId: 'm', channelId: 'c', paymentId: 'p', state: 'authorized', currency: 'EUR', ...amounts, ...payment, operations };
}

const decisions = { CP: decideCapture, RV: decideVoid, RF: decideRefund, CB: decideChargeback, RC: decideReceipt };

/** `40 of preauthorization, 60 remain`, or the code of the refusal. */
function decide(act: keyof typeof decisions, situation: Situation): string {
  const tree = treeOf(situation);
  const named = tree.operations.find(({ kind }) => kind === situation.named);
  if (named === undefined) throw new Error(`no ${situation.named}`);
  const channel = {} as OperateCommand['channel'];
  const amount = situation.amount === undefined ? {} : { amount: situation.amount };
  const decision = decisions[act](tree, named, { channel, operationId: named.operationId, dialectData: {}, ...amount });
  if ('code' in decision) return decision.code;
  const remain = decision.remaining === undefined ? '' : `, ${decision.remaining} remain`;
  return `${decision.amount} of ${decision.target.kind}${remain}`;
}

const decisionsByKind = tableOf(`
act | named            | outcome
CP  | preauthorization | 40 of preauthorization
CP  | debit            | wrong_kind
CP  | capture          | wrong_kind
CP  | reversal         | wrong_kind
CP  | refund           | wrong_kind
CP  | rebill           | wrong_kind
CP  | payout           | wrong_kind
CP  | chargeback       | wrong_kind
RV  | preauthorization | 40 of preauthorization, 60 remain
RV  | debit            | 60 of debit, 0 remain
RV  | capture          | 60 of capture, 0 remain
RV  | reversal         | wrong_kind
RV  | refund           | wrong_kind
RV  | rebill           | 60 of rebill, 0 remain
RV  | payout           | wrong_kind
RV  | chargeback       | wrong_kind
RF  | preauthorization | 60 of capture
RF  | debit            | 60 of debit
RF  | capture          | 60 of capture
RF  | reversal         | wrong_kind
RF  | refund           | wrong_kind
RF  | rebill           | 60 of rebill
RF  | payout           | wrong_kind
RF  | chargeback       | wrong_kind
RF  | receipt          | 60 of receipt
CB  | preauthorization | wrong_kind
CB  | debit            | 60 of debit
CB  | capture          | 60 of capture
CB  | reversal         | wrong_kind
CB  | refund           | wrong_kind
CB  | chargeback       | wrong_kind
CB  | rebill           | 60 of rebill
CB  | payout           | wrong_kind
CB  | receipt          | 60 of receipt
RC  | preauthorization | receipt_not_supported
RC  | debit            | receipt_not_supported
`);

const decisionsByState: Readonly<Record<OperationState, string | undefined>> = {
  awaiting: 'operation_pending',
  submitted: 'operation_pending',
  pending: 'operation_pending',
  approved: undefined,
  declined: 'operation_unsuccessful',
  rejected: 'operation_unsuccessful',
  failed: 'operation_unsuccessful',
  unknown: 'operation_pending',
  undone: 'operation_unsuccessful',
  escalated: 'operation_pending',
};

test('what an act may take, for every kind and state of what it names', () => {
  for (const [act = '', named = '', outcome = ''] of decisionsByKind) {
    for (const state of operationStates) {
      // A refund that names the authorization looks for captures, whatever became of the authorization.
      const looksFurther = act === 'RF' && named === 'preauthorization';
      const expected =
        outcome === 'wrong_kind' || outcome === 'receipt_not_supported' || looksFurther ? outcome : (decisionsByState[state] ?? outcome);
      const situation = { named: named as OperationKind, state };
      assert.equal(decide(act as keyof typeof decisions, situation), expected, `${act} of a ${named} that is ${state}`);
    }
  }
});

const decisionsByAmount: readonly (readonly [act: keyof typeof decisions, situation: Situation, outcome: string])[] = [
  ['CP', { named: 'preauthorization', amount: 40 }, '40 of preauthorization'],
  ['CP', { named: 'preauthorization', amount: 41 }, 'exceeds_authorized'],
  ['CP', { named: 'preauthorization', amount: 30, payment: { capturePending: 11 } }, 'exceeds_authorized'],
  ['CP', { named: 'preauthorization', amount: 30, payment: { released: 11 } }, 'exceeds_authorized'],
  ['CP', { named: 'preauthorization', amount: 30, payment: { releasePending: 11 } }, 'exceeds_authorized'],
  ['CP', { named: 'preauthorization', amount: 29, payment: { releasePending: 11 } }, '29 of preauthorization'],
  ['CP', { named: 'preauthorization', payment: { captured: 100 } }, 'exceeds_authorized'],
  ['RV', { named: 'preauthorization', amount: 40 }, '40 of preauthorization, 60 remain'],
  ['RV', { named: 'preauthorization', amount: 1 }, '1 of preauthorization, 99 remain'],
  ['RV', { named: 'preauthorization', amount: 41 }, 'exceeds_authorized'],
  ['RV', { named: 'preauthorization', payment: { capturePending: 15 } }, '25 of preauthorization, 75 remain'],
  ['RV', { named: 'preauthorization', payment: { released: 15 } }, '25 of preauthorization, 60 remain'],
  ['RV', { named: 'preauthorization', amount: 1, payment: { releasePending: 1 } }, 'payment_busy'],
  ['RV', { named: 'preauthorization', payment: { captured: 90, capturePending: 10 } }, 'nothing_left'],
  ['RV', { named: 'preauthorization', payment: { captured: 0 } }, '100 of preauthorization, 0 remain'],
  ['RV', { named: 'debit', amount: 61 }, 'exceeds_captured'],
  ['RV', { named: 'debit', amount: 10, own: { reversed: 5 } }, '10 of debit, 45 remain'],
  ['RV', { named: 'debit', amount: 10, own: { reversePending: 5 } }, 'payment_busy'],
  ['RV', { named: 'debit', own: { reversed: 60 } }, 'already_refunded'],
  ['RV', { named: 'capture', amount: 1, own: { refunded: 1 } }, 'already_refunded'],
  ['RV', { named: 'capture', amount: 1, own: { refundPending: 1 } }, 'already_refunded'],
  ['RF', { named: 'debit', amount: 60 }, '60 of debit'],
  ['RF', { named: 'debit', amount: 61 }, 'exceeds_captured'],
  ['RF', { named: 'debit', own: { refunded: 10, refundPending: 10, reversed: 10, reversePending: 10 } }, '20 of debit'],
  ['RF', { named: 'debit', amount: 21, own: { refunded: 10, refundPending: 10, reversed: 10, reversePending: 10 } }, 'exceeds_captured'],
  ['RF', { named: 'capture', own: { refunded: 60 } }, 'exceeds_captured'],
];

test('what an act may take, for every amount that stands in its way', () => {
  for (const [act, situation, outcome] of decisionsByAmount) {
    assert.equal(decide(act, situation), outcome, `${act} ${JSON.stringify(situation)}`);
  }
});

const operationMoves = tableOf(`
from      | submit    | refuse   | step_up  | hand_over | defer   | approve  | decline  | approve_partly | fail_checks | fail   | lose    | confirm_undone | reopen  | escalate  | resume  | approve_for_review | accept_review | refuse_review
awaiting  | submitted | rejected |          |           |         |          |          |                |             |        |         |                |         |           |         |                    |               |
submitted |           |          | awaiting | pending   |         | approved | declined | unknown        | unknown     | failed | unknown |                |         |           |         | approved           |               |
pending   |           |          |          |           | pending | approved | declined |                |             |        |         |                |         |           |         |                    |               |
approved  |           |          |          |           |         |          |          |                |             |        |         |                |         |           |         |                    | approved      | approved
declined  |           |          |          |           |         |          |          |                |             |        |         |                |         |           |         |                    |               |
rejected  |           |          |          |           |         |          |          |                |             |        |         |                |         |           |         |                    |               |
failed    |           |          |          |           |         |          |          |                |             |        |         |                |         |           |         |                    |               |
unknown   |           |          |          | pending   |         | approved | declined |                |             | failed |         | undone         |         | escalated |         |                    |               |
undone    |           |          |          |           |         |          |          |                |             |        |         |                | unknown |           |         |                    |               |
escalated |           |          |          | pending   |         | approved | declined |                |             |        |         | undone         |         |           | unknown | approved           |               |
`);

test('which states of an operation follow which', () => {
  assert.deepEqual(
    operationMoves.map(([from]) => from),
    [...operationStates],
  );
  for (const [from = '', ...moves] of operationMoves) {
    const found = operationEvents.map((event) => operationTransitions.next(from as OperationState, event) ?? '');
    assert.deepEqual(found, moves, from);
  }
});

const paymentMoves = tableOf(`
from       | hold       | charge   | pay_out  | fail   | reopen     | move       | finish_charged | finish_voided
processing | authorized | captured | paid_out | failed |            |            |                |
authorized |            |          |          |        |            | authorized | captured       | voided
captured   |            |          |          |        |            |            | captured       | voided
paid_out   |            |          |          |        |            |            |                |
voided     |            |          |          |        |            |            |                |
failed     |            |          |          |        | processing |            |                |
`);

test('which states of a payment follow which', () => {
  assert.deepEqual(
    paymentMoves.map(([from]) => from),
    [...paymentStates],
  );
  for (const [from = '', ...moves] of paymentMoves) {
    const found = paymentEvents.map((event) => paymentTransitions.next(from as (typeof paymentStates)[number], event) ?? '');
    assert.deepEqual(found, moves, from);
  }
});

const runEvents: readonly AuthenticationEvent[] = [
  ...(['ask', 'challenge', 'authenticate', 'attempt', 'inform', 'fail', 'forbid', 'give_up', 'expire'] as const),
];
// What has a result is over: nothing leads out of it. A result comes of a question alone, and of a challenge only after one.
const runMoves = tableOf(`
from          | ask   | challenge  | authenticate  | attempt   | inform   | fail   | forbid    | give_up     | expire
not_enrolled  |       |            |               |           |          |        |           |             |
ready         | asked |            |               |           |          |        |           | unavailable | expired
method        | asked |            |               |           |          | failed |           |             | expired
asked         |       | challenged | authenticated | attempted | informed | failed | forbidden | unavailable | expired
challenged    |       |            | authenticated | attempted |          | failed | forbidden | unavailable | expired
authenticated |       |            |               |           |          |        |           |             |
attempted     |       |            |               |           |          |        |           |             |
informed      |       |            |               |           |          |        |           |             |
failed        |       |            |               |           |          |        |           |             |
forbidden     |       |            |               |           |          |        |           |             |
unavailable   |       |            |               |           |          |        |           |             |
expired       |       |            |               |           |          |        |           |             |
`);

test('which states of an authentication follow which', () => {
  for (const [from = '', ...moves] of runMoves) {
    const state = from as AuthenticationState;
    const found = runEvents.map((event) => authenticationTransitions.next(state, event) ?? '');
    assert.deepEqual(found, moves, from);
    assert.equal(
      isOpen(state),
      moves.some((to) => to !== ''),
      from,
    );
  }
  const known = new Set(runMoves.map(([from]) => from));
  for (const [from, , to] of authenticationTransitions.rows) assert.ok(known.has(from) && known.has(to), `${from}, ${to}`);
});
