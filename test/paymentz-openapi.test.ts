/** Paymentz: what the description of the API says is what the API does: parameters, statuses, codes and shapes of answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { answerSchemas } from '../src/dialects/paymentz/answers.ts';
import { endpoints } from '../src/dialects/paymentz/endpoints.ts';
import { describeApi } from '../src/dialects/paymentz/openapi.ts';
import { parameters as formats } from '../src/dialects/paymentz/wire.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { encode, type Reply } from './harness/opp.ts';
import { deviceDetails, key, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';

const stack = usePaymentzStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });

interface Operation {
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly content: Readonly<Record<string, { readonly schema: { readonly anyOf: readonly { $ref: string }[] } }>>;
      }
    >
  >;
}

const document = describeApi('sandbox').document as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };
const checks = new Map(Object.entries<TSchema>(answerSchemas).map(([name, schema]) => [`#/components/schemas/${name}`, Compile(schema)]));

/** Asserts that the description has this answer: the status, the code in its table, and the shape. */
function assertDescribed(path: string, { status, code = '', text }: Reply, method = 'post'): void {
  const answer = document.paths[path]?.[method]?.responses[String(status)];
  if (answer === undefined) assert.fail(`${method} ${path} is not said to answer ${status}: ${text}`);
  assert.ok(answer.description.includes(`| \`${code}\` |`), `${method} ${path} is not said to answer ${status} with ${code}`);
  const references = answer.content['application/json']?.schema.anyOf ?? [];
  const body: unknown = JSON.parse(text);
  assert.ok(
    references.some(({ $ref }) => checks.get($ref)?.Check(body)),
    `${status} ${code} of ${path} has a shape of its own: ${text}`,
  );
}

test('every parameter has an example that its own format takes', () => {
  for (const [name, { pattern, example, note }] of Object.entries(formats)) {
    assert.match(example, pattern, name);
    assert.ok(note.length > 3, name);
  }
});

test('what must be there is a parameter, and so is every part of a sample', () => {
  for (const { parameters, required, sample, name } of endpoints) {
    assert.equal(new Set(parameters).size, parameters.length, `${name} has a parameter twice`);
    for (const needed of [...required, ...Object.keys(sample)])
      assert.ok(
        parameters.some((one) => one === needed),
        `${needed} of ${name}`,
      );
  }
});

test('answers about payments have the shape, the status and the code that they are said to have', async () => {
  const path = `${rest}/payments`;
  const id = `${rest}/payments/{id}`;
  const asked = { ...deviceDetails, merchantRedirectUrl: 'https://shop.example/' };
  const sent = [
    purchase({ tmpl_amount: '1.00', recurringType: 'INITIAL', createRegistration: 'true' }),
    purchase({ 'card.number': '4000000000000002' }),
    purchase({ 'card.number': '4444444444444444' }),
    purchase({ 'card.number': '4000000000000929' }),
    purchase({ ...asked, 'card.number': '4000000000003220' }),
    purchase({ ...asked, 'card.number': '4000000000003113' }),
    purchase({ ...asked, 'card.number': '4111111111111111', attemptThreeD: 'Only3D' }),
    purchase({ currency: 'ABC' }),
    purchase({ amount: '0.00' }),
    purchase({ amount: undefined }),
    purchase({ amount: '1' }),
  ];
  for (const each of sent) assertDescribed(path, await stack.demo.pay(each));
  const first = purchase();
  const debit = await stack.demo.pay(first);
  assertDescribed(path, debit);
  assertDescribed(path, await stack.demo.pay(first));
  assertDescribed(path, await stack.demo.send(path, '{', { 'content-type': 'application/json' }));
  assertDescribed(path, await stack.demo.post(path, ['x'], purchase()));
  const number = debit.body.paymentId ?? '';
  const hold = (await stack.demo.pay(purchase({ paymentType: 'PA' }))).body.paymentId ?? '';
  const money = { amount: '5.00' };
  for (const reply of [
    await stack.demo.act(hold, 'CP', { amount: '500.00' }),
    await stack.demo.act(hold, 'RV', { amount: '1.00' }),
    await stack.demo.act(hold, 'CP', money),
    await stack.demo.act(hold, 'CP', money),
    await stack.demo.act(hold, 'IN'),
    await stack.demo.act(number, 'RF', money),
    await stack.demo.act(number, 'RF', money),
    await stack.demo.act('9999999999', 'RF', money),
    await stack.demo.act('9999999999', 'IN'),
    await stack.demo.post(`${rest}/payments/${number}`, [who, key, number, '5.00'], {
      ...money,
      paymentType: 'DB',
      recurringType: 'REPEATED',
    }),
  ]) {
    assertDescribed(id, reply);
  }
  assertDescribed(id, await stack.demo.get(`${rest}/payments/${number}`), 'get');
  assertDescribed(id, await stack.demo.get(`${rest}/payments/1`), 'get');
  assertDescribed(`${rest}/inquiry`, await stack.demo.post(`${rest}/inquiry`, [who, key, number], { paymentId: number }));
  assertDescribed(`${rest}/refund/{id}`, await stack.demo.post(`${rest}/refund/${hold}`, [who, key, hold, '5.00'], money));
  assertDescribed(`${rest}/getTransactionList`, await stack.demo.post(`${rest}/getTransactionList`, [who, key], {}));
  const nobody = stack.clientOf({ member: stack.demo.member, token: () => Promise.resolve('') });
  assertDescribed(path, await nobody.pay());
});

test('and so have answers about invoices and links', async () => {
  const base = '/invoiceServices/REST/v1';
  const back = 'https://shop.example/back';
  const invoice = {
    merchantInvoiceId: 'ONE',
    amount: '5.00',
    currency: 'EUR',
    merchantRedirectUrl: back,
    'customer.email': 'ada@shop.example',
  };
  const issue = () => stack.demo.post(`${base}/generate`, [who, key, 'ONE', '5.00', back], invoice);
  const codeOf = (reply: Reply): Reply => ({ ...reply, code: (reply.body.statusInvoiceResult as unknown as { code: string }).code });
  const first = codeOf(await issue());
  for (const reply of [first, codeOf(await issue())]) assertDescribed(`${base}/generate`, reply);
  const invoiceId = (first.body.invoiceDetails as unknown as { systemInvoiceId: string }).systemInvoiceId;
  const anew = { invoiceId, merchantRedirectUrl: back };
  for (const path of ['inquiry', 'remind', 'cancel', 'cancel', 'remind']) {
    assertDescribed(`${base}/${path}`, codeOf(await stack.demo.post(`${base}/${path}`, [invoiceId, who, key], { invoiceId })));
  }
  for (let time = 0; time < 2; time += 1) {
    assertDescribed(`${base}/regenerate`, codeOf(await stack.demo.post(`${base}/regenerate`, [invoiceId, who, key, back], anew)));
  }
  const link = '/merchantServices/api/v1/generatePayByLink';
  const order = { 'merchant.orderID': 'LINK', 'merchant.amount': '5.00', 'merchant.currency': 'EUR' };
  for (const amount of ['5.00', '6.00']) {
    assertDescribed(link, await stack.demo.post(link, [who, 'LINK', amount, key], { ...order, 'merchant.amount': amount }));
  }
  assertDescribed('/transaction/Checkout', await stack.demo.send('/transaction/Checkout', encode({ memberId: '1' })));
});

test('and so have answers about tokens, kept cards, cardholders and payouts', async () => {
  const login = { 'authentication.memberId': '10001', 'authentication.sKey': stack.demo.member.key };
  for (const parameters of [login, { ...login, 'authentication.sKey': 'x' }]) {
    assertDescribed(`${rest}/authToken`, await stack.demo.send(`${rest}/authToken`, encode(parameters)));
  }
  assertDescribed(`${rest}/regenerateToken`, await stack.demo.send(`${rest}/regenerateToken`, encode({ authToken: 'x' })));
  const { merchantTransactionId, amount, currency, paymentType, ...card } = purchase({ 'card.number': freshCardNumber() });
  const registrations = `${rest}/registrations`;
  const kept = await stack.demo.post(registrations, [who, key, card['card.number'] ?? ''], card);
  assertDescribed(registrations, kept);
  const bad = { ...card, 'card.number': '4444444444444444' };
  assertDescribed(registrations, await stack.demo.post(registrations, [who, key, bad['card.number']], bad));
  const { registrationId = '' } = kept.body;
  const withToken = `${rest}/paywithtoken/{id}`;
  const pay = { paymentType: 'DB', amount: '2.00', currency: 'EUR' };
  for (const token of [registrationId, 'x']) {
    assertDescribed(withToken, await stack.demo.post(`${rest}/paywithtoken/${token}`, [who, key, token, '2.00'], pay));
    assertDescribed(withToken, await stack.demo.post(`${rest}/paywithtoken/${token}`, [who, key, token], { paymentType: 'DL' }));
  }
  const cards = `${rest}/getCardsAndAccounts`;
  assertDescribed(cards, await stack.demo.post(cards, [who, key], {}));
  const signUp = '/merchantServices/api/v1/customerSignup';
  const person = { 'customer.givenName': 'A', 'customer.surname': 'B', 'customer.email': 'c@d.example' };
  assertDescribed(signUp, await stack.demo.post(signUp, [who, key, 'A', 'B', 'c@d.example'], person));
  const payout = `${rest}/payout`;
  for (const [reference, sum] of [
    ['OUT-A', '3.00'],
    ['OUT-B', '9000000.00'],
  ] as const) {
    const sent = { ...card, merchantTransactionId: reference, amount: sum, currency: 'EUR', paymentType: 'PO' };
    assertDescribed(payout, await stack.demo.post(payout, [who, reference, sum, key], sent));
  }
  // Paid by the bank, refused by it, and no IBAN at all.
  for (const [reference, iban] of [
    ['OUT-C', 'DE23100000001234567890'],
    ['OUT-D', 'DE65100000001234560053'],
    ['OUT-E', 'DE00100000001234567890'],
  ] as const) {
    const account = { 'bankAccount.iban': iban, 'customer.bankAccountName': 'Ada Example' };
    const sent = { ...account, merchantTransactionId: reference, amount: '3.00', currency: 'EUR', paymentType: 'PO' };
    assertDescribed(payout, await stack.demo.post(payout, [who, reference, '3.00', key], sent));
  }
});
