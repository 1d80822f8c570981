/** The contract suite's driver of the tZero dialect. Codes and values are written by hand: a test would not notice a change that it imports. */
import { createHmac } from 'node:crypto';
import { freshName } from '../harness/opp.ts';
import {
  card,
  demo,
  demoCallbackSecret,
  device,
  type Json,
  listIn,
  type Nested,
  other,
  sendTzero,
  shop,
  type TzeroReply,
} from '../harness/tzero.ts';
import type { Act, Answer, CallerName, Client, Connection, Driver, Fault, Field, Order, Outcome } from './driver.ts';

const reasons: Readonly<Record<string, Answer['reason']>> = {
  '05': 'do_not_honor',
  '82': 'invalid_cvc',
  '51': 'insufficient_funds',
  '61': 'over_amount_limit',
  '96': 'system_malfunction',
  '1A': 'authentication_required',
  '14': 'invalid_card_number',
  '3ds_failed': 'authentication_failed',
  customer_cancelled: 'shopper_canceled',
  customer_timeout: 'shopper_timed_out',
  missing_key: 'unauthorized',
  invalid_key: 'unauthorized',
  channel_not_allowed: 'unauthorized',
  payment_not_found: 'unknown',
  payment_method_not_found: 'unknown',
  amount_exceeded: 'limit',
  invalid_state: 'conflict',
  request_in_progress: 'conflict',
  idempotency_mismatch: 'key_reused',
  duplicate_reference: 'key_reused',
  validation_failed: 'malformed',
  malformed_json: 'malformed',
};

const fieldsOfMembers: Readonly<Record<string, Field>> = {
  'payment_method.number': 'card number',
  'payment_method.expiry_month': 'expiry month',
  'payment_method.expiry_year': 'expiry year',
  'payment_method.cvc': 'cvc',
};

/** Replaces members of the body; of the card where the name begins with a dot. */
const spoiled: Readonly<Record<Fault, Json>> = {
  'no amount': { amount: undefined },
  'an amount of zero': { amount: 0 },
  'a negative amount': { amount: -100 },
  'an amount that is no number': { amount: 'ten' },
  'no currency': { currency: undefined },
  'a currency that does not exist': { currency: 'ABC' },
  'no card number': { '.number': undefined },
  'letters in the card number': { '.number': '4111x11111111111' },
  'no expiry month': { '.expiry_month': undefined },
  'a month that does not exist': { '.expiry_month': 13 },
  'no expiry year': { '.expiry_year': undefined },
  'a code of letters': { '.cvc': 'abc' },
  'a field that nobody knows': { surprise: 'x' },
};

const callers: Readonly<Record<CallerName, { readonly channel: string; readonly key: string }>> = {
  demo,
  other,
  nobody: { ...demo, key: '' },
  wrong: { ...demo, key: 'sk_00000000000000000000000000000000' },
  borrowed: { ...demo, key: other.key },
};

const zeros = '0'.repeat(26);

export const tzero: Driver = {
  dialect: 'tzero',
  // A payment of a customer always has its page, so a soft decline leads to a challenge; issuers do not decline one of the merchant for that reason. Members
  // that nobody knows are ignored: the platform's full list is not public.
  lacks: ['redirect method', 'unauthenticated shoppers', 'refusal of unknown fields', 'partial void', 'void of a debit'],
  keyPolicy: { repeat: 'replayed', mismatch: 'refused' },
  webhooks: {
    name: 'tzero',
    read({ headers, body }) {
      const [, time = '', signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['x-signature'] ?? '') ?? [];
      const expected = createHmac('sha256', demoCallbackSecret).update(`${time}.${body}`).digest('hex');
      if (signature !== expected) throw new Error(`the signature of ${headers['x-event-id']} is wrong`);
      const { data, operation } = JSON.parse(body) as {
        readonly data: { readonly id: string };
        readonly operation?: { readonly id: string };
      };
      return operation === undefined ? data.id : `${data.id}/${operation.id}`;
    },
  },
  nothing: { handle: `pay_${zeros}`, token: `pm_${'a'.repeat(32)}` },
  connect,
};

function connect({ url, caller, traces }: Connection): Client {
  const { channel, key } = callers[caller];
  const post = (path: string, body: Json, idempotencyKey: string | undefined) =>
    sendTzero(url, traces, { path, body, key, headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey } });
  const get = (id: string) => sendTzero(url, traces, { method: 'GET', path: `/payment/${id}?channel=${channel}`, key });

  /** Begins a payment, finishes it as its customer, and tells how it then stands. */
  const pay = async (body: Json, idempotencyKey: string | undefined): Promise<Answer> => {
    const begun = await post('/payment/authorise', { channel, device_info: device, ...body }, idempotencyKey);
    const page = begun.body.redirect_url;
    if (begun.status !== 201 || page === null || page === undefined || body.return_url !== undefined) return answerOf(begun);
    await shop(page);
    const now = answerOf(await get(begun.body.id ?? ''));
    // Nobody knew when the customer came back; by now it has been reversed.
    if (now.outcome === 'undone') return answerOf(begun);
    return { ...now, replayed: begun.headers['idempotent-replayed'] === 'true' };
  };
  const operate = async (path: string, target: string, act: Act, more: Json = {}): Promise<Answer> => {
    const [paymentId = ''] = target.split('/');
    const reply = await post(path, { channel, payment_id: paymentId, ...money(act), ...more }, act.idempotencyKey);
    if (reply.status !== 200) return answerOf(reply);
    const done = path === '/payment/refund' ? reply.body : (reply.body.operation ?? reply.body);
    return answerOfAct(reply, paymentId, done);
  };
  return {
    authorize: (order) => pay({ ...writeOrder(order), capture: 'manual' }, order.idempotencyKey),
    debit: (order) => pay({ ...writeOrder(order), capture: 'auto' }, order.idempotencyKey),
    capture: (target, act) => operate('/payment/capture', target, act),
    void: (target, act = {}) =>
      operate('/payment/void', target, { ...(act.idempotencyKey === undefined ? {} : { idempotencyKey: act.idempotencyKey }) }),
    refund: (target, act) =>
      operate('/payment/refund', target, act, {
        reference: act.idempotencyKey === undefined ? freshName('refund') : `of ${act.idempotencyKey}`,
      }),
    async read(target) {
      const [paymentId = '', actId] = target.split('/');
      const reply = await get(paymentId);
      const act = listIn(reply.body, 'operations').find(({ id }) => id === actId);
      return act === undefined ? answerOf(reply) : answerOfAct(reply, paymentId, act);
    },
    createToken: (order) => {
      const { payment_method: method, ...rest } = writeOrder(order) as { readonly payment_method: Json };
      const stored = { ...method, store_for_future_use: true };
      return pay({ ...rest, payment_method: stored, customer: { reference: 'shopper' }, capture: 'manual' }, order.idempotencyKey);
    },
    payWithToken: (token, act) =>
      pay(
        {
          ...{ reference: freshName('again'), ...money(act), capture: 'auto', payment_method: { type: 'stored_card', id: token } },
          payment_data: { payment_type: 'cit', payment_sub_type: 'cof-subsequent', credential_on_file: true },
        },
        act.idempotencyKey,
      ),
  };
}

function writeOrder({
  card: { number, cvc, expiry },
  holder = 'Ada Example',
  description,
  idempotencyKey,
  comesBackTo,
  fault,
  ...rest
}: Order): Json {
  const wrong = fault === undefined ? {} : spoiled[fault];
  const ofCard = Object.entries(wrong).flatMap(([name, value]) => (name.startsWith('.') ? [[name.slice(1), value] as const] : []));
  const ofBody = Object.entries(wrong).filter(([name]) => !name.startsWith('.'));
  const [first, ...last] = holder.split(' ');
  return {
    reference: idempotencyKey === undefined ? freshName('ord') : `of ${idempotencyKey}`,
    ...money(rest),
    payment_method: {
      ...card(number, { cvc, name: { first_name: first, last_name: last.join(' ') } }),
      ...(expiry === undefined ? {} : { expiry_month: expiry.month, expiry_year: expiry.year }),
      ...Object.fromEntries(ofCard),
    },
    ...(comesBackTo === undefined ? {} : { return_url: comesBackTo }),
    ...(description === undefined ? {} : { metadata: { description } }),
    ...Object.fromEntries(ofBody),
  };
}

function money({ amount, currency = 'EUR' }: Act): Json {
  return amount === undefined ? {} : { amount, currency };
}

const outcomes: Readonly<Record<string, Outcome>> = {
  pending_customer: 'pending',
  processing: 'pending',
  authorised: 'approved',
  captured: 'approved',
  partially_captured: 'approved',
  partially_refunded: 'approved',
  refunded: 'approved',
  cancelled: 'approved',
  chargeback: 'approved',
  declined: 'declined',
  failed: 'undone',
  succeeded: 'approved',
  pending: 'pending',
};

/** Results that are made here, without asking the issuer; its own have the code of the acquirer beside them. */
function outcomeOf(status: string, result: Nested | undefined): Outcome {
  if (status === 'cancelled' && result?.code === 'customer_cancelled') return 'rejected';
  const outcome = outcomes[status] ?? 'refused';
  return outcome === 'declined' && result?.scheme_code === undefined ? 'rejected' : outcome;
}

function reasonOf(result: Nested | undefined): Answer['reason'] {
  if (result?.code === '54') return result.scheme_code === undefined ? 'card_expired' : 'expired_card';
  return reasons[result?.code ?? ''];
}

function answerOf(reply: TzeroReply): Answer {
  const { status, body, text, headers } = reply;
  const { error } = body;
  const isAbout = error === undefined ? [] : listIn(error, 'details');
  return {
    outcome: error === undefined ? outcomeOf(body.status ?? '', body.result) : 'refused',
    status,
    handle: error === undefined ? body.id : undefined,
    amount: numberOf(body.amount),
    currency: body.currency,
    reason: error === undefined ? reasonOf(body.result) : reasons[error.code ?? ''],
    fields: isAbout.map(({ field = '' }) => fieldsOfMembers[field] ?? field),
    redirect: typeof body.redirect_url === 'string' ? { url: body.redirect_url, method: 'GET', parameters: [] } : undefined,
    token: body.payment_method?.id,
    replayed: headers['idempotent-replayed'] === 'true',
    text,
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function answerOfAct(reply: TzeroReply, paymentId: string, act: Nested): Answer {
  return {
    ...{
      outcome: outcomeOf(act.status ?? '', act.result),
      status: reply.status,
      handle: `${paymentId}/${act.id}`,
      amount: numberOf(act.amount),
      currency: act.currency,
    },
    ...{
      reason: reasonOf(act.result),
      fields: [],
      redirect: undefined,
      token: undefined,
      replayed: reply.headers['idempotent-replayed'] === 'true',
      text: reply.text,
    },
  };
}
