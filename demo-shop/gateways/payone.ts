/** Paying through the PAYONE platform's protocol: signed JSON, a status code, perhaps a redirect to the issuer. */
import { createHmac } from 'node:crypto';
import type { Gateway, Progress } from './gateway.ts';
import type { BrowserInput } from './shopper.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** The demo merchant's, published with the sandbox. */
const merchantId = 'PolygateDemo';
const keyId = 'sandbox-payone-key';
const secret = 'sandbox-payone-secret';

export function payone(gatewayUrl: string): Gateway {
  const signed = (method: 'GET' | 'POST', path: string, more: Readonly<Record<string, string>> = {}): Omit<WireRequest, 'body'> => {
    const date = new Date().toUTCString();
    const type = 'application/json';
    const gcs = Object.entries(more).map(([name, value]) => `${name}:${value}`);
    const text = [method, method === 'GET' ? '' : type, date, ...gcs, path, ''].join('\n');
    const signature = createHmac('sha256', secret).update(text).digest('base64');
    return {
      method,
      url: `${gatewayUrl}${path}`,
      headers: { date, 'content-type': type, ...more, authorization: `GCS v1HMAC:${keyId}:${signature}` },
    };
  };
  return {
    name: 'payone',
    title: 'PAYONE',
    summary: 'JSON signed with an HMAC of each request; merchantAction says whether the shopper has to go to the issuer.',
    async pay(order, card, wire) {
      const request = signed('POST', `/v2/${merchantId}/payments`, { 'x-gcs-idempotence-key': order.reference });
      const answer = await wire.sendCard(card, ({ number, expiryMonth, expiryYear, cvc, holder }) => ({
        ...request,
        body: JSON.stringify({
          order: {
            amountOfMoney: { amount: order.amount, currencyCode: order.currency },
            references: { merchantReference: order.reference },
            customer: { contactDetails: { emailAddress: order.email }, device: deviceOf(order.browser) },
          },
          cardPaymentMethodSpecificInput: {
            authorizationMode: 'SALE',
            returnUrl: order.returnUrl,
            threeDSecure: { challengeCanvasSize: 'full-screen' },
            card: { cardNumber: number, expiryDate: `${expiryMonth}${expiryYear.slice(2)}`, cvv: cvc, cardholderName: holder },
          },
        }),
      }));
      return progressOf(answer);
    },
    look: async ({ paymentId }, wire) => progressOf(await wire.send(signed('GET', `/v2/${merchantId}/payments/${paymentId}`))),
  };
}

interface Payment {
  readonly id?: string;
  readonly statusOutput?: { readonly statusCode?: number };
}

function progressOf({ json }: WireAnswer): Progress {
  const { payment, paymentResult, merchantAction, errors, ...top } = json as Payment & {
    readonly payment?: Payment;
    readonly paymentResult?: { readonly payment?: Payment };
    readonly merchantAction?: { readonly redirectData?: { readonly redirectURL?: string } } | null;
    readonly errors?: readonly { readonly id?: string; readonly message?: string }[];
  };
  const { id, statusOutput } = payment ?? paymentResult?.payment ?? top;
  const url = merchantAction?.redirectData?.redirectURL;
  if (id !== undefined && url !== undefined) return { kind: 'redirect', paymentId: id, method: 'GET', url, fields: {} };
  const [{ id: name, message } = {}] = errors ?? [];
  const code = statusOutput?.statusCode;
  if (id === undefined || code === undefined)
    return { kind: 'declined', message: message || name || 'The gateway did not answer as expected.' };
  if (code === 9) return { kind: 'paid', paymentId: id };
  if ([0, 4, 46, 50, 51, 52, 91, 92].includes(code)) return { kind: 'pending', paymentId: id };
  return { kind: 'declined', paymentId: id, message: message || name || 'The payment was declined.' };
}

function deviceOf(browser: BrowserInput): object {
  return {
    acceptHeader: browser.acceptHeader,
    userAgent: browser.userAgent,
    locale: browser.language.replace('-', '_'),
    timezoneOffsetUtcMinutes: String(browser.timezoneOffset),
    ipAddress: browser.ip,
    browserData: {
      colorDepth: browser.colorDepth,
      javaEnabled: false,
      javaScriptEnabled: browser.javaScript,
      screenHeight: String(browser.screenHeight),
      screenWidth: String(browser.screenWidth),
    },
  };
}
