/** PAYONE: every call of the platform's official client library, unmodified. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type * as sdk from 'onlinepayments-sdk-nodejs';
import { auditAfterEach } from './harness/auditor.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { merchantId, refused, sdkClient, taken } from './harness/payone-sdk.ts';
import { type Stack, startStack } from './harness/stack.ts';
import { rememberCard } from './harness/traces.ts';

let stack: Stack;
let client: sdk.Client;
before(async () => {
  stack = await startStack();
  client = sdkClient(`http://127.0.0.1:${stack.config.port}`);
});
auditAfterEach(() => stack);
after(() => stack?.stop());

/** At most 40 characters. */
const freshReference = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const money = (amount: number, currencyCode = 'EUR') => ({ amount, currencyCode });

function card(cardNumber = freshCardNumber(), cvv = '123') {
  rememberCard(stack.traces, { pan: cardNumber, cvc: cvv });
  return { cardNumber, cvv, expiryDate: '1234', cardholderName: 'Ada Example' };
}

type Input = NonNullable<sdk.Domain.CreatePaymentRequest['cardPaymentMethodSpecificInput']>;

function payment(amount: number, more: Input = {}, merchantReference = freshReference('order')): sdk.Domain.CreatePaymentRequest {
  return {
    order: {
      amountOfMoney: money(amount),
      references: { merchantReference, merchantParameters: 'basket=7' },
      customer: {
        contactDetails: { emailAddress: 'ada@shop.example' },
        device: {
          acceptHeader: '*/*',
          userAgent: 'Mozilla/5.0',
          ipAddress: '192.0.2.7',
          locale: 'en_GB',
          timezoneOffsetUtcMinutes: '-60',
          browserData: { colorDepth: 24, javaEnabled: false, javaScriptEnabled: true, screenHeight: '1080', screenWidth: '1920' },
        },
      },
    },
    cardPaymentMethodSpecificInput: {
      authorizationMode: 'FINAL_AUTHORIZATION',
      transactionChannel: 'ECOMMERCE',
      returnUrl: 'https://shop.example/back?basket=7',
      card: card(),
      ...more,
    },
  };
}

const pay = (amount: number, more: Input = {}) => taken(client.payments.createPayment(merchantId, payment(amount, more)));
const codeOf = (shown: { readonly statusOutput?: { readonly statusCode?: number | null } | null } | null | undefined) =>
  shown?.statusOutput?.statusCode;

test('the connection test', async () => {
  assert.deepEqual(await taken(client.services.testConnection(merchantId)), { result: 'OK' });
  const stranger = sdkClient(`http://127.0.0.1:${stack.config.port}`, { merchantId, keyId: 'nobody', secret: 'nothing at all' });
  const { status, body } = await refused(stranger.services.testConnection(merchantId));
  assert.deepEqual([status, body.errors[0]?.errorCode, body.errors[0]?.id], [403, '9007', 'ACCESS_TO_MERCHANT_NOT_ALLOWED']);
});

test('a payment is held, captured in parts, refunded in parts, and told in all its details', async () => {
  const { payment: made, creationOutput } = await pay(800);
  const id = made?.id ?? '';
  assert.match(id, /^\d+_0$/);
  assert.deepEqual(
    [made?.status, codeOf(made), made?.statusOutput?.isAuthorized, made?.statusOutput?.isCancellable],
    ['PENDING_CAPTURE', 5, true, true],
  );
  assert.ok(creationOutput?.externalReference?.startsWith('order'));
  const first = await taken(client.payments.capturePayment(merchantId, id, { amount: 300, isFinal: false }));
  assert.deepEqual([first.id, first.status, codeOf(first)], [id.replace('_0', '_1'), 'CAPTURE_REQUESTED', 91]);
  assert.equal(codeOf(await taken(client.payments.getPayment(merchantId, id))), 5);
  await taken(client.payments.capturePayment(merchantId, id, { amount: 500, isFinal: true }));
  const refund = await taken(client.payments.refundPayment(merchantId, id, { amountOfMoney: money(120) }));
  assert.deepEqual([refund.id, refund.status, codeOf(refund)], [id.replace('_0', '_3'), 'REFUND_REQUESTED', 81]);
  const { captures } = await taken(client.captures.getCaptures(merchantId, id));
  assert.deepEqual(
    captures?.map((one) => [one.captureOutput?.amountOfMoney?.amount, one.status, codeOf(one)]),
    [
      [300, 'CAPTURED', 9],
      [500, 'CAPTURED', 9],
    ],
  );
  const { refunds } = await taken(client.refunds.getRefunds(merchantId, id));
  assert.deepEqual(
    refunds?.map((one) => [one.id, one.status, codeOf(one)]),
    [[refund.id, 'REFUNDED', 8]],
  );
  const details = await taken(client.payments.getPaymentDetails(merchantId, id));
  assert.deepEqual([details.status, codeOf(details), details.statusOutput?.isRefundable], ['CAPTURED', 9, true]);
  assert.equal(details.paymentOutput?.references?.merchantParameters, 'basket=7');
  assert.deepEqual(
    details.Operations?.map((one) => [one.id?.slice(-2), one.amountOfMoney?.amount, codeOf(one)]),
    [
      ['_0', 800, 5],
      ['_1', 300, 9],
      ['_2', 500, 9],
      ['_3', 120, 8],
    ],
  );
});

test('a sale is paid at once, and refunded as a whole', async () => {
  const { payment: made } = await pay(1250, { authorizationMode: 'SALE' });
  assert.deepEqual(
    [made?.status, codeOf(made), made?.statusOutput?.isAuthorized, made?.statusOutput?.isRefundable],
    ['CAPTURED', 9, false, true],
  );
  const id = made?.id ?? '';
  assert.equal((await taken(client.payments.refundPayment(merchantId, id, {}))).refundOutput?.amountOfMoney?.amount, 1250);
  assert.deepEqual(codeOf(await taken(client.payments.getPayment(merchantId, id))), 8);
  const { status, body } = await refused(client.payments.refundPayment(merchantId, id, { amountOfMoney: money(1) }));
  assert.deepEqual([status, body.errors[0]?.id], [400, 'ACTION_NOT_ALLOWED_ON_TRANSACTION']);
});

test('a payment is canceled, in part and as a whole, with a body and without', async () => {
  const id = (await pay(800)).payment?.id ?? '';
  const part = await taken(client.payments.cancelPayment(merchantId, id, { amountOfMoney: money(300) }));
  assert.deepEqual([part.payment?.status, codeOf(part.payment)], ['CANCELLED', 61]);
  const { status } = await refused(client.payments.cancelPayment(merchantId, id, { amountOfMoney: money(600) }));
  assert.equal(status, 400);
  await taken(client.payments.cancelPayment(merchantId, id, {}));
  assert.deepEqual(codeOf(await taken(client.payments.getPayment(merchantId, id))), 6);
  const other = (await pay(500)).payment?.id ?? '';
  // The library sends no body at all.
  await taken(client.payments.cancelPayment(merchantId, other, null as unknown as sdk.Domain.CancelPaymentRequest));
  assert.equal((await refused(client.payments.capturePayment(merchantId, other, {}))).status, 400);
});

test('a decline is 402 with the payment that was declined', async () => {
  const answer = await client.payments.createPayment(merchantId, payment(900, { card: card('4000000000009995') }));
  assert.equal(answer.isSuccess, false);
  assert.equal(answer.status, 402);
  const { paymentResult, errors } = answer.body as sdk.Domain.PaymentErrorResponse;
  assert.equal(errors?.[0]?.errorCode, '30511001');
  assert.deepEqual([paymentResult?.payment?.status, codeOf(paymentResult?.payment)], ['REJECTED', 2]);
  const shown = await taken(client.payments.getPayment(merchantId, paymentResult?.payment?.id ?? ''));
  assert.equal(shown.statusOutput?.errors?.[0]?.errorCode, '30511001');
  // A new try of the same order keeps its reference.
  await taken(client.payments.createPayment(merchantId, payment(900, {}, shown.paymentOutput?.references?.merchantReference ?? undefined)));
});

test('a card is charged again by its payment', async () => {
  const id = (await pay(700)).payment?.id ?? '';
  const made = await taken(
    client.payments.subsequentPayment(merchantId, id, {
      order: { amountOfMoney: money(350), references: { merchantReference: freshReference('order') } },
      subsequentcardPaymentMethodSpecificInput: { authorizationMode: 'SALE', subsequentType: 'Recurring', paymentNumber: 1 },
    }),
  );
  assert.deepEqual([made.payment?.status, codeOf(made.payment)], ['CAPTURED', 9]);
  assert.notEqual(made.payment?.id, id);
  const again = { order: { amountOfMoney: money(-1) } };
  assert.equal((await refused(client.payments.subsequentPayment(merchantId, id, again))).status, 400);
  assert.equal(
    (await refused(client.payments.subsequentPayment(merchantId, '9999999999_0', { order: { amountOfMoney: money(1) } }))).status,
    404,
  );
});

test('cards cannot be completed, like a wallet', async () => {
  const id = (await pay(700)).payment?.id ?? '';
  const { status, body } = await refused(client.complete.completePayment(merchantId, id, {}));
  assert.deepEqual([status, body.errors[0]?.id], [400, 'ACTION_NOT_ALLOWED_ON_TRANSACTION']);
});

test('tokens: made, known, read, paid with, deleted', async () => {
  const data = { card: { data: { card: card() } }, paymentProductId: 1 };
  const made = await client.tokens.createToken(merchantId, data);
  const again = await client.tokens.createToken(merchantId, data);
  assert.ok(made.isSuccess && again.isSuccess);
  assert.deepEqual([made.status, made.body.isNewToken, made.body.tokenStatus], [201, true, 'CREATED']);
  assert.deepEqual(
    [again.status, again.body.isNewToken, again.body.tokenStatus, again.body.token],
    [200, false, 'UNCHANGED', made.body.token],
  );
  const token = made.body.token ?? '';
  assert.match(token, /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/);
  const shown = await taken(client.tokens.getToken(merchantId, token));
  assert.deepEqual([shown.id, shown.paymentProductId, shown.isTemporary], [token, 1, false]);
  assert.match(shown.card?.alias ?? '', /^411111XXXXXX\d{4}$/);
  const { card: _, ...withToken } = payment(640).cardPaymentMethodSpecificInput ?? {};
  const order = payment(640).order;
  const paid = await taken(
    client.payments.createPayment(merchantId, { order: order ?? {}, cardPaymentMethodSpecificInput: { ...withToken, token } }),
  );
  assert.deepEqual([paid.creationOutput?.token, paid.creationOutput?.isNewToken, codeOf(paid.payment)], [token, false, 5]);
  assert.equal((await client.tokens.deleteToken(merchantId, token)).status, 204);
  assert.equal((await refused(client.tokens.getToken(merchantId, token))).status, 404);
  assert.equal((await refused(client.tokens.deleteToken(merchantId, token))).status, 404);
  for (const wrong of [
    { ...card('4111111111111111'), cardNumber: '1234567890123456' },
    { ...card('4111111111111111'), expiryDate: '0000' },
    { ...card('4111111111111111'), cvv: '12345678' },
  ]) {
    assert.equal((await refused(client.tokens.createToken(merchantId, { card: { data: { card: wrong } } }))).status, 400);
  }
});

test('a token is paid with under the product of its card, and a payout names one card', async () => {
  const token = (await pay(100, { tokenize: true, card: card() })).creationOutput?.token ?? '';
  const { order = {} } = payment(100);
  const under = (paymentProductId: number) =>
    client.payments.createPayment(merchantId, {
      order,
      cardPaymentMethodSpecificInput: { token, paymentProductId, skipAuthentication: true },
    });
  assert.equal(codeOf((await taken(under(1))).payment), 5);
  assert.equal((await refused(under(3))).body.errors[0]?.id, 'CARDNUMBER_PAYMENTPRODUCTID_MISMATCH');
  assert.equal((await refused(under(809))).body.errors[0]?.id, 'UNKNOWN_PRODUCT_ID');
  const payOut = (input: sdk.Domain.CardPayoutMethodSpecificInput) =>
    refused(client.payouts.createPayout(merchantId, { amountOfMoney: money(100), cardPayoutMethodSpecificInput: input }));
  assert.equal((await payOut({ token, paymentProductId: 3 })).body.errors[0]?.id, 'CARDNUMBER_PAYMENTPRODUCTID_MISMATCH');
  assert.equal((await payOut({ token, card: card() })).body.errors[0]?.propertyName, 'cardPayoutMethodSpecificInput');
});

test('a payment keeps its card under a token', async () => {
  const number = freshCardNumber();
  const first = await pay(100, { tokenize: true, card: card(number) });
  assert.deepEqual([first.creationOutput?.tokenizationSucceeded, first.creationOutput?.isNewToken], [true, true]);
  const second = await pay(200, { tokenize: true, card: card(number) });
  assert.deepEqual([second.creationOutput?.token, second.creationOutput?.isNewToken], [first.creationOutput?.token, false]);
});

test('payouts: credited, declined, read', async () => {
  const ask = (cardNumber: string): sdk.Domain.CreatePayoutRequest => ({
    amountOfMoney: money(2345),
    cardPayoutMethodSpecificInput: { card: card(cardNumber), paymentProductId: 1, payoutReason: 'Refund' },
    references: { merchantReference: freshReference('payout') },
  });
  const made = await taken(client.payouts.createPayout(merchantId, ask(freshCardNumber())));
  assert.deepEqual([made.status, codeOf(made), made.payoutOutput?.payoutReason], ['ACCOUNT_CREDITED', 8, 'Refund']);
  assert.equal((await taken(client.payouts.getPayout(merchantId, made.id ?? ''))).status, 'ACCOUNT_CREDITED');
  const { status, body } = await refused(
    client.payouts.createPayout(merchantId, {
      ...ask(freshCardNumber()),
      cardPayoutMethodSpecificInput: { card: { ...card(freshCardNumber()), cardNumber: '4321456998744563' } },
    }),
  );
  assert.deepEqual([status, (body as sdk.Domain.PayoutErrorResponse).payoutResult?.status], [402, 'REJECTED_CREDIT']);
  assert.equal((await refused(client.payouts.getPayout(merchantId, '9999999999_0'))).status, 404);
  const malformed = ask(freshCardNumber());
  const short = { ...malformed, cardPayoutMethodSpecificInput: { card: { cardNumber: '123', expiryDate: '1234' } } };
  assert.deepEqual((await refused(client.payouts.createPayout(merchantId, short))).body.errors.length, 1);
});

test('products and their groups', async () => {
  const query = { countryCode: 'DE', currencyCode: 'EUR' };
  const { paymentProducts } = await taken(client.products.getPaymentProducts(merchantId, { ...query, hide: ['fields', 'accountsOnFile'] }));
  const ids = paymentProducts?.map(({ id }) => id);
  for (const id of [1, 2, 3, 809, 5408]) assert.ok(ids?.includes(id), `product ${id}`);
  const visa = await taken(client.products.getPaymentProduct(merchantId, 1, query));
  assert.deepEqual(
    visa.fields?.map(({ id }) => id),
    ['cardNumber', 'expiryDate', 'cvv', 'cardholderName'],
  );
  assert.deepEqual(await taken(client.products.getPaymentProductNetworks(merchantId, 320, query)), { networks: [] });
  assert.deepEqual(await taken(client.products.getProductDirectory(merchantId, 809, query)), { entries: [] });
  const { paymentProductGroups } = await taken(client.productGroups.getProductGroups(merchantId, query));
  assert.equal(paymentProductGroups?.[0]?.id, 'cards');
  assert.equal((await taken(client.productGroups.getProductGroup(merchantId, 'cards', query))).id, 'cards');
  assert.equal((await refused(client.productGroups.getProductGroup(merchantId, 'none', query))).status, 400);
  const unknown = await refused(client.products.getPaymentProduct(merchantId, 42, query));
  assert.deepEqual([unknown.status, unknown.body.errors[0]?.id], [400, 'UNKNOWN_PRODUCT_ID']);
});

test('services: whose card, other currencies, surcharges, privacy', async () => {
  const iin = await taken(
    client.services.getIINDetails(merchantId, {
      bin: '424242',
      paymentContext: { amountOfMoney: money(100), countryCode: 'DE', isRecurring: false },
    }),
  );
  assert.deepEqual([iin.paymentProductId, iin.isAllowedInContext, iin.countryCode], [1, true, '99']);
  assert.equal((await refused(client.services.getIINDetails(merchantId, { bin: '4242' }))).status, 400);
  assert.equal((await refused(client.services.getIINDetails(merchantId, { bin: '999999' }))).status, 404);
  const source = { card: { cardNumber: '4111111111111111', paymentProductId: 1 } };
  const none = await taken(client.services.getDccRateInquiry(merchantId, { cardSource: source, transaction: { amount: money(1000) } }));
  assert.equal(none.result?.result, 'NoRate');
  const free = await taken(client.services.surchargeCalculation(merchantId, { cardSource: source, amountOfMoney: money(1000) }));
  assert.deepEqual([free.surcharges?.[0]?.result, free.surcharges?.[0]?.totalAmount?.amount], ['NO_SURCHARGE', 1000]);
  const { htmlContent } = await taken(client.privacyPolicy.getPrivacyPolicy(merchantId, { locale: 'en_US', paymentProductId: 1 }));
  assert.match(htmlContent ?? '', /^<p>.*Polygate Demo/);
});

test('sessions tell which tokens cannot be used', async () => {
  const { token = '' } = await taken(client.tokens.createToken(merchantId, { card: { data: { card: card() } } }));
  const session = await taken(client.sessions.createSession(merchantId, { tokens: [token ?? '', 'nothing', '4111111111111111'] }));
  assert.deepEqual([session.customerId, session.invalidTokens], [merchantId, ['nothing', '411111******1111']]);
  const { status } = await refused(client.sessions.createSession(merchantId, { tokens: Array.from({ length: 11 }, () => 'x') }));
  assert.equal(status, 400);
});

test('members of other products and older ones are taken', async () => {
  const redirectionData = { returnUrl: 'https://shop.example/back' };
  const input = { paymentProductId: 840, paymentProduct840SpecificInput: { addressSelectionAtPayPal: true }, redirectionData };
  const { order = {} } = payment(300);
  const elsewhere = await refused(client.payments.createPayment(merchantId, { order, redirectPaymentMethodSpecificInput: input }));
  assert.equal(elsewhere.body.errors[0]?.id, 'PAYMENT_PRODUCT_NOT_AVAILABLE');
  const id = (await pay(300)).payment?.id ?? '';
  const references = { merchantReference: 'part 1', merchantParameters: 'x=1' };
  const captured = await taken(client.payments.capturePayment(merchantId, id, { amount: 300, references }));
  const refunded = await taken(client.payments.refundPayment(merchantId, id, { amountOfMoney: money(100), references }));
  assert.deepEqual(
    [captured.captureOutput?.operationReferences?.merchantReference, refunded.refundOutput?.operationReferences?.merchantReference],
    ['part 1', 'part 1'],
  );
});

test('what is not taken here says so, and is never a 404 or a 500', async () => {
  const { mandates } = client;
  const calls: readonly (() => Promise<sdk.SdkResponse<unknown, unknown>>)[] = [
    () => mandates.createMandate(merchantId, { customerReference: 'c', recurrenceType: 'UNIQUE', signatureType: 'UNSIGNED' }),
    () => mandates.getMandate(merchantId, 'm1'),
    () => mandates.blockMandate(merchantId, 'm1'),
    () => mandates.unblockMandate(merchantId, 'm1'),
    () => mandates.revokeMandate(merchantId, 'm1', {}),
  ];
  for (const call of calls) {
    const { status, body } = await refused(call());
    assert.deepEqual([status, body.errors[0]?.id], [400, 'PAYMENT_PRODUCT_NOT_AVAILABLE'], String(call));
  }
});

test('every call that the library has is answered in the platform’s words: no empty 404, no error of the gateway', async () => {
  const groups: Readonly<Record<string, object>> = client as never;
  const calls = Object.entries(groups).flatMap(([group, methods]) =>
    Object.entries(methods).flatMap(([name, method]) =>
      group !== 'context' && typeof method === 'function' ? [{ group, name, method: method as (...given: unknown[]) => unknown }] : [],
    ),
  );
  assert.equal(calls.length, 41, calls.map(({ group, name }) => `${group}.${name}`).join(' '));
  const takesBody = /^(create|getIIN|getDcc|surcharge|validate|sendTest)/;
  for (const { group, name, method } of calls) {
    // The merchant, an id, a body as far as a call takes them; what belongs to the call comes last.
    const [, id, body] = [merchantId, '9999999999_0', {}];
    const given = method.length === 2 ? [null] : method.length === 4 ? [id, body, null] : takesBody.test(name) ? [body, null] : [id, null];
    const answer = (await method(merchantId, ...given)) as { readonly status: number; readonly isSuccess: boolean; readonly body: unknown };
    const { errors = [] } = (answer.body ?? {}) as { readonly errors?: readonly unknown[] };
    assert.ok(answer.status < 500 && answer.status !== 405, `${group}.${name} answered ${answer.status}`);
    assert.ok(answer.isSuccess || errors.length > 0, `${group}.${name} answered ${answer.status} and said nothing`);
  }
});

test('the library’s own idempotence: a repeat is the first payment, and says when that was', async () => {
  const context = { idempotence: { key: randomUUID() } };
  const repeated: sdk.PaymentContext = { idempotence: { key: context.idempotence.key } };
  const body = payment(420);
  const first = await taken(client.payments.createPayment(merchantId, body, context));
  const second = await taken(client.payments.createPayment(merchantId, body, repeated));
  assert.equal(second.payment?.id, first.payment?.id);
  const told = (given: sdk.PaymentContext) => given.idempotence?.requestTimestamp;
  assert.equal(told(context), undefined);
  assert.match(String(told(repeated)), /^\d{13}$/);
});
