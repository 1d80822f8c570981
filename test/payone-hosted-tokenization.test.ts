/** PAYONE's Hosted Tokenization Page through the platform's unmodified library: sessions, tokens for one payment, and payments with them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as sdk from 'onlinepayments-sdk-nodejs';
import { freshCardNumber } from './harness/card-numbers.ts';
import { other } from './harness/payone.ts';
import { merchantId, refused, sdkClient, taken } from './harness/payone-sdk.ts';
import { usePayoneStack } from './harness/payone-stack.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePayoneStack();
/** There once the stack is. */
let made: sdk.Client | undefined;
const clientOf = (): sdk.Client => {
  made ??= sdkClient(stack.url);
  return made;
};

interface Session {
  readonly id: string;
  readonly url: string;
}

async function open(request: sdk.Domain.CreateHostedTokenizationRequest = {}): Promise<Session> {
  const opened = await taken(clientOf().hostedTokenization.createHostedTokenization(merchantId, request));
  return { id: opened.hostedTokenizationId ?? '', url: opened.hostedTokenizationUrl ?? '' };
}

/** What the form sends, without a browser. */
async function fill({ url }: Session, fields: Readonly<Record<string, string>> = {}): Promise<string> {
  const number = fields.cardnumber ?? freshCardNumber();
  rememberCard(stack.parts.traces, { pan: number, cvc: fields.cvc ?? '123' });
  const card = { cardnumber: number, 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example', attempt: '1', revision: '1', browser: '' };
  const answer = await fetch(`${url}?embedded=1&button=outside`, {
    method: 'POST',
    headers: { accept: 'text/html' },
    body: new URLSearchParams({ ...card, ...fields }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return number;
}

const order = { amountOfMoney: { amount: 1250, currencyCode: 'EUR' } };
const withToken = (token: string): sdk.Domain.CreatePaymentRequest => ({
  order,
  cardPaymentMethodSpecificInput: { authorizationMode: 'SALE', token, skipAuthentication: true },
});
const withSession = (hostedTokenizationId: string): sdk.Domain.CreatePaymentRequest => ({
  order,
  hostedTokenizationId,
  cardPaymentMethodSpecificInput: { authorizationMode: 'SALE', skipAuthentication: true },
});
const pay = (body: sdk.Domain.CreatePaymentRequest) => clientOf().payments.createPayment(merchantId, body);
const codeOf = (created: sdk.Domain.CreatePaymentResponse) => created.payment?.statusOutput?.statusCode;
const resultOf = (id: string) => taken(clientOf().hostedTokenization.getHostedTokenization(merchantId, id));

test('a temporary token of a Hosted Tokenization Page pays once in place of the card data', async () => {
  const session = await open();
  assert.equal((await resultOf(session.id)).token, undefined);
  const number = await fill(session);
  const { token, tokenStatus } = await resultOf(session.id);
  assert.deepEqual([tokenStatus, token?.isTemporary, token?.paymentProductId], ['CREATED', true, 1]);
  assert.equal(token?.card?.alias, `${number.slice(0, 6)}XXXXXX${number.slice(-4)}`);
  assert.equal((await taken(clientOf().tokens.getToken(merchantId, token?.id ?? ''))).isTemporary, true);
  assert.equal(codeOf(await taken(pay(withToken(token?.id ?? '')))), 9);
  const again = await refused(pay(withToken(token?.id ?? '')));
  assert.deepEqual([again.status, again.body.errors[0]?.id], [400, 'UNKNOWN_TOKEN_ID']);
  assert.equal((await refused(pay(withSession(session.id)))).body.errors[0]?.propertyName, 'hostedTokenizationId');
});

test('a temporary token is for one payout just as for one payment', async () => {
  const payOut = (token: string) =>
    clientOf().payouts.createPayout(merchantId, { amountOfMoney: order.amountOfMoney, cardPayoutMethodSpecificInput: { token } });
  const tokenOf = async () => {
    const session = await open();
    await fill(session);
    return (await resultOf(session.id)).token?.id ?? '';
  };
  const [paid, paidOut] = [await tokenOf(), await tokenOf()];
  assert.equal(codeOf(await taken(pay(withToken(paid)))), 9);
  assert.equal((await taken(payOut(paidOut))).status, 'ACCOUNT_CREDITED');
  for (const again of [await refused(payOut(paid)), await refused(payOut(paidOut)), await refused(pay(withToken(paidOut)))]) {
    assert.deepEqual([again.status, again.body.errors[0]?.id], [400, 'UNKNOWN_TOKEN_ID']);
  }
});

test('hostedTokenizationId in place of the token pays once, and a repetition is told of that payment', async () => {
  const session = await open({ locale: 'de_DE' });
  const early = await refused(pay(withSession(session.id)));
  assert.deepEqual([early.status, early.body.errors[0]?.propertyName], [400, 'hostedTokenizationId']);
  await fill(session);
  const key = { idempotence: { key: `once-${session.id.slice(-20)}` } };
  const first = await taken(clientOf().payments.createPayment(merchantId, withSession(session.id), key));
  const repeated = await taken(clientOf().payments.createPayment(merchantId, withSession(session.id), key));
  assert.deepEqual([codeOf(first), repeated.payment?.id], [9, first.payment?.id]);
  assert.equal((await refused(pay(withSession(session.id)))).status, 400);
});

test('of payments that come at once with one session, one is made', async () => {
  const session = await open();
  await fill(session);
  const answers = await Promise.all(Array.from({ length: 5 }, () => pay(withSession(session.id))));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 400, 400, 400, 400]);
});

test('a request that is refused leaves the card for a better one', async () => {
  const session = await open();
  await fill(session);
  const tooMuch = { ...withSession(session.id), order: { amountOfMoney: { amount: 100, currencyCode: 'XTS' } } };
  assert.equal((await refused(pay(tooMuch))).status, 400);
  assert.equal(codeOf(await taken(pay(withSession(session.id)))), 9);
});

test('with the shopper’s consent the token stays, and a temporary one never becomes that of the card', async () => {
  const number = await fill(await open());
  const session = await open({ askConsumerConsent: true });
  assert.match(await (await fetch(session.url, { headers: { accept: 'text/html' } })).text(), /type="checkbox" name="keep"/);
  await fill(session, { cardnumber: number, keep: 'longer' });
  const { token } = await resultOf(session.id);
  assert.equal(token?.isTemporary, false);
  for (const _ of ['first', 'second']) assert.equal(codeOf(await taken(pay(withToken(token?.id ?? '')))), 9);
  const stored = await taken(
    clientOf().tokens.createToken(merchantId, {
      paymentProductId: 1,
      card: { data: { card: { cardNumber: number, expiryDate: '1239', cardholderName: 'Ada Example', cvv: '123' } } },
    }),
  );
  assert.deepEqual([stored.isNewToken, stored.token], [false, token?.id]);
  // A stored card is offered, and chosen.
  const again = await taken(clientOf().hostedTokenization.createHostedTokenization(merchantId, { tokens: `${token?.id},unknown` }));
  assert.deepEqual(again.invalidTokens, ['unknown']);
  await fill({ id: '', url: again.hostedTokenizationUrl ?? '' }, { method: 'stored-0' });
  const chosen = await resultOf(again.hostedTokenizationId ?? '');
  assert.deepEqual([chosen.tokenStatus, chosen.token?.id], ['UNCHANGED', token?.id]);
  assert.equal(codeOf(await taken(pay(withSession(again.hostedTokenizationId ?? '')))), 9);
});

test('sessions of others, unknown ones and bad requests are refused', async () => {
  const session = await open();
  await fill(session);
  const stranger = sdkClient(stack.url, other);
  const theirs = await refused(stranger.hostedTokenization.getHostedTokenization(other.merchantId, session.id));
  const unknown = await refused(clientOf().hostedTokenization.getHostedTokenization(merchantId, 'nothing'));
  assert.deepEqual([theirs.status, unknown.status], [404, 404]);
  assert.equal((await refused(stranger.payments.createPayment(other.merchantId, withSession(session.id)))).status, 400);
  const badLocale = await refused(clientOf().hostedTokenization.createHostedTokenization(merchantId, { locale: 'nowhere at all' }));
  assert.equal(badLocale.status, 400);
  const paypalOnly = { paymentProductFilters: { restrictTo: { products: [840] } } };
  assert.equal((await refused(clientOf().hostedTokenization.createHostedTokenization(merchantId, paypalOnly))).status, 400);
});

const codes = async (): Promise<readonly { readonly minutes: number }[]> => {
  const text = 'select extract(epoch from expires_at - now())::float / 60 as minutes from vault.waiting_cvc';
  return (await stack.parts.database.query<{ minutes: number }>(text)).rows;
};
/** Those of sessions that nobody has paid with. */
const dropCodes = () => stack.parts.database.query('delete from vault.waiting_cvc');
/** Wrong for this card, so that the issuer tells whether it was sent. */
const wrongCode = { cardnumber: '4444333322221111', cvc: '999' };

test('the code waits for its payment for 15 minutes at most; a later one is made without it', async () => {
  await dropCodes();
  const soon = await open();
  await fill(soon, wrongCode);
  const [kept] = await codes();
  assert.ok(kept !== undefined && kept.minutes > 14 && kept.minutes <= 15, JSON.stringify(kept));
  assert.equal((await refused(pay(withSession(soon.id)))).status, 402, 'the issuer was told a wrong code');
  assert.deepEqual(await codes(), [], 'the payment is made');
  const late = await open();
  await fill(late, wrongCode);
  await stack.parts.database.query(`update vault.waiting_cvc set expires_at = expires_at - interval '15 minutes'`);
  assert.equal(codeOf(await taken(pay(withSession(late.id)))), 9);
});

test('who deletes the token deletes the code that waits with it, whichever card the shopper took', async () => {
  await dropCodes();
  const temporary = await open();
  await fill(temporary);
  const consented = await open({ askConsumerConsent: true });
  await fill(consented, { keep: 'longer' });
  const { token: stored } = await resultOf(consented.id);
  const chosen = await taken(clientOf().hostedTokenization.createHostedTokenization(merchantId, { tokens: stored?.id ?? '' }));
  await fill({ id: '', url: chosen.hostedTokenizationUrl ?? '' }, { method: 'stored-0' });
  assert.equal((await codes()).length, 3);
  const drop = (token?: string | null) => taken(clientOf().tokens.deleteToken(merchantId, token ?? ''));
  await drop((await resultOf(temporary.id)).token?.id);
  assert.equal((await codes()).length, 2);
  await drop(stored?.id);
  assert.deepEqual(await codes(), []);
});
