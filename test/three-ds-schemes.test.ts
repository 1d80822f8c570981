/** Several directory servers: each card is asked about at its scheme's, and one that is away concerns its own cards alone. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ConfigError, readConfig } from '../src/config.ts';
import { ending, startDirectory } from './harness/directory.ts';
import { approved, debit, expectReply, useOppStack } from './harness/opp.ts';
import { browserData } from './harness/shopper.ts';

const cards = { visa: '4200000000000091', mastercard: '5137009801943438', maestro: '6759649826438453', amex: '371449635311004' };
const [visa, mastercard, others] = [
  await startDirectory(cards.visa),
  await startDirectory(cards.mastercard),
  await startDirectory(cards.amex),
];
after(() => Promise.all([visa, mastercard, others].map((server) => server.close().catch(() => undefined))));

const stack = useOppStack({
  env: {
    ...{ DIRECTORY_SERVER_URL: others.url, DIRECTORY_SERVERS: `visa=${visa.url}, mastercard=${mastercard.url}` },
    DIRECTORY_SERVER_TIMEOUT_MS: '2000',
  },
});

const pay = (number: string) =>
  stack.post(
    '/v1/payments',
    debit({
      ...{ ...browserData, paymentBrand: undefined, 'card.number': number, shopperResultUrl: `${stack.url}/healthz` },
      'card.cvv': number.startsWith('37') ? '1234' : '123',
    }),
  );

const asked = () => [visa, mastercard, others].map(({ received }) => received.map(({ acctNumber }) => acctNumber));

test('a card is asked about at its scheme’s directory server, and at the default one where it has none', async () => {
  for (const [server, number] of [
    [visa, cards.visa],
    [mastercard, cards.mastercard],
    [others, cards.amex],
  ] as const) {
    server.answerNext((areq) => ending(areq, 'A', { eci: '06', authenticationValue: 'QUJDREVGR0hJSktMTU5PUFFSU1Q=' }));
    const reply = expectReply(await pay(number), 200, approved);
    assert.equal(reply.body.threeDSecure?.authenticationStatus, 'A', reply.text);
  }
  assert.deepEqual(asked(), [[cards.visa], [cards.mastercard], [cards.amex]]);
});

test('a Maestro card is looked for at Mastercard’s, which does not know this one', async () => {
  const reply = expectReply(await pay(cards.maestro), 200, approved);
  assert.equal(reply.body.threeDSecure, undefined);
  assert.deepEqual(asked(), [[cards.visa], [cards.mastercard], [cards.amex]]);
});

test('one directory server is away: its cards go on without authentication, the others with it', async () => {
  await mastercard.close();
  const without = expectReply(await pay(cards.mastercard), 200, approved);
  assert.equal(without.body.threeDSecure?.authenticationStatus, undefined);
  visa.answerNext((areq) => ending(areq, 'A', { eci: '06', authenticationValue: 'QUJDREVGR0hJSktMTU5PUFFSU1Q=' }));
  const authenticated = expectReply(await pay(cards.visa), 200, approved);
  assert.equal(authenticated.body.threeDSecure?.authenticationStatus, 'A');
});

test('settings that name a scheme twice, or none that is known, are refused', () => {
  for (const value of ['visa=https://a.example visa=https://b.example', 'vista=https://a.example', 'visa', 'visa=ftp://a.example']) {
    assert.throws(() => readConfig({ mode: 'sandbox', file: undefined, env: { DIRECTORY_SERVERS: value } }), ConfigError);
  }
});
