/** Paying through the Open Payment Platform protocol (Zoopay and its siblings): form parameters, a result code, perhaps a redirect. */
import type { Gateway, Progress } from './gateway.ts';
import type { BrowserInput } from './shopper.ts';
import type { Wire, WireAnswer } from './wire.ts';

/** The demo merchant's, published with the sandbox. */
const entityId = '0f0e0d0c0b0a09080706050403020100';
const authorization = 'Bearer MGYwZTBkMGMwYjBhMDkwODA3MDYwNTA0MDMwMjAxMDB8c2FuZGJveA==';

export function opp(gatewayUrl: string): Gateway {
  return {
    name: 'opp',
    title: 'Zoopay / OPP',
    summary: 'Form parameters and result codes; a challenge is a redirect with parameters.',
    async pay(order, card, wire) {
      const answer = await wire.sendCard(card, ({ number, expiryMonth, expiryYear, cvc, holder }) => ({
        method: 'POST',
        url: `${gatewayUrl}/v1/payments`,
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': order.reference },
        body: new URLSearchParams({
          entityId,
          paymentType: 'DB',
          amount: decimal(order.amount),
          currency: order.currency,
          merchantTransactionId: order.reference,
          'card.number': number,
          'card.holder': holder,
          'card.expiryMonth': expiryMonth,
          'card.expiryYear': expiryYear,
          'card.cvv': cvc,
          'customer.email': order.email,
          shopperResultUrl: order.returnUrl,
          ...browserParameters(order.browser),
        }).toString(),
      }));
      return progressOf(answer);
    },
    look: (payment, wire) => look(gatewayUrl, payment.paymentId, wire),
  };
}

async function look(gatewayUrl: string, paymentId: string, wire: Wire): Promise<Progress> {
  const url = `${gatewayUrl}/v1/query/${encodeURIComponent(paymentId)}?entityId=${entityId}`;
  return progressOf(await wire.send({ method: 'GET', url, headers: { authorization } }));
}

function progressOf({ json }: WireAnswer): Progress {
  const { id, result, redirect } = json as {
    readonly id?: string;
    readonly result?: { readonly code: string; readonly description: string };
    readonly redirect?: {
      readonly url: string;
      readonly method?: string;
      readonly parameters?: readonly { name: string; value: string }[];
    };
  };
  const { code = '', description = 'The gateway did not answer as expected.' } = result ?? {};
  if (id === undefined) return { kind: 'declined', message: description };
  if (redirect !== undefined) {
    const fields = Object.fromEntries((redirect.parameters ?? []).map(({ name, value }) => [name, value]));
    return { kind: 'redirect', paymentId: id, method: redirect.method === 'GET' ? 'GET' : 'POST', url: redirect.url, fields };
  }
  if (/^000\.(000\.|100\.1|[36])/.test(code)) return { kind: 'paid', paymentId: id };
  if (/^(000\.200|800\.400\.5|100\.400\.500)/.test(code)) return { kind: 'pending', paymentId: id };
  return { kind: 'declined', paymentId: id, message: description };
}

/** Minor units as `12.50`: the shop's only currency has two digits. */
function decimal(amount: number): string {
  return `${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
}

function browserParameters(browser: BrowserInput): Record<string, string> {
  return {
    'customer.ip': browser.ip,
    'customer.browser.acceptHeader': browser.acceptHeader,
    'customer.browser.userAgent': browser.userAgent,
    'customer.browser.language': browser.language,
    'customer.browser.screenHeight': String(browser.screenHeight),
    'customer.browser.screenWidth': String(browser.screenWidth),
    'customer.browser.screenColorDepth': String(browser.colorDepth),
    'customer.browser.timezone': String(browser.timezoneOffset),
    'customer.browser.javaEnabled': 'false',
    'customer.browser.javascriptEnabled': String(browser.javaScript),
    'customer.browser.challengeWindow': '5',
  };
}
