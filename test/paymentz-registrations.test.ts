/** Paymentz: kept cards both ways, payments with them, recurring ones, and cardholders. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshCardNumber } from './harness/card-numbers.ts';
import { freshName, type Parameters, type Reply } from './harness/opp.ts';
import { expectResult, key, type PaymentzClient, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';

const stack = usePaymentzStack();

const idOf = ({ body }: Reply): string => body.paymentId ?? '';

function card(more: Parameters = {}): Parameters {
  const { merchantTransactionId, amount, currency, paymentType, ...given } = purchase({ 'card.number': freshCardNumber(), ...more });
  return given;
}

const register = (given: Parameters, client: PaymentzClient = stack.demo) =>
  client.post(`${rest}/registrations`, [who, key, given['card.number'] ?? ''], given);

const payWith = (token: string, more: Parameters = {}, client: PaymentzClient = stack.demo) => {
  const sent = { paymentType: 'DB', amount: '7.50', currency: 'EUR', 'authentication.terminalId': client.member.terminalId, ...more };
  return client.post(`${rest}/paywithtoken/${token}`, [who, key, token, sent.amount ?? ''], sent);
};

const remove = (token: string, client: PaymentzClient = stack.demo) =>
  client.post(`${rest}/paywithtoken/${token}`, [who, key, token], { paymentType: 'DL' });

const listed = async (more: Parameters = {}, client: PaymentzClient = stack.demo) => {
  const { body } = await client.post(`${rest}/getCardsAndAccounts`, [who, key], more);
  return (body.cards as unknown as readonly Record<string, string>[]).map(({ registrationId }) => registrationId);
};

test('a card is kept alone, pays, is listed, and is deleted', async () => {
  const given = card();
  const kept = expectResult(await register(given), '00002');
  const token = kept.body.registrationId ?? '';
  assert.deepEqual([kept.body.id, kept.body.memberId, kept.body.paymentBrand], [token, '10001', 'VISA']);
  const paid = expectResult(await payWith(token), '00001', 'capturesuccess', 'Y');
  // Without a reference of the member's it has its number for one.
  assert.deepEqual([paid.body.merchantTransactionId, paid.body.amount], [idOf(paid), '7.50']);
  assert.equal(paid.body.card?.last4Digits, given['card.number']?.slice(-4));
  expectResult(
    await stack.demo.post(`${rest}/registrations/${token}`, [who, key, token, '1.00'], {
      paymentType: 'PA',
      amount: '1.00',
      currency: 'EUR',
    }),
    '00001',
    'authsuccessful',
  );
  assert.ok((await listed()).includes(token));
  assert.ok(!(await listed({}, stack.other)).includes(token));
  expectResult(await remove(token, stack.other), '20013');
  assert.equal(expectResult(await remove(token), '00008').body.registrationId, token);
  expectResult(await remove(token), '20013');
  for (const path of ['paywithtoken', 'registrations']) {
    const sent = { paymentType: 'DB', amount: '1.00', currency: 'EUR' };
    const { body } = expectResult(await stack.demo.post(`${rest}/${path}/${token}`, [who, key, token, '1.00'], sent), '20013');
    assert.deepEqual([body.paymentId, body.status, body.transactionStatus], ['-', 'failed', 'N'], path);
  }
  assert.ok(!(await listed()).includes(token));
});

test('a card is kept during a payment, once that is approved', async () => {
  const paid = expectResult(await stack.demo.pay(purchase({ createRegistration: 'true', 'card.number': freshCardNumber() })), '00001');
  const { registrationId = '', token } = paid.body;
  assert.equal(token, registrationId);
  expectResult(await payWith(registrationId), '00001');
  const declined = await stack.demo.pay(purchase({ createRegistration: 'true', 'card.number': '4000000000000002' }));
  assert.deepEqual([declined.code, declined.body.registrationId], ['11005', undefined]);
});

test('a card that no acquirer would take is not kept', async () => {
  expectResult(await register(card({ 'card.number': '4444444444444444' })), '10003');
  expectResult(await register(card({ 'card.expiryYear': '2020' })), '10003');
  expectResult(await register(card({ paymentBrand: 'MC' })), '10003');
  expectResult(await register(card({ paymentMode: 'NB' })), '20005');
});

test('cardholders are registered, and their cards are listed by them', async () => {
  const person = {
    'customer.givenName': 'Jon',
    'customer.surname': 'Doe',
    'customer.email': 'jon@shop.example',
    'customer.birthDate': '19900131',
  };
  const signUp = (client: PaymentzClient) =>
    client.post('/merchantServices/api/v1/customerSignup', [who, key, 'Jon', 'Doe', 'jon@shop.example'], person);
  const { customerId = '' } = expectResult(await signUp(stack.demo), '00007').body;
  assert.match(customerId, /^[0-9]{1,10}$/);
  const { body: another } = expectResult(await signUp(stack.demo), '00007');
  assert.notEqual(another.customerId, customerId);
  const own = { 'customer.customerId': customerId };
  const kept = expectResult(await register(card(own)), '00002').body.registrationId;
  const during = expectResult(
    await stack.demo.pay(purchase({ ...own, createRegistration: 'true', 'card.number': freshCardNumber() })),
    '00001',
  );
  assert.equal((during.body.customer as unknown as { id: string }).id, customerId);
  expectResult(await register(card()), '00002');
  assert.deepEqual((await listed(own)).toSorted(), [kept, during.body.registrationId].toSorted());
  assert.deepEqual(await listed({ 'customer.customerId': another.customerId }), []);
  expectResult(await register(card({ 'customer.customerId': '99' })), '20002');
  expectResult(await stack.other.pay(purchase({ ...own, 'customer.customerId': String(Number(customerId) + 500) })), '20002');
});

const agreementOf = async (reply: Reply) => {
  const books = await stack.parts.host.books({ rrn: reply.body.bankReferenceId ?? '-' });
  return books[0]?.storedCredential;
};

test('a repeated payment is tied to the initial one, by its id or by the registration', async () => {
  const initial = expectResult(
    await stack.demo.pay(purchase({ recurringType: 'INITIAL', createRegistration: 'true', 'card.number': freshCardNumber() })),
    '00001',
  );
  const id = idOf(initial);
  const repeat = (more: Parameters = {}) => {
    const sent = { paymentType: 'DB', recurringType: 'REPEATED', amount: '5.00', ...more };
    return stack.demo.post(`${rest}/payments/${id}`, [who, key, id, sent.amount ?? ''], sent);
  };
  const byId = expectResult(await repeat(), '00001', 'capturesuccess', 'Y');
  assert.notEqual(idOf(byId), id);
  assert.deepEqual([byId.body.currency, byId.body.recurringType, byId.body.paymentBrand], ['EUR', 'REPEATED', 'VISA']);
  const byToken = expectResult(await payWith(initial.body.registrationId ?? '', { recurringType: 'REPEATED', 'card.cvv': '123' }), '00001');
  for (const reply of [byId, byToken]) assert.equal((await agreementOf(reply))?.isInitialKnown, true, reply.text);
  const merchantTransactionId = freshName('order');
  expectResult(await repeat({ merchantTransactionId }), '00001');
  expectResult(await repeat({ merchantTransactionId }), '20015');
  expectResult(await repeat({ recurringType: undefined }), '20001');
  expectResult(await repeat({ amount: undefined }), '20001');
  const declined = idOf(await stack.demo.pay(purchase({ 'card.number': '4000000000000002', recurringType: 'INITIAL' })));
  const sum = [who, key, declined, '5.00'];
  const after = { paymentType: 'DB', recurringType: 'REPEATED', amount: '5.00' };
  expectResult(await stack.demo.post(`${rest}/payments/${declined}`, sum, after), '20010');
  expectResult(await stack.other.post(`${rest}/payments/${id}`, [who, key, id, '5.00'], after), '20009');
});
