/**
 * One jump of a year leaves what a year of days leaves: the same operations, states, amounts and events at the same distance from the payment.
 * Random payments with all that may become due; `POLYGATE_SEED` repeats them, and `npm run soak` makes a thousand.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { audit } from './harness/auditor.ts';
import { moveClock } from './harness/console.ts';
import { approved, debit, demo, expectReply, type OppStack, plain, startOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { seededRandom } from './harness/random.ts';
import { settlementsOf } from './harness/settlements.ts';

const seed = Number(process.env.POLYGATE_SEED ?? 1);
const isSoak = process.env.POLYGATE_SOAK === '1';
const payments = isSoak ? 1_000 : 40;
const schedules = isSoak ? 5 : 2;
const days = isSoak ? 365 : 60;
const day = 86_400;

interface Plan {
  readonly name: string;
  readonly number: string;
  readonly brand: string;
  readonly cvv: string;
  readonly entityId: string;
  /** What the merchant does at once, in major units. */
  readonly captured?: string;
  readonly released?: string;
}

const cards = [
  { number: '4111111111111111', brand: 'VISA', cvv: '123' },
  { number: '5200828282828210', brand: 'MASTER', cvv: '123' },
  { number: '378282246310005', brand: 'AMEX', cvv: '1234' },
] as const;

/** On the plain entity every hold is captured after three days. */
function plans(): readonly Plan[] {
  const random = seededRandom(seed);
  return Array.from({ length: payments }, (_, index) => {
    const act = random.oneOf(['nothing', 'nothing', 'capture', 'part', 'release'] as const);
    return {
      ...random.oneOf(cards),
      name: `jump-${String(index).padStart(4, '0')}`,
      entityId: random.oneOf([plain.entityId, demo.entityId]),
      ...(act === 'capture' ? { captured: '50.00' } : act === 'part' ? { captured: `${1 + random.below(49)}.00` } : {}),
      ...(act === 'release' ? { released: `${1 + random.below(50)}.00` } : {}),
    };
  });
}

async function prepare(stack: OppStack, hour: string): Promise<void> {
  for (const { name, number, brand, cvv, entityId, captured, released } of plans()) {
    const card = { paymentBrand: brand, 'card.number': number, 'card.cvv': cvv };
    const as = { ...plain, entityId };
    const sent = debit({ paymentType: 'PA', amount: '50.00', merchantTransactionId: name, ...card });
    const { id } = expectReply(await stack.post('/v1/payments', sent, { as }), 200, approved).body;
    const money = { currency: 'EUR', merchantTransactionId: name };
    if (captured !== undefined) await stack.post(`/v1/payments/${id}`, { paymentType: 'CP', amount: captured, ...money }, { as });
    if (released !== undefined) await stack.post(`/v1/payments/${id}`, { paymentType: 'RV', amount: released, ...money }, { as });
  }
  for (let index = 0; index < schedules; index += 1) {
    const token = (await stack.post('/v1/registrations', debit({ paymentType: undefined, amount: undefined, currency: undefined }))).body
      .id;
    // A daily hold: what schedules make becomes due itself.
    const sent = {
      registrationId: token,
      paymentType: index === 0 ? 'PA' : 'DB',
      amount: '5.00',
      currency: 'EUR',
      merchantTransactionId: `plan-${index}`,
    };
    expectReply(await stack.post('/scheduling/v1/schedules', { ...sent, 'job.hour': hour }), 200, approved);
  }
}

interface Row {
  readonly reference: string;
  readonly state: string;
  readonly amounts: string;
  readonly events: string;
}

/** Every payment with its state, its amounts, and its events with the hours since it was made. */
async function rowsOf({ parts }: OppStack): Promise<readonly Row[]> {
  const { rows } = await parts.database.query<Row>(`
    select (select merchant_reference from polygate.operation o where o.payment_id = p.payment_id and o.target_id is null) as reference, p.state,
      concat_ws(' ', p.authorized, p.captured, p.released, p.refunded, p.reversed) as amounts,
      (select string_agg(concat_ws(' ', e.name, o.amount, o.reason, round(extract(epoch from e.happened_at - p.created_at) / 3600)), ', ' order by e.sequence)
        from polygate.event e join polygate.operation o on o.operation_id = e.operation_id where e.payment_id = p.payment_id) as events
    from polygate.payment p order by reference, p.created_at`);
  return rows;
}

/** What each cut-off has closed, and how the host has answered to it. */
async function batchesOf({ parts }: OppStack): Promise<readonly unknown[]> {
  const answered = async () => (await settlementsOf(parts)).every(({ comparison }) => comparison !== 'waiting');
  await eventually(answered, 'the host to answer for every batch');
  return (await settlementsOf(parts)).map(({ id, tries, ...batch }) => batch);
}

async function prepared(hour: string, context: TestContext): Promise<OppStack> {
  const stack = await startOppStack();
  context.after(stack.stop);
  // Far from when the payments are made, whenever that is.
  await stack.parts.database.query('update polygate.acquirer_account set cut_off_minute = $1', [((Number(hour) + 18) % 24) * 60 + 30]);
  await stack.parts.database.query(`insert into polygate.account_fee (account_id, kind, currency, basis_points, fixed)
    select account_id, 'capture', '*', 120, 0 from polygate.acquirer_account`);
  await stack.parts.database.query(`update polygate.channel set policies = '{"captureAfter": "3d"}' where wire_id = $1`, [plain.entityId]);
  await prepare(stack, hour);
  return stack;
}

test(`one jump of ${days} days leaves what ${days} jumps of a day leave (seed ${seed})`, async (context) => {
  const hour = String((new Date().getUTCHours() + 12) % 24);
  const jumped = await prepared(hour, context);
  const walked = await prepared(hour, context);
  const startedMs = performance.now();
  const { done } = await moveClock(jumped.url, days * day);
  const jumpMs = Math.round(performance.now() - startedMs);
  for (let count = 0; count < days; count += 1) await moveClock(walked.url, day);
  const walkMs = Math.round(performance.now() - startedMs) - jumpMs;
  context.diagnostic(`${payments} payments: one jump ${jumpMs} ms, ${days} jumps ${walkMs} ms; done: ${JSON.stringify(done)}`);
  const rows = await rowsOf(jumped);
  assert.equal(rows.length, payments + schedules * days);
  assert.deepEqual(await rowsOf(walked), rows);
  const batches = await batchesOf(jumped);
  assert.ok(batches.length > days / 2, `${batches.length} batches`);
  assert.deepEqual(await batchesOf(walked), batches);
  const open = await jumped.parts.database.query(`select from polygate.payment where state = 'authorized' and created_at < (
    select now() + offset_ms * interval '1 millisecond' - interval '10 days' - interval '2 minutes' from polygate.clock)`);
  assert.equal(open.rowCount, 0);
  await audit(jumped.parts);
  await audit(walked.parts);
});
