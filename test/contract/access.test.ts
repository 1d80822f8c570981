/** Contract: who is let in, that nobody sees or touches what is another's, and that no card data stays anywhere. */
import assert from 'node:assert/strict';
import { freshCardNumber } from '../harness/card-numbers.ts';
import { findCardData } from '../harness/scrub.ts';
import { type Answer, type CallerName, type Capability, type Client, type Fault, faults } from './driver.ts';
import { expectOutcome, order, stories } from './stories.ts';

const story = stories();

/** Every request of the suite, upon a payment that is there. */
async function everything(client: Client, { hold, debit, token }: { hold: string; debit: string; token?: string }): Promise<Answer[]> {
  return [
    await client.authorize(order()),
    await client.debit(order()),
    await client.capture(hold, { amount: 1_00 }),
    await client.void(hold),
    await client.refund(debit, { amount: 1_00 }),
    await client.read(hold),
    ...(token === undefined ? [] : [await client.createToken(order()), await client.payWithToken(token, { amount: 1_00 })]),
  ];
}

const strangers: readonly (readonly [name: CallerName, what: string])[] = [
  ['nobody', 'without credentials'],
  ['wrong', 'with a wrong secret'],
  ['borrowed', 'with the credentials of another merchant'],
];

for (const [name, what] of strangers) {
  story(`nothing is done ${what}`, [], async ({ shop, driver, callerNamed, booked }) => {
    const hold = expectOutcome(await shop.authorize(order()), 'approved');
    const debit = expectOutcome(await shop.debit(order()), 'approved');
    const kept = driver.lacks.includes('tokens') ? undefined : (await shop.createToken(order())).token;
    const before = await booked();
    for (const answer of await everything(callerNamed(name), { hold, debit, ...(kept === undefined ? {} : { token: kept }) })) {
      expectOutcome(answer, 'refused', 'unauthorized');
    }
    assert.deepEqual(await booked(), before);
  });
}

/** An answer without what differs from one request to the next. */
const gist = ({ outcome, reason, fields, handle }: Answer) => ({ outcome, reason, fields, handle });

story('to another merchant a payment is as if it were not there', [], async ({ shop, driver, callerNamed, booked }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  const debit = expectOutcome(await shop.debit(order()), 'approved');
  const before = await booked();
  const other = callerNamed('other');
  const acts: readonly ((target: string) => Promise<Answer>)[] = [
    other.read,
    (target) => other.capture(target, { amount: 1_00 }),
    (target) => other.void(target),
    (target) => other.refund(target, { amount: 1_00 }),
  ];
  for (const act of acts) {
    const unknown = await act(driver.nothing.handle);
    expectOutcome(unknown, 'refused', 'unknown');
    for (const target of [hold, debit]) assert.deepEqual(gist(await act(target)), gist(unknown));
  }
  assert.deepEqual(await booked(), before);
  expectOutcome(await shop.capture(hold, { amount: 100_00 }), 'approved');
});

story('a token of another merchant does not pay', ['tokens'], async ({ shop, driver, callerNamed, booked }) => {
  const { token = '' } = await shop.createToken(order());
  const before = await booked();
  const other = callerNamed('other');
  const unknown = await other.payWithToken(driver.nothing.token, { amount: 1_00 });
  expectOutcome(unknown, 'refused', 'unknown');
  assert.deepEqual(gist(await other.payWithToken(token, { amount: 1_00 })), gist(unknown));
  assert.deepEqual(await booked(), before);
  expectOutcome(await shop.payWithToken(token, { amount: 1_00 }), 'approved');
});

const needsOf: Readonly<Partial<Record<Fault, readonly Capability[]>>> = { 'a field that nobody knows': ['refusal of unknown fields'] };

for (const [fault, field] of Object.entries(faults) as readonly (readonly [Fault, string])[]) {
  story(`a payment with ${fault} is refused, and the ${field} named`, needsOf[fault] ?? [], async ({ shop, stack, booked }) => {
    const countOf = async () => Number((await stack.database.query('select count(*) from polygate.operation')).rows[0]?.count);
    const before = await countOf();
    for (const pay of [shop.authorize, shop.debit]) {
      const answer = await pay(order({ fault }));
      expectOutcome(answer, 'refused', 'malformed');
      assert.deepEqual(answer.fields, [field], answer.text);
    }
    assert.deepEqual([await countOf(), await booked()], [before, []]);
  });
}

story('no card number and no code stays anywhere, however it came', [], async ({ shop, stack, truthOf }) => {
  const secret = freshCardNumber();
  const card = { number: secret, cvc: '737' };
  expectOutcome(await shop.debit(order({ card, description: `card ${secret}`, holder: `Ada ${secret}` })), 'approved');
  expectOutcome(await shop.authorize(order({ card, description: secret.replaceAll(/(\d{4})(?=\d)/g, '$1-') })), 'approved');
  await shop.createToken(order({ card }));
  for (const fault of Object.keys(faults) as readonly Fault[]) await shop.debit(order({ card, fault }));
  for (const number of ['4000000000000002', '4444444444444444', '4000000000000911']) {
    const answer = await shop.debit(order({ card: { number, cvc: '737' } }));
    if (answer.outcome === 'pending') await truthOf(answer);
  }
  // The auditor looks as well; here for what this story has sent, in all rows, and in the host's books.
  const found = await findCardData({
    databaseUrl: stack.databaseUrl,
    logs: stack.log(),
    texts: [...stack.traces.answers, JSON.stringify(await stack.host.books())],
    pans: [secret],
    cvcs: ['737'],
  });
  assert.deepEqual(found, []);
});
