/** Visits of shoppers as they are written: their beginning beside the payment, the steps of their run, what is due. All by primary key but the due ones. */

import type { CardSubmission } from '../core/ports/new-operation.ts';
import type { TransStatus } from '../core/three-d-secure/authentication.ts';
import type { AuthenticationChange, NewAuthentication, NewVisit, VisitKey, VisitStore } from '../core/three-d-secure/visit.ts';
import { jsonText, plainArray, timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { addDueWork } from './due-holds.ts';
import { submitPayment } from './submit-payment.ts';

const insertAuthentication: Statement = {
  name: 'new_authentication',
  text: `insert into polygate.authentication (merchant_id, authentication_id, visit_id, number, state, amount, currency, card_id, request, version,
  method_url, created_at, finished_at, eci, sealed_value, permission, rule)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::timestamptz,
  case when $5 in ('not_enrolled', 'authenticated') then $12::timestamptz end, $13, $14, case when $5 = 'authenticated' then 'yes' end,
  case when $5 = 'authenticated' then 'brought along' end)`,
};

const insertVisit: Statement = {
  name: 'new_visit',
  text: `insert into polygate.shopper_visit (merchant_id, visit_id, channel_id, payment_id, authentication_id, return_url, tokenize, has_cvc, expires_at,
  due_at, created_at, capture_data, confirmation, merchant_word, leased_until)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz, case when $14::bigint is null then $9::timestamptz else $10::timestamptz end, $10::timestamptz, $11,
  $12, $13, now() + $14::bigint * interval '1 millisecond')`,
};

// With its end the visit becomes due, leased to whoever has recorded it: should that process end, another one goes on.
const change: Statement = {
  name: 'change_authentication',
  text: `with changed as (
  update polygate.authentication set state = $4,
    asked_at = case when $4 = 'asked' then now() else asked_at end,
    acs_url = coalesce($5, acs_url),
    acs_transaction_id = coalesce($6::text::uuid, acs_transaction_id), acs_transaction_spelling = coalesce(nullif($6, $6::uuid::text), acs_transaction_spelling),
    ds_transaction_id = coalesce($7::text::uuid, ds_transaction_id), ds_transaction_spelling = coalesce(nullif($7, $7::uuid::text), ds_transaction_spelling),
    trans_status = coalesce($8, trans_status), reason = coalesce($9, reason), eci = coalesce($10, eci), sealed_value = coalesce($11, sealed_value),
    permission = coalesce($12, permission), shifts_liability = coalesce($13, shifts_liability), rule = coalesce($14, rule),
    challenge_cancel = coalesce($15, challenge_cancel), finished_at = case when $16 then $17::timestamptz end
  where authentication_id = $2 and merchant_id = $1 and state = $3
  returning authentication_id
), due as (
  update polygate.shopper_visit set due_at = least(due_at, $17::timestamptz), leased_until = now() + $19 * interval '1 millisecond'
  where $16 and visit_id = $18 and merchant_id = $1 and due_at is not null and exists (select from changed)
)
select authentication_id from changed`,
};

// As after the end of a run: should the process end that goes on with it, another one does.
const confirm: Statement = {
  name: 'confirm_visit',
  text: `update polygate.shopper_visit set confirmation = case when $6 = 'shopper' then $3 else confirmation end, merchant_word = case when $6 = 'merchant' then $3 else merchant_word end,
  due_at = least(due_at, $4::timestamptz), leased_until = now() + $5 * interval '1 millisecond'
where visit_id = $2 and merchant_id = $1 and due_at is not null and case when $6 = 'shopper' then confirmation = 'asked' else merchant_word = 'awaited' end
returning visit_id`,
};

const rest: Statement = {
  name: 'rest_visit',
  text: `update polygate.shopper_visit set due_at = expires_at, leased_until = null
where visit_id = $2 and merchant_id = $1 and (confirmation = 'asked' or merchant_word = 'awaited') and due_at is not null and (due_at, leased_until) is distinct from (expires_at, null)`,
};

const note: Statement = {
  name: 'note_of_browser',
  text: `update polygate.authentication set method_done = method_done or $3 = 'method_done', returned = returned or $3 = 'returned'
where authentication_id = $2 and merchant_id = $1 and state = case $3 when 'method_done' then 'method' else 'challenged' end`,
};

const lateResult: Statement = {
  name: 'note_late_result',
  text: `update polygate.authentication set late_status = $3 where authentication_id = $2 and merchant_id = $1`,
};

// The evidence of an earlier run is of no more use.
const nextRun: Statement = {
  name: 'next_authentication_of_visit',
  text: `update polygate.shopper_visit v set authentication_id = $3, due_at = v.expires_at, leased_until = null
where v.visit_id = $2 and v.merchant_id = $1 and v.due_at is not null
  and exists (select from polygate.authentication a where a.authentication_id = v.authentication_id and a.merchant_id = v.merchant_id and a.number = $4 - 1)
returning v.visit_id`,
};

const close: Statement = {
  name: 'close_visit',
  text: `with closed as (
  update polygate.shopper_visit set due_at = null, leased_until = null where visit_id = $2 and merchant_id = $1
  returning payment_id
)
update polygate.authentication a set sealed_value = null from closed
where a.visit_id = $2 and a.merchant_id = $1 and closed.payment_id is not null and a.sealed_value is not null`,
};

const candidates: Statement = {
  name: 'due_visits',
  text: `select merchant_id, visit_id from polygate.shopper_visit
where due_at <= $1 and (leased_until is null or leased_until <= now()) order by due_at limit $2`,
};

const firstDue: Statement = {
  name: 'next_visit',
  text: `select (extract(epoch from min(due_at)) * 1000)::bigint as due_ms from polygate.shopper_visit where due_at is not null`,
};

// A conditional update of each: of two nodes that see the same candidate, one gets it.
const claim: Statement = {
  name: 'claim_visits',
  text: `update polygate.shopper_visit v set leased_until = now() + $3 * interval '1 millisecond'
from unnest($1::uuid[], $2::uuid[]) as i (merchant_id, visit_id)
where v.visit_id = i.visit_id and v.merchant_id = i.merchant_id and v.due_at <= $4 and (v.leased_until is null or v.leased_until <= now())
returning v.merchant_id, v.visit_id`,
};

const wayBack: Statement = {
  name: 'way_back_of_visit',
  text: `update polygate.shopper_visit set return_url = $3 where visit_id = $2 and merchant_id = $1`,
};

/** The shopper's browser has said where it is to go in the end. */
export async function setWayBack(database: Database, { merchantId, visitId }: VisitKey, returnUrl: string): Promise<void> {
  await database.query(wayBack, [merchantId, visitId, returnUrl]);
}

/** Payment, visit and run in one transaction; without a payment only the latter two. */
export function beginVisit(database: Database, visit: NewVisit): Promise<CardSubmission> {
  return database.transaction(async (query) => {
    const {
      merchantId,
      visitId,
      channelId,
      paymentId,
      authentication,
      returnUrl,
      tokenize,
      hasCvc,
      expiresAtMs,
      payment,
      captureData,
      confirmation,
      merchantWord,
      leaseMs,
    } = visit;
    const submission = payment === undefined ? 'submitted' : await submitPayment({ query }, payment);
    if (submission !== 'submitted') return submission;
    if (payment !== undefined) await addDueWork({ query }, payment);
    await query(insertVisit, [
      ...[merchantId, visitId, channelId, paymentId, authentication.authenticationId, returnUrl, tokenize, hasCvc],
      ...[timeText(expiresAtMs), timeText(authentication.createdAtMs), captureData === undefined ? undefined : jsonText(captureData)],
      ...[confirmation, merchantWord, leaseMs],
    ]);
    await query(insertAuthentication, authenticationValues({ merchantId, visitId }, authentication));
    return submission;
  });
}

function authenticationValues({ merchantId, visitId }: VisitKey, run: NewAuthentication): readonly unknown[] {
  const { authenticationId, number, state, amount, currency, cardId, request, version, methodUrl, createdAtMs, proof } = run;
  return [
    ...[merchantId, authenticationId, visitId, number, state, amount, currency, cardId, jsonText(request), version],
    ...[methodUrl, timeText(createdAtMs), proof?.eci, proof?.sealedValue],
  ];
}

/** False when the visit is over, or has that run already. */
export function addAuthentication(database: Database, key: VisitKey, run: NewAuthentication): Promise<boolean> {
  return database.transaction(async (query) => {
    const taken = await query(nextRun, [key.merchantId, key.visitId, run.authenticationId, run.number]);
    if (taken.length === 0) return false;
    await query(insertAuthentication, authenticationValues(key, run));
    return true;
  });
}

export async function changeAuthentication(
  database: Database,
  { merchantId, authenticationId, visitId, from, to, challenge, result, leaseMs, nowMs }: AuthenticationChange,
): Promise<boolean> {
  const changed = await database.query(change, [
    ...[merchantId, authenticationId, from, to],
    ...[challenge?.acsUrl, challenge?.acsTransactionId ?? result?.acsTransactionId, challenge?.dsTransactionId ?? result?.dsTransactionId],
    ...[result?.status, result?.reason, result?.eci, result?.sealedValue, result?.permission, result?.shiftsLiability, result?.rule],
    ...[result?.challengeCancel, result !== undefined || to === 'expired', timeText(nowMs), visitId, leaseMs],
  ]);
  return changed.length > 0;
}

export async function confirmVisit(
  database: Database,
  { merchantId, visitId, by, confirmation, leaseMs, nowMs }: Parameters<VisitStore['confirm']>[0],
): Promise<boolean> {
  return (await database.query(confirm, [merchantId, visitId, confirmation, timeText(nowMs), leaseMs, by])).length > 0;
}

export async function restVisit(database: Database, { merchantId, visitId }: VisitKey): Promise<void> {
  await database.query(rest, [merchantId, visitId]);
}

export async function noteOfBrowser(
  database: Database,
  key: { readonly merchantId: string; readonly authenticationId: string; readonly what: 'method_done' | 'returned' },
): Promise<void> {
  await database.query(note, [key.merchantId, key.authenticationId, key.what]);
}

export async function noteLateResult(
  database: Database,
  key: { readonly merchantId: string; readonly authenticationId: string; readonly status: TransStatus },
): Promise<void> {
  await database.query(lateResult, [key.merchantId, key.authenticationId, key.status]);
}

export async function closeVisit(database: Database, { merchantId, visitId }: VisitKey): Promise<void> {
  await database.query(close, [merchantId, visitId]);
}

export async function claimDueVisits(
  database: Database,
  { businessNowMs, limit, leaseMs }: { readonly businessNowMs: number; readonly limit: number; readonly leaseMs: number },
): Promise<readonly VisitKey[]> {
  const now = timeText(businessNowMs);
  const due = await database.query<VisitKeyRow>(candidates, [now, limit]);
  if (due.length === 0) return [];
  const merchantIds = plainArray(due.map((row) => row.merchant_id));
  const visitIds = plainArray(due.map((row) => row.visit_id));
  const claimed = await database.query<VisitKeyRow>(claim, [merchantIds, visitIds, leaseMs, now]);
  return claimed.map((row) => ({ merchantId: row.merchant_id, visitId: row.visit_id }));
}

export async function nextVisitDueAtMs(database: Database): Promise<number | undefined> {
  const [row] = await database.query<{ due_ms: number | null }>(firstDue);
  return row?.due_ms ?? undefined;
}

interface VisitKeyRow extends Row {
  readonly merchant_id: string;
  readonly visit_id: string;
}
