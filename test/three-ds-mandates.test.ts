/** The payment in which a shopper lets the merchant charge them later: the issuer hears what they agree to, and is directed to challenge them. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ending, startDirectory } from './harness/directory.ts';
import { approved, debit, expectReply, type Parameters, useOppStack } from './harness/opp.ts';
import { cardData, demo, exchangePayone } from './harness/payone.ts';
import { browserData } from './harness/shopper.ts';

const card = '4200000000000091';
const directory = await startDirectory(card);
const stack = useOppStack({ env: { DIRECTORY_SERVER_URL: directory.url, DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });
after(() => directory.close());

const answerNext = (): void =>
  directory.answerNext((areq) => ending(areq, 'Y', { authenticationValue: Buffer.alloc(20, 7).toString('base64'), eci: '05' }));

/** What the issuer was told of the last payment's agreement. */
function told(): readonly unknown[] {
  const areq = directory.received.findLast(({ messageType }) => messageType === 'AReq') ?? {};
  const { threeDSRequestorAuthenticationInd: what, threeDSRequestorChallengeInd: wish } = areq;
  return [what, wish, areq.recurringExpiry, areq.recurringFrequency, areq.purchaseInstalData];
}

async function pay(more: Parameters): Promise<void> {
  answerNext();
  const shopper = { ...browserData, paymentBrand: undefined, 'card.number': card, shopperResultUrl: 'https://shop.example/back' };
  expectReply(await stack.post('/v1/payments', debit({ ...shopper, createRegistration: 'true', ...more })), 200, approved);
}

const agreement = (type: string, more: Parameters = {}): Parameters => ({
  'standingInstruction.mode': 'INITIAL',
  'standingInstruction.type': type,
  'standingInstruction.source': 'CIT',
  ...more,
});

const terms: Parameters = { 'standingInstruction.expiry': '2033-01-31', 'standingInstruction.frequency': '30' };

test('a first payment is told as what it is, with the terms, and the shopper is to be challenged', async () => {
  const rows: readonly (readonly [Parameters, readonly unknown[]])[] = [
    [agreement('RECURRING', terms), ['02', '04', '20330131', '30', undefined]],
    [agreement('INSTALLMENT', { ...terms, 'standingInstruction.numberOfInstallments': '6' }), ['03', '04', '20330131', '30', '6']],
    // What is not said, and must be told: an agreement without an end, charged whenever it may be.
    [{ recurringType: 'INITIAL' }, ['02', '04', '99991231', '1', undefined]],
    [agreement('RECURRING', { 'standingInstruction.expiry': '2033-13-41' }), ['02', '04', '99991231', '1', undefined]],
    [agreement('RECURRING', { 'standingInstruction.expiry': '2033-02-30' }), ['02', '04', '99991231', '1', undefined]],
    // Parts of a purchase cannot be told without their number.
    [agreement('INSTALLMENT', terms), ['01', '04', undefined, undefined, undefined]],
  ];
  for (const [more, expected] of rows) {
    await pay(more);
    assert.deepEqual(told(), expected, JSON.stringify(more));
  }
});

test('a card that is kept, and no more, is no such agreement', async () => {
  const nothing = ['01', undefined, undefined, undefined, undefined];
  for (const more of [{}, agreement('UNSCHEDULED'), agreement('UNSCHEDULED', terms)]) {
    await pay(more);
    assert.deepEqual(told(), nothing, JSON.stringify(more));
  }
});

test('what the merchant wishes stands, and an exemption that it asks for', async () => {
  const recurring = agreement('RECURRING', terms);
  for (const [more, wish] of [
    [{ 'threeDSecure.challengeIndicator': '03' }, '03'],
    [{ 'threeDSecure.challengeIndicator': '1' }, '01'],
    [{ 'threeDSecure.exemptionFlag': '01' }, '02'],
    [{ 'threeDSecure.exemptionFlag': '02' }, '05'],
  ] as const) {
    await pay({ ...recurring, ...more });
    assert.deepEqual(told(), ['02', wish, '20330131', '30', undefined], JSON.stringify(more));
  }
});

test('PAYONE: the first of a series', async () => {
  const first = { isRecurring: true, recurring: { recurringPaymentSequenceIndicator: 'first' } };
  for (const [more, expected] of [
    [first, ['02', '04', '99991231', '1', undefined]],
    [
      { ...first, cardOnFileRecurringExpiration: '20330131', cardOnFileRecurringFrequency: 'Monthly' },
      ['02', '04', '20330131', '28', undefined],
    ],
    [{ ...first, threeDSecure: { challengeIndicator: 'no-preference' } }, ['02', '01', '99991231', '1', undefined]],
    [{ tokenize: true }, ['01', undefined, undefined, undefined, undefined]],
  ] as const) {
    answerNext();
    const { traces } = stack.parts;
    const body = {
      order: { amountOfMoney: { amount: 1250, currencyCode: 'EUR' }, references: { merchantReference: 'order 1' } },
      cardPaymentMethodSpecificInput: { returnUrl: 'https://shop.example/back', card: cardData(traces, { number: card }), ...more },
    };
    const request = { method: 'POST', path: '/payments', body } as const;
    const { status, text } = await exchangePayone(stack.url, traces, { caller: demo, merchantId: demo.merchantId, request });
    assert.equal(status, 201, text);
    assert.deepEqual(told(), expected, JSON.stringify(more));
  }
});
