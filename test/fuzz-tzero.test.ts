/** tZero: thousands of requests that its own description leads to, most of them with something wrong. */
import { tzero } from './contract/tzero.ts';
import { fuzz } from './fuzz/suite.ts';
import { demo } from './harness/tzero.ts';

fuzz({
  driver: tzero,
  values: { channel: [demo.channel] },
  begin: () => Promise.resolve(({ sender }) => ({ 'x-secret-key': sender === 'wrong' ? `sk_${'0'.repeat(32)}` : demo.key })),
});
