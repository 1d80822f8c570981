/**
 * Receipts: declared by a merchant, or told by a bank. Few and never in a hurry, so each is a transaction of some statements behind the payment's lock;
 * what it decides is the core's `splitReceipt`.
 */
import { accounts } from '../core/ledger/accounts.ts';
import { orderedId } from '../core/ordered-id.ts';
import { confirmedEventOf, effectOf } from '../core/payment/effect.ts';
import { type DeclaredReceipt, splitReceipt } from '../core/payment/receipt.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { BankReceiptNotice, NewReceipt, Submission } from '../core/ports/new-operation.ts';
import { type PaymentState, paymentTransitions } from '../core/states/payment.ts';
import { jsonText, timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';

type Query = Database['query'];

interface LockedPayment extends Row {
  readonly channel_id: string;
  readonly state: PaymentState;
  readonly currency: string;
  readonly authorized: number;
  readonly captured: number;
  readonly capture_pending: number;
  readonly released: number;
  readonly release_pending: number;
}

const lock: Statement = {
  name: 'lock_payment_for_receipt',
  text: `select channel_id, state, currency, authorized, captured, capture_pending, released, release_pending from polygate.payment
where payment_id = $2 and merchant_id = $1 for update`,
};

const takeKey: Statement = {
  name: 'take_receipt_key',
  text: `insert into polygate.idempotency_key (merchant_id, channel_id, key, operation_id, input_hash, expires_at)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning operation_id`,
};

const insertOperation: Statement = {
  name: 'new_receipt_operation',
  text: `insert into polygate.operation (merchant_id, operation_id, payment_id, attempt_number, target_id, target_kind, kind, state, amount,
  merchant_reference, dialect_data, created_at, declared, number)
values ($1, $2, $3, 1, $4, 'preauthorization', 'receipt', 'approved', $5, $6, $7, $8, $9,
  (select operations from polygate.payment where merchant_id = $1 and payment_id = $3))`,
};

const insertReceipt: Statement = {
  name: 'new_receipt',
  text: 'insert into polygate.receipt (merchant_id, operation_id, payment_id, amount, confirmed) values ($1, $2, $3, $4, $5)',
};

const pay: Statement = {
  name: 'pay_receipt',
  text: `update polygate.payment set captured = captured + $3, state = $4, last_sequence = last_sequence + 1, operations = operations + 1 where payment_id = $2 and merchant_id = $1`,
};

const bookLine: Statement = {
  name: 'book_receipt',
  text: `insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
};

const tell: Statement = {
  name: 'tell_receipt',
  text: `insert into polygate.event (merchant_id, payment_id, sequence, operation_id, name, payment_state, operation_state, snapshot, happened_at)
select merchant_id, payment_id, last_sequence, $3, $4, state, 'approved',
  json_build_object('amount', $5::bigint, 'currency', currency, 'authorized', authorized, 'captured', captured, 'released', released,
    'refunded', refunded, 'reversed', reversed, 'declared', $6::boolean), $7
from polygate.payment where payment_id = $2 and merchant_id = $1`,
};

const step: Statement = {
  name: 'next_event_of_receipt',
  text: 'update polygate.payment set last_sequence = last_sequence + 1 where payment_id = $2 and merchant_id = $1',
};

const noteBankReceipt: Statement = {
  name: 'note_bank_receipt',
  text: `insert into polygate.bank_receipt (merchant_id, receipt_id, payment_id, amount, unassigned, received_at)
values ($1, $2, $3, $4, 0, $5) on conflict do nothing returning receipt_id`,
};

const unassign: Statement = {
  name: 'unassign_bank_receipt',
  text: 'update polygate.bank_receipt set unassigned = $4 where receipt_id = $2 and payment_id = $3 and merchant_id = $1',
};

const declaredOf: Statement = {
  name: 'declared_receipts',
  text: `select operation_id, amount, confirmed from polygate.receipt
where payment_id = $2 and merchant_id = $1 and confirmed < amount order by operation_id`,
};

const confirmPart: Statement = {
  name: 'confirm_receipt_part',
  text: 'update polygate.receipt set confirmed = confirmed + $3 where operation_id = $2 and merchant_id = $1',
};

const confirmWhole: Statement = {
  name: 'confirm_receipt',
  text: 'update polygate.operation set declared = false where operation_id = $2 and merchant_id = $1 returning amount',
};

/** What was ordered and has not come. */
function leftOf(payment: LockedPayment): number {
  const { state, authorized, captured, capture_pending, released, release_pending } = payment;
  return state === 'authorized' ? authorized - captured - capture_pending - released - release_pending : 0;
}

/** The only transaction of a receipt that the merchant declares. */
export function declareReceipt(database: Database, row: NewReceipt): Promise<Submission> {
  return database.transaction(async (query) => {
    const { merchantId, channelId, paymentId, operationId, amount, idempotencyKey: key } = row;
    const [payment] = await query<LockedPayment>(lock, [merchantId, paymentId]);
    if (payment === undefined || leftOf(payment) < amount) return 'guard_failed';
    if (key !== undefined) {
      const taken = await query(takeKey, [merchantId, channelId, key.key, operationId, key.inputHash, timeText(key.expiresAtMs)]);
      if (taken.length === 0) return 'key_taken';
    }
    await post(query, payment, { ...row, declared: true });
    return 'submitted';
  });
}

/** The only transaction of a receipt that the bank tells. Returns what of it belongs to no order, in minor units; told again: 0. */
export function takeReceipt(database: Database, notice: BankReceiptNotice, clock: Clock): Promise<number> {
  return database.transaction(async (query) => {
    const { merchantId, paymentId, orderId, receiptId, amount, receivedAtMs, merchantReference } = notice;
    const [payment] = await query<LockedPayment>(lock, [merchantId, paymentId]);
    if (payment === undefined) throw new Error(`payment ${paymentId} cannot be read`);
    const noted = await query(noteBankReceipt, [merchantId, receiptId, paymentId, amount, timeText(receivedAtMs)]);
    if (noted.length === 0) return 0;
    const rows = await query<Row & { operation_id: string; amount: number; confirmed: number }>(declaredOf, [merchantId, paymentId]);
    const declared = rows.map(
      ({ operation_id: operationId, ...row }): DeclaredReceipt => ({ operationId, amount: row.amount, confirmed: row.confirmed }),
    );
    const split = splitReceipt(amount, declared, leftOf(payment));
    for (const part of split.confirms) {
      await query(confirmPart, [merchantId, part.operationId, part.amount]);
      if (!part.isWhole) continue;
      const [whole] = await query<Row & { amount: number }>(confirmWhole, [merchantId, part.operationId]);
      await query(step, [merchantId, paymentId]);
      const told = [merchantId, paymentId, part.operationId, confirmedEventOf('receipt'), whole?.amount, false, timeText(receivedAtMs)];
      await query(tell, told);
    }
    if (split.posted > 0) {
      await post(query, payment, {
        ...{ merchantId, paymentId, orderId, operationId: orderedId(clock), amount: split.posted, dialectData: {} },
        ...{ createdAtMs: receivedAtMs, declared: false },
        ...(merchantReference === undefined ? {} : { merchantReference }),
      });
    }
    if (split.unassigned > 0) await query(unassign, [merchantId, receiptId, paymentId, split.unassigned]);
    return split.unassigned;
  });
}

type Posting = Omit<NewReceipt, 'channelId' | 'currency' | 'idempotencyKey'> & { readonly declared: boolean };

async function post(query: Query, payment: LockedPayment, row: Posting): Promise<void> {
  const { merchantId, paymentId, operationId, orderId, amount, declared, dialectData, merchantReference } = row;
  const at = timeText(row.createdAtMs);
  const effect = effectOf({ kind: 'receipt', targetKind: 'preauthorization', amount, event: 'approve' });
  const isLast = payment.authorized - payment.captured - amount - payment.released <= 0;
  const to = paymentTransitions.next(payment.state, isLast ? 'finish_charged' : 'move') ?? payment.state;
  await query(insertOperation, [
    ...[merchantId, operationId, paymentId, orderId, amount, merchantReference ?? null, jsonText(dialectData), at, declared],
  ]);
  await query(insertReceipt, [merchantId, operationId, paymentId, amount, declared ? 0 : amount]);
  await query(pay, [merchantId, paymentId, amount, to]);
  for (const [line, { kind, layer, debit, credit }] of effect.ledger.entries()) {
    const where = [merchantId, operationId, line, paymentId, kind, layer, accounts[debit], accounts[credit]];
    await query(bookLine, [...where, amount, payment.currency, at]);
  }
  await query(tell, [merchantId, paymentId, operationId, effect.event, amount, declared, at]);
}
