/** Paying through tZero's protocol: JSON with a secret key; the customer always finishes the payment at a URL of the gateway. */
import type { Gateway, Progress } from './gateway.ts';
import type { WireAnswer } from './wire.ts';

/** The demo merchant's, published with the sandbox. */
const channel = 'ch_demo';
const secretKey = 'sk_0123456789abcdef0123456789abcdef';

const headers = { 'x-secret-key': secretKey, 'content-type': 'application/json' };

export function tzero(gatewayUrl: string): Gateway {
  return {
    name: 'tzero',
    title: 'tZero Pay',
    summary: 'JSON with a secret key; the customer finishes at a unique URL and returns to the address that the channel is set up with.',
    async pay(order, card, wire) {
      const { browser } = order;
      const [firstName = '', ...lastNames] = card.holder.split(' ');
      const answer = await wire.sendCard(card, ({ number, expiryMonth, expiryYear, cvc }) => ({
        method: 'POST',
        url: `${gatewayUrl}/payment/authorise`,
        headers: { ...headers, 'idempotency-key': order.reference },
        body: JSON.stringify({
          ...{ channel, amount: order.amount, currency: order.currency, reference: order.reference, capture: 'auto' },
          customer: { email: order.email, name: card.holder },
          device_info: {
            ip_address: browser.ip,
            accept_header: browser.acceptHeader,
            screen_colorDepth: String(browser.colorDepth),
            javaEnabled: 'false',
            language: browser.language,
            screenHeight: String(browser.screenHeight),
            screenWidth: String(browser.screenWidth),
            timezone: String(browser.timezoneOffset),
            challengeWindow: '5',
            userAgent: browser.userAgent,
          },
          payment_method: {
            ...{ type: 'card', number, expiry_month: Number(expiryMonth), expiry_year: Number(expiryYear), cvc },
            name: { first_name: firstName, last_name: lastNames.join(' '), middle_name: '' },
          },
          payment_data: { payment_type: 'cit' },
        }),
      }));
      return progressOf(answer);
    },
    look: async ({ paymentId }, wire) =>
      progressOf(await wire.send({ method: 'GET', url: `${gatewayUrl}/payment/${paymentId}`, headers }), { mayRedirect: false }),
    // One address for all orders: the gateway adds which one it was.
    referenceIn: (returned) => returned.get('reference') ?? undefined,
  };
}

function progressOf({ json }: WireAnswer, { mayRedirect } = { mayRedirect: true }): Progress {
  const { id, status, redirect_url, error, decline } = json as {
    readonly id?: string;
    readonly status?: string;
    readonly redirect_url?: string | null;
    readonly error?: { readonly message?: string } | null;
    readonly decline?: { readonly message?: string } | null;
  };
  const message = decline?.message || error?.message || 'The payment was declined.';
  if (id === undefined) return { kind: 'declined', message };
  if (status === 'captured') return { kind: 'paid', paymentId: id };
  if (mayRedirect && typeof redirect_url === 'string')
    return { kind: 'redirect', paymentId: id, method: 'GET', url: redirect_url, fields: {} };
  return status === 'processing' || status === 'pending_customer'
    ? { kind: 'pending', paymentId: id }
    : { kind: 'declined', paymentId: id, message };
}
