/** PAYONE: thousands of requests that its own description leads to, most of them with something wrong. */
import { payone } from './contract/payone.ts';
import { fuzz } from './fuzz/suite.ts';
import { demo, sign } from './harness/payone.ts';

fuzz({
  driver: payone,
  values: { merchantId: [demo.merchantId] },
  begin: () =>
    Promise.resolve(({ sender, method, target, headers }) => {
      const date = new Date().toUTCString();
      const caller = sender === 'wrong' ? { ...demo, secret: 'wrong' } : demo;
      const named = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
      return { date, authorization: sign(caller, { method, target, headers: { ...named, date } }) };
    }),
});
