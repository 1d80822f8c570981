/** Operations that only a person can settle: each decision for each kind, what the merchant hears, and that both books agree in the end. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { auditedTests } from './harness/auditor.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { createConsoleClient, moveClock, viewerKey } from './harness/console.ts';
import type { FaultRequest } from './harness/host-control.ts';
import { pending, succeeded, undone } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
const client = createConsoleClient(() => `http://127.0.0.1:${stack.config.port}`);
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
const audited = auditedTests(() => stack);

const uuidOf = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const ids = (id: string) => ({ operation_id: uuidOf(id) });
const day = 86_400;
const reason = 'The acquirer has said so by phone.';

function decideOn(id: string, decision: string, more: { readonly approval_code?: string | undefined } = {}) {
  return client.call('post', '/escalations/{operation_id}/decision', { ids: ids(id), body: { decision, reason, ...more } });
}

/** Lets all attempts of an unanswered operation be used up. */
async function escalated(id: string): Promise<string> {
  await eventually(async () => {
    const { rows } = await stack.database.query<{ state: string }>(
      `update polygate.operation set resolve_attempts = case when state = 'unknown' then 100 else resolve_attempts end,
        resolve_at = case when state = 'unknown' then now() else resolve_at end where operation_id = $1 returning state`,
      [uuidOf(id)],
    );
    return rows[0]?.state === 'escalated';
  }, `${id} to wait for an operator`);
  return id;
}

type Kind = 'PA' | 'DB' | 'CP' | 'RV' | 'RF' | 'CD';

/** What begins on the wire, and what undoes it, where something does. */
const messages: Readonly<Record<Kind, readonly NonNullable<FaultRequest['mti']>[]>> = {
  PA: ['0100', '0420'],
  DB: ['0200', '0420'],
  CD: ['0200'],
  CP: ['0220'],
  RV: ['0420'],
  RF: ['0200'],
};

/** An operation that was not answered, and never will be: the host has booked it, or never heard of it. */
async function unanswered(kind: Kind, isBooked: boolean): Promise<string> {
  const card = freshCardNumber();
  const first = kind === 'CP' || kind === 'RV' ? 'PA' : 'DB';
  const before = kind === 'CP' || kind === 'RV' || kind === 'RF' ? await stack.api.pay({ type: first, card, amount: '30.00' }) : undefined;
  const [own, undoing] = messages[kind];
  if (own !== undefined) await stack.host.addFault({ fault: isBooked ? 'answer_lost' : 'no_answer', pan: card, mti: own, times: 100 });
  if (undoing !== undefined) await stack.host.addFault({ fault: 'no_answer', pan: card, mti: undoing, times: 100 });
  const money = kind === 'RV' ? {} : { amount: '30.00' };
  const { id, code } =
    kind === 'PA' || kind === 'DB' || kind === 'CD'
      ? await stack.api.pay({ type: kind, card, amount: '30.00' })
      : await stack.api.operate(before?.id ?? '', { type: kind, ...money });
  assert.equal(code, pending, kind);
  return escalated(id);
}

const kinds = Object.keys(messages) as Kind[];

for (const kind of kinds) {
  audited(`${kind}: what the acquirer did is approved, and what it did not is undone`, async () => {
    const [booked, unheard] = [await unanswered(kind, true), await unanswered(kind, false)];
    await stack.host.clearFaults();
    const { items } = await client.done('get', '/escalations');
    for (const id of [booked, unheard]) assert.ok(items?.some(({ operation_id }) => operation_id === uuidOf(id)));
    assert.equal((await decideOn(booked, 'approved')).body.state, 'approved');
    assert.equal((await decideOn(unheard, 'undone')).body.state, 'undone');
    assert.equal((await stack.api.read(booked)).code, succeeded);
    assert.equal((await stack.api.read(unheard)).code, undone);
    const trail = await client.done('get', '/audit', { query: { act: 'operation.decided' } });
    const [latest, earlier] = trail.items ?? [];
    assert.deepEqual([earlier?.details?.decision, latest?.details?.decision], ['approved', 'undone']);
    assert.deepEqual(
      [latest?.details?.operationId, latest?.details?.reason, latest?.actor],
      [uuidOf(unheard), reason, 'OPERATOR_KEY (console)'],
    );
    assert.equal((await client.done('get', '/escalations')).items?.length, 0);
  });
}

audited('what is asked again goes on under the rule of its kind', async () => {
  const [debit, capture, refund] = [await unanswered('DB', true), await unanswered('CP', false), await unanswered('RF', true)];
  await stack.host.clearFaults();
  for (const [id, state] of [
    [debit, 'undone'],
    [capture, 'approved'],
    [refund, 'approved'],
  ] as const) {
    const { status, text } = await decideOn(id, 'repeat');
    assert.equal(status, 200, text);
    const isSettled = async () => (await client.done('get', '/operations/{operation_id}', { ids: ids(id) })).state === state;
    await eventually(isSettled, `${id} to be ${state}`);
  }
});

audited('a refund of which the host only ever says that it fails keeps its amount until the operator has decided', async () => {
  const card = freshCardNumber();
  const sale = await stack.api.pay({ type: 'DB', card, amount: '30.00' });
  await stack.host.addFault({ fault: 'no_answer', pan: card, mti: '0200' });
  // What it once decided it says again to every further repeat.
  await stack.host.addFault({ fault: 'decline', code: '96', pan: card, mti: '0200' });
  const { id, code } = await stack.api.operate(sale.id, { type: 'RF', amount: '30.00' });
  assert.equal(code, pending);
  const isRepeated = `select from polygate.operation where operation_id = $1 and state = 'unknown' and resolve_attempts >= 2`;
  await eventually(async () => (await stack.database.query(isRepeated, [uuidOf(id)])).rowCount === 1, 'repeats that were answered');
  await escalated(id);
  const { items } = await client.done('get', '/escalations');
  assert.ok(items?.some(({ operation_id }) => operation_id === uuidOf(id)));
  assert.notEqual((await stack.api.operate(sale.id, { type: 'RF', amount: '30.00' })).code, succeeded);
  assert.equal((await decideOn(id, 'undone')).body.state, 'undone');
  assert.equal((await stack.api.operate(sale.id, { type: 'RF', amount: '30.00' })).code, succeeded);
});

audited('a payout is never asked for again; a decision counts once; a viewer decides nothing; a reason must be there', async () => {
  const id = await unanswered('CD', false);
  await stack.host.clearFaults();
  const repeated = await decideOn(id, 'repeat');
  assert.deepEqual([repeated.status, repeated.body.errors?.[0]?.field], [409, 'decision']);
  assert.match(String(repeated.body.detail), /could pay twice/);
  const path = '/escalations/{operation_id}/decision';
  const mute = await client.call('post', path, { ids: ids(id), body: { decision: 'undone' } });
  assert.deepEqual([mute.status, mute.body.errors?.[0]?.field], [400, 'reason']);
  assert.equal((await client.call('post', path, { ids: ids(id), body: { decision: 'undone', reason }, key: viewerKey })).status, 403);
  const answers = await Promise.all(['undone', 'undone', 'undone'].map((decision) => decideOn(id, decision)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
  assert.equal((await stack.api.read(id)).code, undone);
});

/** Answered by the host, and neither that answer nor those to its reversals arrive. */
async function unheard(
  fault: FaultRequest['fault'],
  { type, card, amount = '30.00' }: { type: 'DB' | 'PA'; card: string; amount?: string },
): Promise<string> {
  await stack.host.addFault({ fault: 'no_answer', pan: card, mti: '0420', times: 100 });
  await stack.host.addFault({ fault, pan: card });
  const { id, code } = await stack.api.pay({ type, card, amount });
  assert.equal(code, pending);
  await escalated(id);
  await stack.host.clearFaults();
  return id;
}

/** What the acquirer can tell by phone. */
async function codeAtHost(id: string): Promise<string | undefined> {
  const { rrn } = await client.done('get', '/operations/{operation_id}', { ids: ids(id) });
  return (await stack.host.books()).find((entry) => entry.rrn === String(rrn))?.approvalCode;
}

audited('what is held for review and was not answered is looked at once it is decided that the acquirer approved it', async () => {
  const merchant = { merchant_id: '00000000-0000-7000-8000-000000000001' };
  const card = freshCardNumber();
  const rule = { subject: 'bin', value: card.slice(0, 6), action: 'review' };
  const { rule_id } = await client.done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids: merchant, body: rule });
  const held = '000.400.070';
  await eventually(async () => (await stack.api.pay({ card, amount: '1.00' })).code === held, 'the rule to be in force');
  const [accepted, declined] = [await unheard('answer_lost', { type: 'DB', card }), await unheard('answer_lost', { type: 'PA', card })];
  for (const [id, decision, code] of [
    [accepted, 'accept', succeeded],
    [declined, 'decline', '100.400.319'],
  ] as const) {
    assert.equal((await decideOn(id, 'approved', { approval_code: await codeAtHost(id) })).body.reason, 'in_review');
    assert.equal((await stack.api.read(id)).code, held);
    const { items } = await client.done('get', '/reviews', { query: { ...merchant, operation_id: uuidOf(id) } });
    assert.equal(items?.length, 1);
    await client.done('post', '/reviews/{operation_id}/decision', { ids: ids(id), body: { decision, reason } });
    assert.equal((await stack.api.read(id)).code, code);
  }
  assert.equal((await stack.api.operate(accepted, { type: 'RF', amount: '30.00' })).code, succeeded);
  await client.done('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids: { ...merchant, rule_id: String(rule_id) } });
  await eventually(async () => (await stack.api.pay({ card, amount: '1.00' })).code === succeeded, 'the rule to be gone');
});

audited('a hold whose answer was lost is captured under the code that the acquirer has told', async () => {
  const id = await unheard('answer_lost', { type: 'PA', card: freshCardNumber() });
  const approval_code = await codeAtHost(id);
  const misplaced = await decideOn(id, 'undone', { approval_code });
  assert.deepEqual([misplaced.status, misplaced.body.errors?.[0]?.field], [400, 'approval_code'], misplaced.text);
  assert.equal((await decideOn(id, 'approved', { approval_code })).body.approval_code, approval_code);
  assert.equal((await stack.api.operate(id, { type: 'CP', amount: '30.00' })).code, succeeded);
});

audited('a part that nobody takes cannot be decided to be approved, and is declined once it is undone', async () => {
  const id = await unheard('partial_approval', { type: 'DB', card: '5454545454545454' });
  const refused = await decideOn(id, 'approved');
  assert.deepEqual([refused.status, refused.body.errors?.[0]?.field], [409, 'decision'], refused.text);
  assert.match(String(refused.body.detail), /approved for a part/);
  assert.equal((await decideOn(id, 'repeat')).status, 200);
  await eventually(async () => (await stack.api.read(id)).code === '800.100.155', 'the part to be reversed');
});

audited('what is not escalated is not decided, and what is unknown is not found', async () => {
  const { id } = await stack.api.pay({});
  const { status, body } = await decideOn(id, 'undone');
  assert.deepEqual([status, body.error], [409, 'conflict']);
  assert.match(String(body.detail), /is approved/);
  assert.equal((await decideOn('0'.repeat(32), 'undone')).status, 404);
});

audited('a hold that was decided after its end is given up', async () => {
  const id = await unheard('answer_lost', { type: 'PA', card: freshCardNumber() });
  const captured = await stack.api.pay({ type: 'PA', card: freshCardNumber(), amount: '30.00' });
  await stack.host.addFault({ fault: 'no_answer', mti: '0220', times: 100 });
  const capture = await escalated((await stack.api.operate(captured.id, { type: 'CP', amount: '30.00' })).id);
  await stack.host.clearFaults();
  const url = `http://127.0.0.1:${stack.config.port}`;
  await moveClock(url, 11 * day);
  assert.equal((await decideOn(id, 'approved')).body.state, 'approved');
  assert.equal((await decideOn(capture, 'undone')).body.state, 'undone');
  await moveClock(url, 1);
  for (const ended of [id, captured.id]) await isVoided(ended);
});

async function isVoided(id: string): Promise<void> {
  const { payment_id } = await client.done('get', '/operations/{operation_id}', { ids: ids(id) });
  const { state, released } = await client.done('get', '/payments/{payment_id}', { ids: { payment_id: String(payment_id) } });
  assert.deepEqual([state, released], ['voided', 3_000]);
}
