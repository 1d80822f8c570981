/** The ledger: entries, balances, and the money that merchants have put in for payouts. */
import { Type } from 'typebox';
import { accounts } from '../core/ledger/accounts.ts';
import { largestAmount } from '../core/money/amount.ts';
import { currencies } from '../core/money/currency.ts';
import { amount, currency, fields, flag, inQuery, means, oneOf, optional, span, text, time, uuid, whole } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const accountNames = Object.keys(accounts) as (keyof typeof accounts)[];
const layers = ['pending', 'posted'] as const;

/** An entry as operators see it. */
export const ledgerEntry = {
  merchant_id: uuid,
  payment_id: means(uuid, 'Of a payout funding: its own id.'),
  operation_id: uuid,
  line: whole,
  kind: text,
  layer: means(oneOf(layers), '`pending`: held at the issuer, nobody’s yet; `posted`: money taken.'),
  debit_account: oneOf(accountNames),
  credit_account: oneOf(accountNames),
  amount: means(amount, 'Minor units, moved from the credited to the debited account.'),
  currency,
  booked_at: time,
};

const balance = fields({
  merchant_id: uuid,
  account: oneOf(accountNames),
  layer: oneOf(layers),
  currency,
  debits: amount,
  credits: amount,
  balance: means(amount, 'Debits less credits of an asset, credits less debits of a liability.'),
});

const payoutBalance = fields({
  merchant_id: uuid,
  currency,
  available: means(amount, 'What may still be paid out, less what is under way.'),
});

export function ledgerRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    list({
      ...{
        name: 'listLedgerEntries',
        group: 'Ledger',
        at: '/ledger/entries',
        summary: 'Lists entries of the ledger, the latest operation first.',
      },
      query: optional({
        ...{ merchant_id: inQuery.uuid, payment_id: inQuery.uuid, operation_id: inQuery.uuid, kind: inQuery.text },
        ...{ layer: oneOf(layers), currency: inQuery.currency, ...span },
      }),
      ...{ list: 'ledger_entries', item: fields(ledgerEntry), store },
    }),
    list({
      ...{
        name: 'listBalances',
        group: 'Ledger',
        at: '/ledger/balances',
        summary: 'Sums the ledger by merchant, account, layer and currency.',
      },
      description: 'Reads the whole ledger: on a large one it takes its time.',
      query: optional({ merchant_id: inQuery.uuid, account: oneOf(accountNames), layer: oneOf(layers), currency: inQuery.currency }),
      ...{ list: 'balances', item: balance, store },
    }),
    list({
      ...{ name: 'listPayoutBalances', group: 'Payout funding', at: '/payout-balances', summary: 'Lists what merchants may pay out.' },
      query: optional({ merchant_id: inQuery.uuid, currency: inQuery.currency }),
      ...{ list: 'payout_balances', item: payoutBalance, store },
    }),
    act({
      ...{ name: 'fundPayouts', group: 'Payout funding', method: 'post', at: '/merchants/:merchant_id/payout-fundings', role: 'admin' },
      summary: 'Books money that a merchant has put in for payouts.',
      description: 'Safe to repeat: what has the same `funding_id` is booked once.',
      path: fields({ merchant_id: uuid }),
      body: fields({
        funding_id: means(uuid, 'A new UUID for each funding.'),
        currency: oneOf(currencies.map(({ code }) => code)),
        amount: Type.Integer({ minimum: 1, maximum: largestAmount, 'x-expected': `minor units from 1 to ${largestAmount}` }),
      }),
      sample: { funding_id: '018f0000-0000-7000-8000-000000000001', currency: 'EUR', amount: 100_000 },
      answer: fields({ ...payoutBalance.properties, booked: means(flag, 'False: it was booked before.') }),
      problems: ['not_found', 'conflict'],
      async handle({ path: { merchant_id: merchantId }, body, actor }) {
        const { funding_id: fundingId, currency: code } = body;
        const booked = await store.fundPayouts({ actor, merchantId, fundingId, currency: code, amount: body.amount });
        const filters = { merchant_id: merchantId, currency: code };
        return { ...(await readOne(store, { list: 'payout_balances', filters, noun: 'payout balance' })), booked };
      },
    }),
  ];
}
