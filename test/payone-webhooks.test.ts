/** PAYONE: what a shop is told, as the platform's own library reads it; addresses that requests name; credentials and test messages. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import * as sdk from 'onlinepayments-sdk-nodejs';
import { type CaughtHook, createHooks, hurryDeliveries } from './harness/hooks.ts';
import { createOperator } from './harness/operator.ts';
import { checkWebhook, demoWebhook } from './harness/payone.ts';
import { merchantId, refused, sdkClient, taken } from './harness/payone-sdk.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';
import { authenticateAt } from './harness/shopper.ts';

const stack = usePayoneStack({ webhooks: true });

const hooks = () => createHooks(stack.parts.host.url);
const helper = sdk.webhooks.init({ getSecretKey: async () => demoWebhook.secret });

/** What the platform's library makes of a message: it checks the signature and the version. */
function eventIn(hook: CaughtHook) {
  return helper.unmarshal(Buffer.from(hook.body), { ...hook.headers });
}

const numberIn = (id: string) => id.replace(/_.*/, '');

/** Messages about this payment so far, in the order of their coming: type, id and number. */
async function toldAbout(name: string, id: string): Promise<readonly (readonly [string, string, number])[]> {
  const told: (readonly [string, string, number])[] = [];
  for (const hook of await hooks().list(name)) {
    const event = await eventIn(hook);
    const subject = event.payment ?? event.refund ?? event.payout;
    if (hook.status < 300 && subject?.id !== undefined && numberIn(subject.id ?? '') === numberIn(id)) {
      told.push([event.type ?? '', (subject.id ?? '').replace(/^\d+/, ''), subject.statusOutput?.statusCode ?? -1]);
    }
  }
  return told;
}

async function allTold(name: string, id: string, count: number) {
  await eventually(async () => (await toldAbout(name, id)).length >= count, `${count} messages about ${id}`);
  return toldAbout(name, id);
}

test('the life of a payment, message by message, in the library’s own hands', async () => {
  const { body } = await stack.pay({ authorizationMode: 'PRE_AUTHORIZATION' });
  const id = body.payment?.id ?? '';
  await stack.post(`/payments/${id}/capture`, {});
  await stack.post(`/payments/${id}/refund`, { amountOfMoney: { amount: 250, currencyCode: 'EUR' } });
  assert.deepEqual(await allTold('payone', id, 5), [
    ['payment.pending_capture', '_0', 5],
    ['payment.capture_requested', '_1', 91],
    ['payment.captured', '_1', 9],
    ['refund.refund_requested', '_2', 81],
    ['payment.refunded', '_2', 8],
  ]);
  const [hook] = await hooks().list('payone');
  assert.ok(hook !== undefined);
  assert.deepEqual([hook.headers['x-gcs-keyid'], hook.headers['retry-count']], [demoWebhook.keyId, '0']);
  const event = await eventIn(hook);
  assert.deepEqual(
    [event.apiVersion, event.merchantId, event.payment?.paymentOutput?.references?.merchantReference],
    ['v1', merchantId, 'order 1'],
  );
  assert.match(event.created ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}[+-]\d\d:\d\d$/);
  const changed = { ...hook, body: hook.body.replace('order 1', 'order 2') };
  await assert.rejects(eventIn(changed), /signature/);
});

test('a sale, a decline and a cancel have types of their own', async () => {
  const sale = (await stack.pay({ authorizationMode: 'SALE' })).body.payment?.id ?? '';
  assert.deepEqual(await allTold('payone', sale, 1), [['payment.captured', '_0', 9]]);
  const declined = (await stack.pay({ card: stack.card('4000000000000002') })).body.paymentResult?.payment?.id ?? '';
  assert.deepEqual(await allTold('payone', declined, 1), [['payment.rejected', '_0', 2]]);
  const canceled = (await stack.pay()).body.payment?.id ?? '';
  await stack.post(`/payments/${canceled}/cancel`);
  assert.deepEqual((await allTold('payone', canceled, 2)).at(-1), ['payment.cancelled', '_1', 6]);
});

test('what came of 3-D Secure is told as it is read, and a redirect only where there was one', async () => {
  const frictionless = (await stack.pay({ card: stack.card('4330264936344675'), authorizationMode: 'SALE' })).body.payment?.id ?? '';
  assert.deepEqual(await allTold('payone', frictionless, 1), [['payment.captured', '_0', 9]]);
  const input = { card: stack.card('4874970686672022'), authorizationMode: 'SALE', returnUrl: `${stack.url}/healthz` };
  const challenged = (await stack.pay(input)).body;
  const id = challenged.payment?.id ?? '';
  assert.deepEqual(await allTold('payone', id, 1), [['payment.redirected', '_0', 46]]);
  const url = challenged.merchantAction?.redirectData?.redirectURL ?? '';
  await authenticateAt({ url, method: 'GET', parameters: [] }, { code: '1234', act: 'confirm' });
  assert.deepEqual((await allTold('payone', id, 2)).at(-1), ['payment.captured', '_0', 9]);
  for (const paid of [frictionless, id]) {
    const hook = (await hooks().list('payone')).findLast(({ body }) => body.includes(`"${paid}"`));
    const { body } = await stack.get(`/payments/${paid}`);
    assert.deepEqual(JSON.parse(hook?.body ?? '{}').payment, body);
  }
});

test('the rest that a last capture gives back is not told as a payment that is cancelled', async () => {
  const id = (await stack.pay({ authorizationMode: 'PRE_AUTHORIZATION' })).body.payment?.id ?? '';
  await stack.post(`/payments/${id}/capture`, { amount: 1000, isFinal: true });
  await stack.post(`/payments/${id}/refund`, { amountOfMoney: { amount: 1000, currencyCode: 'EUR' } });
  const told = await allTold('payone', id, 5);
  assert.deepEqual(
    told.map(([type]) => type),
    ['payment.pending_capture', 'payment.capture_requested', 'payment.captured', 'refund.refund_requested', 'payment.refunded'],
  );
});

test('an endpoint that fails is told the same event again, and how often it was tried', async () => {
  await hooks().order('payone', { status: 500, times: 1 });
  const { body } = await stack.pay({ authorizationMode: 'SALE' });
  const id = body.payment?.id ?? '';
  const retried = async () => {
    await hurryDeliveries(stack.parts.database);
    return (await toldAbout('payone', id)).length > 0;
  };
  await eventually(retried, 'the second try');
  const tries = (await hooks().list('payone')).filter((hook) => hook.body.includes(`"${id}"`));
  assert.deepEqual(
    tries.map((hook) => hook.headers['retry-count']),
    ['0', '1'],
  );
  // The same event, of the same moment.
  assert.equal(tries[0]?.body, tries[1]?.body);
});

test('addresses that a request names are told as well, signed with the account’s key', async () => {
  const urls = [hooks().url('payone-a'), hooks().url('payone-b')];
  const { body } = await stack.pay({ authorizationMode: 'SALE' }, { feedbacks: { webhooksUrls: urls } });
  const id = body.payment?.id ?? '';
  for (const name of ['payone', 'payone-a', 'payone-b']) assert.deepEqual(await allTold(name, id, 1), [['payment.captured', '_0', 9]]);
  const six = Array.from({ length: 6 }, () => urls[0]);
  assert.equal((await stack.pay({}, { feedbacks: { webhooksUrls: six } })).status, 400);
  for (const [name, value] of Object.entries({ webhookUrl: 'not a URL', webhooksUrls: ['not a URL'] })) {
    assert.equal((await stack.pay({}, { feedbacks: { [name]: value } })).body.errors?.[0]?.propertyName, `feedbacks.${name}`);
  }
});

test('of several addresses a dead one keeps nothing from the others, and none is told twice', async () => {
  const names = ['payone-dead', 'payone-well'];
  await hooks().order('payone-dead', { status: 500, times: 2 });
  const webhooksUrls = names.map((name) => hooks().url(name));
  const id = (await stack.pay({ authorizationMode: 'SALE' }, { feedbacks: { webhooksUrls } })).body.payment?.id ?? '';
  assert.deepEqual(await allTold('payone-well', id, 1), [['payment.captured', '_0', 9]]);
  const retried = async () => {
    await hurryDeliveries(stack.parts.database);
    return (await toldAbout('payone-dead', id)).length > 0;
  };
  await eventually(retried, 'the third try');
  for (const name of names) assert.deepEqual(await toldAbout(name, id), [['payment.captured', '_0', 9]], name);
});

test('an address for mails that was set up first is not the account’s webhook', async () => {
  await createOperator(stack.parts.env).json('webhook', 'add', '--merchant', '1', '--dialect', 'payone', '--mail', 'first@shop.example');
  await stack.parts.database.query(
    `update polygate.endpoint set created_at = created_at - interval '1 day' where url = 'mailto:first@shop.example'`,
  );
  const { body } = await stack.pay({ authorizationMode: 'SALE' }, { feedbacks: { webhooksUrls: [hooks().url('payone-d')] } });
  const id = body.payment?.id ?? '';
  assert.deepEqual(await allTold('payone-d', id, 1), [['payment.captured', '_0', 9]]);
  assert.equal((await sdkClient(stack.url).webhooks.sendTestWebhook(merchantId, {})).status, 204);
});

test('webhook credentials are valid, or not', async () => {
  const client = sdkClient(stack.url);
  const proofOf = (secret: string) => createHmac('sha256', secret).update('').digest('base64');
  const ask = async (key: string, secret: string) =>
    (await taken(client.webhooks.validateWebhookCredentials(merchantId, { key, secret }))).result;
  assert.equal(await ask(demoWebhook.keyId, proofOf(demoWebhook.secret)), 'Valid');
  for (const [key, secret] of [
    ['another key', proofOf(demoWebhook.secret)],
    [demoWebhook.keyId, proofOf('another secret')],
    [demoWebhook.keyId, demoWebhook.secret],
  ] as const) {
    assert.equal(await ask(key, secret), 'Invalid');
  }
});

test('a test message goes to the account’s endpoint, or to a URL', async () => {
  const client = sdkClient(stack.url);
  const answer = await client.webhooks.sendTestWebhook(merchantId, {});
  assert.equal(answer.status, 204);
  await client.webhooks.sendTestWebhook(merchantId, { url: hooks().url('payone-c') });
  for (const name of ['payone', 'payone-c']) {
    const last = (await hooks().list(name)).at(-1);
    assert.ok(last !== undefined);
    const { type, payment } = checkWebhook(last.body, last.headers['x-gcs-signature']);
    assert.deepEqual([type, payment?.id, codeIn(payment)], ['payment.test', '9999_9', 0]);
  }
  await hooks().order('payone', { status: 500 });
  assert.equal((await refused(client.webhooks.sendTestWebhook(merchantId, {}))).status, 400);
});
