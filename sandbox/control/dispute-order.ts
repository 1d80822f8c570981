/** Reads what the control API is asked about disputes, and shows them. */

import type { AccountOf } from '../host/accounts.ts';
import type { Books, Entry } from '../host/books.ts';
import type { Dispute } from '../host/disputes.ts';
import type { BodyProblem } from './fault-order.ts';

const FIELDS = ['rrn', 'pan', 'amount', 'reason'];
const REASON = /^[0-9A-Za-z.]{1,8}$/;
const MOST_MINOR = 999_999_999_999;

export interface DisputeOrder {
  readonly charge: Entry;
  readonly amountMinor: number;
  readonly reason: string;
}

/**
 * The order in a JSON body, or the first problem with it. Amounts are minor units. `rrn` names the charge, of which `amount` may be a part, or
 * more; with `pan`, `amount` finds the last charge of the card. Any amount and state will do: so do issuers.
 */
export function readDisputeOrder(body: unknown, { books, accountOf }: { books: Books; accountOf: AccountOf }): DisputeOrder | BodyProblem {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return { error: 'expected a JSON object with an rrn', field: 'rrn' };
  const values: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(body));
  const unknown = Object.keys(values).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) return { error: `unknown field; expected ${FIELDS.join(', ')}`, field: unknown.slice(0, 40) };
  const { rrn, pan, amount, reason } = values;
  if (typeof reason !== 'string' || !REASON.test(reason))
    return { error: 'expected a reason code of the scheme, such as 10.4', field: 'reason' };
  if (amount !== undefined && !isAmount(amount)) return { error: `expected minor units from 1 to ${MOST_MINOR}`, field: 'amount' };
  if ((rrn === undefined) === (pan === undefined)) return { error: 'expected either an rrn or a pan with an amount', field: 'rrn' };
  if (rrn !== undefined && typeof rrn !== 'string') return { error: 'expected an RRN, as a string', field: 'rrn' };
  if (rrn !== undefined) {
    const charge = findLast(books, ({ fact }) => fact.rrn === rrn);
    if (charge === undefined) return { error: 'no charge or authorization with this RRN is booked', field: 'rrn' };
    return { charge, amountMinor: amount ?? charge.amountMinor, reason };
  }
  if (typeof pan !== 'string' || amount === undefined) return { error: 'expected a pan and the amount of its charge', field: 'pan' };
  const { id } = accountOf(pan);
  const charge = findLast(books, (entry) => entry.fact.account.id === id && entry.amountMinor === amount && tookMoney(entry));
  if (charge === undefined) return { error: 'no charge of this card and amount is booked', field: 'pan' };
  return { charge, amountMinor: amount, reason };
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= MOST_MINOR;
}

function tookMoney({ fact }: Entry): boolean {
  return fact.act === 'debit' || fact.act === 'capture';
}

/** An undone authorization bears the RRN of its reversal: what is disputed is the act, never its undoing. */
function findLast({ entries }: Books, isMeant: (entry: Entry) => boolean): Entry | undefined {
  return entries.findLast((entry) => (tookMoney(entry) || entry.fact.act === 'authorization') && isMeant(entry));
}

/** A dispute as the control API shows it. Amounts in minor units. */
export function disputeView({ id, charge, amountMinor, reason, chargeback, reversal }: Dispute): Readonly<Record<string, unknown>> {
  const { rrn, terminal, currency } = charge.fact;
  return {
    ...{ id, rrn, terminal, currency, amount: amountMinor, reason },
    state: reversal === undefined ? 'raised' : 'reversed',
    // What the gateway answered (DE39); absent while it has not.
    ...(chargeback.code === undefined ? {} : { chargebackAnswer: chargeback.code }),
    ...(reversal?.code === undefined ? {} : { reversalAnswer: reversal.code }),
  };
}
