/** The host's side of disputes: raised on order or by a card, told over a signed-on link until answered, and kept across crashes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Iso8583Message } from '../src/protocols/iso8583/codec.ts';
import { responseOf } from '../src/protocols/iso8583/messages.ts';
import { unpackSubelements } from '../src/protocols/iso8583/subelements.ts';
import type { HostDispute } from './harness/host-control.ts';
import { eventually } from './harness/processes.ts';
import { control, dataDirectory, type Link, openLink, type Sandbox, startSandbox, type Terminal, terminal } from './sandbox-process.ts';

const isAdvice = ({ mti }: Iso8583Message): boolean => mti === '0422' || mti === '0423';
const advicesOf = (link: Link): readonly Iso8583Message[] => link.answers.filter(isAdvice);
const detailsOf = ({ fields }: Iso8583Message) => unpackSubelements(fields[48] ?? '');

async function signedOn(sandbox: Sandbox, pos: Terminal): Promise<Link> {
  const link = await openLink(sandbox.acquirerPort);
  await link.ask(pos.message('0800', { 70: '001' }));
  return link;
}

function answer(link: Link, { mti, fields }: Iso8583Message, code = '00'): void {
  const { 4: amount, 7: at = '', 11: stan = '', 37: rrn = '' } = fields;
  link.send({ mti: responseOf(mti), fields: { ...(amount === undefined ? {} : { 4: amount }), 7: at, 11: stan, 37: rrn, 39: code } });
}

async function disputes(sandbox: Sandbox): Promise<readonly HostDispute[]> {
  return ((await control(sandbox, 'GET', '/control/disputes')).json as { disputes: HostDispute[] }).disputes;
}

test('an advice names the charge, the case, the reason and the stage', async (context) => {
  const sandbox = await startSandbox(dataDirectory(), context);
  const pos = terminal('DISP0001');
  const link = await signedOn(sandbox, pos);
  const debit = pos.debit();
  await link.ask(debit);
  const raised = await control(sandbox, 'POST', '/control/disputes', { rrn: debit.fields[37], reason: '13.1', amount: 400 });
  assert.equal(raised.status, 201);
  await link.until(() => advicesOf(link).length === 1);
  const [advice] = advicesOf(link);
  assert.ok(advice !== undefined);
  assert.equal(advice.mti, '0422');
  const { 4: amount, 37: rrn, 41: name, 49: currency, 90: original } = advice.fields;
  assert.deepEqual([amount, rrn, name, currency], ['000000000400', debit.fields[37], 'DISP0001', '978']);
  assert.equal(original?.slice(0, 20), `0200${debit.fields[11]}${debit.fields[7]}`);
  assert.deepEqual(detailsOf(advice), { '70': 'D000001', '71': '13.1', '72': 'CB' });
  assert.equal(advice.fields[2], undefined);
  link.close();
});

test('an advice is repeated until it is answered, and only then reversed', async (context) => {
  const sandbox = await startSandbox(dataDirectory(), context);
  const pos = terminal('DISP0002');
  const link = await signedOn(sandbox, pos);
  const debit = pos.debit();
  await link.ask(debit);
  await control(sandbox, 'POST', '/control/disputes', { rrn: debit.fields[37], reason: '10.4' });
  assert.equal((await control(sandbox, 'POST', '/control/disputes/D000001/reverse')).status, 200);
  assert.equal((await control(sandbox, 'POST', '/control/disputes/D000001/reverse')).status, 409);
  assert.equal((await control(sandbox, 'POST', '/control/disputes/D000002/reverse')).status, 404);
  await link.until(() => advicesOf(link).length === 3);
  const [first, second, third] = advicesOf(link);
  assert.deepEqual([first?.mti, second?.mti, third?.mti], ['0422', '0423', '0423']);
  for (const repeat of [second, third]) assert.deepEqual([repeat?.fields[11], repeat?.fields[7]], [first?.fields[11], first?.fields[7]]);
  const isReversal = (message: Iso8583Message): boolean => detailsOf(message)['72'] === 'CR';
  assert.equal(advicesOf(link).some(isReversal), false);
  if (first !== undefined) answer(link, first);
  await link.until(() => advicesOf(link).some(isReversal));
  const reversal = advicesOf(link).find(isReversal);
  assert.notEqual(reversal?.fields[11], first?.fields[11]);
  if (reversal !== undefined) answer(link, reversal, '25');
  await eventually(async () => (await disputes(sandbox))[0]?.reversalAnswer === '25', 'the answer to be taken');
  const [shown] = await disputes(sandbox);
  assert.deepEqual([shown?.state, shown?.chargebackAnswer, shown?.amount], ['reversed', '00', 1_000]);
  const { json } = await control(sandbox, 'GET', `/control/books?rrn=${debit.fields[37]}`);
  assert.deepEqual((json as { disputes: HostDispute[] }).disputes, [shown]);
  link.close();
});

test('after kill -9 the host repeats what was not answered, and nothing else', async () => {
  const directory = dataDirectory();
  const before = await startSandbox(directory);
  const pos = terminal('DISP0003');
  const link = await signedOn(before, pos);
  const [one, two] = [pos.debit(), pos.debit()];
  await link.ask(one);
  await link.ask(two);
  for (const { fields } of [one, two]) await control(before, 'POST', '/control/disputes', { rrn: fields[37], reason: '10.4' });
  await link.until(() => advicesOf(link).length >= 2);
  const sent = advicesOf(link).find(({ fields }) => fields[37] === one.fields[37]);
  assert.ok(sent !== undefined);
  answer(link, sent);
  await eventually(async () => (await disputes(before))[0]?.chargebackAnswer === '00', 'the answer to be taken');
  await before.stop('SIGKILL');

  const after = await startSandbox(directory);
  const again = await signedOn(after, terminal('DISP0004'));
  await again.until(() => advicesOf(again).length >= 2);
  for (const { mti, fields } of advicesOf(again)) assert.deepEqual([mti, fields[37]], ['0423', two.fields[37]]);
  const { json } = await control(after, 'POST', '/control/disputes', { rrn: one.fields[37], reason: '10.4' });
  assert.equal((json as HostDispute).id, 'D000003');
  again.close();
  assert.equal(await after.stop(), 0);
});

test('the card that disputes does so for each charge, where cards have triggers', async (context) => {
  const sandbox = await startSandbox(dataDirectory(), context);
  const card = '4000000000000259';
  const pos = terminal('DISP0005');
  const link = await signedOn(sandbox, pos);
  const hold = pos.authorization({ 2: card });
  await link.ask(hold);
  await link.ask(terminal('PLAIN001').debit({ 2: card }));
  await link.ask(pos.echo());
  assert.deepEqual(await disputes(sandbox), []);
  const capture = pos.capture(hold, { 4: '000000000700' });
  await link.ask(capture);
  await link.until(() => advicesOf(link).length > 0);
  const shown = (await disputes(sandbox)).map(({ rrn, amount, reason }) => [rrn, amount, reason]);
  assert.deepEqual(shown, [[capture.fields[37], 700, '10.4']]);
  // A repeat of the capture is no second charge.
  await link.ask({ ...capture, mti: '0221' });
  assert.equal((await disputes(sandbox)).length, 1);
  link.close();
});

test('orders that make no sense are refused with the reason', async (context) => {
  const sandbox = await startSandbox(dataDirectory(), context);
  const pos = terminal('DISP0006');
  const link = await openLink(sandbox.acquirerPort);
  await link.ask(pos.debit());
  const refused: readonly (readonly [body: unknown, field: string])[] = [
    [undefined, 'rrn'],
    [{ reason: '10.4' }, 'rrn'],
    [{ rrn: 'NOBODY000001', reason: '10.4' }, 'rrn'],
    [{ rrn: 'DISP00000001' }, 'reason'],
    [{ rrn: 'DISP00000001', reason: 'because of that' }, 'reason'],
    [{ rrn: 'DISP00000001', reason: '10.4', amount: 0 }, 'amount'],
    [{ rrn: 'DISP00000001', reason: '10.4', amount: '10.00' }, 'amount'],
    [{ pan: '4111111111111111', reason: '10.4' }, 'pan'],
    [{ pan: '4111111111111111', reason: '10.4', amount: 999 }, 'pan'],
    [{ rrn: 'DISP00000001', reason: '10.4', colour: 'red' }, 'colour'],
  ];
  for (const [body, field] of refused) {
    const { status, json } = await control(sandbox, 'POST', '/control/disputes', body);
    assert.deepEqual([status, (json as { field: string }).field], [400, field], JSON.stringify(body));
  }
  const raised = await control(sandbox, 'POST', '/control/disputes', { pan: '4111111111111111', reason: '10.4', amount: 1_000 });
  assert.deepEqual([raised.status, (raised.json as HostDispute).rrn], [201, 'DISP00000001']);
  link.close();
});
