/**
 * A small merchant: pays, captures, reverses, refunds, declares chargebacks and asks over HTTP, and remembers all that it sent and got for the
 * auditor.
 */
import { rememberCard, type Traces } from './traces.ts';

/** Published with the sandbox, so written here by hand: a test would not notice a change that it imports. */
export const demoEntityId = '0f0e0d0c0b0a09080706050403020100';
export const demoPlainEntityId = '0f0e0d0c0b0a09080706050403020199';
export const demoBearerToken = 'MGYwZTBkMGMwYjBhMDkwODA3MDYwNTA0MDMwMjAxMDB8c2FuZGJveA==';

export interface OppAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The result's code; `000.1…` succeeded, `000.200.000` pending. */
  readonly code: string;
  /** Empty where the request did not become a transaction. */
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface PayOptions {
  readonly type?: 'PA' | 'DB' | 'CD' | 'PA.CP';
  readonly amount?: string;
  readonly currency?: string;
  readonly card?: string;
  readonly cvc?: string;
  readonly key?: string;
  /** The entity whose terminals know no test cards. */
  readonly plain?: boolean;
  readonly more?: Readonly<Record<string, string>>;
}

export interface OperateOptions {
  readonly type: 'CP' | 'RV' | 'RF' | 'RB' | 'CB' | 'CR';
  /** Only reversals may leave it out. */
  readonly amount?: string;
  readonly currency?: string;
  readonly key?: string;
  readonly plain?: boolean;
}

export interface OppClient {
  pay(options: PayOptions): Promise<OppAnswer>;
  /** `path` names the token. */
  payWithToken(path: string, options: { readonly amount: string }): Promise<OppAnswer>;
  operate(id: string, options: OperateOptions): Promise<OppAnswer>;
  read(id: string, options?: { readonly plain?: boolean }): Promise<OppAnswer>;
}

export const succeeded = '000.100.110';
export const pending = '000.200.000';
export const undone = '900.100.301';

export function createOppClient(url: string, traces: Traces): OppClient {
  const headersOf = (key?: string) => ({
    authorization: `Bearer ${demoBearerToken}`,
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  });
  const answered = async (response: Response): Promise<OppAnswer> => {
    const text = await response.text();
    traces.answers.push(text);
    const body = JSON.parse(text) as { readonly id?: string; readonly result: { readonly code: string } };
    return { status: response.status, headers: response.headers, code: body.result.code, id: body.id ?? '', body };
  };
  const post = async (path: string, parameters: Readonly<Record<string, string>>, key?: string): Promise<OppAnswer> =>
    answered(await fetch(`${url}${path}`, { method: 'POST', headers: headersOf(key), body: new URLSearchParams(parameters) }));
  return {
    async pay({ type = 'DB', amount = '10.00', currency = 'EUR', card = '4111111111111111', cvc = '123', key, plain, more }) {
      rememberCard(traces, { pan: card, cvc });
      const holder = { 'card.holder': 'Jane Jones', 'card.expiryMonth': '12', 'card.expiryYear': '2039' };
      const parameters = { entityId: entityOf(plain), paymentType: type, amount, currency, 'card.number': card, 'card.cvv': cvc };
      return post('/v1/payments', { ...parameters, ...holder, ...more }, key);
    },
    payWithToken: (path, { amount }) => post(path, { entityId: demoEntityId, paymentType: 'DB', amount, currency: 'EUR' }),
    async operate(id, { type, amount, currency = 'EUR', key, plain }) {
      const money = amount === undefined ? {} : { amount, currency };
      return post(`/v1/payments/${id}`, { entityId: entityOf(plain), paymentType: type, ...money }, key);
    },
    async read(id, { plain } = {}) {
      return answered(await fetch(`${url}/v1/query/${id}?entityId=${entityOf(plain)}`, { headers: headersOf() }));
    },
  };
}

function entityOf(plain = false): string {
  return plain ? demoPlainEntityId : demoEntityId;
}
