/** Reads what the bank says of a payment, in answers and in notifications. */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { BankReport } from '../../core/bank/bank.ts';

const amount = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

const text = Type.String({ minLength: 1, maxLength: 128 });

const schema = Type.Object({
  reference: Type.String({ pattern: '^[0-9a-z]{24}$' }),
  state: Type.Union((['open', 'deferred', 'paid', 'refused', 'canceled'] as const).map((state) => Type.Literal(state))),
  bankReference: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  amount: Type.Optional(amount),
  currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
  receipts: Type.Optional(Type.Array(Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }), amount }), { maxItems: 10_000 })),
  account: Type.Optional(Type.Object({ number: text, name: text, bank: text })),
  reason: Type.Optional(Type.Union((['no_such_account', 'account_closed'] as const).map((reason) => Type.Literal(reason)))),
  page: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 2048 })),
});

const checker = Compile(schema);

/** Undefined for what is not a report. What it says beyond this is not looked at. A NUL in a text, which no database keeps, becomes U+FFFD: the rest is a fact. */
export function readReport(given: unknown): BankReport | undefined {
  if (!checker.Check(given)) return undefined;
  const {
    reference,
    state,
    bankReference,
    amount: ordered,
    currency,
    receipts = [],
    reason,
    page,
    account,
  } = kept(given) as Static<typeof schema>;
  return {
    ...{ reference, state },
    receipts: receipts.map((receipt) => ({ receiptId: receipt.id, amount: receipt.amount })),
    ...(bankReference === undefined ? {} : { bankReference }),
    ...(ordered === undefined || currency === undefined ? {} : { amount: ordered, currency }),
    ...(reason === undefined ? {} : { reason }),
    ...(page === undefined ? {} : { page }),
    ...(account === undefined ? {} : { account }),
  };
}

function kept(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '\ufffd');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(kept);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, kept(member)]));
}
