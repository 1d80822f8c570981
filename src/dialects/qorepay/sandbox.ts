/** The sandbox's brands, keys and first payment for those who speak QorePay. */
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { DialectSandbox, SamplePayment, SandboxUrls } from '../demo.ts';
import { identifierOfKey } from './auth.ts';
import { demoWebhookKey } from './sandbox-key.ts';

export const demoBrandId = '11111111-1111-4111-8111-111111111111';
const otherBrandId = '22222222-2222-4222-8222-222222222222';
export const demoApiKey = 'sandbox-qorepay-api-key';
export const demoS2sToken = 'sandbox-qorepay-s2s-token';
const otherApiKey = 'sandbox-qorepay-api-key-2';
const otherS2sToken = 'sandbox-qorepay-s2s-token-2';

const s2s = (key: string) => `s2s-${identifierOfKey(key)}`;

export const sandbox: DialectSandbox = {
  accounts: [{ accountId: 'sandbox-qorepay', merchantIdentifier: 'POLYGATE0000011', terminals: ['QORE0001'] }],
  channels: [
    {
      merchant: 'demo',
      channelId: '00000000-0000-7000-8000-000000000111',
      wireId: demoBrandId,
      name: 'Polygate Demo',
      accountId: 'sandbox-qorepay',
    },
    {
      merchant: 'other',
      channelId: '00000000-0000-7000-8000-000000000211',
      wireId: otherBrandId,
      name: 'Polygate Other',
      accountId: 'sandbox-other',
    },
  ],
  credentials: [
    { merchant: 'demo', credentialId: '00000000-0000-7000-8000-000000001111', identifier: identifierOfKey(demoApiKey), secret: demoApiKey },
    { merchant: 'demo', credentialId: '00000000-0000-7000-8000-000000001112', identifier: s2s(demoS2sToken), secret: demoS2sToken },
    {
      merchant: 'other',
      credentialId: '00000000-0000-7000-8000-000000001211',
      identifier: identifierOfKey(otherApiKey),
      secret: otherApiKey,
    },
    { merchant: 'other', credentialId: '00000000-0000-7000-8000-000000001212', identifier: s2s(otherS2sToken), secret: otherS2sToken },
  ],
  endpoints: [
    {
      merchant: 'demo',
      endpointId: '00000000-0000-4000-8000-000000002111',
      path: '/hooks/qorepay',
      settings: { title: 'Sandbox', all_events: 'true', events: '' },
      secret: demoWebhookKey,
    },
  ],
  sample,
};

/** For a card that a server sends, the platform wants to know where the payer would go. */
const purchase = (shopUrl: string) => ({
  brand_id: demoBrandId,
  client: { email: 'ada@example.com' },
  purchase: { currency: 'EUR', products: [{ name: 'Harbor Blend', quantity: 1, price: 1250 }] },
  success_redirect: `${shopUrl}/`,
  failure_redirect: `${shopUrl}/basket`,
});

const card = {
  cardholder_name: 'Ada Example',
  card_number: '4444333322221111',
  expires: '12/34',
  cvc: '123',
  remote_ip: '203.0.113.7',
};

/** A purchase takes two requests: one that makes it, and one that pays it at the address that the first was answered. */
function sample({ baseUrl, shopUrl }: SandboxUrls): SamplePayment {
  const url = `${baseUrl}/api/v1/purchases/`;
  const body = JSON.stringify(purchase(shopUrl));
  const type = `-H 'Content-Type: application/json'`;
  const curl = [
    `url=$(curl -sS ${url} -H 'Authorization: Bearer ${demoApiKey}' ${type} \\\n  -d '${body}' | sed -E 's/.*"direct_post_url":"([^"]*)".*/\\1/')`,
    `curl -sS "$url?s2s=true" -H 'Authorization: Bearer ${demoS2sToken}' ${type} \\\n  -d '${JSON.stringify(card)}'`,
  ].join('\n');
  return {
    credentials: [
      { name: 'brand_id', value: demoBrandId },
      { name: 'API key', value: demoApiKey },
      { name: 'S2S token', value: demoS2sToken },
    ],
    curl,
    request: { method: 'POST', url, headers: headersOf(demoApiKey), body, maskedBody: maskCardNumbers(body) },
    next: [
      ([purchase = '']) => ({
        ...{ method: 'POST', url: `${textIn(purchase, 'direct_post_url')}?s2s=true`, headers: headersOf(demoS2sToken) },
        ...{
          body: JSON.stringify(card),
          maskedBody: JSON.stringify({ ...card, card_number: maskCardNumbers(card.card_number), cvc: '***' }),
        },
      }),
      // That it is executed is all that the payer's answer says; how, the purchase does.
      ([purchase = '']) => ({
        ...{
          method: 'GET',
          url: `${url}${textIn(purchase, 'id')}/`,
          headers: { authorization: `Bearer ${demoApiKey}` },
          body: '',
          maskedBody: '',
        },
      }),
    ],
    rrnOf: (answer) => textIn(answer, 'processing_tx_id') || undefined,
  };
}

const headersOf = (key: string) => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' });

/** The first member of that name; empty when there is none. */
function textIn(json: string, name: string): string {
  return new RegExp(`"${name}"\\s*:\\s*"([^"]*)"`).exec(json)?.[1] ?? '';
}
