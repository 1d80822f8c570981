/** Visits of shoppers as they are read: with the run of 3-D Secure that they are at, and the run that an earlier payment with the card went through. */

import type { AuthenticationState } from '../core/states/authentication.ts';
import type { AuthenticationRequest, Permission, PriorAuthentication, TransStatus } from '../core/three-d-secure/authentication.ts';
import type { Confirmation, MerchantWord, Visit, VisitKey, VisitStore } from '../core/three-d-secure/visit.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { present } from './rows.ts';

const columns = `v.merchant_id, v.visit_id, v.channel_id, v.payment_id, v.return_url, v.tokenize, v.has_cvc, v.capture_data, v.confirmation, v.merchant_word,
  (extract(epoch from v.expires_at) * 1000)::bigint as expires_ms, v.due_at is null as is_over,
  a.authentication_id, a.number, a.state, a.amount, a.currency, a.card_id, a.request, a.version, a.method_url, a.method_done, a.returned,
  (extract(epoch from now() - a.asked_at) * 1000)::bigint as asked_for_ms, a.acs_url,
  coalesce(a.acs_transaction_spelling, a.acs_transaction_id::text) as acs_transaction_id, coalesce(a.ds_transaction_spelling, a.ds_transaction_id::text) as ds_transaction_id, a.trans_status, a.reason,
  a.eci, a.sealed_value, a.permission, a.shifts_liability, a.rule, a.challenge_cancel, (extract(epoch from a.created_at) * 1000)::bigint as created_ms`;

const byVisit: Statement = {
  name: 'find_visit',
  text: `select ${columns} from polygate.shopper_visit v
  join polygate.authentication a on a.authentication_id = v.authentication_id and a.merchant_id = v.merchant_id
where v.visit_id = $2 and v.merchant_id = $1`,
};

const byAuthentication: Statement = {
  name: 'find_visit_by_authentication',
  text: `select ${columns} from polygate.authentication a
  join polygate.shopper_visit v on v.visit_id = a.visit_id and v.merchant_id = a.merchant_id
where a.authentication_id = $2 and a.merchant_id = $1`,
};

// Of the same card, whose number a merchant may have sent anew: the issuer would know no other. Only what the issuer has proven counts later.
const priorRun = `select coalesce(a.acs_transaction_spelling, a.acs_transaction_id::text) as acs_transaction_id, a.acs_url is not null as challenged,
  (extract(epoch from a.created_at) * 1000)::bigint as created_ms
from polygate.operation o join polygate.authentication a on a.visit_id = o.operation_id and a.merchant_id = o.merchant_id
  join polygate.attempt t on t.merchant_id = o.merchant_id and t.payment_id = o.payment_id and t.number = o.attempt_number
where o.merchant_id = $1 and t.bin = $3 and t.last4 = $4 and a.state = 'authenticated' and a.acs_transaction_id is not null`;

const priorOfPayment: Statement = {
  name: 'prior_authentication_of_payment',
  text: `${priorRun} and o.operation_id = $2 order by a.number desc limit 1`,
};

// The index of agreements holds few rows of one token.
const priorOfToken: Statement = {
  name: 'prior_authentication_of_token',
  text: `${priorRun} and o.token = $2 and o.agreement is not null and o.state = 'approved' and o.agreement ->> 'sequence' = 'initial'
order by o.agreement ->> 'type' <> $5, o.created_at desc, a.number desc limit 1`,
};

interface PriorRow extends Row {
  readonly acs_transaction_id: string;
  readonly challenged: boolean;
  readonly created_ms: number;
}

export async function findPrior(database: Database, key: Parameters<VisitStore['findPrior']>[0]): Promise<PriorAuthentication | undefined> {
  const { merchantId, card } = key;
  const { bin, last4 } = card;
  const [row] =
    'operationId' in key
      ? await database.query<PriorRow>(priorOfPayment, [merchantId, key.operationId, bin, last4])
      : await database.query<PriorRow>(priorOfToken, [merchantId, key.token, bin, last4, key.type]);
  if (row === undefined) return undefined;
  return { acsTransactionId: row.acs_transaction_id, method: row.challenged ? 'challenge' : 'frictionless', atMs: row.created_ms };
}

interface VisitRow extends Row {
  readonly merchant_id: string;
  readonly visit_id: string;
  readonly channel_id: string;
  readonly payment_id: string | null;
  readonly return_url: string;
  readonly tokenize: boolean;
  readonly has_cvc: boolean;
  readonly capture_data: Record<string, string> | null;
  readonly confirmation: Confirmation | null;
  readonly merchant_word: MerchantWord | null;
  readonly expires_ms: number;
  readonly is_over: boolean;
  readonly authentication_id: string;
  readonly number: number;
  readonly state: AuthenticationState;
  readonly amount: number;
  readonly currency: string;
  readonly card_id: string;
  readonly request: AuthenticationRequest;
  readonly version: string;
  readonly method_url: string | null;
  readonly method_done: boolean;
  readonly returned: boolean;
  readonly asked_for_ms: number | null;
  readonly acs_url: string | null;
  readonly acs_transaction_id: string | null;
  readonly ds_transaction_id: string | null;
  readonly trans_status: TransStatus | null;
  readonly reason: string | null;
  readonly eci: string | null;
  readonly sealed_value: Buffer | null;
  readonly permission: Permission | null;
  readonly shifts_liability: boolean;
  readonly rule: string | null;
  readonly challenge_cancel: string | null;
  readonly created_ms: number;
}

export async function findVisit(database: Database, { merchantId, visitId }: VisitKey): Promise<Visit | undefined> {
  const [row] = await database.query<VisitRow>(byVisit, [merchantId, visitId]);
  return row === undefined ? undefined : visitOf(row);
}

/** The visit that a run belongs to, with that run. */
export async function findVisitByAuthentication(
  database: Database,
  key: { readonly merchantId: string; readonly authenticationId: string },
): Promise<Visit | undefined> {
  const [row] = await database.query<VisitRow>(byAuthentication, [key.merchantId, key.authenticationId]);
  return row === undefined ? undefined : visitOf(row);
}

function visitOf(row: VisitRow): Visit {
  const { merchant_id: merchantId, visit_id: visitId } = row;
  return {
    ...{ merchantId, visitId, channelId: row.channel_id, returnUrl: row.return_url, tokenize: row.tokenize, hasCvc: row.has_cvc },
    ...{ expiresAtMs: row.expires_ms, isOver: row.is_over },
    ...present({
      paymentId: row.payment_id,
      askedForMs: row.asked_for_ms,
      captureData: row.capture_data,
      confirmation: row.confirmation,
      merchantWord: row.merchant_word,
    }),
    authentication: {
      ...{ merchantId, visitId, authenticationId: row.authentication_id, number: row.number, state: row.state, amount: row.amount },
      ...{
        currency: row.currency,
        cardId: row.card_id,
        request: row.request,
        version: row.version,
        methodDone: row.method_done,
        hasReturned: row.returned,
      },
      ...{ shiftsLiability: row.shifts_liability, createdAtMs: row.created_ms },
      ...present({ methodUrl: row.method_url, acsUrl: row.acs_url, acsTransactionId: row.acs_transaction_id }),
      ...present({ dsTransactionId: row.ds_transaction_id, transStatus: row.trans_status, reason: row.reason, eci: row.eci }),
      ...present({ sealedValue: row.sealed_value, permission: row.permission, rule: row.rule, challengeCancel: row.challenge_cancel }),
    },
  };
}
