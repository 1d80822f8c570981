/**
 * What is not answered: every way in which the host can lose, delay or spoil an answer, for every operation. The merchant hears "pending" and
 * later the truth, and in the end both books agree.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { auditedTests } from './harness/auditor.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import type { FaultRequest } from './harness/host-control.ts';
import { type OppAnswer, pending, succeeded, undone } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
const audited = auditedTests(() => stack);

/** The code of a transaction once it is not pending any more. */
async function truthOf(id: string): Promise<string> {
  let code = pending;
  await eventually(async () => {
    code = (await stack.api.read(id)).code;
    return code !== pending;
  }, `the truth about ${id}`);
  return code;
}

type Act = (card: string) => Promise<OppAnswer>;

interface Row {
  readonly act: string;
  readonly mti: NonNullable<FaultRequest['mti']>;
  /** Does what comes before, and returns the act itself. */
  readonly prepare: (card: string) => Promise<Act>;
  /** What an unanswered one turns out to be. */
  readonly truth: string;
}

async function paid(type: 'PA' | 'DB', card: string): Promise<string> {
  const { id, code } = await stack.api.pay({ type, card, amount: '30.00' });
  assert.equal(code, succeeded);
  return id;
}

async function captured(card: string): Promise<string> {
  const { id, code } = await stack.api.operate(await paid('PA', card), { type: 'CP', amount: '20.00' });
  assert.equal(code, succeeded);
  return id;
}

const pay = (type: 'PA' | 'DB') => async (): Promise<Act> => (card) => stack.api.pay({ type, card, amount: '30.00' });
const operate =
  (first: (card: string) => Promise<string>, type: 'CP' | 'RV' | 'RF' | 'RB', amount?: string) =>
  async (card: string): Promise<Act> => {
    const id = await first(card);
    return () => stack.api.operate(id, { type, ...(amount === undefined ? {} : { amount }) });
  };

const rows: readonly Row[] = [
  { act: 'PA', mti: '0100', truth: undone, prepare: pay('PA') },
  { act: 'DB', mti: '0200', truth: undone, prepare: pay('DB') },
  { act: 'CP', mti: '0220', truth: succeeded, prepare: operate((card) => paid('PA', card), 'CP', '30.00') },
  { act: 'CP of a part', mti: '0220', truth: succeeded, prepare: operate((card) => paid('PA', card), 'CP', '12.00') },
  { act: 'RV of a PA', mti: '0420', truth: succeeded, prepare: operate((card) => paid('PA', card), 'RV') },
  { act: 'RV of a part of a PA', mti: '0420', truth: succeeded, prepare: operate((card) => paid('PA', card), 'RV', '12.00') },
  { act: 'RV of a DB', mti: '0420', truth: succeeded, prepare: operate((card) => paid('DB', card), 'RV') },
  { act: 'RV of a part of a CP', mti: '0420', truth: succeeded, prepare: operate(captured, 'RV', '7.00') },
  { act: 'RF of a DB', mti: '0200', truth: succeeded, prepare: operate((card) => paid('DB', card), 'RF', '30.00') },
  { act: 'RB of a DB', mti: '0200', truth: undone, prepare: operate((card) => paid('DB', card), 'RB', '9.00') },
  { act: 'RF of a part of a CP', mti: '0200', truth: succeeded, prepare: operate(captured, 'RF', '7.00') },
];

/** Beyond the stack's time-out for the acquirer. */
const tooLateMs = 1_500;

const unanswered: readonly FaultRequest[] = [
  { fault: 'no_answer' },
  { fault: 'answer_lost' },
  { fault: 'late_answer', delay_ms: tooLateMs },
  { fault: 'wrong_stan' },
  { fault: 'garbage' },
  // Not only the answer, but those of the first repeats or reversals as well.
  { fault: 'answer_lost', times: 2 },
  { fault: 'no_answer', times: 3 },
];
/** These break the connection, which would spoil the answers of others on it. */
const breaking: readonly FaultRequest[] = [{ fault: 'disconnect' }, { fault: 'half_frame' }];
const harmless: readonly FaultRequest[] = [{ fault: 'slow', delay_ms: 250 }, { fault: 'duplicate_answer' }];

audited('whatever happens to an answer, the act is pending and then what its kind makes of it', async () => {
  const tries = rows.flatMap((row) => unanswered.map((fault) => isUnknown(row, fault)));
  await Promise.all(tries);
});

for (const row of rows) {
  audited(`${row.act} on a connection that breaks is pending, then ${row.truth}`, async () => {
    for (const fault of breaking) await isUnknown(row, fault);
  });
  audited(`${row.act} that is answered slowly or twice succeeds, and one that is declined says so`, async () => {
    for (const { code } of await Promise.all(harmless.map((fault) => actWith(row, fault)))) assert.equal(code, succeeded);
    assert.equal((await actWith(row, { fault: 'decline', code: '51' })).code, '800.100.155');
  });
}

const payout: Row = { act: 'CD', mti: '0200', truth: pending, prepare: async () => (card) => stack.api.pay({ type: 'CD', card }) };

audited('a payout without an answer is pending, is left to the operator, and only its own late answer settles it', async () => {
  const isLeft = async (fault: FaultRequest): Promise<void> => {
    const { id, code } = await actWith(payout, fault);
    assert.equal(code, pending, fault.fault);
    const settled = fault.fault === 'late_answer' ? 'approved' : 'escalated';
    await eventually(async () => (await stateOf(id)) === settled, `a payout with ${fault.fault} to be ${settled}`);
    assert.equal((await stack.api.read(id)).code, settled === 'approved' ? succeeded : pending, fault.fault);
  };
  await Promise.all(unanswered.map(isLeft));
  for (const fault of breaking) await isLeft(fault);
  const { rows } = await stack.database.query(
    `select from polygate.acquirer_message m join polygate.operation o using (merchant_id, operation_id) where o.kind = 'payout' and m.purpose = 'undo'`,
  );
  assert.equal(rows.length, 0);
  const booked = (await stack.host.books()).filter(({ kind }) => kind === 'payout');
  assert.deepEqual(new Set(booked.map(({ state }) => state)), new Set(['booked']));
});

audited('a payout that is answered slowly or twice succeeds, and one that is declined says so', async () => {
  for (const { code } of await Promise.all(harmless.map((fault) => actWith(payout, fault)))) assert.equal(code, succeeded);
  assert.equal((await actWith(payout, { fault: 'decline', code: '51' })).code, '800.100.155');
});

async function stateOf(id: string): Promise<string | undefined> {
  const { rows } = await stack.database.query<{ state: string }>('select state from polygate.operation where operation_id = $1::uuid', [
    id,
  ]);
  return rows[0]?.state;
}

/** A fault is meant for one card, so that many can be tried at once. */
async function actWith(row: Row, fault: FaultRequest): Promise<OppAnswer> {
  const card = freshCardNumber();
  const act = await row.prepare(card);
  await stack.host.addFault({ ...fault, pan: card, ...(fault.times === undefined ? { mti: row.mti } : {}) });
  return act(card);
}

async function isUnknown(row: Row, fault: FaultRequest): Promise<void> {
  const answer = await actWith(row, fault);
  const what = `${row.act} with ${fault.fault}`;
  assert.equal(answer.code, pending, what);
  assert.equal(answer.status, 200, what);
  assert.match(answer.id, /^[\da-f]{32}$/, what);
  assert.equal(await truthOf(answer.id), row.truth, what);
}

audited('a host that fails on a repeat has not said what became of the first: it is repeated until the host does', async () => {
  const repeatable = rows.filter(({ truth }) => truth === succeeded);
  const fails = repeatable.flatMap((row) => ['94', '91', '96'].map((code) => ({ row, code })));
  const tries = fails.map(async ({ row, code }) => {
    const card = freshCardNumber();
    const act = await row.prepare(card);
    // The first order is for the first transmission, the second for its repeat.
    await stack.host.addFault({ fault: 'answer_lost', pan: card });
    await stack.host.addFault({ fault: 'decline', code, pan: card });
    const answer = await act(card);
    assert.equal(answer.code, pending, row.act);
    assert.equal(await truthOf(answer.id), succeeded, `${row.act} whose repeat is answered ${code}`);
  });
  await Promise.all(tries);
});

audited('an answer that says no more than that the host is at it, or was too late, is no answer', async () => {
  // What the host has once said of a refund it says again, whenever it is asked: nobody would ever know.
  const resolvable = rows.filter(({ act }) => !act.startsWith('RF'));
  const tries = resolvable.flatMap((row) =>
    ['09', '68'].map(async (code) => {
      const { code: told } = await actWith(row, { fault: 'decline', code });
      assert.equal(told, pending, `${row.act} answered ${code}`);
    }),
  );
  await Promise.all(tries);
  await eventually(async () => (await openOperations()) === 0, 'all of them to be resolved');
});

async function openOperations(): Promise<number> {
  const { rows: open } = await stack.database.query(`select from polygate.operation where state in ('submitted', 'unknown')`);
  return open.length;
}

const cards = [
  ['4000000000000911', 'never reaches the host', pending, undone],
  ['4000000000000929', 'is approved and its answer lost', pending, undone],
  ['4000000000000937', 'is approved too late', pending, undone],
  ['4000000000000945', 'is approved twice', succeeded, succeeded],
  ['4000000000000952', 'is approved and the connection closed', pending, undone],
] as const;

for (const [card, story, first, truth] of cards) {
  audited(`card ${card.slice(-4)} ${story}`, async () => {
    for (const type of ['PA', 'DB'] as const) {
      const answer = await stack.api.pay({ type, card });
      assert.equal(answer.code, first);
      assert.equal(await truthOf(answer.id), truth);
    }
  });
}

audited('a late approval that finds its payment reversed changes nothing', async () => {
  const before = late().length;
  const { id } = await stack.api.pay({ card: '4000000000000937' });
  assert.equal(await truthOf(id), undone);
  await eventually(() => late().length > before, 'the late approval');
  assert.equal((await stack.api.read(id)).code, undone);
});

function late(): readonly string[] {
  return stack.log().filter((line) => line.includes('an approval came after its time-out'));
}

audited('while the host is down an unanswered payment stays pending; when it is back, it is reversed', async () => {
  const lost = await stack.api.pay({ type: 'PA', card: '4000000000000929' });
  assert.equal(lost.code, pending);
  await stack.stopSandbox();
  await stack.hurry();
  const unreachable = await stack.api.pay({ type: 'PA' });
  assert.equal(unreachable.code, '900.100.600');
  // The worker has looked once more, and has put the operation off without counting it.
  await stack.hurry();
  await eventually(async () => {
    const { rows: due } = await stack.database.query(`select from polygate.operation where state = 'unknown' and resolve_at > now()`);
    return due.length === 1;
  }, 'the worker to look at the operation');
  assert.equal((await stack.api.read(lost.id)).code, pending);
  await stack.startSandbox();
  assert.equal(await truthOf(lost.id), undone);
  await eventually(async () => (await stack.api.pay({ type: 'PA' })).code === succeeded, 'payments to succeed again');
});
