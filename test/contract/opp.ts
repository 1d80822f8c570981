/** The contract suite's driver of the OPP dialect. Codes and values are written by hand: a test would not notice a change that it imports. */

import { bankPayment } from '../harness/bank-shopper.ts';
import { decryptOpp } from '../harness/hooks.ts';
import { demo, encode, exchange, other, type Parameters, type Reply } from '../harness/opp.ts';
import { browserData, redirectOf } from '../harness/shopper.ts';
import { rememberCard } from '../harness/traces.ts';
import type { Act, Answer, CallerName, Client, Connection, Driver, Field, Order, Outcome } from './driver.ts';
import { fieldsOfParameters, spoiled } from './flat-parameters.ts';

const outcomes: readonly (readonly [code: RegExp, recorded: boolean, outcome: Outcome])[] = [
  [/^000\.100\.11\d$/, true, 'approved'],
  [/^(000\.200|000\.400\.0[127]0|800\.400\.5)/, true, 'pending'],
  [/^900\.100\.301$/, true, 'undone'],
  [/^100\.396\.10[13]$/, true, 'rejected'],
  [/^100\.(100|380|390|400)\./, true, 'rejected'],
  [/^(800\.1|300\.|900\.1)/, true, 'declined'],
  [/./, false, 'refused'],
];

const reasons: Readonly<Record<string, Answer['reason']>> = {
  '800.100.152': 'do_not_honor',
  '800.100.153': 'invalid_cvc',
  '800.100.155': 'insufficient_funds',
  '800.100.157': 'expired_card',
  '800.100.162': 'over_amount_limit',
  '900.100.201': 'system_malfunction',
  '300.100.100': 'authentication_required',
  '100.380.401': 'authentication_failed',
  '100.390.100': 'authentication_forbidden',
  '100.396.101': 'shopper_canceled',
  '100.396.103': 'shopper_timed_out',
  '100.100.101': 'invalid_card_number',
  '100.100.303': 'card_expired',
  '100.100.601': 'cvc_length',
  '800.900.300': 'unauthorized',
  '700.400.510': 'unknown',
  '700.400.530': 'unknown',
  '600.200.500': 'unknown',
  '700.400.580': 'unknown',
  '100.150.200': 'unknown',
  '700.400.100': 'limit',
  '700.400.200': 'limit',
  '700.400.300': 'limit',
  '700.400.570': 'conflict',
  '700.300.200': 'conflict',
  '800.600.100': 'conflict',
  '800.700.100': 'conflict',
  '200.200.106': 'key_reused',
  '200.300.404': 'malformed',
};

/** Codes that stand for one missing or impossible parameter, where the protocol has no list of errors. */
const fieldsOfCodes: Readonly<Record<string, Field>> = {
  '100.100.100': 'card number',
  '100.100.200': 'expiry month',
  '100.100.201': 'expiry month',
  '100.100.300': 'expiry year',
  '100.550.300': 'amount',
  '100.550.301': 'amount',
  '100.550.400': 'currency',
  '100.550.401': 'currency',
};

const wrongBearer = `Bearer ${Buffer.from(`${demo.entityId}|not the secret`).toString('base64')}`;
const callers: Readonly<Record<CallerName, { readonly entityId: string; readonly bearer: string | undefined }>> = {
  demo,
  other,
  nobody: { ...demo, bearer: undefined },
  wrong: { ...demo, bearer: wrongBearer },
  borrowed: { ...demo, bearer: other.bearer },
};

export const opp: Driver = {
  dialect: 'opp',
  lacks: [],
  keyPolicy: { repeat: 'replayed', mismatch: 'refused' },
  webhooks: {
    name: 'opp',
    read(hook) {
      const { type, payload } = decryptOpp(hook);
      return type === 'PAYMENT' ? payload.id : undefined;
    },
  },
  nothing: { handle: '0'.repeat(32), token: 'a'.repeat(32) },
  connect,
};

function connect({ url, caller, traces }: Connection): Client {
  const { entityId, bearer } = callers[caller];
  const authorization = bearer === undefined ? {} : { authorization: bearer };
  const answered = (reply: Reply): Answer => {
    traces.answers.push(reply.text);
    return readAnswer(reply);
  };
  const post = async (path: string, parameters: Parameters, idempotencyKey: string | undefined): Promise<Answer> => {
    rememberCard(traces, { pan: parameters['card.number'], cvc: parameters['card.cvv'] });
    const key = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...authorization, ...key };
    return answered(await exchange(url, { method: 'POST', path, headers, body: encode({ entityId, ...parameters }) }));
  };
  const pay = (paymentType: 'PA' | 'DB', order: Order, more: Parameters = {}) =>
    post('/v1/payments', { paymentType, ...writeOrder(order), ...more }, order.idempotencyKey);
  const operate = (paymentType: 'CP' | 'RV' | 'RF', target: string, act: Act) =>
    post(`/v1/payments/${target}`, { paymentType, ...writeMoney(act) }, act.idempotencyKey);
  return {
    authorize: (order) => pay('PA', order),
    debit: (order) => pay('DB', order),
    capture: (target, act) => operate('CP', target, act),
    void: (target, act = {}) => operate('RV', target, act),
    refund: (target, act) => operate('RF', target, act),
    read: async (target) =>
      answered(await exchange(url, { method: 'GET', path: `/v1/query/${target}?entityId=${entityId}`, headers: authorization })),
    payAtBank: ({ comesBackTo, ...money }) =>
      post('/v1/payments', bankPayment('IDEAL', { ...writeMoney(money), shopperResultUrl: comesBackTo }), undefined),
    createToken: (order) => pay('PA', order, { createRegistration: 'true' }),
    payWithToken: (token, act) =>
      post(`/v1/registrations/${token}/payments`, { paymentType: 'DB', ...writeMoney(act) }, act.idempotencyKey),
  };
}

function writeOrder({ card, holder = 'Ada Example', description, comesBackTo, fault, ...money }: Order): Parameters {
  return {
    ...writeMoney(money),
    ...(comesBackTo === undefined ? {} : { ...browserData, shopperResultUrl: comesBackTo }),
    'card.number': card.number,
    'card.cvv': card.cvc,
    'card.holder': holder,
    'card.expiryMonth': String(card.expiry?.month ?? 12).padStart(2, '0'),
    'card.expiryYear': String(card.expiry?.year ?? 2034),
    descriptor: description,
    ...(fault === undefined ? {} : spoiled[fault]),
  };
}

function writeMoney({ amount, currency = 'EUR' }: Act): Parameters {
  return amount === undefined ? {} : { amount: `${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, '0')}`, currency };
}

function readAnswer({ status, body, code = '', headers, text }: Reply): Answer {
  const handle: string | undefined = body.id;
  const [, , outcome = 'refused'] = outcomes.find(([pattern, recorded]) => pattern.test(code) && recorded === (handle !== undefined)) ?? [];
  const named = (JSON.parse(text) as { result: { parameterErrors?: readonly { name: string }[] } }).result.parameterErrors ?? [];
  const missing = fieldsOfCodes[code];
  const isAbout = handle === undefined ? missing : undefined;
  return {
    outcome,
    status,
    handle,
    amount: body.amount === undefined ? undefined : Number(body.amount.replace('.', '')),
    currency: body.currency,
    reason: isAbout !== undefined ? 'malformed' : status === 404 ? 'unknown' : reasons[code],
    fields: isAbout !== undefined ? [isAbout] : named.map(({ name }) => fieldsOfParameters[name] ?? name),
    redirect: body.redirect === undefined ? undefined : redirectOf({ body }),
    token: body.registrationId,
    replayed: headers['idempotent-replayed'] === 'true',
    text,
  };
}
