/** What the QorePay dialect answers, in the neutral words of the contract suite. Codes and values are written by hand. */
import type { Reply } from '../harness/opp.ts';
import type { Answer, Fault, Field, Outcome } from './driver.ts';

/** What was done to a purchase. */
export type Done = 'paid' | 'capture' | 'release' | 'refund';

/** As far as the suite looks at it. */
export interface Purchase {
  readonly id: string;
  readonly status: string;
  readonly purchase: { readonly total: number; readonly currency: string };
  readonly payment: { readonly amount: number; readonly currency: string } | null;
  readonly is_recurring_token: boolean;
  readonly direct_post_url: string | null;
  readonly transaction_data: {
    readonly attempts: readonly { readonly type: string; readonly error: { readonly code: string; readonly message: string } | null }[];
  };
}

const reasons: Readonly<Record<string, Answer['reason']>> = {
  do_not_honour: 'do_not_honor',
  insufficient_funds: 'insufficient_funds',
  expired_card: 'expired_card',
  validation_cvc_invalid: 'invalid_cvc',
  acquirer_internal_error: 'system_malfunction',
  soft_decline_contact_support: 'authentication_required',
  exceeds_withdrawal_limit: 'over_amount_limit',
  invalid_card_number: 'invalid_card_number',
  invalid_expires: 'card_expired',
  '3ds_authentication_failed': 'authentication_failed',
};

const refusals: Readonly<Record<string, Answer['reason']>> = {
  authentication_failed: 'unauthorized',
  does_not_exist: 'unauthorized',
  not_found: 'unknown',
  invalid_recurring_token: 'unknown',
  max_value: 'limit',
  purchase_refund_not_possible: 'limit',
  purchase_capture_error: 'conflict',
  purchase_release_error: 'conflict',
  purchase_refund_error: 'conflict',
  idempotency_key_reused: 'key_reused',
};

const rejected = ['suspected_fraud', 'invalid_card_number', 'invalid_expires', '3ds_authentication_failed'];

/** Which neutral part a field of the protocol is. An expiry is one field here. */
const fieldsOf: Readonly<Record<string, Field>> = {
  price: 'amount',
  currency: 'currency',
  card_number: 'card number',
  cvc: 'cvc',
};

/** An answer that tells nothing beside its outcome. */
export const nothingSaid = {
  amount: undefined,
  currency: undefined,
  reason: undefined,
  fields: [],
  redirect: undefined,
  token: undefined,
  replayed: false,
} as const;

export const moneyOf = (money: Purchase['payment']) => ({ amount: money?.amount, currency: money?.currency });

const pendingStatus = /^pending_/;
const attemptTypes: Readonly<Record<Done, RegExp>> = {
  paid: /^(execute|authorize|recurring_execute)$/,
  capture: /^capture$/,
  release: /^release$/,
  refund: /^refund$/,
};

/** `done`: what is asked about of all that was done to the purchase. */
export function readPurchase(reply: Reply, handle: string, done: Done): Answer {
  const body = JSON.parse(reply.text) as Purchase;
  const { status, purchase, payment, transaction_data, is_recurring_token: isToken, id } = body;
  const money = moneyOf(payment ?? { amount: purchase.total, currency: purchase.currency });
  const attempt = transaction_data.attempts.find(({ type }) => attemptTypes[done].test(type));
  const code = attempt?.error?.code;
  const isWaiting = pendingStatus.test(status) && (done === 'paid' ? status !== 'pending_refund' && attempt === undefined : true);
  const outcome: Outcome =
    isWaiting || (attempt === undefined && status !== 'paid')
      ? 'pending'
      : code === undefined
        ? 'approved'
        : code === 'timeout'
          ? 'undone'
          : rejected.includes(code)
            ? 'rejected'
            : 'declined';
  const calledOff = attempt?.error?.message === 'The authentication was called off';
  const reason = code === undefined ? undefined : calledOff ? 'shopper_canceled' : reasons[code];
  return { ...nothingSaid, ...money, outcome, status: reply.status, handle, reason, token: isToken ? id : undefined, text: reply.text };
}

interface Fault400 {
  readonly path: readonly string[];
  readonly code: string;
}

/** All messages of a refusal with the names that lead to them. */
function faultsIn(value: unknown, path: readonly string[] = []): readonly Fault400[] {
  if (Array.isArray(value)) return value.flatMap((item) => faultsIn(item, path));
  if (typeof value !== 'object' || value === null) return [];
  const { code } = value as { readonly code?: unknown };
  if (typeof code === 'string') return [{ path, code }];
  return Object.entries(value).flatMap(([name, member]) => faultsIn(member, [...path, name]));
}

const expiryParts: Readonly<Partial<Record<Fault, Field>>> = {
  'no expiry month': 'expiry month',
  'a month that does not exist': 'expiry month',
  'no expiry year': 'expiry year',
};

/** `fault`: what was wrong with the request, since one field of the protocol may stand for two. */
export function readRefusal(reply: Reply, fault?: Fault): Answer {
  const body = JSON.parse(reply.text) as { readonly status?: string; readonly error?: { readonly code: string; readonly field?: string } };
  const base = { ...nothingSaid, outcome: 'refused', status: reply.status, handle: undefined, text: reply.text } as const;
  if (body.error !== undefined) {
    const { field = '' } = body.error;
    return {
      ...base,
      reason: 'malformed',
      fields: [field === 'expires' ? ((fault && expiryParts[fault]) ?? field) : (fieldsOf[field] ?? field)],
    };
  }
  const [first, ...others] = faultsIn(body);
  const known = refusals[first?.code ?? ''];
  if (known !== undefined) return { ...base, reason: known };
  if (first?.code === 'purchase_zero_total') return { ...base, reason: 'malformed', fields: ['amount'] };
  const names = [first, ...others].map((one) => one?.path.at(-1) ?? '');
  return { ...base, reason: 'malformed', fields: names.map((name) => fieldsOf[name] ?? name) };
}

/** It was recorded, and the acquirer has not done it. That another act is under way has the same code. */
export function isDeclinedAct({ status, text }: Reply): boolean {
  return status === 400 && /"purchase_(capture|release|refund)_error"/.test(text) && !text.includes('is under way');
}

/** The protocol has one word for everything that a status forbids; the purchase itself tells whether there is anything left. */
export function refusedByStatus(reply: Reply, now: Reply): Answer {
  const answer = readRefusal(reply);
  if (!/wrong_status/.test(reply.text)) return answer;
  const { status } = JSON.parse(now.text) as { readonly status?: string };
  return { ...answer, reason: pendingStatus.test(status ?? '') ? 'conflict' : 'limit', fields: [] };
}
