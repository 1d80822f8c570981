/** OPP: thousands of requests that its own description leads to, most of them with something wrong. */
import { opp } from './contract/opp.ts';
import { fuzz } from './fuzz/suite.ts';
import { bearerOf, demo } from './harness/opp.ts';

const wrong = bearerOf(demo.entityId, 'wrong');

fuzz({
  driver: opp,
  values: { entityId: [demo.entityId] },
  never: ['authentication.entityId', 'authentication.userId', 'authentication.password'],
  begin: () => Promise.resolve(({ sender }) => ({ authorization: sender === 'wrong' ? wrong : demo.bearer })),
});
