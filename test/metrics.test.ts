/** The metrics: who may read them, and what they say after payments. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { approved, debit, expectReply, type OppStack, startOppStack } from './harness/opp.ts';

let stack: OppStack;
let keyed: OppStack;
const key = 'sixteen.letters.or.more';

before(async () => {
  stack = await startOppStack();
  keyed = await startOppStack({ METRICS_KEY: key });
});
after(async () => {
  await keyed.stop();
  await stack.finish();
});

async function scrape(): Promise<string> {
  const { status, text, headers } = await stack.send({ method: 'GET', path: '/metrics' });
  assert.equal(status, 200);
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  return text;
}

/** The value of a series; its labels in the order in which they are written. */
function seriesOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test('payments are counted by route and outcome, and nothing of a card is in a label', async () => {
  expectReply(await stack.post('/v1/payments', debit()), 200, approved);
  expectReply(await stack.post('/v1/payments', debit({ 'card.number': '4000000000009995' })), 400, '800.100.155');
  expectReply(await stack.post('/v1/payments', debit({ 'card.number': '4111111111111112' })), 400, '100.100.101');
  expectReply(await stack.post('/v1/payments/4111111111111111', { paymentType: 'RV' }), 400, '700.400.530');
  expectReply(await stack.post('/v1/payments', debit({ 'card.number': '4000000000000911' })), 200, '000.200.000');
  const text = await scrape();
  const requests = (route: string, status: string) =>
    seriesOf(text, `polygate_http_request_duration_seconds_count{dialect="opp",route="${route}",status="${status}"}`);
  assert.equal(requests('POST /v1/payments', '2xx'), 2);
  assert.equal(requests('POST /v1/payments', '4xx'), 2);
  assert.equal(requests('POST /v1/payments/:id', '4xx'), 1);
  const outcomes = (outcome: string) => seriesOf(text, `polygate_operation_outcomes_total{kind="debit",outcome="${outcome}"}`);
  assert.deepEqual(['approved', 'declined', 'rejected', 'unknown'].map(outcomes), [1, 1, 1, 1]);
  for (const part of ['database', 'vault', 'acquirer']) assert.equal(seriesOf(text, `polygate_ready{part="${part}"}`), 1);
  for (const state of ['submitted', 'unknown', 'escalated']) {
    assert.ok(seriesOf(text, `polygate_open_operations{state="${state}"}`) !== undefined);
    assert.ok((seriesOf(text, `polygate_open_operation_age_seconds{state="${state}"}`) ?? -1) >= 0);
  }
  assert.equal(seriesOf(text, 'polygate_log_redactions'), 0);
  assert.equal(seriesOf(text, 'polygate_batch_queue_depth{queue="payments"}'), 0);
  assert.ok((seriesOf(text, 'polygate_batch_rows_count{queue="payments"}') ?? 0) >= 4);
  assert.ok((seriesOf(text, 'process_resident_memory_bytes') ?? 0) > 0);
  assert.doesNotMatch(text, /\d{12,}"|411111|1111"/);
});

test('whoever comes through a proxy may not read them', async () => {
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']) {
    const { status, body } = await stack.send({ method: 'GET', path: '/metrics', headers: { [header]: '127.0.0.1' } });
    assert.equal(status, 403);
    assert.match(body.message ?? '', /METRICS_KEY/);
  }
});

test('with a key, the key alone counts', async () => {
  const get = (headers: Record<string, string>) => keyed.send({ method: 'GET', path: '/metrics', headers });
  assert.equal((await get({})).status, 401);
  assert.equal((await get({ authorization: `Bearer ${key}x` })).status, 401);
  assert.equal((await get({ authorization: `Basic ${key}` })).status, 401);
  assert.equal((await get({ authorization: `Bearer ${key}`, 'x-forwarded-for': '192.0.2.7' })).status, 200);
});
