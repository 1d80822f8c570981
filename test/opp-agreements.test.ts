/** OPP: stored credentials: who may start what, what the acquirer is told, and how later payments find the first one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, bookedOnce, debit, expectReply, other, type Parameters, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

type Instruction = 'mode' | 'type' | 'source' | 'recurringType' | 'initialTransactionId' | 'numberOfInstallments' | 'expiry';

function instruction(parts: Partial<Readonly<Record<Instruction, string>>>): Parameters {
  return Object.fromEntries(Object.entries(parts).map(([name, value]) => [`standingInstruction.${name}`, value]));
}

const recurring = { mode: 'INITIAL', type: 'RECURRING', source: 'CIT' } as const;
const charge = { mode: 'REPEATED', type: 'RECURRING', source: 'MIT' } as const;
const withoutCode: Parameters = { 'card.cvv': undefined };

async function pay(more: Parameters): Promise<Reply> {
  return expectReply(await stack.post('/v1/payments', debit(more)), 200, approved);
}

async function payWithToken(token: string | undefined, more: Parameters): Promise<Reply> {
  const parameters = { paymentType: 'DB', amount: '7.00', currency: 'EUR', ...more };
  return expectReply(await stack.post(`/v1/registrations/${token}/payments`, parameters), 200, approved);
}

const schemeIdOf = (reply: Reply) => reply.body.resultDetails?.CardholderInitiatedTransactionID;

const indicators: readonly (readonly [string, Parameters, string])[] = [
  ['a first recurring payment', instruction(recurring), 'C103'],
  ['a first standing order', instruction({ ...recurring, recurringType: 'STANDING_ORDER' }), 'C102'],
  ['a first subscription', instruction({ ...recurring, recurringType: 'SUBSCRIPTION' }), 'C103'],
  ['a first installment', instruction({ mode: 'INITIAL', type: 'INSTALLMENT', numberOfInstallments: '3' }), 'C104'],
  ['a card stored for whatever comes', instruction({ mode: 'INITIAL', type: 'UNSCHEDULED', source: 'CIT' }), 'C101'],
  ['a shopper who uses a stored card', instruction({ mode: 'REPEATED', type: 'UNSCHEDULED', source: 'CIT' }), 'C101'],
  ['a later recurring payment', { ...instruction(charge), ...withoutCode }, 'M103'],
  ['a later standing order', { ...instruction({ ...charge, recurringType: 'STANDING_ORDER' }), ...withoutCode }, 'M102'],
  ['a later installment', { ...instruction({ mode: 'REPEATED', type: 'INSTALLMENT' }), ...withoutCode }, 'M104'],
  ['a later charge as it comes', { ...instruction({ mode: 'REPEATED', type: 'UNSCHEDULED', source: 'MIT' }), ...withoutCode }, 'M101'],
  ['the older INITIAL', { recurringType: 'INITIAL' }, 'C103'],
  ['the older REPEATED', { recurringType: 'REPEATED', ...withoutCode }, 'M103'],
  ['a card that is only registered', { createRegistration: 'true' }, 'C101'],
];

for (const [story, parameters, initiation] of indicators) {
  test(`${story} is told as ${initiation}`, async () => {
    for (const paymentType of ['DB', 'PA']) {
      const reply = await pay({ paymentType, ...parameters });
      assert.equal((await bookedOnce(stack, reply)).storedCredential?.initiation, initiation);
    }
  });
}

test('a payment that has nothing to do with stored cards says nothing of them', async () => {
  assert.equal((await bookedOnce(stack, await pay({}))).storedCredential, undefined);
});

test('the answer repeats the instruction and names the first payment at the scheme', async () => {
  const first = await pay(instruction(recurring));
  assert.deepEqual(first.body.standingInstruction, recurring);
  assert.match(schemeIdOf(first) ?? '', /^\d{15}$/);
  const later = await pay({ ...instruction({ ...charge, initialTransactionId: first.body.id ?? '' }), ...withoutCode });
  assert.deepEqual(later.body.standingInstruction, charge);
  assert.equal(schemeIdOf(later), schemeIdOf(first));
  const { body } = expectReply(await stack.get(`/v1/payments/${later.body.id}`), 200, approved);
  assert.equal(body.resultDetails?.CardholderInitiatedTransactionID, schemeIdOf(first));
});

test('the first payment is found by its id here, by that of a later one, by its id at the scheme', async () => {
  const first = await pay(instruction(recurring));
  const known = { initiation: 'M103', initialReference: schemeIdOf(first), isInitialKnown: true };
  const byId = await pay({ ...instruction({ ...charge, initialTransactionId: first.body.id ?? '' }), ...withoutCode });
  assert.deepEqual((await bookedOnce(stack, byId)).storedCredential, known);
  for (const initialTransactionId of [byId.body.id ?? '', schemeIdOf(first) ?? '']) {
    const reply = await pay({ ...instruction({ ...charge, initialTransactionId }), ...withoutCode });
    assert.deepEqual((await bookedOnce(stack, reply)).storedCredential, known);
  }
});

test('the first payment is found by the token: the agreement of the same type, the latest of them', async () => {
  const first = await pay({ createRegistration: 'true', ...instruction(recurring) });
  const token = first.body.registrationId;
  const installment = await payWithToken(token, instruction({ mode: 'INITIAL', type: 'INSTALLMENT', source: 'CIT' }));
  const laterOf = async (type: string) => {
    const reply = await payWithToken(token, instruction({ mode: 'REPEATED', type, source: 'MIT' }));
    return (await bookedOnce(stack, reply)).storedCredential;
  };
  assert.deepEqual(await laterOf('RECURRING'), { initiation: 'M103', initialReference: schemeIdOf(first), isInitialKnown: true });
  assert.deepEqual(await laterOf('INSTALLMENT'), { initiation: 'M104', initialReference: schemeIdOf(installment), isInitialKnown: true });
  const registered = await pay({ createRegistration: 'true' });
  const reply = await payWithToken(registered.body.registrationId, instruction(charge));
  assert.equal((await bookedOnce(stack, reply)).storedCredential?.initialReference, schemeIdOf(registered));
});

test('a payment of the merchant without a first one, or with that of another card, stands out in the books of the host', async () => {
  const alone = await pay({ ...instruction(charge), ...withoutCode });
  assert.deepEqual((await bookedOnce(stack, alone)).storedCredential, { initiation: 'M103', isInitialKnown: false });
  const elsewhere = await pay({ ...instruction({ ...charge, initialTransactionId: 'MCC1234561121' }), ...withoutCode });
  const unknown = { initiation: 'M103', initialReference: 'MCC1234561121', isInitialKnown: false };
  assert.deepEqual((await bookedOnce(stack, elsewhere)).storedCredential, unknown);
  const first = await pay(instruction(recurring));
  const mixed = await pay({
    ...instruction({ ...charge, initialTransactionId: first.body.id ?? '' }),
    ...{ 'card.number': '4242424242424242', ...withoutCode },
  });
  assert.equal((await bookedOnce(stack, mixed)).storedCredential?.isInitialKnown, false);
});

test('a payment of the merchant never carries the code, and needs no authentication', async () => {
  const first = await pay(instruction(recurring));
  const later = instruction({ ...charge, initialTransactionId: first.body.id ?? '' });
  // This card takes no other code than 123; the host refuses any code in what the merchant starts.
  await pay({ ...later, 'card.number': '4444333322221111', 'card.cvv': '999' });
  await pay({ ...later, 'card.number': '4000000000000101', ...withoutCode });
  const shopper = await stack.post('/v1/payments', debit({ 'card.number': '4000000000000101' }));
  expectReply(shopper, 400, '300.100.100');
});

test('what does not fit together', async () => {
  const first = await pay(instruction(recurring));
  const declined = expectReply(await stack.post('/v1/payments', debit({ 'card.number': '4000000000000002' })), 400, '800.100.152');
  const foreign = expectReply(await stack.post('/v1/payments', debit(), { as: other }), 200, approved);
  const initialTransactionId = first.body.id ?? '';
  const wrong: readonly (readonly [Parameters, string])[] = [
    [instruction({ ...recurring, source: 'MIT' }), '100.900.500'],
    [instruction({ ...charge, source: 'CIT' }), '100.900.500'],
    [instruction({ mode: 'REPEATED', type: 'INSTALLMENT', source: 'CIT' }), '100.900.500'],
    [{ ...instruction(recurring), recurringType: 'REPEATED' }, '100.900.500'],
    [instruction({ type: 'RECURRING', source: 'CIT' }), '100.900.500'],
    [instruction({ ...recurring, initialTransactionId }), '600.200.501'],
    [instruction({ ...recurring, type: 'UNSCHEDULED', recurringType: 'SUBSCRIPTION' }), '600.200.501'],
    [instruction({ ...recurring, numberOfInstallments: '3' }), '600.200.501'],
    [instruction({ ...charge, initialTransactionId: '0123456789abcdef0123456789abcdef' }), '600.200.501'],
    [instruction({ ...charge, initialTransactionId: declined.body.id ?? '' }), '600.200.501'],
    [instruction({ ...charge, initialTransactionId: foreign.body.id ?? '' }), '600.200.501'],
    [instruction({ ...charge, initialTransactionId: 'not an id' }), '200.300.404'],
    [instruction({ ...charge, initialTransactionId: '4111111111111111' }), '200.300.404'],
  ];
  for (const [parameters, code] of wrong) {
    const reply = expectReply(await stack.post('/v1/payments', debit({ ...parameters, ...withoutCode })), 400, code);
    assert.equal(reply.body.id, undefined);
    assert.doesNotMatch(reply.text, /4111111111111111/);
  }
});
