/** Transfers to accounts over the bank's HTTP API, and the comparison of what was sent until a cut-off. */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { BankTransfer, TransferBatch, TransferTotals } from '../../core/bank/bank.ts';
import { type Total, type Totals, totalNames } from '../../core/settlement/settlement.ts';
import type { Answer } from './exchange.ts';

export type Ask = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Answer>;

export function orderTransfer(
  { trace, amount, currency, debtor, account, purpose }: BankTransfer,
  notificationUrl: string,
  ask: Ask,
): Promise<Answer> {
  const { holder, number, bankCode, bankName } = account;
  return ask('POST', '/bank/transfers', {
    ...{ reference: trace.rrn, amount, currency, debtor, holder, account: number, bankCode, bankName, purpose, notificationUrl },
    orderedAt: new Date(trace.transmittedAtMs).toISOString(),
  });
}

const schema = Type.Object({
  count: Type.Integer({ minimum: 0 }),
  amount: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
});
const checker = Compile(schema);

/** The bank counts what was ordered before the cut-off, and is paid. */
export async function askForTotals({ currency, cutOffAtMs }: TransferBatch, ask: Ask): Promise<TransferTotals> {
  const answer = await ask('POST', '/bank/transfer-totals', { currency, cutOffAt: new Date(cutOffAtMs).toISOString() });
  if (answer.kind !== 'answer') return { outcome: answer.kind, cause: answer.cause };
  if (answer.status >= 400 || !checker.Check(answer.body)) {
    return { outcome: 'unknown', cause: `the bank answered ${answer.status}, without totals that can be read` };
  }
  const payouts: Static<typeof schema> = answer.body;
  return { outcome: 'answered', totals: totalsOf(payouts) };
}

function totalsOf(payouts: Total): Totals {
  const none: Total = { count: 0, amount: 0 };
  return { ...(Object.fromEntries(totalNames.map((name) => [name, none])) as Totals), payouts };
}
