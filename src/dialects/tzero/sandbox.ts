/** The sandbox's channels, keys and first payment for those who speak tZero. */
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { DialectSandbox, SamplePayment, SandboxUrls } from '../demo.ts';
import { identifierOf } from './access.ts';

export const demoChannelId = 'ch_demo';
export const demoKey = 'sk_0123456789abcdef0123456789abcdef';
const otherKey = 'sk_fedcba9876543210fedcba9876543210';

const policies = (shopUrl: string) => ({ returnUrl: `${shopUrl}/return/tzero`, allowedOrigins: [shopUrl] });

export const sandbox: DialectSandbox = {
  accounts: [{ accountId: 'sandbox-tzero', merchantIdentifier: 'POLYGATE0000004', terminals: ['TZER0001'] }],
  channels: [
    {
      ...{ merchant: 'demo', channelId: '00000000-0000-7000-8000-000000000141', wireId: demoChannelId, name: 'Polygate Demo' },
      ...{ accountId: 'sandbox-tzero', policies },
    },
    {
      ...{ merchant: 'other', channelId: '00000000-0000-7000-8000-000000000241', wireId: 'ch_other', name: 'Polygate Other' },
      ...{ accountId: 'sandbox-other', policies },
    },
  ],
  endpoints: [
    {
      ...{ merchant: 'demo', endpointId: '00000000-0000-7000-8000-000000002141', path: '/hooks/tzero', settings: {} },
      secret: 'whsec_0123456789abcdef0123456789abcdef',
    },
    {
      ...{
        merchant: 'demo',
        endpointId: '00000000-0000-7000-8000-000000002142',
        mail: 'demo@merchant.example',
        settings: { language: 'en' },
      },
    },
    {
      ...{ merchant: 'other', endpointId: '00000000-0000-7000-8000-000000002241', path: '/hooks/tzero-other', settings: {} },
      secret: 'whsec_fedcba9876543210fedcba9876543210',
    },
  ],
  credentials: [
    { merchant: 'demo', credentialId: '00000000-0000-7000-8000-000000001141', identifier: identifierOf(demoKey), secret: demoKey },
    { merchant: 'other', credentialId: '00000000-0000-7000-8000-000000001241', identifier: identifierOf(otherKey), secret: otherKey },
  ],
  sample,
};

/** Started by the merchant, so that it is done at once: a payment of the customer is finished on a page. */
const payment = (reference: string) => ({
  ...{ channel: demoChannelId, amount: 1250, currency: 'USD', reference },
  payment_method: { type: 'card', number: '4242424242424242', expiry_month: 12, expiry_year: 2077 },
  payment_data: {
    payment_type: 'mit',
    payment_sub_type: 'recurring-subsequent',
    credential_on_file: true,
    previous_network_reference: '123456789012345',
  },
});

function sample({ baseUrl }: SandboxUrls): SamplePayment {
  const url = `${baseUrl}/payment/authorise`;
  const body = JSON.stringify(payment(`demo-${process.hrtime.bigint()}`));
  const lines = [
    `curl ${url}`,
    `-H 'X-Secret-Key: ${demoKey}'`,
    `-H 'Content-Type: application/json'`,
    // Another reference each time: with the same one it would be the same payment.
    `-d '${JSON.stringify(payment('demo-@@'))}'`.replace('@@', `'"$(openssl rand -hex 6)"'`),
  ];
  return {
    credentials: [
      { name: 'channel', value: demoChannelId },
      { name: 'X-Secret-Key', value: demoKey },
    ],
    curl: lines.join(' \\\n  '),
    request: {
      method: 'POST',
      url,
      headers: { 'x-secret-key': demoKey, 'content-type': 'application/json' },
      body,
      maskedBody: maskCardNumbers(body),
    },
    rrnOf: (answer) => /"retrieval_reference"\s*:\s*"([A-Z0-9]{12})"/.exec(answer)?.[1],
  };
}
