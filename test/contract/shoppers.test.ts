/** Contract: payments whose shopper has something to do: authenticate at the issuer, or pay at the bank; and what the merchant is told of it. */
import assert from 'node:assert/strict';
import { goToBankAt, press, printedReference } from '../harness/bank-shopper.ts';
import { type BrowserPage, submit } from '../harness/form-browser.ts';
import { eventually } from '../harness/processes.ts';
import { authenticateAt, openChallenge, sendShopper, settled } from '../harness/shopper.ts';
import type { Answer, Client, Order } from './driver.ts';
import { expectOutcome, order, type Scene, stories } from './stories.ts';

const story = stories({ DIRECTORY_SERVER_TIMEOUT_MS: '1000' });

const shopPath = '/healthz';
const shopOf = ({ stack }: Scene): string => `http://127.0.0.1:${stack.config.port}${shopPath}`;

const cards = { frictionless: '4200000000000091', challenged: '5555555555554444', refusedByIssuer: '4000000000003063' };

const pays = [
  ['an authorization', (shop: Client, sent: Order) => shop.authorize(sent)],
  ['a debit', (shop: Client, sent: Order) => shop.debit(sent)],
] as const;

function asked(scene: Scene, number: string, amount = 12_50): Order {
  return order({ amount, card: { number, cvc: '123' }, comesBackTo: shopOf(scene) });
}

/** Nobody but the shopper can go on: the answer says where they go. */
function redirected(answer: Answer): NonNullable<Answer['redirect']> {
  expectOutcome(answer, 'pending');
  assert.ok(answer.redirect !== undefined, answer.text);
  return answer.redirect;
}

/** The money that the host has for this story, in short. */
const moneyOf = async ({ booked }: Scene) => (await booked()).map(({ kind, amount }) => [kind, amount]);

const typed = { code: '1234', act: 'confirm' };

for (const [name, pay] of pays) {
  const kind = name === 'a debit' ? 'debit' : 'authorization';

  story(
    `${name}, frictionless: the issuer asks nothing, and the acquirer gets its proof`,
    ['frictionless authentication'],
    async (scene) => {
      const answer = await pay(scene.shop, asked(scene, cards.frictionless));
      if (answer.redirect !== undefined) await authenticateAt(answer.redirect, typed);
      const handle = answer.handle ?? '';
      expectOutcome(await scene.truthOf(answer), 'approved');
      const [entry, ...more] = await scene.booked();
      assert.deepEqual([entry?.kind, entry?.amount, entry?.authentication?.eci, more.length], [kind, 12_50, '05', 0]);
      assert.equal((await scene.shop.read(handle)).redirect, undefined);
    },
  );

  story(`${name}, challenge passed: nothing is sent before, and all of it after`, ['challenge'], async (scene) => {
    const answer = await pay(scene.shop, asked(scene, cards.challenged));
    const redirect = redirected(answer);
    assert.deepEqual(await scene.booked(), []);
    const home = await authenticateAt(redirect, typed);
    assert.equal(new URL(home.url).pathname, shopPath);
    expectOutcome(await scene.truthOf(answer), 'approved');
    const [entry, ...more] = await scene.booked();
    assert.deepEqual([entry?.kind, entry?.amount, entry?.authentication?.eci, more.length], [kind, 12_50, '02', 0]);
  });

  story(`${name}, challenge failed: it is never sent`, ['challenge'], async (scene) => {
    const answer = await pay(scene.shop, asked(scene, cards.refusedByIssuer));
    const challenge = await openChallenge(await settled(await sendShopper(redirected(answer))));
    const home = await authenticateThrice(challenge);
    assert.equal(new URL(home.url).pathname, shopPath);
    expectOutcome(await scene.truthOf(answer), 'rejected', 'authentication_failed');
    assert.deepEqual(await scene.booked(), []);
  });

  story(`${name}, challenge canceled: it is never sent, and the shopper comes home`, ['challenge'], async (scene) => {
    const answer = await pay(scene.shop, asked(scene, cards.challenged));
    const home = await authenticateAt(redirected(answer), { code: '', act: 'cancel' });
    assert.equal(new URL(home.url).pathname, shopPath);
    expectOutcome(await scene.truthOf(answer), 'rejected', 'shopper_canceled');
    assert.deepEqual(await scene.booked(), []);
  });
}

async function authenticateThrice(challenge: BrowserPage): Promise<BrowserPage> {
  const again = await submit(await submit(challenge, typed), typed);
  return settled(await submit(await submit(again, typed)));
}

story('a shopper who opens the way twice pays once', ['challenge'], async (scene) => {
  const answer = await scene.shop.debit(asked(scene, cards.challenged));
  const redirect = redirected(answer);
  await settled(await sendShopper(redirect));
  await authenticateAt(redirect, typed);
  await authenticateAt(redirect, typed);
  expectOutcome(await scene.truthOf(answer), 'approved');
  assert.deepEqual(await moneyOf(scene), [['debit', 12_50]]);
});

story('an authenticated authorization is captured and refunded like any other', ['challenge'], async (scene) => {
  const answer = await scene.shop.authorize(asked(scene, cards.challenged));
  await authenticateAt(redirected(answer), typed);
  const hold = expectOutcome(await scene.truthOf(answer), 'approved');
  const capture = expectOutcome(await scene.shop.capture(hold, { amount: 12_50 }), 'approved');
  expectOutcome(await scene.shop.refund(capture, { amount: 12_50 }), 'approved');
});

/** What the bank has of this scene's payment: the last that it has taken up. */
const atBank = async ({ stack }: Scene) => (await stack.host.bank()).at(-1);

function payAtBank(scene: Scene): Promise<Answer> {
  const { payAtBank: pay } = scene.shop;
  assert.ok(pay !== undefined, `${scene.driver.dialect} can pay at a bank, and its driver cannot`);
  return pay({ amount: 12_50, comesBackTo: shopOf(scene) });
}

story('a payment at the bank, paid', ['redirect method'], async (scene) => {
  const answer = await payAtBank(scene);
  const home = await press(await goToBankAt(redirected(answer)), 'pay');
  assert.equal(new URL(home.url).pathname, shopPath);
  const handle = expectOutcome(await scene.truthOf(answer), 'approved');
  assert.deepEqual([(await atBank(scene))?.state, (await atBank(scene))?.amount], ['paid', 12_50]);
  expectOutcome(await scene.shop.refund(handle, { amount: 12_51 }), 'refused', 'limit');
  expectOutcome(await scene.shop.refund(handle, { amount: 12_50 }), 'approved');
});

story('a payment at the bank, refused by its shopper', ['redirect method'], async (scene) => {
  const answer = await payAtBank(scene);
  const home = await press(await goToBankAt(redirected(answer)), 'refuse');
  assert.equal(new URL(home.url).pathname, shopPath);
  const truth = await scene.truthOf(answer);
  assert.ok(truth.outcome === 'rejected' || truth.outcome === 'declined', truth.text);
  assert.equal(truth.redirect, undefined);
  assert.equal((await atBank(scene))?.state, 'refused');
});

story('a payment at the bank, to be paid later: it waits, and stands when the money has come', ['redirect method'], async (scene) => {
  const answer = await payAtBank(scene);
  const bank = await goToBankAt(redirected(answer));
  const reference = printedReference(bank);
  await press(bank, 'later');
  const waiting = await scene.shop.read(answer.handle ?? '');
  assert.deepEqual([waiting.outcome, waiting.redirect], ['pending', undefined], waiting.text);
  await scene.stack.host.receive(reference);
  await eventually(async () => (await atBank(scene))?.isTold === true, 'the bank to have told it');
  expectOutcome(await scene.truthOf(answer), 'approved');
});
