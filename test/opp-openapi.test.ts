/** OPP: what the description of the API says is what the API does: parameters, samples, statuses, codes and shapes of answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { answerSchemas } from '../src/dialects/opp/answers.ts';
import { endpoints } from '../src/dialects/opp/endpoints.ts';
import { describeApi } from '../src/dialects/opp/openapi.ts';
import { familyNotes, parameterNotes } from '../src/dialects/opp/parameter-notes.ts';
import { approved, debit, demo, freshName, type Parameters, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

interface Operation {
  readonly parameters: readonly { readonly name: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly properties: Readonly<Record<string, Property>> } }>>;
  };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
}

type Content = Readonly<Record<'application/json', { readonly schema: Reference | { readonly oneOf: readonly Reference[] } }>>;
type Reference = { readonly $ref: string };
type Property = { readonly example?: string };

const document = describeApi('sandbox').document as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

const checks = new Map(Object.entries<TSchema>(answerSchemas).map(([name, schema]) => [`#/components/schemas/${name}`, Compile(schema)]));

test('every parameter has a description, and an example that its own format takes', () => {
  for (const { parameters, path } of endpoints) {
    for (const [name, schema] of Object.entries(parameters.exact)) {
      const [description = '', example] = parameterNotes[name] ?? [];
      assert.ok(description !== '', `${name} of ${path} has no note in parameter-notes.ts`);
      assert.ok(Compile(schema).Check(example), `the example of ${name} is ${example}`);
    }
    for (const [names, schema] of Object.entries(parameters.families)) {
      const notes = familyNotes.filter(({ name }) => new RegExp(names).test(name));
      assert.ok(notes.length > 0, `the family ${names} of ${path} has no note in parameter-notes.ts`);
      for (const { name, example } of notes) assert.ok(Compile(schema).Check(example), `the example of ${name} is ${example}`);
    }
  }
});

test('what must be there is a parameter, and so is every part of a sample', () => {
  for (const { parameters, required, sample } of endpoints) {
    for (const name of [...required, ...Object.keys(sample)]) assert.ok(name in parameters.exact, name);
  }
});

/** Asserts that the description has this answer: the status, the code in its table, and the shape. */
function assertDescribed(method: 'get' | 'post' | 'delete', path: string, { status, code = '', text }: Reply): void {
  const operation = document.paths[path]?.[method];
  const answer = operation?.responses[String(status)];
  if (answer === undefined) assert.fail(`${method} ${path} is not said to answer ${status}: ${text}`);
  assert.ok(answer.description.includes(`| \`${code}\` |`), `${method} ${path} is not said to answer ${status} with ${code}`);
  const { schema } = answer.content['application/json'];
  const references = 'oneOf' in schema ? schema.oneOf : [schema];
  const body: unknown = JSON.parse(text);
  const fits = references.filter(({ $ref }) => checks.get($ref)?.Check(body));
  assert.equal(fits.length, 1, `${status} ${code} of ${path} has another shape than ${JSON.stringify(references)}: ${text}`);
}

async function post(path: string, id: string | undefined, parameters: Parameters, more: { readonly key?: string } = {}): Promise<Reply> {
  const headers = more.key === undefined ? {} : { 'idempotency-key': more.key };
  const reply = await stack.post(path.replace('{id}', id ?? ''), parameters, { headers });
  assertDescribed('post', path, reply);
  return reply;
}

async function get(path: string, id: string | undefined, parameters: Parameters = {}): Promise<Reply> {
  const reply = await stack.get(path.replace('{id}', id ?? ''), parameters);
  assertDescribed('get', path, reply);
  return reply;
}

test('the endpoints take the parameters that they are said to take, and no others', async () => {
  const nobody = '0'.repeat(32);
  for (const { method, path, parameters } of endpoints) {
    const names = Object.keys(parameters.exact).filter((name) => !name.startsWith('authentication.'));
    const all = Object.fromEntries(names.map((name) => [name, name === 'entityId' ? demo.entityId : parameterNotes[name]?.[1]]));
    const send = (more: Parameters) => {
      const target = path.replace(':id', nobody);
      if (method === 'post') return stack.post(target, { ...all, ...more });
      if (method === 'delete') return stack.remove(target, { ...all, ...more });
      return stack.get(target, { ...all, ...more });
    };
    assert.doesNotMatch((await send({})).text, /parameterErrors/, `${method} ${path}`);
    assert.match((await send({ surprise: 'x' })).text, /"name":"surprise"/, `${method} ${path}`);
  }
});

const sampleCodes: Readonly<Record<string, string>> = { '/v1/checkouts': '000.200.100', '/v1/checkouts/{id}': '000.200.101' };

test('the samples work as they are filled in', async () => {
  const paid = await stack.post('/v1/payments', debit({ createRegistration: 'true' }));
  const ids: Readonly<Record<string, string | undefined>> = {
    '/v1/payments/{id}': paid.body.id,
    '/v1/registrations/{id}/payments': paid.body.registrationId,
    '/v1/checkouts/{id}': (await stack.post('/v1/checkouts', { paymentType: 'DB', amount: '1.00', currency: 'EUR' })).body.id,
  };
  const forms = Object.entries(document.paths).flatMap(([path, { post: operation }]) => {
    const properties = Object.values(operation?.requestBody?.content ?? {})[0]?.schema.properties;
    return properties === undefined ? [] : [{ path, properties }];
  });
  assert.ok(forms.length >= 3);
  for (const { path, properties } of forms) {
    const filled = Object.fromEntries(Object.entries(properties).map(([name, { example }]) => [name, example]));
    assert.equal(filled.entityId, demo.entityId);
    const registrationId = 'registrationId' in properties ? { registrationId: paid.body.registrationId } : {};
    assert.equal((await post(path, ids[path], { ...filled, ...registrationId })).code, sampleCodes[path] ?? approved, path);
  }
});

test('a key is taken where it is described: the repeat has the id of the first, and a checkout is opened anew', async () => {
  const { paymentType, amount, currency, ...card } = debit();
  const money = { paymentType, amount, currency };
  const token = (await post('/v1/registrations', undefined, card)).body.id;
  const requests: readonly (readonly [path: string, id: string | undefined, parameters: Parameters])[] = [
    ['/v1/payments', undefined, debit()],
    ['/v1/payments/{id}', (await post('/v1/payments', undefined, debit())).body.id, { ...money, paymentType: 'RF' }],
    ['/v1/registrations', undefined, card],
    ['/v1/registrations/{id}/payments', token, money],
    ['/scheduling/v1/schedules', undefined, { ...money, registrationId: token, 'job.dayOfMonth': '1' }],
    ['/v1/checkouts', undefined, money],
  ];
  for (const [path, id, parameters] of requests) {
    const key = freshName('key');
    const first = await post(path, id, parameters, { key });
    const repeat = await post(path, id, parameters, { key });
    const isDescribed = document.paths[path]?.post?.parameters.some(({ name }) => name === 'Idempotency-Key');
    assert.equal(isDescribed, repeat.body.id === first.body.id, path);
  }
});

test('answers to payments have the status, the codes and the shape of the description', async () => {
  const reference = freshName('order');
  const full = {
    ...{ merchantTransactionId: reference, merchantInvoiceId: 'i', merchantMemo: 'm', descriptor: 'd', createRegistration: 'true' },
    ...{ 'customer.email': 'ada@example.com', 'billing.city': 'London', 'shipping.city': 'London', 'cart.items[0].name': 'Tea' },
    ...{ 'customParameters[order]': '7', 'standingInstruction.mode': 'INITIAL', recurringType: 'INITIAL' },
  };
  const key = freshName('key');
  const { body } = await post('/v1/payments', undefined, debit(full), { key });
  await post('/v1/payments', undefined, debit(), { key });
  for (const number of ['4000000000000002', '4000000000009995', '4000000000000119', '4000000000000101', '4444444444444444']) {
    const { body: declined } = await post('/v1/payments', undefined, debit({ 'card.number': number }));
    await get('/v1/payments/{id}', declined.id);
  }
  const refused: readonly Parameters[] = [
    { amount: 'x' },
    { amount: undefined },
    { currency: undefined },
    { currency: 'ABC' },
    { amount: '10.50', currency: 'JPY' },
    { 'card.number': undefined },
    { 'card.expiryMonth': undefined },
    { 'card.expiryYear': undefined },
    { paymentBrand: 'IDEAL' },
    { paymentBrand: 'KAURI' },
    { entityId: undefined },
    { entityId: 'f'.repeat(32) },
  ];
  for (const parameters of refused) await post('/v1/payments', undefined, debit(parameters));
  for (const path of ['/v1/payments/{id}', '/v1/query/{id}']) {
    await get(path, body.id);
    await get(path, '0'.repeat(32));
  }
  await get('/v1/query', undefined, { merchantTransactionId: reference });
  await get('/v1/query', undefined, { merchantTransactionId: freshName('nothing') });
  await get('/v1/query', undefined);
});

test('and so have answers to what follows a payment, and to payments with a token', async () => {
  const hold = await post('/v1/payments', undefined, debit({ paymentType: 'PA', createRegistration: 'true' }));
  const { id, registrationId } = hold.body;
  const money = { amount: '5.00', currency: 'EUR' };
  const path = '/v1/payments/{id}';
  const { body: capture } = await post(path, id, { paymentType: 'CP', ...money });
  await post(path, capture.id, { paymentType: 'RF', ...money });
  await post(path, id, { paymentType: 'RV' });
  await get(path, capture.id);
  const refused: readonly (readonly [target: string | undefined, parameters: Parameters])[] = [
    [id, { paymentType: 'CP', ...money }],
    [id, { paymentType: 'RV' }],
    [capture.id, { paymentType: 'RF', ...money }],
    [capture.id, { paymentType: 'RF', amount: '1.00', currency: 'USD' }],
    [capture.id, { paymentType: 'CP', ...money }],
    ['0'.repeat(32), { paymentType: 'CP', ...money }],
    ['0'.repeat(32), { paymentType: 'RV' }],
    ['0'.repeat(32), { paymentType: 'RF', ...money }],
  ];
  for (const [target, parameters] of refused) await post(path, target, parameters);
  const tokens = '/v1/registrations/{id}/payments';
  await post(tokens, registrationId, { paymentType: 'DB', ...money });
  await post(tokens, 'a'.repeat(32), { paymentType: 'DB', ...money });
  await post(tokens, 'short', { paymentType: 'DB', ...money });
});

test('and so have answers about stored cards, schedules, pages of transactions, and codes', async () => {
  const { paymentType, amount, currency, ...card } = debit();
  const { body } = await post('/v1/registrations', undefined, { ...card, 'customer.givenName': 'Ada' });
  const { body: bad } = await post('/v1/registrations', undefined, { ...card, 'card.number': '4444444444444444' });
  await post('/v1/registrations', undefined, { ...card, 'customer.email': 'x' });
  for (const id of [body.id, bad.id, 'a'.repeat(32), 'short']) await get('/v1/registrations/{id}', id);
  const money = { paymentType: 'DB', amount: '5.00', currency: 'EUR', registrationId: body.id };
  const schedules = '/scheduling/v1/schedules';
  const { body: plan } = await post(schedules, undefined, { ...money, 'job.dayOfMonth': '1' });
  await post(schedules, undefined, money);
  await post(schedules, undefined, { ...money, 'job.dayOfMonth': '32' });
  for (const [path, id] of [
    [`${schedules}/{id}`, plan.id],
    [`${schedules}/{id}`, plan.id],
    ['/v1/registrations/{id}', body.id],
    ['/v1/registrations/{id}', body.id],
    ['/v1/registrations/{id}', bad.id],
  ] as const) {
    assertDescribed('delete', path, await stack.remove(path.replace('{id}', id ?? '')));
  }
  const reference = freshName('order');
  const { body: sale } = await post(
    '/v1/payments',
    undefined,
    debit({ merchantTransactionId: reference, 'threeDSecure.eci': '05', 'merchant.city': 'Oslo' }),
  );
  for (const path of ['/v1/query/{id}', '/v3/query/{id}']) {
    await get(path, sale.id);
    await get(path, sale.id, { includeLinkedTransactions: 'true' });
  }
  for (const path of ['/v1/query', '/v3/query']) await get(path, undefined, { merchantTransactionId: reference });
  await get('/v3/query', undefined, { 'date.from': '2034-01-01 00:00:00' });
  for (let time = 0; time < 3; time += 1) await get('/v1/payments/{id}', sale.id);
  await get('/v1/resultcodes', undefined);
});

test('and so have authentications, with a payment and without one', async () => {
  const away = { paymentBrand: undefined, shopperResultUrl: 'https://shop.example/back', 'customer.browser.language': 'en' };
  for (const card of ['4111111111111111', '4200000000000091', '5555555555554444', '4000000000003113', '4000000000003105']) {
    const { paymentType, ...authentication } = debit({ ...away, 'card.number': card });
    const { body: payment } = await post('/v1/payments', undefined, { ...authentication, paymentType });
    await get('/v1/query/{id}', payment.id);
    const { body } = await post('/v1/threeDSecure', undefined, authentication);
    await get('/v1/threeDSecure/{id}', body.id ?? 'a'.repeat(32));
  }
});

test('callers who may not are told so as described', async () => {
  for (const [authorization, status] of [
    [undefined, 401],
    [`Bearer ${Buffer.from(`${demo.entityId}|wrong`).toString('base64')}`, 403],
  ] as const) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const reply = await stack.send({ method: 'GET', path: `/v1/query?entityId=${demo.entityId}&merchantTransactionId=x`, headers });
    assert.equal(reply.status, status);
    assertDescribed('get', '/v1/query', reply);
  }
});
