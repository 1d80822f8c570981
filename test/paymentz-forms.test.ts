/** Paymentz: bodies in every form that clients send, answers in JSON and XML with the same content, and nonsense that is told as that. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { wantsXml } from '../src/dialects/paymentz/answer.ts';
import { parseForm, parseJson } from '../src/dialects/paymentz/body.ts';
import { endpoints } from '../src/dialects/paymentz/endpoints.ts';
import { parameters as formats } from '../src/dialects/paymentz/wire.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { encode, freshName, type Parameters, type Reply } from './harness/opp.ts';
import { demoMember, expectResult, key, md5, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';

const stack = usePaymentzStack();
const json = { 'content-type': 'application/json' };

/** A purchase with what signs it. */
function signed(more: Parameters = {}): Parameters {
  const sent = purchase(more);
  const sum = md5(demoMember.memberId, demoMember.key, sent.merchantTransactionId ?? '', sent.amount ?? '');
  return { 'authentication.memberId': demoMember.memberId, 'authentication.checksum': sum, ...sent };
}

function nested(parameters: Parameters): Record<string, unknown> {
  const root: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(parameters)) {
    const [head = '', tail] = name.split('.');
    if (tail === undefined) Object.assign(root, { [head]: value });
    else root[head] = { ...root[head], [tail]: value };
  }
  return root;
}

const pay = (body: string, headers: Readonly<Record<string, string>> = json) => stack.demo.send(`${rest}/payments`, body, headers);

test('JSON may be nested at the dots or flat, with numbers as numbers', async () => {
  expectResult(await pay(JSON.stringify(nested(signed()))), '00001', 'capturesuccess', 'Y');
  expectResult(await pay(JSON.stringify(signed())), '00001');
  // The checksum is made over two decimals, however few the number has.
  for (const amount of ['30.2', '30.20', '30', '30.00']) {
    const whole = amount.includes('.2') ? '30.20' : '30.00';
    const text = JSON.stringify(nested(signed({ amount: whole }))).replace(`"amount":"${whole}"`, `"amount":${amount}`);
    const reply = expectResult(await pay(text.replace('"expiryMonth":"12"', '"expiryMonth":12')), '00001');
    assert.equal(reply.body.amount, whole);
  }
  const id = (await pay(JSON.stringify(signed()))).body.paymentId ?? '';
  const inquiry = {
    'authentication.memberId': '10001',
    'authentication.checksum': md5('10001', demoMember.key, id),
    paymentId: Number(id),
  };
  expectResult(await stack.demo.send(`${rest}/inquiry`, JSON.stringify(inquiry), json), '00026');
});

test('forms that were never percent-encoded are read all the same', async () => {
  const raw = (parameters: Parameters) =>
    Object.entries(parameters)
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
  const sent = signed({
    ...{ orderDescriptor: '100% wool = warm', merchantRedirectUrl: 'https://shop.example/back?order=7', notificationUrl: undefined },
    ...{ 'customer.telnocc': '+1', 'card.number': '4111 1111 1111 1111', 'shipping.country': 'UK' },
  });
  const { notificationUrl, ...given } = sent;
  const reply = expectResult(await pay(raw(given), { 'content-type': 'application/x-www-form-urlencoded' }), '00001');
  assert.equal(reply.body.orderDescriptor, '100% wool = warm');
  // Encoded, and with empty values, which mean absent.
  const more = signed({ orderDescriptor: 'Zwölf Bücher & mehr', tmpl_amount: '' });
  const encoded = await pay(encode(more), { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' });
  assert.equal(expectResult(encoded, '00001').body.orderDescriptor, 'Zwölf Bücher & mehr');
});

test('bodies read into the same names and values', () => {
  const expected = { 'card.cvv': '123', amount: '5.10' };
  assert.deepEqual({ ...parseForm(Buffer.from('card.cvv=123&amount=5.10&empty=&&')) }, expected);
  assert.deepEqual({ ...parseJson(Buffer.from('{"card":{"cvv":"123"},"amount":5.1,"empty":null}')) }, expected);
  assert.deepEqual({ ...parseJson(Buffer.from('{"card.cvv":123,"amount":"5.10","empty":""}')) }, expected);
  assert.deepEqual(
    { ...parseJson(Buffer.from('{"paymentId":12345678901234567890,"list":[{"a":true}]}')) },
    {
      paymentId: '12345678901234567890',
      'list[0].a': 'true',
    },
  );
});

test('what cannot be read is told as that, and never a defect', async () => {
  const rows: readonly (readonly [body: string, type: string, status: number])[] = [
    ['{', 'application/json', 400],
    ['[]', 'application/json', 400],
    ['"x"', 'application/json', 400],
    ['7', 'application/json', 400],
    [`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 'application/json', 400],
    ['amount=%ff', 'application/x-www-form-urlencoded', 400],
    ['<payment/>', 'application/xml', 400],
    [`amount=${'9'.repeat(3_000_000)}`, 'application/x-www-form-urlencoded', 413],
    ['amount=1&amount=2', 'application/x-www-form-urlencoded', 200],
    ['__proto__=1', 'application/x-www-form-urlencoded', 200],
    ['{"__proto__":{"x":1},"constructor":2}', 'application/json', 200],
    [JSON.stringify({ ...signed(), orderDescriptor: 'a\u0000b' }), 'application/json', 200],
    ['{"amount":"\\ud800"}', 'application/json', 400],
  ];
  for (const [body, type, status] of rows) {
    const reply = await pay(body, { 'content-type': type });
    assert.equal(reply.status, status, `${body.slice(0, 60)}: ${reply.text}`);
    assert.equal(reply.code, '20002', reply.text);
  }
});

test('no random body is a defect', async () => {
  const names = fc.constantFrom('amount', 'card.number', 'authentication.memberId', 'paymentType', 'x', '__proto__', 'card', '');
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double(), fc.object());
  const bodies = fc.sample(fc.dictionary(names, value), { numRuns: 60, seed: 20301 });
  for (const body of bodies) {
    for (const path of [`${rest}/payments`, `${rest}/payments/3000000000`, `${rest}/payout`]) {
      const reply = await stack.demo.send(path, JSON.stringify(body), json);
      assert.ok(reply.status < 500, `${reply.status} for ${JSON.stringify(body)}: ${reply.text}`);
    }
  }
  for (const text of fc.sample(fc.string({ unit: 'binary', maxLength: 200 }), { numRuns: 60, seed: 20302 })) {
    assert.ok((await pay(text, { 'content-type': 'application/x-www-form-urlencoded' })).status < 500);
  }
});

test('other methods and paths are answered in the shape of the protocol', async () => {
  const get = await stack.demo.get(`${rest}/payments`);
  assert.deepEqual([get.status, get.code, get.headers.allow], [405, '20017', 'POST']);
  const unknown = await stack.demo.send(`${rest}/nothing`, '');
  assert.deepEqual([unknown.status, unknown.code], [404, '20016']);
  assert.equal((await stack.demo.send(`${rest}/payments?amount=1`, encode(signed()))).code, '20002');
});

test('what Accept asks for', () => {
  const rows: readonly (readonly [accept: string | undefined, isXml: boolean])[] = [
    [undefined, false],
    ['*/*', false],
    ['application/json', false],
    ['application/xml', true],
    ['text/xml; charset=utf-8', true],
    ['application/json, application/xml;q=0.9', false],
    ['application/json;q=0.5, TEXT/XML', true],
    ['application/xml;q=0, application/json', false],
    ['nonsense;;q=,', false],
  ];
  for (const [accept, isXml] of rows) assert.equal(wantsXml(accept), isXml, accept ?? 'none');
});

const lists = new Set(['transaction', 'cards', 'bankAccounts', 'parameters']);
const parser = new XMLParser({ parseTagValue: false, trimValues: false, isArray: (name) => lists.has(name), ignoreDeclaration: true });

/** Without what differs from one request to the next, and without empty lists and objects, which XML cannot tell from absent ones. */
function gist(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(gist);
  if (value === null || typeof value !== 'object') return value;
  const changing = new Set([
    'timestamp',
    'AuthToken',
    'paymentId',
    'registrationId',
    'id',
    'token',
    'bankReferenceId',
    'customerId',
    'url',
    'systemInvoiceId',
    'transactionUrl',
    'createdTime',
    'createdDate',
  ]);
  const members = Object.entries(value).filter(
    ([name, member]) => !changing.has(name) && !(typeof member === 'object' && Object.keys(member as object).length === 0) && member !== '',
  );
  return Object.fromEntries(members.map(([name, member]) => [name, gist(member)]));
}

test('XML says the same as JSON, for every endpoint, also of errors', async () => {
  const covered = new Set<string>();
  const both = async (name: string, ask: (headers: Record<string, string>, round: number) => Promise<Reply>) => {
    covered.add(name);
    const plain = await ask({}, 0);
    const xml = await ask({ accept: 'application/xml' }, 1);
    assert.match(String(xml.headers['content-type']), /^application\/xml/);
    assert.ok(xml.text.startsWith('<?xml version="1.0" encoding="UTF-8"?><response>'), xml.text);
    const { response } = parser.parse(xml.text) as { readonly response: unknown };
    assert.deepEqual(gist(response), gist(JSON.parse(plain.text)), name);
    assert.equal(xml.status, plain.status);
  };
  const { memberId, key: sKey } = demoMember;
  const text = 'a < b & "c" \' ]]> Ünïcode 漢字';
  const fresh = (round: number, more: Parameters = {}) =>
    purchase({ merchantTransactionId: `XML-${'ab'[round]}-${freshName('x')}`, ...more });
  const same = (parameters: Parameters) => ({ ...parameters, merchantTransactionId: undefined });
  const open = (path: string, parameters: Parameters) => (headers: Record<string, string>) =>
    stack.demo.send(path, encode(parameters), { 'content-type': 'application/x-www-form-urlencoded', ...headers });
  await both('authToken', open(`${rest}/authToken`, { 'authentication.memberId': memberId, 'authentication.sKey': sKey }));
  await both('authToken', open(`${rest}/authToken`, { 'authentication.memberId': memberId, 'authentication.sKey': 'wrong' }));
  const partner = {
    'authentication.partnerId': '1',
    'partner.userName': 'demo-partner',
    'authentication.sKey': 'aaaabbbbccccddddeeeeffff00001111',
  };
  await both('partnerAuthToken', open(`${rest}/partnerAuthToken`, partner));
  await both('regenerateToken', open(`${rest}/regenerateToken`, { authToken: await stack.demo.token() }));
  // Both rounds use one reference each; what differs is looked past.
  const payment = fresh(0, { orderDescriptor: text, createRegistration: 'true', 'customer.email': 'a+b@shop.example' });
  await both('pay', async (headers) => {
    const reply = await stack.demo.pay({ ...payment, merchantTransactionId: freshName('x') }, headers);
    return { ...reply, text: reply.text.replaceAll(/x-[a-z-]+/g, 'x') };
  });
  await both('pay', (headers) => stack.demo.pay({ ...same(payment), amount: 'x' }, headers));
  const hold = (await stack.demo.pay(fresh(0, { paymentType: 'PA' }))).body.paymentId ?? '';
  const otherHold = (await stack.demo.pay(fresh(1, { paymentType: 'PA' }))).body.paymentId ?? '';
  const holds = [hold, otherHold];
  await both('operate', (headers, round) =>
    stack.demo.post(
      `${rest}/payments/${holds[round]}`,
      [who, key, holds[round] ?? '', '5.00'],
      { paymentType: 'CP', amount: '5.00' },
      headers,
    ),
  );
  await both('refund', (headers, round) =>
    stack.demo.post(`${rest}/refund/${holds[round]}`, [who, key, holds[round] ?? '', '5.00'], { amount: '5.00' }, headers),
  );
  await both('inquire', (headers) => stack.demo.post(`${rest}/inquiry`, [who, key, hold], { paymentId: hold }, headers));
  await both('readPayment', (headers) => stack.demo.get(`${rest}/payments/${hold}`, headers));
  await both('readPayment', (headers) => stack.demo.get(`${rest}/payments/1`, headers));
  const card = {
    paymentBrand: 'VISA',
    paymentMode: 'CC',
    'card.number': freshCardNumber(),
    'card.expiryMonth': '12',
    'card.expiryYear': '2034',
  };
  await both('register', (headers) => stack.demo.post(`${rest}/registrations`, [who, key, card['card.number']], card, headers));
  const { registrationId = '' } = (await stack.demo.post(`${rest}/registrations`, [who, key, card['card.number']], card)).body;
  await both('payWithToken', async (headers) => {
    const sent = { paymentType: 'DB', amount: '2.00', currency: 'EUR', merchantTransactionId: freshName('x') };
    const reply = await stack.demo.post(`${rest}/paywithtoken/${registrationId}`, [who, key, registrationId, '2.00'], sent, headers);
    return { ...reply, text: reply.text.replaceAll(/x-[a-z-]+/g, 'x') };
  });
  const person = { 'customer.givenName': 'Ada', 'customer.surname': 'Example', 'customer.email': 'ada@shop.example' };
  await both('signUpCustomer', (headers) =>
    stack.demo.post('/merchantServices/api/v1/customerSignup', [who, key, 'Ada', 'Example', 'ada@shop.example'], person, headers),
  );
  await both('listRegistrations', (headers) => stack.demo.post(`${rest}/getCardsAndAccounts`, [who, key], {}, headers));
  await both('listTransactions', (headers) => stack.demo.post(`${rest}/getTransactionList`, [who, key], {}, headers));
  await both('payOut', async (headers) => {
    const merchantTransactionId = freshName('x');
    const sent = { ...card, merchantTransactionId, amount: '2.00', currency: 'EUR', paymentType: 'PO' };
    const reply = await stack.demo.post(`${rest}/payout`, [who, merchantTransactionId, '2.00', key], sent, headers);
    return { ...reply, text: reply.text.replaceAll(/x-[a-z-]+/g, 'x') };
  });
  await both('pay', (headers) => stack.clientOf({ member: demoMember, token: () => Promise.resolve('') }).pay(fresh(0), headers));
  const invoices = '/invoiceServices/REST/v1';
  const back = 'https://shop.example/back';
  const issued: string[] = [];
  await both('generateInvoice', async (headers) => {
    const merchantInvoiceId = freshName('x');
    const invoice = { merchantInvoiceId, amount: '5.00', currency: 'EUR', merchantRedirectUrl: back, 'customer.email': 'ada@shop.example' };
    const reply = await stack.demo.post(`${invoices}/generate`, [who, key, merchantInvoiceId, '5.00', back], invoice, headers);
    issued.push(merchantInvoiceId);
    return { ...reply, text: reply.text.replaceAll(/x-[a-z-]+/g, 'x') };
  });
  for (const [name, path] of [
    ['remindInvoice', 'remind'],
    ['inquireInvoice', 'inquiry'],
  ] as const) {
    await both(name, (headers) =>
      stack.demo.post(`${invoices}/${path}`, [who, key, issued[0] ?? ''], { merchantInvoiceId: issued[0] }, headers),
    );
  }
  await both('regenerateInvoice', (headers) =>
    stack.demo.post(`${invoices}/regenerate`, ['1', who, key, back], { invoiceId: '1', merchantRedirectUrl: back }, headers),
  );
  await both('regenerateInvoice', async (headers, round) => {
    const reference = issued[round] ?? '';
    const found = await stack.demo.post(`${invoices}/inquiry`, [who, key, reference], { merchantInvoiceId: reference });
    const { invoiceDetails } = found.body as unknown as { readonly invoiceDetails: Readonly<Record<string, string>> };
    const { systemInvoiceId: invoiceId = '' } = invoiceDetails;
    const sent = { invoiceId, merchantRedirectUrl: back };
    const reply = await stack.demo.post(`${invoices}/regenerate`, [invoiceId, who, key, back], sent, headers);
    return { ...reply, text: reply.text.replaceAll(/x-[a-z-]+/g, 'x') };
  });
  await both('cancelInvoice', async (headers, round) => {
    const reference = issued[round] ?? '';
    const reply = await stack.demo.post(`${invoices}/cancel`, [who, key, reference], { merchantInvoiceId: reference }, headers);
    return { ...reply, text: reply.text.replaceAll(/x-[a-z-]+/g, 'x') };
  });
  const link = { 'merchant.orderID': freshName('x'), 'merchant.amount': '5.00', 'merchant.currency': 'EUR' };
  await both('generatePayByLink', (headers) =>
    stack.demo.post('/merchantServices/api/v1/generatePayByLink', [who, link['merchant.orderID'], '5.00', key], link, headers),
  );
  await both('openInvoice', (headers) => stack.demo.get('/transaction/PayInvoice?inv=1&ct=x', headers));
  await both('openPayByLink', (headers) => stack.demo.get('/transaction/PayByLink?authToken=x', headers));
  await both('openCheckoutPage', open('/transaction/Checkout', { memberId: '1' }));
  assert.deepEqual([...covered].toSorted(), [...new Set(endpoints.map(({ name }) => name))].toSorted());
});

/** What a path of the catalogue answers to a request made of its own sample, in each form. */
test('every path of the catalogue answers XML as it answers JSON, whatever is wrong with the request', async () => {
  const nobody = stack.clientOf({ member: demoMember, token: () => Promise.resolve('') });
  let compared = 0;
  for (const { method, paths, sample, required, parameters, isOpen } of endpoints) {
    const filled = Object.fromEntries(required.map((name) => [name, formats[name].example]));
    const own = parameters.includes('authentication.memberId') ? { 'authentication.memberId': demoMember.memberId } : {};
    const bodies: readonly Parameters[] = [{ ...filled, ...sample, ...own }, { ...filled, surprise: '1' }, {}];
    for (const path of paths.map((one) => one.replace(':id', '9999999999'))) {
      for (const client of isOpen === true ? [stack.demo] : [stack.demo, nobody]) {
        for (const body of method === 'get' ? [{}] : bodies) {
          const ask = (headers: Record<string, string>) =>
            method === 'get'
              ? client.get(path, headers)
              : client.send(path, encode(body), { 'content-type': 'application/x-www-form-urlencoded', ...headers });
          const [plain, xml] = [await ask({ accept: 'application/json' }), await ask({ accept: 'text/xml' })];
          assert.match(String(xml.headers['content-type']), /^application\/xml/, path);
          const { response } = parser.parse(xml.text) as { readonly response: unknown };
          assert.deepEqual([xml.status, gist(response)], [plain.status, gist(JSON.parse(plain.text))], `${path} ${encode(body)}`);
          compared += 1;
        }
      }
    }
  }
  assert.ok(compared >= endpoints.flatMap(({ paths }) => paths).length);
});
