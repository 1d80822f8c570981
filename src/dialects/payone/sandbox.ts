/** The sandbox's accounts, keys and first payment for those who speak the PAYONE protocol. */
import type { DialectSandbox, SamplePayment, SandboxUrls } from '../demo.ts';
import { signatureOf } from './auth.ts';

export const demoMerchantId = 'PolygateDemo';
export const demoKey = { keyId: 'sandbox-payone-key', secret: 'sandbox-payone-secret' };

export const sandbox: DialectSandbox = {
  accounts: [{ accountId: 'sandbox-payone', merchantIdentifier: 'POLYGATE0000021', terminals: ['PAYO0001'] }],
  channels: [
    {
      merchant: 'demo',
      channelId: '00000000-0000-7000-8000-000000000121',
      wireId: demoMerchantId,
      name: 'Polygate Demo',
      accountId: 'sandbox-payone',
    },
    {
      merchant: 'other',
      channelId: '00000000-0000-7000-8000-000000000221',
      wireId: 'PolygateOther',
      name: 'Polygate Other',
      accountId: 'sandbox-other',
    },
  ],
  endpoints: [
    {
      merchant: 'demo',
      endpointId: '00000000-0000-7000-8000-000000002121',
      path: '/hooks/payone',
      settings: { keyId: 'sandbox-payone-webhook' },
      secret: 'sandbox-payone-webhook-secret',
    },
    {
      merchant: 'other',
      endpointId: '00000000-0000-7000-8000-000000002221',
      path: '/hooks/payone-other',
      settings: { keyId: 'sandbox-payone-webhook-2' },
      secret: 'sandbox-payone-webhook-secret-2',
    },
  ],
  credentials: [
    {
      merchant: 'demo',
      credentialId: '00000000-0000-7000-8000-000000001121',
      identifier: demoKey.keyId,
      secret: demoKey.secret,
    },
    {
      merchant: 'other',
      credentialId: '00000000-0000-7000-8000-000000001221',
      identifier: 'sandbox-payone-key-2',
      secret: 'sandbox-payone-secret-2',
    },
  ],
  sample,
};

const path = `/v2/${demoMerchantId}/payments`;

function bodyOf(cardNumber: string, cvv: string): string {
  return JSON.stringify({
    order: { amountOfMoney: { amount: 1250, currencyCode: 'EUR' }, references: { merchantReference: 'order-1' } },
    cardPaymentMethodSpecificInput: {
      authorizationMode: 'SALE',
      card: { cardNumber, expiryDate: '1234', cvv, cardholderName: 'Ada Example' },
    },
  });
}

function sample({ baseUrl }: SandboxUrls): SamplePayment {
  const body = bodyOf('4111111111111111', '123');
  const date = new Date().toUTCString();
  const headers = { 'content-type': 'application/json', date };
  const authorization = signatureOf({ method: 'POST', url: path, headers }, demoKey);
  return {
    credentials: [
      { name: 'merchantId (PSPID)', value: demoMerchantId },
      { name: 'apiKeyId', value: demoKey.keyId },
      { name: 'secretApiKey', value: demoKey.secret },
    ],
    curl: curlOf(baseUrl, body),
    request: {
      ...{ method: 'POST', url: `${baseUrl}${path}`, body },
      headers: { ...headers, authorization },
      maskedBody: bodyOf('411111******1111', '***'),
    },
    rrnOf,
  };
}

/** A request is signed with its date, so the command makes the signature itself. */
function curlOf(baseUrl: string, body: string): string {
  return [
    `DATE="$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')"`,
    `SIGNATURE="$(printf 'POST\\napplication/json\\n%s\\n${path}\\n' "$DATE" | openssl dgst -sha256 -hmac ${demoKey.secret} -binary | openssl base64)"`,
    [
      `curl ${baseUrl}${path}`,
      `-H "Date: $DATE"`,
      `-H 'Content-Type: application/json'`,
      `-H "Authorization: GCS v1HMAC:${demoKey.keyId}:$SIGNATURE"`,
      `-d '${body}'`,
    ].join(' \\\n  '),
  ].join('\n');
}

/** Answers carry it where the platform has a reference of its acquirer. */
function rrnOf(answer: string): string | undefined {
  return /"retrievalReferenceNumber"\s*:\s*"([A-Z0-9]{12})"/.exec(answer)?.[1];
}
