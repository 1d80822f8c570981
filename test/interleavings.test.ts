/**
 * Random stories: captures, reversals, refunds, chargebacks and their reversals fired side by side at the same payments, with and without idempotency keys, while the host
 * loses, delays and spoils answers. Whatever comes of it, no amount rule may break, and both books agree in the end.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { auditedTests, nothingOpen } from './harness/auditor.ts';
import type { FaultRequest } from './harness/host-control.ts';
import { waitingFor, withLocked } from './harness/locks.ts';
import { type OppAnswer, pending, succeeded } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Random, seededRandom } from './harness/random.ts';
import { type Stack, startStack } from './harness/stack.ts';

const seed = Number(process.env.POLYGATE_SEED ?? Math.floor(Math.random() * 2 ** 32));
const operations = process.env.POLYGATE_SOAK === '1' ? 10_000 : 1_000;
/** Requests at the same moment, and the payments that they are fired at. */
const width = 24;
const payments = 8;

let stack: Stack;
before(async () => {
  stack = await startStack({ env: { ACQUIRER_TIMEOUT_MS: '300' } });
});
after(() => stack?.stop());
const audited = auditedTests(() => stack);

audited('a hold is released wholly after a capture of it was reversed', async () => {
  const { api } = stack;
  const { id } = await api.pay({ type: 'PA', amount: '100.00' });
  const capture = await api.operate(id, { type: 'CP', amount: '40.00' });
  assert.equal((await api.operate(capture.id, { type: 'RV' })).code, succeeded);
  assert.equal((await api.operate(id, { type: 'RV' })).code, succeeded);
});

audited('requests with the same key at the same moment are one operation', async () => {
  const { api } = stack;
  const five = (act: () => Promise<OppAnswer>) => Promise.all(Array.from({ length: 5 }, act));
  const isOne = (answers: readonly OppAnswer[]): string => {
    assert.equal(new Set(answers.map(({ id }) => id)).size, 1, JSON.stringify(answers.map(({ code, id }) => [code, id])));
    for (const { code } of answers) assert.ok(code === succeeded || code === pending, code);
    return answers[0]?.id ?? '';
  };
  const hold = isOne(await five(() => api.pay({ type: 'PA', amount: '100.00', key: 'hold' })));
  await nothingOpen(stack);
  const capture = isOne(await five(() => api.operate(hold, { type: 'CP', amount: '100.00', key: 'capture' })));
  await nothingOpen(stack);
  isOne(await five(() => api.operate(capture, { type: 'RF', amount: '60.00', key: 'refund' })));
  const debit = isOne(await five(() => api.pay({ amount: '10.00', key: 'debit' })));
  await nothingOpen(stack);
  isOne(await five(() => api.operate(debit, { type: 'RV', key: 'reversal' })));
});

audited('a repeat that comes while the first request takes all the money is not refused', async () => {
  const { api, database } = stack;
  const { id } = await api.pay({ type: 'PA', amount: '100.00' });
  const capture = () => api.operate(id, { type: 'CP', amount: '100.00', key: 'all of it' });
  const keys = { database, table: 'polygate.idempotency_key', mode: 'exclusive' };
  const [first, second] = await withLocked(keys, async (letFirstGo) => {
    const ahead = capture();
    await eventually(
      async () => (await waitingFor(database, 'amount, remaining, merchant_reference')) === 1,
      'the first request to be about to reserve',
    );
    return withLocked({ database, table: 'polygate.attempt', mode: 'access exclusive' }, async () => {
      // It has looked for the key, found none, and will read the payment when the first one has reserved all of it.
      const behind = capture();
      await eventually(
        async () => (await waitingFor(database, 'as payment_release_pending')) === 1,
        'the second request to read the payment',
      );
      await letFirstGo();
      return [await ahead, behind] as const;
    });
  }).then(async ([ahead, behind]) => [ahead, await behind] as const);
  assert.deepEqual([first.code, second.code, second.id], [succeeded, succeeded, first.id]);
});

/** A payment that requests are fired at, with what its merchant knows of it. */
interface Target {
  readonly type: 'PA' | 'DB';
  readonly amount: number;
  readonly id: string;
  readonly captures: string[];
  /** RRNs of what took money, as the host knows it. */
  readonly charges: string[];
  /** Raised by the host, which knows no limits. */
  readonly disputes: string[];
  /** Acts that were pending when they were answered. */
  readonly pending: { readonly act: Act; readonly id: string }[];
  /** Sums of what succeeded, minor units. */
  readonly sums: { captured: number; released: number; refunded: number; reversed: number; chargedBack: number; wonBack: number };
}

/** Codes that a merchant may get for an act that the payment does not allow, or not now. */
const refusals = new Set([
  '700.400.100', // beyond the authorization
  '700.400.200', // beyond the captured money
  '700.400.300', // already refunded or reversed
  '700.400.570', // the referenced operation is pending
  '700.300.200', // the referenced operation did not succeed
  '700.400.520', // nothing was captured
  '800.700.100', // busy
  '700.300.500', // charged back before
  '700.300.600', // charged back
  '700.400.400', // charged back already, or beyond what is left
  '700.400.410', // the chargeback is reversed already
  '700.400.420', // no chargeback
  '700.400.550', // nothing was captured
]);
/** Codes of an operation that was recorded and did not come to pass. */
const failures = new Set(['800.100.152', '900.100.600', '900.100.301']);

audited(`${operations} operations at random, seed ${seed}`, async () => {
  process.stdout.write(`interleavings: POLYGATE_SEED=${seed}\n`);
  const random = seededRandom(seed);
  const story = createStory(random);
  while (story.count() < operations) {
    await sprinkleFaults(random);
    const targets = await Promise.all(Array.from({ length: payments }, () => story.pay()));
    const paid = targets.filter((target) => target !== undefined);
    for (let round = 0; round < 3; round += 1) {
      const acts = paid.length === 0 ? [] : Array.from({ length: width }, () => story.act(random.oneOf(paid)));
      await Promise.all(acts);
    }
  }
  await stack.host.clearFaults();
  await nothingOpen(stack);
  await story.check();
});

async function sprinkleFaults(random: Random): Promise<void> {
  const kinds: readonly FaultRequest['fault'][] = [
    'no_answer',
    'answer_lost',
    'late_answer',
    'duplicate_answer',
    'slow',
    'wrong_stan',
    'garbage',
  ];
  const rare: readonly FaultRequest['fault'][] = ['disconnect', 'half_frame', 'decline'];
  const mtis = ['0100', '0200', '0220', '0420'] as const;
  // Left over from the round before: a fault for a message that never came.
  await stack.host.clearFaults();
  for (let count = random.below(6); count > 0; count -= 1) {
    const fault = random.below(5) === 0 ? random.oneOf(rare) : random.oneOf(kinds);
    const delay = fault === 'late_answer' ? { delay_ms: 400 } : fault === 'slow' ? { delay_ms: 80 } : {};
    await stack.host.addFault({ fault, mti: random.oneOf(mtis), times: 1 + random.below(2), ...delay });
  }
  const ofDisputes = ['no_answer', 'answer_lost', 'duplicate_answer'] as const;
  if (random.below(2) === 0) await stack.host.addFault({ fault: random.oneOf(ofDisputes), mti: '0422', times: 1 + random.below(3) });
}

interface Story {
  /** Operations that were recorded. */
  count(): number;
  /** A new payment; undefined when it did not succeed. */
  pay(): Promise<Target | undefined>;
  /** One act on a payment, at random; with a key it is fired twice at the same moment. */
  act(target: Target): Promise<void>;
  /** The sums that any merchant could keep are within what was authorized. When nothing is open any more. */
  check(): Promise<void>;
}

function createStory(random: Random): Story {
  const targets: Target[] = [];
  let count = 0;
  let keys = 0;

  /** One request, or two of the same key, which must be answered as one. */
  async function fire(request: (key?: { readonly key: string }) => Promise<OppAnswer>): Promise<OppAnswer> {
    const answer = await fireOnceOrTwice(request);
    if (answer.id !== '') count += 1;
    return answer;
  }

  async function fireOnceOrTwice(request: (key?: { readonly key: string }) => Promise<OppAnswer>): Promise<OppAnswer> {
    if (random.below(3) > 0) return request();
    keys += 1;
    const key = `interleaving ${keys}`;
    const [one, other] = await Promise.all([request({ key }), request({ key })]);
    if (one === undefined || other === undefined) throw new Error('two requests, two answers');
    if (one.id !== '' && other.id !== '') assert.equal(one.id, other.id, `two operations of one key: ${one.code} ${other.code}`);
    if (one.id === '' && other.id === '') assert.ok(refusals.has(one.code) && refusals.has(other.code), `${one.code} ${other.code}`);
    // One of them may have been refused before the other had its turn with other amounts; what exists counts.
    return one.id === '' ? other : one;
  }

  return {
    count: () => count,
    async pay() {
      const type = random.oneOf(['PA', 'DB'] as const);
      const amount = 1_000 + random.below(9_000);
      const answer = await fire((key) => stack.api.pay({ type, amount: decimal(amount), ...key }));
      assert.ok([succeeded, pending].includes(answer.code) || failures.has(answer.code), answer.code);
      if (answer.code !== succeeded) return undefined;
      const target: Target = {
        type,
        amount,
        id: answer.id,
        captures: [],
        charges: type === 'DB' ? [rrnOf(answer)] : [],
        disputes: [],
        pending: [],
        sums: { captured: 0, released: 0, refunded: 0, reversed: 0, chargedBack: 0, wonBack: 0 },
      };
      targets.push(target);
      return target;
    },
    async act(target) {
      if (target.charges.length > 0 && random.below(16) === 0) {
        const { id } = await stack.host.dispute({
          rrn: random.oneOf(target.charges),
          reason: '10.4',
          amount: 1 + random.below(target.amount),
        });
        target.disputes.push(id);
        if (random.below(2) === 0) await stack.host.reverseDispute(id);
        return;
      }
      const act = chooseAct(random, target);
      const { type, id, amount } = act;
      const money = amount === undefined ? {} : { amount: decimal(amount) };
      const answer = await fire((key) => stack.api.operate(id, { type, ...money, ...key }));
      const { code } = answer;
      assert.ok([succeeded, pending].includes(code) || refusals.has(code) || failures.has(code), `${type} of ${amount}: ${code}`);
      if (type === 'CP' && code === succeeded) {
        target.captures.push(answer.id);
        target.charges.push(rrnOf(answer));
      }
      if (code === succeeded) addTo(target, act, answer);
      if (code === pending) target.pending.push({ act, id: answer.id });
    },
    async check() {
      for (const target of targets) {
        for (const { act, id } of target.pending) {
          const answer = await stack.api.read(id);
          if (answer.code === succeeded) addTo(target, act, answer);
        }
        const { type, amount, sums } = target;
        const authorized = type === 'PA' ? amount : 0;
        const captured = type === 'PA' ? sums.captured : amount;
        const story = JSON.stringify({ type, amount, sums });
        assert.ok(type === 'DB' || sums.captured + sums.released <= authorized, story);
        if (target.disputes.length > 0) continue;
        assert.ok(sums.wonBack <= sums.chargedBack, story);
        assert.ok(sums.refunded + sums.reversed + sums.chargedBack - sums.wonBack <= captured, story);
      }
    },
  };
}

interface Act {
  readonly type: 'CP' | 'RV' | 'RF' | 'CB' | 'CR';
  readonly id: string;
  readonly amount: number | undefined;
}

/** Amounts are often too large, so that the rules have something to refuse. */
function chooseAct(random: Random, { type, id, amount, captures }: Target): Act {
  const part = random.below(4) === 0 ? amount : 1 + random.below(amount);
  const maybe = random.below(3) === 0 ? undefined : part;
  const capture = captures.length === 0 ? id : random.oneOf(captures);
  // Rare, since whatever is charged back is closed to most other acts.
  if (random.below(8) === 0) return { type: 'CB', id: capture, amount: 1 + random.below(amount) };
  if (random.below(8) === 0) return { type: 'CR', id: capture, amount: undefined };
  switch (random.below(type === 'DB' ? 2 : 6)) {
    case 0:
      return { type: 'RV', id: capture, amount: random.below(2) === 0 ? maybe : 1 + random.below(Math.ceil(amount / 10)) };
    case 1:
      return { type: 'RF', id: capture, amount: random.below(4) === 0 ? part : 1 + random.below(Math.ceil(amount / 8)) };
    case 2:
      return { type: 'RV', id, amount: random.below(2) === 0 ? maybe : 1 + random.below(Math.ceil(amount / 10)) };
    default:
      return { type: 'CP', id, amount: random.below(8) === 0 ? part : 1 + random.below(Math.ceil(amount / 8)) };
  }
}

function addTo({ type: paymentType, id: paymentId, sums }: Target, { type, id }: Act, answer: OppAnswer): void {
  const amount = Math.round(Number(answer.body.amount) * 100);
  if (type === 'CP') sums.captured += amount;
  else if (type === 'RF') sums.refunded += amount;
  else if (type === 'CB') sums.chargedBack += amount;
  else if (type === 'CR') sums.wonBack += amount;
  else if (paymentType === 'PA' && id === paymentId) sums.released += amount;
  else sums.reversed += amount;
}

function rrnOf({ body }: OppAnswer): string {
  return String((body.resultDetails as Readonly<Record<string, string>> | undefined)?.ConnectorTxID1);
}

function decimal(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
}
