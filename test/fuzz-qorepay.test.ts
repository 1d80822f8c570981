/** QorePay: thousands of requests that its own description leads to, most of them with something wrong. */
import { qorepay } from './contract/qorepay.ts';
import { fuzz } from './fuzz/suite.ts';
import { demo } from './harness/qorepay.ts';

fuzz({
  driver: qorepay,
  values: { brand_id: [demo.brandId], callback: ['http://127.0.0.1:9/hook'] },
  begin: () =>
    Promise.resolve(({ sender, target }) => {
      const key = target.startsWith('/p/') ? demo.s2sToken : demo.apiKey;
      return { authorization: `Bearer ${sender === 'wrong' ? `${key}-x` : key}` };
    }),
});
