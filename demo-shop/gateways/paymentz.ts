/** Paying through the transactionServices protocol: a login for an hour, form parameters with a checksum, a result code, perhaps a redirect. */
import { createHash } from 'node:crypto';
import type { Gateway, Progress } from './gateway.ts';
import type { BrowserInput } from './shopper.ts';
import type { Wire, WireAnswer } from './wire.ts';

/** The demo merchant's, published with the sandbox. */
const memberId = '10001';
const key = '0123456789abcdef0123456789abcdef';
const terminalId = '1001';

const form = 'application/x-www-form-urlencoded';
const md5 = (...fields: readonly string[]): string => createHash('md5').update(fields.join('|')).digest('hex');
const brands: Readonly<Record<string, string>> = { '3': 'AMEX', '4': 'VISA', '5': 'MC', '6': 'DISC' };

export function paymentz(gatewayUrl: string): Gateway {
  const base = `${gatewayUrl}/transactionServices/REST/v1`;
  const logIn = async (wire: Wire): Promise<string> => {
    const body = new URLSearchParams({ 'authentication.memberId': memberId, 'authentication.sKey': key }).toString();
    const { json } = await wire.send({ method: 'POST', url: `${base}/authToken`, headers: { 'content-type': form }, body });
    return String(json.AuthToken ?? '');
  };
  return {
    name: 'paymentz',
    title: 'Paymentz',
    summary: 'A login, then form parameters with an MD5 checksum; JSON or XML back.',
    async pay(order, card, wire) {
      const authtoken = await logIn(wire);
      const amount = `${Math.trunc(order.amount / 100)}.${String(order.amount % 100).padStart(2, '0')}`;
      const [givenName = '', ...surname] = card.holder.split(' ');
      const answer = await wire.sendCard(card, ({ number, expiryMonth, expiryYear, cvc }) => ({
        method: 'POST',
        url: `${base}/payments`,
        headers: { authtoken, 'content-type': form },
        body: new URLSearchParams({
          'authentication.memberId': memberId,
          'authentication.checksum': md5(memberId, key, order.reference, amount),
          'authentication.terminalId': terminalId,
          merchantTransactionId: order.reference,
          ...{ amount, currency: order.currency, paymentMode: 'CC', paymentType: 'DB', paymentBrand: brands[number.slice(0, 1)] ?? 'VISA' },
          ...{ 'card.number': number, 'card.expiryMonth': expiryMonth, 'card.expiryYear': expiryYear, 'card.cvv': cvc },
          ...{ 'customer.givenName': givenName, 'customer.surname': surname.join(' ') || givenName, 'customer.email': order.email },
          ...{ attemptThreeD: '3D', merchantRedirectUrl: order.returnUrl, redirectMethod: 'GET', ...deviceDetails(order.browser) },
        }).toString(),
      }));
      return progressOf(answer);
    },
    async look({ paymentId }, wire) {
      const authtoken = await logIn(wire);
      const body = new URLSearchParams({
        'authentication.memberId': memberId,
        'authentication.checksum': md5(memberId, key, paymentId),
        paymentType: 'IN',
        idType: 'PID',
      }).toString();
      const answer = await wire.send({
        method: 'POST',
        url: `${base}/payments/${paymentId}`,
        headers: { authtoken, 'content-type': form },
        body,
      });
      return progressOf(answer);
    },
  };
}

function progressOf({ json }: WireAnswer): Progress {
  const { paymentId, transactionStatus, redirect, result } = json as {
    readonly paymentId?: string;
    readonly transactionStatus?: string;
    readonly redirect?: {
      readonly url?: string;
      readonly method?: string;
      readonly parameters?: readonly { name: string; value: string }[];
    };
    readonly result?: { readonly code?: string; readonly description?: string };
  };
  const message = result?.description || 'The gateway did not answer as expected.';
  if (paymentId === undefined || paymentId === '' || paymentId === '-') return { kind: 'declined', message };
  if (redirect?.url !== undefined) {
    const fields = Object.fromEntries((redirect.parameters ?? []).map(({ name, value }) => [name, value]));
    return { kind: 'redirect', paymentId, method: redirect.method === 'GET' ? 'GET' : 'POST', url: redirect.url, fields };
  }
  if (transactionStatus === 'Y') return { kind: 'paid', paymentId };
  return transactionStatus === 'P' || transactionStatus === '3D'
    ? { kind: 'pending', paymentId }
    : { kind: 'declined', paymentId, message };
}

function deviceDetails(browser: BrowserInput): Record<string, string> {
  return {
    'deviceDetails.user_Agent': browser.userAgent,
    'deviceDetails.browserLanguage': browser.language,
    'deviceDetails.browserTimezoneOffset': String(browser.timezoneOffset),
    'deviceDetails.browserColorDepth': String(browser.colorDepth),
    'deviceDetails.browserAcceptHeader': browser.acceptHeader,
    'deviceDetails.browserScreenHeight': String(browser.screenHeight),
    'deviceDetails.browserScreenWidth': String(browser.screenWidth),
    'deviceDetails.browserJavaEnabled': 'False',
    'customer.ip': browser.ip,
  };
}
