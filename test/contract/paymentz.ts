/**
 * The contract suite's driver of the Paymentz dialect. A payment and what follows it have one number there, so a handle is that number and the type of the
 * request that it was given for.
 */
import { createHash } from 'node:crypto';
import type { Parameters, Reply } from '../harness/opp.ts';
import { freshName } from '../harness/opp.ts';
import {
  createPaymentzClient,
  demoMember,
  deviceDetails,
  key,
  type Member,
  otherMember,
  purchase,
  rest,
  who,
} from '../harness/paymentz.ts';
import { redirectOf } from '../harness/shopper.ts';
import type { Act, Answer, CallerName, Client, Connection, Driver, Order, Outcome } from './driver.ts';
import { fieldsOfParameters, spoiled } from './flat-parameters.ts';

const reasons: Readonly<Record<string, Answer['reason']>> = {
  '11005': 'do_not_honor',
  '11051': 'insufficient_funds',
  '11054': 'expired_card',
  '11061': 'over_amount_limit',
  '11082': 'invalid_cvc',
  '11096': 'system_malfunction',
  '20014': 'authentication_required',
  '11014': 'invalid_card_number',
  '12001': 'authentication_failed',
  '12002': 'authentication_forbidden',
  '12003': 'shopper_canceled',
  '12004': 'shopper_timed_out',
  '20003': 'unauthorized',
  '20008': 'unauthorized',
  '20009': 'unknown',
  '20013': 'unknown',
  '10026': 'unknown',
  '20010': 'conflict',
  '20011': 'limit',
  '20012': 'limit',
  '20015': 'key_reused',
  '20001': 'malformed',
  '20002': 'malformed',
  '20006': 'malformed',
  '20007': 'malformed',
};

const callers: Readonly<Record<CallerName, { readonly member: Member; readonly logsInAs?: Member | 'nobody' }>> = {
  demo: { member: demoMember },
  other: { member: otherMember },
  nobody: { member: demoMember, logsInAs: 'nobody' },
  wrong: { member: { ...demoMember, key: 'not the secret, and long enough.' } },
  borrowed: { member: { ...demoMember, key: otherMember.key }, logsInAs: otherMember },
};

export const paymentz: Driver = {
  dialect: 'paymentz',
  // One capture and one refund for each payment; what was debited goes back as a refund.
  lacks: ['several captures', 'several refunds', 'void of a debit'],
  keyPolicy: { repeat: 'refused', mismatch: 'refused' },
  webhooks: {
    name: 'paymentz',
    read({ body }) {
      const notice = JSON.parse(body) as Readonly<Record<string, string>>;
      const { paymentId = '', merchantTransactionId = '', amount = '', transactionStatus = '', checksum, paymentType = '' } = notice;
      const signed = [paymentId, merchantTransactionId, amount, transactionStatus, demoMember.key].join('|');
      if (createHash('md5').update(signed).digest('hex') !== checksum) throw new Error(`the checksum of ${body} is wrong`);
      return handleOf(demoMember.memberId, paymentId, paymentType);
    },
  },
  nothing: { handle: '10001/9999999999', token: 'a'.repeat(32) },
  connect,
};

/** Members count for themselves, and what follows a payment has a handle of its own. */
function handleOf(memberId: string, paymentId: string, type: string): string {
  return type === 'CP' || type === 'RV' || type === 'RF' ? `${memberId}/${paymentId}/${type}` : `${memberId}/${paymentId}`;
}

const numberOf = (handle: string): string => handle.split('/')[1] ?? '';

function connect({ url, caller, traces }: Connection): Client {
  const { member, logsInAs = member } = callers[caller];
  const token = logsInAs === 'nobody' ? () => Promise.resolve('') : createPaymentzClient({ url, traces, member: logsInAs }).token;
  const api = createPaymentzClient({ url, traces, member, token });
  const read = (reply: Reply, type?: string) => readAnswer(reply, member.memberId, type);
  const pay = async (paymentType: 'PA' | 'DB', order: Order) => read(await api.pay({ ...writeOrder(order), paymentType }));
  const act = async (type: 'CP' | 'RV' | 'RF', target: string, { amount, idempotencyKey }: Act) => {
    const merchantTransactionId = idempotencyKey === undefined ? {} : { merchantTransactionId: idempotencyKey };
    const money = amount === undefined ? {} : { amount: writeAmount(amount) };
    return read(await api.act(numberOf(target), type, { ...money, ...merchantTransactionId }), type);
  };
  return {
    authorize: (order) => pay('PA', order),
    debit: (order) => pay('DB', order),
    capture: (target, given) => act('CP', target, given),
    void: (target, given = {}) => act('RV', target, given),
    refund: (target, given) => act('RF', target, given),
    read: async (target) => read(await api.act(numberOf(target), 'IN'), target.split('/')[2] ?? 'IN'),
    payAtBank: async ({ amount, comesBackTo }) =>
      read(await api.pay(atBank({ amount: writeAmount(amount), ...comingBackTo(comesBackTo) }))),
    createToken: async (order) => {
      const { amount, currency, merchantTransactionId, orderDescriptor, paymentType, ...card } = writeOrder(order);
      return read(await api.post(`${rest}/registrations`, [who, key, card['card.number'] ?? ''], card));
    },
    payWithToken: async (token, { amount, currency = 'EUR', idempotencyKey = freshName('order') }) => {
      const money = { amount: writeAmount(amount), currency };
      const sent = { 'authentication.terminalId': member.terminalId, paymentType: 'DB', merchantTransactionId: idempotencyKey, ...money };
      return read(await api.post(`${rest}/paywithtoken/${token}`, [who, key, token, money.amount], sent));
    },
  };
}

function atBank(more: Parameters): Parameters {
  const card = { 'card.number': undefined, 'card.expiryMonth': undefined, 'card.expiryYear': undefined, 'card.cvv': undefined };
  return purchase({ ...card, paymentMode: 'NB', paymentBrand: 'Bank Transfer', ...more });
}

/** The shopper comes back by an address: the stories look at where they end. */
function comingBackTo(merchantRedirectUrl: string): Parameters {
  return { merchantRedirectUrl, redirectMethod: 'GET' };
}

const brands: readonly (readonly [prefix: RegExp, brand: string])[] = [
  [/^5/, 'MC'],
  [/^./, 'VISA'],
];

function writeOrder({ amount, currency = 'EUR', card, holder, description, idempotencyKey, comesBackTo, fault }: Order): Parameters {
  return purchase({
    ...{ amount: writeAmount(amount), currency, 'card.number': card.number, 'card.cvv': card.cvc, orderDescriptor: description },
    ...(card.expiry === undefined
      ? {}
      : { 'card.expiryMonth': String(card.expiry.month).padStart(2, '0'), 'card.expiryYear': String(card.expiry.year) }),
    paymentBrand: brands.find(([prefix]) => prefix.test(card.number))?.[1],
    ...(comesBackTo === undefined ? {} : { ...deviceDetails, attemptThreeD: '3D', ...comingBackTo(comesBackTo) }),
    ...(holder === undefined ? {} : { 'card.holder': holder }),
    ...(idempotencyKey === undefined ? {} : { merchantTransactionId: idempotencyKey }),
    ...(fault === undefined ? {} : spoiled[fault]),
  });
}

function writeAmount(amount: number): string {
  return `${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
}

/** `type`: of the request; of an inquiry the type of what is asked about. */
function readAnswer({ status, body, text, code = '' }: Reply, memberId: string, type = 'DB'): Answer {
  const id = body.paymentId ?? body.registrationId;
  const isRefused = /^20(?!014)/.test(code) || code === '10026' || id === undefined || id === '-';
  // An inquiry's own result is that the record was found.
  const own = code === '00026' ? (body.resultCode ?? '') : code;
  const { status: stands = '' } = body;
  const outcome = isRefused
    ? 'refused'
    : body.paymentId === undefined
      ? 'approved'
      : ((code === '00026' ? outcomeOfPart(stands, type) : undefined) ?? outcomeOf(stands, own, type));
  const [, field] = /^([\w.[\]]+): /.exec(body.result?.description ?? '') ?? [];
  const reason = outcome === 'approved' || outcome === 'pending' || outcome === 'undone' ? undefined : reasons[isRefused ? code : own];
  return {
    outcome,
    status,
    handle: isRefused || id === undefined ? undefined : handleOf(memberId, id, type),
    amount: body.amount === undefined ? undefined : Number(body.amount.replace('.', '')),
    currency: body.currency,
    reason,
    fields: isRefused && reason === 'malformed' && field !== undefined ? [fieldsOfParameters[field] ?? field] : [],
    redirect: body.redirect === undefined ? undefined : redirectOf({ body }),
    token: body.registrationId,
    replayed: false,
    ...(code === '20015' && /^\d+$/.test(id ?? '') ? { first: handleOf(memberId, id ?? '', type) } : {}),
    text,
  };
}

/**
 * Of an inquiry about an act, by the status of its payment, which is that of what happened last: without a trace of the act there, it has failed. Of a part
 * of a hold that was given back there never is one.
 */
function outcomeOfPart(status: string, type: string): Outcome | undefined {
  const traces: Readonly<Record<string, RegExp>> = {
    CP: /^(capturestarted|capturesuccess|markedforreversal|reversed|settled|chargeback)$/,
    RV: /^(cancelstarted|authcancelled)$/,
    RF: /^(markedforreversal|reversed|chargeback)$/,
  };
  return traces[type]?.test(status) === false ? 'declined' : undefined;
}

/** What is asked about may be a part of the payment, whose status is that of what happened last. */
function outcomeOf(status: string, code: string, type: string): Outcome {
  if (code === '11068') return 'undone';
  if (/^(authstarted|3D Authstarted|payoutstarted)$/.test(status)) return 'pending';
  // A payment whose capture failed still stands.
  if (status === 'capturefailed' && type === 'CP') return 'declined';
  if (status === 'authfailed' || status === 'failed' || (status === 'authcancelled' && code === '12003')) {
    return /^(12|11014|11034)/.test(code) ? 'rejected' : 'declined';
  }
  const open: Readonly<Record<string, string>> = { CP: 'capturestarted', RV: 'cancelstarted', RF: 'markedforreversal' };
  return open[type] === status ? 'pending' : 'approved';
}
