/** PAYONE: what the description of the API says is what the API does: samples, statuses and shapes of answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { answerSchemas } from '../src/dialects/payone/answers.ts';
import { endpoints as all } from '../src/dialects/payone/endpoints.ts';
import type { PayoneReply } from './harness/payone.ts';
import { usePayoneStack } from './harness/payone-stack.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePayoneStack({ webhooks: true });

/** Those of shops' servers. */
const endpoints = all.filter(({ isForPages }) => isForPages === undefined);

/** References between schemas are followed by putting each in its place. */
function inlined(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inlined);
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('$ref' in schema) return inlined(answerSchemas[String(schema.$ref).split('/').at(-1) as keyof typeof answerSchemas]);
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, inlined(value)]));
}

const checks = new Map(Object.entries(answerSchemas).map(([name, schema]) => [name, Compile(inlined(schema) as TSchema)]));

/** Statuses that any endpoint may answer. */
const everywhere = [403, 413, 415, 429, 500, 503];

function assertDescribed(name: string, { status, text, body }: PayoneReply): void {
  const endpoint = endpoints.find((one) => one.name === name);
  assert.ok(endpoint !== undefined, name);
  assert.ok(status in endpoint.outcomes || everywhere.includes(status), `${name} is not said to answer ${status}: ${text}`);
  const schema = everywhere.includes(status) ? 'Refusal' : endpoint.outcomes[status];
  if (schema === undefined) {
    assert.equal(text, '', name);
    return;
  }
  const check = checks.get(schema);
  assert.ok(check?.Check(body), `${status} of ${name} is no ${schema}: ${text} ${JSON.stringify(check?.Errors(body))}`);
}

/** Sends a request of this endpoint and holds its answer to the description. */
async function call(name: string, id: string, more: { readonly body?: object; readonly query?: string } = {}): Promise<PayoneReply> {
  const endpoint = endpoints.find((one) => one.name === name);
  assert.ok(endpoint !== undefined, name);
  const { method, path, sample, query = [] } = endpoint;
  const filled = new URLSearchParams(query.map(({ name: key, example }) => [key, example])).toString();
  const search = more.query ?? (filled === '' ? '' : `?${filled}`);
  const body = more.body ?? sample;
  const reply = await stack.send({
    method: method.toUpperCase() as 'GET' | 'POST' | 'DELETE',
    path: `/${path.replace(':id', id)}${search}`,
    ...(method === 'post' && body !== undefined ? { body } : {}),
  });
  assertDescribed(name, reply);
  return reply;
}

test('the samples work as they are, and answers have the shapes of the description', async () => {
  rememberCard(stack.parts.traces, { pan: '4111111111111111', cvc: '123' });
  const held = await stack.pay({ authorizationMode: 'PRE_AUTHORIZATION' });
  const id = held.body.payment?.id ?? '';
  const token = (await call('createToken', '')).body.token ?? '';
  assert.equal((await call('createToken', '')).status, 200);
  const payout = (await call('createPayout', '')).body.id ?? '';
  const ids: Readonly<Record<string, string>> = {
    ...{ getToken: token, deleteToken: token, getPayout: payout, getProductGroup: 'cards' },
    ...{ getPaymentProduct: '1', getPaymentProductNetworks: '320', getProductDirectory: '809' },
  };
  const later = ['createToken', 'createPayout', 'deleteToken'];
  const refusedOnes = ['completePayment'];
  for (const { name, group } of endpoints.filter((one) => !later.includes(one.name))) {
    const { status, text } = await call(name, ids[name] ?? id);
    const isRefused = refusedOnes.includes(name) || group === 'Mandates' || group === 'Hosted pages';
    assert.equal(status >= 400, isRefused, `${name}: ${text}`);
  }
  assert.equal((await call('deleteToken', token)).status, 204);
});

test('what is refused, declined and not there has the shapes of the description', async () => {
  for (const { name, method, path } of endpoints) {
    if (path.includes(':id')) await call(name, '1999999999_0');
    if (method === 'post') await call(name, '1999999999_0', { body: { surprise: 1 } });
    if (method === 'get') await call(name, '1999999999_0', { query: '' });
  }
  const order = { amountOfMoney: { amount: 1250, currencyCode: 'EUR' } };
  const declined = { order, cardPaymentMethodSpecificInput: { card: stack.card('4000000000000002') } };
  assert.equal((await call('createPayment', '', { body: declined })).status, 402);
  const challenged = {
    order,
    cardPaymentMethodSpecificInput: { card: stack.card('4874970686672022'), returnUrl: 'https://shop.example/' },
  };
  assert.equal((await call('createPayment', '', { body: challenged })).status, 201);
  const payout = { amountOfMoney: order.amountOfMoney, cardPayoutMethodSpecificInput: { card: stack.card('4000000000000002') } };
  assert.equal((await call('createPayout', '', { body: payout })).status, 402);
  const atBank = {
    order,
    redirectPaymentMethodSpecificInput: { paymentProductId: 5408, redirectionData: { returnUrl: 'https://shop.example/' } },
  };
  assert.equal((await call('createPayment', '', { body: atBank })).body.merchantAction?.actionType, 'REDIRECT');
  const { body } = await stack.pay({ authorizationMode: 'SALE' }, { order: { amountOfMoney: { amount: 1303, currencyCode: 'EUR' } } });
  assert.equal((await call('refundPayment', body.payment?.id ?? '', { body: {} })).status, 402);
});
