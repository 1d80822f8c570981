/**
 * The contract suite's driver of the QorePay dialect. A payment is a purchase that is made and then paid with card data by the merchant's server; a handle is
 * the purchase and what was done to it, since the protocol names nothing else. Values are written by hand.
 */
import { createVerify } from 'node:crypto';
import { postForm } from '../harness/form-browser.ts';
import type { CaughtHook } from '../harness/hooks.ts';
import { exchange, type Reply } from '../harness/opp.ts';
import { authenticateAt } from '../harness/shopper.ts';
import { rememberCard } from '../harness/traces.ts';
import type { Act, Answer, CallerName, Client, Connection, Driver, Fault, Order } from './driver.ts';
import {
  type Done,
  isDeclinedAct,
  moneyOf,
  nothingSaid,
  type Purchase,
  readPurchase,
  readRefusal,
  refusedByStatus,
} from './qorepay-answers.ts';

interface Caller {
  readonly brandId: string;
  readonly apiKey: string | undefined;
  readonly s2sToken: string | undefined;
}

const demo = {
  brandId: '11111111-1111-4111-8111-111111111111',
  apiKey: 'sandbox-qorepay-api-key',
  s2sToken: 'sandbox-qorepay-s2s-token',
};
const other = {
  brandId: '22222222-2222-4222-8222-222222222222',
  apiKey: 'sandbox-qorepay-api-key-2',
  s2sToken: 'sandbox-qorepay-s2s-token-2',
};
const callers: Readonly<Record<CallerName, Caller>> = {
  demo,
  other,
  nobody: { ...demo, apiKey: undefined, s2sToken: undefined },
  wrong: { ...demo, apiKey: 'sandbox-qorepay-api-key-x', s2sToken: 'sandbox-qorepay-s2s-token-x' },
  borrowed: { ...demo, apiKey: other.apiKey, s2sToken: other.s2sToken },
};

interface Challenge {
  readonly URL: string;
  readonly PaReq: string;
  readonly MD: string;
  readonly callback_url: string;
}

interface S2sAnswer extends Partial<Challenge> {
  readonly status?: string;
  readonly error?: { readonly code: string };
}

/** Published with the sandbox: what the demo merchant's webhooks are signed with. */
const encodedKey = [
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArGYj7RpFN3Drmil/mz2i4bp7pJVTtmpBea0xqJ1UqNFLGzorWW8fPaj8RDqgjM5eygN0Ymq5PEdI',
  'uvOHygxW4esU32pRpFbjUxKoeIYaqOfD97gdsoZqvAlTrozYPVI0V8k3in5XyYI9EtWqRYuCZQQ9YawwyBRwGJ6kFSr2Th2strFRphOVGbR7/nP5AxMzGT2x',
  '6HbTtclSUlf80w+sEHtyguhogk7UUMYzTIoqv/KJOvMGccckt4vYB2MwOeaAxObiRNbTJ0RcmHZNiStlOSW6TlCuOZJuki8MvswDHkyWw1OrZ4prIKddHPHh',
  'Ee3KmpFlIAJqgTbMmsiQxOSr0QIDAQAB',
].join('');
const demoPublicKey = `-----BEGIN PUBLIC KEY-----\n${encodedKey}\n-----END PUBLIC KEY-----`;

export const qorepay: Driver = {
  dialect: 'qorepay',
  lacks: [
    ...(['several captures', 'partial void', 'void of a debit', 'idempotency key', 'refusal of unknown fields'] as const),
    ...(['unauthenticated shoppers', 'redirect method'] as const),
  ],
  keyPolicy: { repeat: 'replayed', mismatch: 'refused' },
  webhooks: {
    name: 'qorepay',
    read(hook) {
      const { event_type: event, id, skip_capture: isHold, related_to: of } = verified(hook, demoPublicKey);
      switch (event) {
        case 'purchase.hold':
        case 'purchase.payment_failure':
          return `${id} paid`;
        case 'purchase.paid':
          return isHold ? `${id} capture` : `${id} paid`;
        case 'purchase.captured':
          return `${id} capture`;
        case 'payment.refunded':
          return `${of?.id} refund`;
        default:
          return undefined;
      }
    },
  },
  nothing: { handle: '1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a1b2c3d paid', token: '1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a1b2c3d' },
  connect,
};

function connect({ url, caller, traces }: Connection): Client {
  // A key names no brand where a purchase is named, so a borrowed one finds nothing, as the other merchant's own does.
  const refused = (reply: Reply, fault?: Fault): Answer => {
    const answer = readRefusal(reply, fault);
    return caller === 'borrowed' && reply.status === 404 ? { ...answer, reason: 'unauthorized' } : answer;
  };
  const { brandId, apiKey, s2sToken } = callers[caller];
  const call = async (
    method: 'GET' | 'POST',
    path: string,
    more: { body?: object; token?: string | undefined; key?: string | undefined } = {},
  ) => {
    const authorization = more.token === undefined ? {} : { authorization: `Bearer ${more.token}` };
    const key = more.key === undefined ? {} : { 'idempotency-key': more.key };
    const reply = await exchange(url, {
      ...{ method, path, headers: { 'content-type': 'application/json', ...authorization, ...key } },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
    });
    traces.answers.push(reply.text);
    return reply;
  };
  const api = (path: string, more: { body?: object; key?: string | undefined } = {}) =>
    call(more.body === undefined ? 'GET' : 'POST', `/api/v1/purchases/${path}`, { token: apiKey, ...more });
  const read = async (target: string): Promise<Answer> => {
    const [id = '', done = 'paid'] = target.split(' ') as [string, Done];
    const reply = await api(`${id}/`);
    return reply.status === 200 ? readPurchase(reply, target, done) : refused(reply);
  };
  const pay = async (order: Order, more: { readonly skipCapture?: boolean; readonly keep?: boolean } = {}): Promise<Answer> => {
    rememberCard(traces, { pan: order.card.number, cvc: order.card.cvc });
    const made = await api('', { body: writePurchase(brandId, order, more.skipCapture === true), key: order.idempotencyKey });
    if (made.status !== 201) return refused(made, order.fault);
    const { id, direct_post_url, transaction_data } = JSON.parse(made.text) as Purchase;
    // Made before, and its card was sent then: what became of that is asked, and the card not sent again.
    if (made.headers['idempotent-replayed'] === 'true' && transaction_data.attempts.length > 0) return read(`${id} paid`);
    const path = new URL(direct_post_url ?? `${url}/p/${id}/`).pathname;
    if (order.comesBackTo !== undefined) return payByBrowser(path, id, order);
    const paid = await call('POST', `${path}?s2s=true`, { token: s2sToken, body: writeCard(order, more.keep === true) });
    const { status, error, ...challenge } = JSON.parse(paid.text) as S2sAnswer;
    if (status === '3DS_required') await authenticated(challenge);
    if (status === undefined || (error?.code.startsWith('validation_') === true && !(await hasAttempt(id))))
      return refused(paid, order.fault);
    return read(`${id} paid`);
  };
  /** The payer's own browser posts the form, and is sent on. */
  const payByBrowser = async (path: string, id: string, order: Order): Promise<Answer> => {
    const body = new URLSearchParams(writeCard(order, false) as Record<string, string>).toString();
    const sent = await exchange(url, { method: 'POST', path, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
    const answer = await read(`${id} paid`);
    const to = sent.headers.location ?? '';
    return { ...answer, redirect: to === order.comesBackTo ? undefined : { url: to, method: 'GET', parameters: [] } };
  };
  /** As the merchant's page and server do it: to the proxy, and back with what it gives the browser. */
  const authenticated = async ({ URL: to = '', PaReq = '', MD = '', callback_url = '' }: Partial<Challenge>) => {
    const parameters = Object.entries({ PaReq, MD, TermUrl: `${url}/healthz` }).map(([name, value]) => ({ name, value }));
    const page = await authenticateAt({ url: to, method: 'POST', parameters }, { code: '1234', act: 'confirm' });
    const form = page.forms.find(({ fields }) => 'PaRes' in fields);
    if (form === undefined) throw new Error(`no way back to the merchant in ${page.html}`);
    await postForm(callback_url, form.fields);
  };
  const hasAttempt = async (id: string) => (JSON.parse((await api(`${id}/`)).text) as Purchase).transaction_data.attempts.length > 0;
  const act = async (name: 'capture' | 'release' | 'refund', target: string, { amount, idempotencyKey }: Act): Promise<Answer> => {
    const [id = ''] = target.split(' ');
    const reply = await api(`${id}/${name}/`, { body: amount === undefined ? {} : { amount }, key: idempotencyKey });
    if (reply.status === 401 || reply.status === 404) return refused(reply);
    if (isDeclinedAct(reply))
      return { ...nothingSaid, outcome: 'declined', status: reply.status, handle: `${id} ${name}`, text: reply.text };
    if (reply.status !== 200) return refusedByStatus(reply, await api(`${id}/`));
    const body = JSON.parse(reply.text) as { readonly id: string; readonly type: string; readonly payment: Purchase['payment'] };
    const handle = `${id} ${name}`;
    const { status, text } = reply;
    if (body.type === 'payment') return { ...nothingSaid, ...moneyOf(body.payment), outcome: 'approved', status, handle, text };
    return readPurchase(reply, handle, name);
  };
  return {
    authorize: (order) => pay(order, { skipCapture: true }),
    debit: (order) => pay(order),
    capture: (target, given) => act('capture', target, given),
    void: (target, given = {}) => act('release', target, given),
    refund: (target, given) => act('refund', target, given),
    read,
    createToken: (order) => pay(order, { keep: true }),
    payWithToken: async (token, { amount, idempotencyKey }) => {
      const card = { number: '', cvc: '' };
      const made = await api('', { body: writePurchase(brandId, { amount, card }, false), key: idempotencyKey });
      if (made.status !== 201) return refused(made);
      const { id } = JSON.parse(made.text) as Purchase;
      const charged = await api(`${id}/charge/`, { body: { recurring_token: token } });
      return charged.status === 200 ? readPurchase(charged, `${id} paid`, 'paid') : refused(charged);
    },
  };
}

function writePurchase(
  brandId: string,
  { amount, currency = 'EUR', description, fault, comesBackTo }: Order,
  skipCapture: boolean,
): object {
  const price: Readonly<Partial<Record<Fault, unknown>>> = {
    'no amount': undefined,
    'an amount of zero': 0,
    'a negative amount': -100,
    'an amount that is no number': 'ten',
  };
  const currencies: Readonly<Partial<Record<Fault, unknown>>> = { 'no currency': undefined, 'a currency that does not exist': 'ABC' };
  const isIn = (table: object) => fault !== undefined && fault in table;
  return {
    brand_id: brandId,
    client: { email: 'ada@example.com' },
    purchase: {
      currency: isIn(currencies) ? currencies[fault as Fault] : currency,
      products: [{ name: 'Dog food Max', quantity: 1, price: isIn(price) ? price[fault as Fault] : amount }],
      ...(description === undefined ? {} : { notes: description }),
    },
    // A total of zero is allowed where the card is only to be kept.
    skip_capture: skipCapture && fault !== 'an amount of zero',
    success_redirect: comesBackTo ?? 'http://127.0.0.1/success',
    failure_redirect: comesBackTo ?? 'http://127.0.0.1/failure',
  };
}

function writeCard({ card, holder = 'Ada Example', fault }: Order, keep: boolean): object {
  const { month, year } = card.expiry ?? { month: 12, year: 2034 };
  const spoiled: Readonly<Partial<Record<Fault, object>>> = {
    'no card number': { card_number: undefined },
    'letters in the card number': { card_number: '4111x11111111111' },
    'no expiry month': { expires: '/34' },
    'a month that does not exist': { expires: '13/34' },
    'no expiry year': { expires: '12/' },
    'a code of letters': { cvc: 'abc' },
  };
  return {
    // The protocol refuses a name with digits in it.
    ...{
      cardholder_name: holder.replaceAll(/\d/g, ''),
      card_number: card.number,
      expires: `${String(month).padStart(2, '0')}/${year % 100}`,
      cvc: card.cvc ?? '123',
      remote_ip: '203.0.113.7',
    },
    ...(keep ? { remember_card: 'on' } : {}),
    ...(fault === undefined ? {} : spoiled[fault]),
  };
}

export interface Told extends Purchase {
  readonly event_type: string;
  readonly type: string;
  readonly skip_capture: boolean;
  readonly related_to?: { readonly id: string };
  readonly refundable_amount: number;
}

/** Throws when it was not signed with the key. */
export function verified({ headers, body }: CaughtHook, publicKey: string): Told {
  const signature = Buffer.from(headers['x-signature'] ?? '', 'base64');
  if (!createVerify('RSA-SHA256').update(body).verify(publicKey, signature)) throw new Error('the signature is not of this key');
  return JSON.parse(body) as Told;
}
