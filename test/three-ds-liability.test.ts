/** Who bears the loss after a frictionless answer: the scheme's indicator has the last word, and a granted exemption is claimed in the authorization. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ending, startDirectory } from './harness/directory.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';

const visa = '4200000000000091';
const mastercard = '5137009801943438';
const amex = '371449635311004';
const mir = '2200000000000004';
const directory = await startDirectory([visa, mastercard, amex, mir]);
const stack = usePayoneStack({ env: { DIRECTORY_SERVER_URL: directory.url, DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });
after(() => directory.close());

const authenticationValue = Buffer.alloc(20, 7).toString('base64');

/** A payment for which an exemption is asked; who bears its loss, and what the host has been told. */
async function pay(card: string, transStatus: string, eci: string | undefined) {
  directory.answerNext((areq) => ending(areq, transStatus, { authenticationValue, ...(eci === undefined ? {} : { eci }) }));
  const before = (await stack.parts.host.books()).length;
  const threeDSecure = { exemptionRequest: 'transaction-risk-analysis' };
  const { status, body, text } = await stack.pay({ card: { ...stack.card(card) }, threeDSecure });
  assert.deepEqual([status, codeIn(body)], [201, 5], text);
  const results = body.payment?.paymentOutput?.cardPaymentMethodSpecificOutput?.threeDSecureResults;
  const [entry] = (await stack.parts.host.books()).slice(before);
  return [results?.liability, results?.schemeEci, entry?.authentication?.eci, entry?.authentication?.exemption];
}

test('an indicator by which the issuer bears the loss: liability is shifted, and no exemption is claimed', async () => {
  for (const [card, status, eci] of [
    [visa, 'Y', '05'],
    [visa, 'A', '06'],
    [amex, 'Y', '05'],
    [mastercard, 'Y', '02'],
    [mastercard, 'A', '01'],
    [mir, 'Y', '02'],
  ] as const) {
    assert.deepEqual(await pay(card, status, eci), ['issuer', eci, eci, undefined], `${card} ${status} ${eci}`);
  }
  // Where the issuer says none, it is the one that fits the answer.
  assert.deepEqual(await pay(mastercard, 'Y', undefined), ['issuer', '02', '02', undefined]);
});

test('an indicator by which the merchant bears it: nothing is shifted, and the exemption that was granted is claimed', async () => {
  for (const [card, status, eci] of [
    [visa, 'Y', '07'],
    [visa, 'A', '07'],
    [visa, 'Y', '02'],
    [amex, 'Y', '07'],
    [mastercard, 'Y', '06'],
    [mastercard, 'Y', '00'],
    [mastercard, 'Y', '04'],
    // Of a payment that follows an agreement, which this is not.
    [mastercard, 'Y', '07'],
    [mastercard, 'A', '00'],
  ] as const) {
    assert.deepEqual(await pay(card, status, eci), ['merchant', eci, eci, '02'], `${card} ${status} ${eci}`);
  }
});
