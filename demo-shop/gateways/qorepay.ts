/**
 * Paying through the QorePay protocol: a purchase, then the card posted to its own address, then, for an enrolled card, the older 3-D Secure form,
 * behind which the gateway runs the present one.
 */
import type { Gateway, Progress } from './gateway.ts';
import type { Wire, WireAnswer } from './wire.ts';

/** The demo merchant's, published with the sandbox. */
const brandId = '11111111-1111-4111-8111-111111111111';
const apiKey = 'sandbox-qorepay-api-key';
const s2sToken = 'sandbox-qorepay-s2s-token';

const json = 'application/json';

export function qorepay(gatewayUrl: string): Gateway {
  /** Of purchases whose payer is at the issuer: where the authorization is completed. */
  const callbacks = new Map<string, string>();
  const progressOf = (purchaseId: string, { json: answer }: WireAnswer, termUrl: string): Progress => {
    const { status, error } = answer as { readonly status?: string; readonly error?: { readonly message?: string } };
    if (status === 'executed') return { kind: 'paid', paymentId: purchaseId };
    if (status === 'pending') return { kind: 'pending', paymentId: purchaseId };
    if (status !== '3DS_required')
      return { kind: 'declined', paymentId: purchaseId, message: error?.message || 'The payment was declined.' };
    const { URL: url, PaReq, MD, Method, callback_url } = answer as Readonly<Record<string, string>>;
    if (url === undefined || callback_url === undefined) return { kind: 'declined', message: 'The gateway did not answer as expected.' };
    callbacks.set(purchaseId, callback_url);
    const fields = { PaReq: PaReq ?? '', MD: MD ?? '', TermUrl: termUrl };
    return { kind: 'redirect', paymentId: purchaseId, method: Method === 'GET' ? 'GET' : 'POST', url, fields };
  };
  return {
    name: 'qorepay',
    title: 'QorePay',
    summary: 'A purchase, then the card to its direct_post_url; 3-D Secure with PaReq, MD and TermUrl.',
    async pay(order, card, wire) {
      const { json: purchase } = await wire.send({
        method: 'POST',
        url: `${gatewayUrl}/api/v1/purchases/`,
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': json },
        body: JSON.stringify({
          brand_id: brandId,
          reference: order.reference,
          client: { email: order.email },
          purchase: { currency: order.currency, products: [{ name: `Order ${order.reference}`, price: order.amount }] },
          success_redirect: order.returnUrl,
          failure_redirect: order.returnUrl,
        }),
      });
      const { id, direct_post_url } = purchase as { readonly id?: string; readonly direct_post_url?: string };
      if (id === undefined || direct_post_url === undefined) return { kind: 'declined', message: 'The purchase could not be made.' };
      const { browser } = order;
      const answer = await wire.sendCard(card, ({ number, expiryMonth, expiryYear, cvc, holder }) => ({
        method: 'POST',
        url: `${direct_post_url}?s2s=true`,
        headers: { authorization: `Bearer ${s2sToken}`, 'content-type': json },
        body: JSON.stringify({
          ...{ cardholder_name: holder, card_number: number, expires: `${expiryMonth}/${expiryYear.slice(2)}`, cvc },
          ...{ remote_ip: browser.ip, user_agent: browser.userAgent, accept_header: browser.acceptHeader, language: browser.language },
          ...{ java_enabled: false, javascript_enabled: browser.javaScript, color_depth: browser.colorDepth },
          ...{ utc_offset: browser.timezoneOffset, screen_width: browser.screenWidth, screen_height: browser.screenHeight },
        }),
      }));
      return progressOf(id, answer, order.returnUrl);
    },
    async look({ paymentId, returned }, wire) {
      const callback = callbacks.get(paymentId);
      const PaRes = returned.get('PaRes');
      if (callback !== undefined && PaRes !== null) return complete({ paymentId, callback, PaRes, MD: returned.get('MD') ?? '' }, wire);
      const { json: purchase } = await wire.send({
        method: 'GET',
        url: `${gatewayUrl}/api/v1/purchases/${paymentId}/`,
        headers: { authorization: `Bearer ${apiKey}` },
      });
      const { status } = purchase as { readonly status?: string };
      if (status === 'paid') return { kind: 'paid', paymentId };
      return status === 'error' ? { kind: 'declined', paymentId, message: 'The payment was declined.' } : { kind: 'pending', paymentId };
    },
  };

  /** The issuer has answered: the gateway is told, and says how the payment stands. */
  async function complete(
    {
      paymentId,
      callback,
      PaRes,
      MD,
    }: { readonly paymentId: string; readonly callback: string; readonly PaRes: string; readonly MD: string },
    wire: Wire,
  ): Promise<Progress> {
    const answer = await wire.send({
      method: 'POST',
      url: callback,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ MD, PaRes }).toString(),
    });
    return progressOf(paymentId, answer, '');
  }
}
