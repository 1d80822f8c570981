/** tZero: what the description of the API says is what the API does: samples, statuses, codes and shapes of answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { answerSchemas } from '../src/dialects/tzero/answers.ts';
import { endpoints } from '../src/dialects/tzero/endpoints.ts';
import { describeApi } from '../src/dialects/tzero/openapi.ts';
import { freshName } from './harness/opp.ts';
import { card, demo, type Json, order, type Sending, shop, type TzeroReply, useTzero } from './harness/tzero.ts';

const stack = useTzero();

interface Described {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Node; readonly example?: Json }>> };
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> }
    >
  >;
}

interface Node {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
}

const { paths } = describeApi('sandbox').document as { readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>> };
const checks = new Map(Object.entries<TSchema>(answerSchemas).map(([name, schema]) => [`#/components/schemas/${name}`, Compile(schema)]));

/** Sends, and holds the answer to what is said of the endpoint. */
async function send(
  path: string,
  { ids = {}, ...sending }: Omit<Sending, 'path'> & { readonly ids?: Readonly<Record<string, string>>; readonly query?: string },
): Promise<TzeroReply> {
  const { query = '', method = 'POST', ...more } = sending;
  const target = path.replaceAll(/\{(\w+)\}/g, (_whole, id: string) => encodeURIComponent(ids[id] ?? ''));
  const reply = await stack.send({ ...more, method, path: `${target}${query}` });
  const answer = paths[path]?.[method.toLowerCase()]?.responses[String(reply.status)];
  assert.ok(answer !== undefined, `${method} ${path} is not said to answer ${reply.status}: ${reply.text}`);
  const schema = answer.content['application/json']?.schema.$ref ?? '';
  const check = checks.get(schema);
  assert.ok(
    check?.Check(JSON.parse(reply.text)),
    `${path} ${reply.status} is no ${schema}: ${reply.text} ${JSON.stringify(check?.Errors(JSON.parse(reply.text)))}`,
  );
  const code = reply.body.error?.code;
  if (code !== undefined) assert.ok(answer.description.includes(`| \`${code}\` |`), `${method} ${path} is not said to answer ${code}`);
  return reply;
}

test('every member of a body has a description', () => {
  const undescribed = (node: Node, at: string): readonly string[] =>
    Object.entries(node.properties ?? {}).flatMap(([name, member]) => [
      ...(member.description === undefined && name !== 'type' ? [`${at}.${name}`] : []),
      ...undescribed(member, `${at}.${name}`),
    ]);
  for (const { name, body } of endpoints) if (body !== undefined) assert.deepEqual(undescribed(body as Node, name), []);
});

test('whatever can be paid with is described', () => {
  const body = paths['/payment/authorise']?.post?.requestBody?.content['application/json']?.schema;
  const method = body?.properties?.payment_method as { readonly oneOf: readonly Node[] } | undefined;
  const types = method?.oneOf.map(({ properties }) => (properties?.type as { readonly const?: string } | undefined)?.const);
  assert.deepEqual(types, ['card', 'stored_card', 'network_token']);
});

test('the samples work as they are filled in', async () => {
  const bodies = Object.entries(paths).flatMap(([path, { post }]) => {
    const sample = post?.requestBody?.content['application/json']?.example;
    return sample !== undefined && 'channel' in sample ? [{ path, sample }] : [];
  });
  assert.ok(bodies.length >= 4);
  for (const { path, sample } of bodies) {
    assert.equal(sample.channel, demo.channel);
    assert.equal((await send(path, { body: { ...sample, reference: freshName('sample') } })).status, 201);
  }
});

test('payments and what follows them have the shapes, statuses and codes that they are said to have', async () => {
  const authorise = '/payment/authorise';
  const held = await send(authorise, {
    body: order({
      capture: 'manual',
      payment_method: card('4242424242424242', { store_for_future_use: true }),
      customer: { reference: 'c-open' },
    }),
  });
  await shop(held.body.redirect_url ?? '');
  const id = held.body.id ?? '';
  const ids = { id };
  await send('/payment/{id}', { method: 'GET', ids });
  await send('/payment/capture', { body: { payment_id: id, amount: 5_00 } });
  await send('/payment/capture', { body: { payment_id: id, amount: 5_000_00 } });
  await send('/payment/{id}/capture', { ids, body: { currency: 'EUR' } });
  await send('/payment/{id}/refund', { ids, body: { amount: 1_00, reference: 'r' } });
  await send('/payment/{id}/refund', { ids, body: { amount: 2_00, reference: 'r' } });
  await send('/payment/refund', { body: { payment_id: id } });
  await send('/payment/{id}/refunds', { method: 'GET', ids });
  await send('/payment/void', { body: { payment_id: id } });
  await send('/payment/{id}/cancel', { ids: { id: `pay_${'0'.repeat(26)}` }, body: {} });
  const second = await send('/payment/authorize', { body: order({ capture: 'manual' }) });
  await send('/payment/cancel', { body: { payment_id: second.body.id } });
  await shop(second.body.redirect_url ?? '');
  await send('/payment/{id}/void', { ids: { id: second.body.id ?? '' }, body: { reason: 'x' } });
  for (const number of ['4000000000000002', '4111111111111112', '5555555555554444', '4000000000000911', '4000000000003113']) {
    const begun = await send(authorise, { body: order({ payment_method: card(number) }) });
    await send('/payment/{id}', { method: 'GET', ids: { id: begun.body.id ?? '' } });
    if (typeof begun.body.redirect_url === 'string') await shop(begun.body.redirect_url);
    await send('/payment/{id}', { method: 'GET', ids: { id: begun.body.id ?? '' } });
  }
  const mit = { payment_type: 'mit', previous_network_reference: 'A1B2C3D4' };
  await send(authorise, { body: order({ payment_data: mit, capture_delay: '1d' }) });
  const sent = order({ payment_data: mit });
  await send(authorise, { body: sent });
  await send(authorise, { body: { ...sent, amount: 1 } });
  await send(authorise, { body: order(), key: '' });
  await send(authorise, { body: order(), key: 'sk_00000000000000000000000000000000' });
  await send(authorise, { body: order({ channel: 'ch_nobody' }) });
  await send(authorise, { body: '{' });
  await send(authorise, { body: 'x', headers: { 'content-type': 'text/plain' } });
  await send('/payment', { method: 'GET', query: `?channel=${demo.channel}` });
  await send('/payment', { method: 'GET' });
});

test('and so have stored cards, hosted pages, keys and documents', async () => {
  const customer = { reference: freshName('c') };
  const paid = await stack.pay(order({ customer, payment_method: card('4111111111111111', { store_for_future_use: true }) }));
  const ids = { reference: customer.reference, id: paid.body.payment_method?.id ?? '' };
  await send('/customer/{reference}/payment-method', { method: 'GET', ids });
  await send('/customer/{reference}/payment-method/{id}', { method: 'DELETE', ids });
  await send('/customer/{reference}/payment-method/{id}', { method: 'DELETE', ids });
  const body = () => ({ channel: demo.channel, amount: 100, currency: 'USD', reference: freshName('hosted') });
  await send('/payment/session', { body: body() });
  await send('/payment/session', { body: {} });
  const link = await send('/payment/link', { body: body() });
  await send('/payment/link/{id}', { method: 'GET', ids: { id: link.body.id ?? '' } });
  await send('/payment/link/{id}', { method: 'GET', ids: { id: 'link_0' } });
  await send('/payment/link/disable', { body: { id: link.body.id } });
  await send('/keys', { method: 'GET', key: '' });
  await send('/compliance/status', { method: 'GET' });
  await send('/compliance/document', { body: '{}' });
});
