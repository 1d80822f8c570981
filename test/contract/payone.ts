/** The contract suite's driver of the PAYONE dialect. Numbers and values are written by hand: a test would not notice a change that it imports. */
import { checkWebhook, demo, exchangePayone, other, type PayoneCaller, type PayoneReply, type PayoneRequest } from '../harness/payone.ts';
import { rememberCard } from '../harness/traces.ts';
import {
  type Act,
  type Answer,
  type CallerName,
  type Client,
  type Connection,
  type Driver,
  type Fault,
  type Field,
  faults,
  type Order,
  type Outcome,
} from './driver.ts';

/** Numbers of a payment or an act that succeeded, of one nobody has answered, and of one that is only asked for. */
const approved = [5, 9, 91, 8, 81, 6, 61];
const pending = [41, 46, 50, 51, 52, 92, 82, 62];

const reasons: Readonly<Record<string, Answer['reason']>> = {
  '30051001': 'do_not_honor',
  '30821001': 'invalid_cvc',
  '30511001': 'insufficient_funds',
  '30541001': 'expired_card',
  '30611001': 'over_amount_limit',
  '30961001': 'system_malfunction',
  '40001139': 'authentication_required',
  '30001130': 'invalid_card_number',
  '40001134': 'authentication_failed',
  '30171001': 'shopper_canceled',
};

const rejections = ['30591001', '30001130', '40001134', '30171001'];
const undone = ['30681001'];

const spoiled: Readonly<Record<Fault, Readonly<Record<string, unknown>>>> = {
  'no amount': { amount: undefined },
  'an amount of zero': { amount: 0 },
  'a negative amount': { amount: -100 },
  'an amount that is no number': { amount: 'ten' },
  'no currency': { currencyCode: undefined },
  'a currency that does not exist': { currencyCode: 'ABC' },
  'no card number': { cardNumber: undefined },
  'letters in the card number': { cardNumber: '4111x11111111111' },
  'no expiry month': { expiryDate: '34' },
  'a month that does not exist': { expiryDate: '1334' },
  'no expiry year': { expiryDate: '12' },
  'a code of letters': { cvv: 'abc' },
  'a field that nobody knows': { surprise: 'x' },
};

const fields: Readonly<Record<string, Field>> = {
  'order.amountOfMoney.amount': 'amount',
  'order.amountOfMoney.currencyCode': 'currency',
  'cardPaymentMethodSpecificInput.card.cardNumber': 'card number',
  'cardPaymentMethodSpecificInput.card.cvv': 'cvc',
};

const wrong: PayoneCaller = { ...demo, secret: 'not the secret' };
const callers: Readonly<Record<CallerName, { readonly merchantId: string; readonly caller: PayoneCaller | undefined }>> = {
  demo: { merchantId: demo.merchantId, caller: demo },
  other: { merchantId: other.merchantId, caller: other },
  nobody: { merchantId: demo.merchantId, caller: undefined },
  wrong: { merchantId: demo.merchantId, caller: wrong },
  borrowed: { merchantId: demo.merchantId, caller: other },
};

export const payone: Driver = {
  dialect: 'payone',
  // The platform cancels what is held; what was taken it refunds.
  lacks: ['void of a debit'],
  keyPolicy: { repeat: 'replayed', mismatch: 'replayed' },
  webhooks: {
    name: 'payone',
    read(hook) {
      const { payment, refund, merchantId = '' } = checkWebhook(hook.body, hook.headers['x-gcs-signature']);
      const id = payment?.id ?? refund?.id;
      return id === undefined ? undefined : toHandle(merchantId, id);
    },
  },
  nothing: { handle: '2999999999_0', token: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa' },
  connect,
};

/** Each merchant has numbers of its own, so that only with the merchant's name a number names one payment. */
function toHandle(merchantId: string, id: string): string {
  return `${merchantId} ${id}`;
}

function idIn(handle: string): string {
  return handle.replace(/^.* /, '');
}

function connect({ url, caller: name, traces }: Connection): Client {
  const who = callers[name];
  const send = (request: PayoneRequest) => exchangePayone(url, traces, { ...who, request });
  const post = async (path: string, body: object, key: string | undefined, fault?: Fault): Promise<Answer> =>
    readAnswer(await send({ method: 'POST', path, body, ...(key === undefined ? {} : { key }) }), who.merchantId, fault);
  const pay = (authorizationMode: 'SALE' | 'PRE_AUTHORIZATION', order: Order) => {
    rememberCard(traces, { pan: order.card.number, cvc: order.card.cvc });
    return post('/payments', writeOrder(order, authorizationMode), order.idempotencyKey, order.fault);
  };
  return {
    authorize: (order) => pay('PRE_AUTHORIZATION', order),
    debit: (order) => pay('SALE', order),
    capture: (target, { amount, idempotencyKey }) =>
      post(`/payments/${idIn(target)}/capture`, amount === undefined ? {} : { amount }, idempotencyKey),
    void: (target, act = {}) => post(`/payments/${idIn(target)}/cancel`, writeMoney(act), act.idempotencyKey),
    refund: (target, act) => post(`/payments/${idIn(target)}/refund`, writeMoney(act), act.idempotencyKey),
    read: async (target) => readAnswer(await send({ method: 'GET', path: `/payments/${idIn(target)}` }), who.merchantId),
    payAtBank: ({ comesBackTo, ...money }) =>
      post(
        '/payments',
        {
          order: writeMoney(money),
          redirectPaymentMethodSpecificInput: { paymentProductId: 809, redirectionData: { returnUrl: comesBackTo } },
        },
        undefined,
      ),
    createToken: (order) => {
      rememberCard(traces, { pan: order.card.number, cvc: order.card.cvc });
      const { cardPaymentMethodSpecificInput: input } = writeOrder(order, 'SALE');
      return post('/tokens', { card: { data: { card: input.card } } }, undefined, order.fault);
    },
    payWithToken: (token, act) =>
      post(
        '/payments',
        {
          order: writeMoney(act),
          cardPaymentMethodSpecificInput: { authorizationMode: 'SALE', token, threeDSecure: { skipAuthentication: true } },
        },
        act.idempotencyKey,
      ),
  };
}

function writeOrder(
  { card, holder = 'Ada Example', description, idempotencyKey, comesBackTo, fault, amount, currency = 'EUR' }: Order,
  authorizationMode: string,
) {
  const { surprise, ...spoil } = fault === undefined ? { surprise: undefined } : { surprise: undefined, ...spoiled[fault] };
  const of = (names: readonly string[]) => Object.fromEntries(Object.entries(spoil).filter(([name]) => names.includes(name)));
  return {
    order: {
      amountOfMoney: { amount, currencyCode: currency, ...of(['amount', 'currencyCode']) },
      references: { merchantReference: idempotencyKey ?? 'order-1', descriptor: description },
    },
    cardPaymentMethodSpecificInput: {
      authorizationMode,
      threeDSecure: comesBackTo === undefined ? { skipAuthentication: true } : { redirectionData: { returnUrl: comesBackTo } },
      card: {
        ...{ cardNumber: card.number, cvv: card.cvc, expiryDate: monthAndYear(card.expiry), cardholderName: holder },
        ...of(['cardNumber', 'expiryDate', 'cvv']),
      },
    },
    surprise,
  };
}

function writeMoney({ amount, currency = 'EUR' }: Act): object {
  return amount === undefined ? {} : { amountOfMoney: { amount, currencyCode: currency } };
}

/** A payment, an act upon it, a stored card, or an error, which may hold the payment that was refused. */
function readAnswer({ status, body, headers, text }: PayoneReply, merchantId: string, fault?: Fault): Answer {
  const error = body.errors?.[0];
  const created = body.paymentResult ?? body.refundResult ?? body;
  const subject = created.payment ?? created;
  const { statusOutput, id } = subject;
  const url = created.merchantAction?.redirectData?.redirectURL;
  const money = (subject.paymentOutput ?? subject.captureOutput ?? subject.refundOutput)?.amountOfMoney;
  const own = statusOutput === undefined || id === undefined ? undefined : toHandle(merchantId, id);
  const handle = body.token ?? own;
  const code = error?.errorCode ?? statusOutput?.errors?.[0]?.errorCode;
  return {
    outcome: outcomeOf(status, handle, statusOutput === undefined ? undefined : Number(statusOutput.statusCode), code),
    status,
    handle,
    amount: money === undefined ? undefined : Number(money.amount),
    currency: money?.currencyCode,
    reason:
      handle === undefined ? refusalOf(status, error?.id, error?.propertyName, String(error?.retriable) === 'true') : reasons[code ?? ''],
    fields: error?.propertyName === undefined ? [] : [fieldOf(error.propertyName, fault)],
    redirect: url === undefined ? undefined : { url, method: 'GET', parameters: [] },
    token: body.token,
    replayed: headers['x-gcs-idempotence-request-timestamp'] !== undefined,
    text,
  };
}

function outcomeOf(status: number, handle: string | undefined, number: number | undefined, code: string | undefined): Outcome {
  if (handle === undefined || (status >= 400 && status !== 402)) return 'refused';
  if (number === undefined || approved.includes(number)) return 'approved';
  if (pending.includes(number)) return 'pending';
  if (undone.includes(code ?? '')) return 'undone';
  return rejections.includes(code ?? '') ? 'rejected' : 'declined';
}

function refusalOf(status: number, id: string | undefined, property: string | undefined, again: boolean): Answer['reason'] {
  if (status === 403) return 'unauthorized';
  if (status === 404 || id === 'UNKNOWN_TOKEN_ID') return 'unknown';
  if (status === 409 || again) return 'conflict';
  if (id === 'ACTION_NOT_ALLOWED_ON_TRANSACTION') return property === undefined ? 'conflict' : 'limit';
  return 'malformed';
}

function monthAndYear({ month, year }: NonNullable<Order['card']['expiry']> = { month: 12, year: 2034 }): string {
  return `${String(month).padStart(2, '0')}${year % 100}`;
}

/** Month and year of the expiry are one member. */
function fieldOf(property: string, fault: Fault | undefined): Field {
  if (property === 'cardPaymentMethodSpecificInput.card.expiryDate' && fault !== undefined) return faults[fault];
  return fields[property] ?? property;
}
