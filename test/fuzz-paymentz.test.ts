/** Paymentz: thousands of requests that its own description leads to, most of them with something wrong. */
import { paymentz } from './contract/paymentz.ts';
import { fuzz } from './fuzz/suite.ts';
import { createPaymentzClient, demoMember, md5 } from './harness/paymentz.ts';

const { memberId, key, terminalId } = demoMember;
const after = (path: string): string => decodeId(path.split('/').at(-1) ?? '');

function decodeId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What each request signs beside member and key. */
function sumOf(body: Readonly<Record<string, unknown>>, path: string): string {
  const of = (name: string) => String(body[name] ?? '');
  const withId = /\/(?:payments|refund|paywithtoken|registrations)\/[^/]+$/.test(path);
  if (path.endsWith('/payout')) return md5(memberId, of('merchantTransactionId'), of('amount'), key);
  if (path.endsWith('/customerSignup')) return md5(memberId, key, of('customer.givenName'), of('customer.surname'), of('customer.email'));
  if (path.endsWith('/payments')) return md5(memberId, key, of('merchantTransactionId'), of('amount'));
  if (path.endsWith('/registrations')) return md5(memberId, key, of('card.number'));
  if (path.endsWith('/inquiry')) return md5(memberId, key, of('paymentId'));
  if (!withId) return md5(memberId, key);
  return body.amount === undefined ? md5(memberId, key, after(path)) : md5(memberId, key, after(path), of('amount'));
}

fuzz({
  driver: paymentz,
  values: {
    'authentication.memberId': [memberId],
    'authentication.terminalId': [terminalId],
    amount: ['12.50', '1.00', '50.00'],
    currency: ['EUR'],
  },
  never: ['authentication.partnerId', 'authentication.userName', 'authentication.password'],
  complete: (body, path) => ('authentication.checksum' in body ? { ...body, 'authentication.checksum': sumOf(body, path) } : body),
  begin: async (stack, url) => {
    const token = await createPaymentzClient({ url, traces: stack.traces, member: demoMember }).token();
    return ({ sender }) => ({ AuthToken: sender === 'wrong' ? `${token}x` : token });
  },
});
