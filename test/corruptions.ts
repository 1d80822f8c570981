/** What a foreign hand may change in the books, and what their verification says to each. */

/** An operation of the books that are changed. */
export type Paid = 'hold' | 'capture' | 'release' | 'debit' | 'refund' | 'payout' | 'chargeback';

interface Corruption {
  readonly name: string;
  /** `$1` is the id of the operation that `of` names. */
  readonly sql: string;
  readonly of?: Paid;
  /** The rules that find it, and what they say. */
  readonly found: Readonly<Record<string, RegExp>>;
}

/** In SQL: the payment of the operation. */
export const paymentOf = '(select payment_id from polygate.operation where operation_id = $1)';

/** Each by itself, against books that balance. */
export const corruptions: readonly Corruption[] = [
  {
    name: 'a counter of a payment',
    sql: `update polygate.payment set capture_pending = capture_pending + 1 where payment_id = ${paymentOf}`,
    of: 'hold',
    found: { 'payment amounts': /capture_pending is 1 and should be 0 by its operations$/ },
  },
  {
    name: 'captured money that no operation has taken',
    sql: `update polygate.payment set captured = captured + 7 where payment_id = ${paymentOf}`,
    of: 'hold',
    found: {
      'payment amounts': /captured is 7007 and should be 7000/,
      'ledger layers': /the ledger holds 1000 pending and 6100 posted, the payment 993 and 6107$/,
    },
  },
  {
    name: 'a counter of an operation',
    sql: 'update polygate.operation set refund_pending = 3 where operation_id = $1',
    of: 'capture',
    found: { 'operation amounts': /refund_pending is 3 and should be 0 by the operations on it$/ },
  },
  {
    name: 'more refunded than captured',
    sql: `update polygate.payment set refunded = captured + 1, last_sequence = last_sequence where payment_id = ${paymentOf}`,
    of: 'debit',
    found: {
      'payment amounts': /refunded is 5001 and should be 2000/,
      limit: /more is refunded and reversed than was captured/,
      'ledger layers': /posted/,
    },
  },
  {
    name: 'more authorized than the payment is about',
    sql: `update polygate.payment set authorized = amount + 1 where payment_id = ${paymentOf}`,
    of: 'hold',
    found: {
      'payment amounts': /authorized is 10001 and should be 10000/,
      limit: /more is authorized or captured than the payment is about$/,
      'ledger layers': /the payment 1001 and 6100$/,
    },
  },
  {
    name: 'an amount below zero',
    sql: `update polygate.payment set refunded = -1 where payment_id = ${paymentOf}`,
    of: 'debit',
    found: {
      'payment amounts': /refunded is -1 and should be 2000/,
      limit: /an amount is below zero$/,
      'ledger layers': /3000 posted, the payment 0 and 5001$/,
    },
  },
  {
    name: 'a finished operation that waits for its resolution',
    sql: 'update polygate.operation set resolve_at = now() where operation_id = $1',
    of: 'refund',
    found: { resolution: /it is approved, and is to be resolved at / },
  },
  {
    name: 'a ledger line that is gone',
    sql: 'delete from polygate.ledger_entry where operation_id = $1 and line = 0',
    of: 'refund',
    found: { 'ledger lines': /line 0 \(refund of 2000\) is missing/, 'ledger layers': /holds 0 pending and 5000 posted/ },
  },
  {
    name: 'a ledger line too many',
    sql: `insert into polygate.ledger_entry select merchant_id, operation_id, 1, payment_id, 'hold', 'pending', 2100, 1100, 1, currency, booked_at
      from polygate.ledger_entry where operation_id = $1 and line = 0`,
    of: 'debit',
    found: { 'ledger lines': /line 1 \(hold of 1\) should not be/, 'ledger layers': /holds -1 pending/ },
  },
  {
    name: 'a ledger line with another amount',
    sql: 'update polygate.ledger_entry set amount = amount + 1 where operation_id = $1',
    of: 'debit',
    found: { 'ledger lines': /line 0 is debit posted 1100 to 2100 of 5001 EUR and should be/, 'ledger layers': /3001 posted/ },
  },
  {
    name: 'a ledger line on another account',
    sql: 'update polygate.ledger_entry set debit_account = 1101 where operation_id = $1',
    of: 'debit',
    found: { 'ledger lines': /line 0 is debit posted 1101/ },
  },
  {
    name: 'a ledger line in another currency',
    sql: `update polygate.ledger_entry set currency = 'USD' where operation_id = $1`,
    of: 'debit',
    found: { 'ledger lines': /5000 USD and should be/ },
  },
  {
    name: 'a payout balance',
    sql: `update polygate.account_limit set available = available - 1 where currency = 'EUR'
      and merchant_id = (select merchant_id from polygate.operation where operation_id = $1)`,
    of: 'payout',
    found: { 'account limit': /account 2200 has 99999099 EUR left and should have 99999100 by its ledger and the payouts under way$/ },
  },
  {
    name: 'a payout balance that is gone',
    sql: `delete from polygate.account_limit where currency = 'EUR' and merchant_id = (select merchant_id from polygate.operation where operation_id = $1)`,
    of: 'payout',
    found: { 'account limit': /account 2200 has 0 EUR left and should have 99999100/ },
  },
  {
    name: 'a payout that was never booked',
    sql: 'delete from polygate.ledger_entry where operation_id = $1',
    of: 'payout',
    found: {
      'ledger lines': /line 0 \(payout of 900\) is missing/,
      'account limit': /has 99999100 EUR left and should have 100000000/,
    },
  },
  {
    name: 'a gap in the events',
    sql: `update polygate.event set sequence = 99 where operation_id = $1`,
    of: 'refund',
    found: { 'event sequence': /it has 2 events from 1 to 99 and should have 1 to 2$/ },
  },
  {
    name: 'a number of another operation',
    sql: `update polygate.operation set number = 0 where operation_id = $1`,
    of: 'refund',
    found: { 'operation numbers': /its 2 operations have 1 numbers from 0 to 0 and should have 0 to 1$/ },
  },
  {
    name: 'an event that the table does not allow',
    sql: `update polygate.event set name = 'debit.escalated' where operation_id = $1`,
    of: 'debit',
    found: {
      'operation events': /event 1 \(debit.escalated\) leads from submitted to approved/,
      'payment events': /event 1 \(debit.escalated\) leads the payment from processing to captured/,
    },
  },
  {
    name: 'a state of an operation that its events do not know',
    sql: `update polygate.operation set state = 'escalated' where operation_id = $1`,
    of: 'release',
    found: {
      'payment amounts': /released is 2000 and should be 0, release_pending is 0 and should be 2000/,
      'ledger lines': /line 0 \(hold_release of 2000\) should not be/,
      'operation events': /it is escalated and its last event says approved/,
      resolution: /it is escalated, and nothing will resolve it/,
    },
  },
  {
    name: 'a state of a payment',
    sql: `update polygate.payment set state = 'voided' where payment_id = ${paymentOf}`,
    of: 'hold',
    found: {
      'payment events': /it is voided and its last event says authorized/,
      'payment state': /it is voided and should be authorized/,
    },
  },
  {
    name: 'an operation upon another kind',
    sql: `update polygate.operation set target_kind = 'capture' where operation_id = $1`,
    of: 'refund',
    found: { operation: /it acts upon a debit and says capture/ },
  },
  {
    name: 'an operation upon one of another payment',
    sql: `update polygate.operation set target_id = '00000000-0000-7000-8000-000000000000' where operation_id = $1`,
    of: 'refund',
    found: { 'operation amounts': /refunded is 2000 and should be 0/, operation: /what it acts upon is not in its payment/ },
  },
  {
    name: 'the undoing of what was approved',
    sql: `insert into polygate.acquirer_message select merchant_id, rrn, '0420', 'undo', operation_id, account_id, terminal, stan, transmitted_at
      from polygate.acquirer_message where operation_id = $1`,
    of: 'debit',
    found: { 'undone approval': /a reversal that undoes it was prepared/ },
  },
  {
    name: 'an operation without attempt',
    sql: 'update polygate.operation set attempt_number = 9 where operation_id = $1',
    of: 'debit',
    found: { orphan: /the operation has no attempt/ },
  },
  {
    name: 'a due end of what is no hold',
    sql: `insert into polygate.due_work (merchant_id, payment_id, kind, channel_id, operation_id, state, due_at, leased_until)
      select merchant_id, payment_id, 'expiry', merchant_id, operation_id, 'failed', now(), now() from polygate.operation where operation_id = $1`,
    of: 'debit',
    found: { orphan: /there is no hold for what is due for it \(expiry\)/ },
  },
  {
    name: 'parts that are due of what is no refund',
    sql: `insert into polygate.refund_in_parts (merchant_id, operation_id, channel_id, due_at, leased_until)
      select merchant_id, operation_id, merchant_id, now() + interval '1 day', now() from polygate.operation where operation_id = $1`,
    of: 'debit',
    found: { orphan: /there is no refund whose other parts are due/ },
  },
  {
    name: 'an attempt without payment',
    sql: `update polygate.attempt set payment_id = '00000000-0000-7000-8000-000000000000' where payment_id = ${paymentOf}`,
    of: 'refund',
    found: { orphan: /the attempt has no payment|the operation has no attempt/ },
  },
  {
    name: 'an operation without message',
    sql: 'delete from polygate.acquirer_message where operation_id = $1',
    of: 'debit',
    found: { orphan: /the operation has no message to the acquirer/ },
  },
  {
    name: 'a message without operation',
    sql: `insert into polygate.acquirer_message select merchant_id, 'ORPHAN', mti, purpose, '00000000-0000-7000-8000-000000000000', account_id, terminal, '999999', transmitted_at
      from polygate.acquirer_message where operation_id = $1`,
    of: 'debit',
    found: { orphan: /the message ORPHAN \(request\) has no operation/ },
  },
  {
    name: 'a ledger line without operation',
    sql: `insert into polygate.ledger_entry select merchant_id, '00000000-0000-7000-8000-000000000000', 0, '00000000-0000-7000-8000-000000000000', kind, layer, 1100, 2100, 1, currency, booked_at
      from polygate.ledger_entry where operation_id = $1`,
    of: 'debit',
    found: { orphan: /line 0 of the ledger has no operation/ },
  },
  {
    name: 'an event without operation',
    sql: `update polygate.event set operation_id = '00000000-0000-7000-8000-000000000000' where operation_id = $1`,
    of: 'refund',
    found: { 'operation events': /it is approved and its last event says submitted/, orphan: /event 2 has no operation in its payment/ },
  },
  {
    name: 'an idempotency key without operation',
    sql: `update polygate.idempotency_key set operation_id = '00000000-0000-7000-8000-000000000000' where operation_id = $1`,
    of: 'debit',
    found: { orphan: /an idempotency key has no operation/ },
  },
  {
    name: 'a payment without operations',
    sql: `insert into polygate.payment (merchant_id, payment_id, channel_id, state, currency, amount, created_at)
      select merchant_id, '00000000-0000-7000-8000-000000000000', channel_id, 'processing', currency, 1, now() from polygate.payment where payment_id = ${paymentOf}`,
    of: 'debit',
    found: { orphan: /the payment has 0 first operations/ },
  },
  {
    name: 'a counter of chargebacks',
    sql: `update polygate.payment set chargeback_reversed = 1 where payment_id = ${paymentOf}`,
    of: 'chargeback',
    found: {
      'payment amounts': /chargeback_reversed is 1 and should be 0/,
      'ledger layers': /0 pending and 0 posted, the payment 0 and 1$/,
    },
  },
  {
    name: 'more chargebacks reversed than there are',
    sql: `update polygate.payment set charged_back = 0, chargeback_reversed = 3000 where payment_id = ${paymentOf}`,
    of: 'chargeback',
    found: { 'payment amounts': /charged_back is 0/, limit: /more chargebacks are reversed than there are/, 'ledger layers': /6000$/ },
  },
  {
    name: 'a chargeback without dispute',
    sql: 'delete from polygate.dispute where dispute_id = $1',
    of: 'chargeback',
    found: { dispute: /the chargeback has no dispute$/ },
  },
  {
    name: 'a dispute without its reversal',
    sql: `update polygate.dispute set stage = 'reversed', reversal_id = '00000000-0000-7000-8000-000000000000', reversed_at = opened_at where dispute_id = $1`,
    of: 'chargeback',
    found: { dispute: /the dispute has no chargeback_reversal$/ },
  },
  {
    name: 'a chargeback that the acquirer is said to have told',
    sql: 'update polygate.operation set declared = false where operation_id = $1',
    of: 'chargeback',
    found: { dispute: /the chargeback and its dispute differ$/ },
  },
  {
    name: 'a STAN used twice',
    sql: `update polygate.acquirer_message set stan = '000001' where operation_id = $1`,
    of: 'debit',
    found: { 'duplicate trace': /terminal OPP00001 has STAN 000001 of [\d-]+ 2 times/ },
  },
  {
    name: 'an RRN used twice',
    sql: `insert into polygate.acquirer_message select merchant_id, rrn, '0100', purpose, operation_id, account_id, terminal, '999999', transmitted_at
      from polygate.acquirer_message where operation_id = $1`,
    of: 'debit',
    found: { 'duplicate trace': /RRN \w{12} is that of 2 messages \(request\)/ },
  },
];
