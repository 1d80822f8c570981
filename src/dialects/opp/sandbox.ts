/** The sandbox's entities, logins and first payment for those who speak OPP. */
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { DialectSandbox, SamplePayment, SandboxUrls } from '../demo.ts';

export const demoEntityId = '0f0e0d0c0b0a09080706050403020100';
const otherEntityId = '0f0e0d0c0b0a09080706050403020102';
export const bearerToken = 'MGYwZTBkMGMwYjBhMDkwODA3MDYwNTA0MDMwMjAxMDB8c2FuZGJveA==';

export const sandbox: DialectSandbox = {
  accounts: [{ accountId: 'sandbox-opp', merchantIdentifier: 'POLYGATE0000001', terminals: ['OPP00001'] }],
  channels: [
    {
      merchant: 'demo',
      channelId: '00000000-0000-7000-8000-000000000101',
      wireId: demoEntityId,
      name: 'Polygate Demo',
      accountId: 'sandbox-opp',
    },
    {
      merchant: 'demo',
      channelId: '00000000-0000-7000-8000-000000000102',
      wireId: '0f0e0d0c0b0a09080706050403020199',
      name: 'Polygate Demo (no triggers)',
      accountId: 'sandbox-plain',
    },
    {
      merchant: 'other',
      channelId: '00000000-0000-7000-8000-000000000201',
      wireId: otherEntityId,
      name: 'Polygate Other',
      accountId: 'sandbox-other',
    },
  ],
  endpoints: [
    {
      merchant: 'demo',
      endpointId: '00000000-0000-7000-8000-000000002101',
      path: '/hooks/opp',
      settings: { wrapper: 'none', fields: 'all' },
      secret: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    },
  ],
  credentials: [
    { merchant: 'demo', credentialId: '00000000-0000-7000-8000-000000001101', identifier: demoEntityId, secret: 'sandbox' },
    { merchant: 'other', credentialId: '00000000-0000-7000-8000-000000001201', identifier: otherEntityId, secret: 'sandbox2' },
  ],
  sample,
};

const debit: readonly (readonly [name: string, value: string])[] = [
  ['entityId', demoEntityId],
  ['paymentType', 'DB'],
  ['amount', '12.50'],
  ['currency', 'EUR'],
  ['paymentBrand', 'VISA'],
  ['card.number', '4111111111111111'],
  ['card.holder', 'Ada Example'],
  ['card.expiryMonth', '12'],
  ['card.expiryYear', '2034'],
  ['card.cvv', '123'],
];

function sample({ baseUrl }: SandboxUrls): SamplePayment {
  const url = `${baseUrl}/v1/payments`;
  const authorization = `Bearer ${bearerToken}`;
  const lines = [
    `curl ${url}`,
    `-H 'Authorization: ${authorization}'`,
    ...debit.map(([name, value]) => `-d ${/ /.test(value) ? `'${name}=${value}'` : `${name}=${value}`}`),
  ];
  return {
    credentials: [
      { name: 'entityId', value: demoEntityId },
      { name: 'Authorization', value: authorization },
    ],
    curl: lines.join(' \\\n  '),
    request: {
      method: 'POST',
      url,
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
      body: encode(({ value }) => encodeURIComponent(value)),
      maskedBody: encode(({ name, value }) => masked(name, value)),
    },
    rrnOf,
  };
}

function encode(render: (parameter: { readonly name: string; readonly value: string }) => string): string {
  return debit.map(([name, value]) => `${name}=${render({ name, value })}`).join('&');
}

function masked(name: string, value: string): string {
  if (name === 'card.number') return maskCardNumbers(value);
  return name === 'card.cvv' ? '***' : encodeURIComponent(value);
}

/** Answers carry it as the first of the connector's ids. */
function rrnOf(answer: string): string | undefined {
  return /"ConnectorTxID1"\s*:\s*"([A-Z0-9]{12})"/.exec(answer)?.[1];
}
