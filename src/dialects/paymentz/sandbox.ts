/** The sandbox's members, terminals, partner and first payment for those who speak this protocol. */
import { createHash, randomUUID } from 'node:crypto';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { DialectSandbox, SamplePayment, SandboxUrls } from '../demo.ts';

export const demoMember = { memberId: '10001', terminalId: '1001', key: '0123456789abcdef0123456789abcdef' } as const;
const other = { memberId: '10002', terminalId: '1002', key: 'fedcba9876543210fedcba9876543210' } as const;

export const sandbox: DialectSandbox = {
  accounts: [{ accountId: 'sandbox-paymentz', merchantIdentifier: 'POLYGATE0000008', terminals: ['PAYZ0001'] }],
  channels: [
    {
      merchant: 'demo',
      channelId: '00000000-0000-7000-8000-000000000151',
      wireId: demoMember.terminalId,
      name: 'Polygate Demo',
      accountId: 'sandbox-paymentz',
    },
    {
      merchant: 'other',
      channelId: '00000000-0000-7000-8000-000000000251',
      wireId: other.terminalId,
      name: 'Polygate Other',
      accountId: 'sandbox-other',
    },
  ],
  endpoints: [{ merchant: 'demo', endpointId: '00000000-0000-7000-8000-000000002151', path: '/hooks/paymentz', settings: {} }],
  credentials: [
    { merchant: 'demo', credentialId: '00000000-0000-7000-8000-000000001151', identifier: demoMember.memberId, secret: demoMember.key },
    { merchant: 'other', credentialId: '00000000-0000-7000-8000-000000001251', identifier: other.memberId, secret: other.key },
  ],
  partners: [
    {
      ...{
        partnerId: '00000000-0000-7000-8000-000000003151',
        identifier: '1',
        login: 'demo-partner',
        secret: 'aaaabbbbccccddddeeeeffff00001111',
      },
      merchants: [
        { merchant: 'demo', login: 'demo', identifier: demoMember.memberId },
        { merchant: 'other', login: 'other', identifier: other.memberId },
      ],
    },
  ],
  sample,
};

const card = { 'card.number': '4111111111111111', 'card.expiryMonth': '12', 'card.expiryYear': '2034', 'card.cvv': '123' } as const;
const amount = '12.50';

function debitOf(reference: string, checksum: string): Readonly<Record<string, string>> {
  return {
    'authentication.memberId': demoMember.memberId,
    'authentication.checksum': checksum,
    'authentication.terminalId': demoMember.terminalId,
    merchantTransactionId: reference,
    ...{ amount, currency: 'EUR', paymentBrand: 'VISA', paymentMode: 'CC', paymentType: 'DB', ...card },
  };
}

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };

function sample({ baseUrl }: SandboxUrls): SamplePayment {
  const url = `${baseUrl}/transactionServices/REST/v1`;
  const { memberId, key } = demoMember;
  const reference = `DEMO-${randomUUID().replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '')}`;
  const debit = debitOf(reference, createHash('md5').update([memberId, key, reference, amount].join('|')).digest('hex'));
  const login = encode({ 'authentication.memberId': memberId, 'authentication.sKey': key }, encodeURIComponent);
  return {
    credentials: [
      { name: 'authentication.memberId', value: memberId },
      { name: 'authentication.sKey', value: key },
      { name: 'authentication.terminalId', value: demoMember.terminalId },
    ],
    curl: curlOf(url),
    request: { method: 'POST', url: `${url}/authToken`, headers: form, body: login, maskedBody: login },
    next: [
      ([answer = '']) => ({
        ...{ method: 'POST', url: `${url}/payments`, body: encode(debit, encodeURIComponent) },
        headers: { ...form, authtoken: /"AuthToken"\s*:\s*"([^"]*)"/.exec(answer)?.[1] ?? '' },
        maskedBody: encode(debit, maskCardNumbers).replace(/(card\.cvv=)\d+/, '$1***'),
      }),
    ],
    rrnOf,
  };
}

/** A new reference each time, its checksum, a token, and the payment. */
function curlOf(url: string): string {
  const { memberId, key } = demoMember;
  const values = Object.entries(debitOf('$order', '$sum')).map(([name, value]) => {
    const argument = `${name}=${value}`;
    return value.startsWith('$') ? `-d "${argument}"` : `-d ${argument}`;
  });
  return [
    `order=DEMO-$(openssl rand -hex 6)`,
    `sum=$(printf %s "${memberId}|${key}|$order|${amount}" | openssl md5 -r | cut -c1-32)`,
    `token=$(curl -sS ${url}/authToken -d authentication.memberId=${memberId} \\\n  -d authentication.sKey=${key} | sed -E 's/.*"AuthToken":"([^"]*)".*/\\1/')`,
    [`curl ${url}/payments`, '-H "AuthToken: $token"', ...values].join(' \\\n  '),
  ].join('\n');
}

function encode(parameters: Readonly<Record<string, string>>, render: (value: string) => string): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${render(value)}`)
    .join('&');
}

function rrnOf(answer: string): string | undefined {
  return /"bankReferenceId"\s*:\s*"([A-Z0-9]{12})"/.exec(answer)?.[1];
}
