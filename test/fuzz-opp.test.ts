/** OPP: thousands of requests that its own description leads to, most of them with something wrong. */
import { opp } from './contract/opp.ts';
import { fuzz } from './fuzz/suite.ts';
import { bearerOf, debit, demo } from './harness/opp.ts';

const wrong = bearerOf(demo.entityId, 'wrong');

fuzz({
  driver: opp,
  values: { entityId: [demo.entityId], amount: ['1.00', '12.50', '50.00'], currency: ['EUR'] },
  never: ['authentication.entityId', 'authentication.userId', 'authentication.password'],
  // The description requires little, since so much depends on the rest; a payment wants a card.
  complete: (body, path) => (path === '/v1/payments' ? { ...debit(), ...body } : body),
  begin: () => Promise.resolve(({ sender }) => ({ authorization: sender === 'wrong' ? wrong : demo.bearer })),
});
