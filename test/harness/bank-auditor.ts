/** The auditor's part about the bank: its books and the gateway's say the same of every payment, receipt and refund. */
import type { BankEntry, TransferEntry } from './host-control.ts';
import type { Stack } from './stack.ts';

interface Row {
  readonly rrn: string;
  readonly kind: 'preauthorization' | 'debit' | 'rebill';
  readonly state: string;
  readonly amount: string;
  readonly currency: string;
  readonly confirmed: string;
  readonly told: string;
  readonly refunded: string;
}

/** What differs, a line each. What only the merchant has declared is left aside, and what belongs to no order is counted by itself. */
export async function compareBank({ database, host }: Stack): Promise<string[]> {
  const { rows } = await database.query<Row>(`
    select o.rrn, o.kind, o.state, o.amount, p.currency,
      (select coalesce(sum(confirmed), 0) from polygate.receipt r where r.payment_id = o.payment_id) as confirmed,
      (select coalesce(sum(amount - unassigned), 0) from polygate.bank_receipt r where r.payment_id = o.payment_id) as told,
      (select coalesce(sum(amount), 0) from polygate.operation r where r.payment_id = o.payment_id and r.kind = 'refund' and r.state = 'approved') as refunded
    from polygate.operation o join polygate.payment p using (merchant_id, payment_id)
      join polygate.attempt a on a.payment_id = o.payment_id and a.number = o.attempt_number
    where a.bank_method <> 'transfer' and o.target_id is null`);
  const unseen = new Map((await host.bank()).map((entry) => [entry.reference, entry]));
  const wrong = rows.flatMap((row) => {
    const entry = unseen.get(row.rrn);
    unseen.delete(row.rrn);
    return differences(row, entry).map((line) => `${row.kind} ${row.rrn} (${row.state}) at the bank: ${line}`);
  });
  return [...wrong, ...[...unseen.keys()].map((reference) => `the bank has a payment ${reference} that is not here`)];
}

interface TransferRow {
  readonly rrn: string;
  readonly state: string;
  readonly amount: string;
  readonly currency: string;
}

const expectedTransfers: Readonly<Record<string, TransferEntry['state']>> = { pending: 'open', approved: 'paid' };

/** What differs between payouts to accounts here and at the bank, a line each. Nothing may be paid there that is not approved here. */
export async function compareTransfers({ database, host }: Stack): Promise<string[]> {
  const { rows } = await database.query<TransferRow>(`
    select o.rrn, o.state, o.amount, p.currency from polygate.operation o join polygate.payment p using (merchant_id, payment_id)
      join polygate.attempt a on a.payment_id = o.payment_id and a.number = o.attempt_number
    where a.bank_method = 'transfer'`);
  const there = new Map((await host.transfers()).map((entry) => [entry.reference, entry]));
  const wrong = rows.flatMap(({ rrn, state, amount, currency }) => {
    const entry = there.get(rrn);
    there.delete(rrn);
    const has = entry === undefined ? 'none' : `${entry.state} ${entry.amount} ${entry.currency}`;
    const should = expectedTransfers[state];
    if (should === undefined)
      return entry?.state === 'paid' || entry?.state === 'open' ? [`payout ${rrn} is ${state}, and at the bank ${has}`] : [];
    return has === `${should} ${amount} ${currency}`
      ? []
      : [`payout ${rrn} is ${state} over ${amount} ${currency}, and at the bank ${has}`];
  });
  return [...wrong, ...[...there.keys()].map((reference) => `the bank has a transfer ${reference} that is not here`)];
}

function differences(row: Row, entry: BankEntry | undefined): string[] {
  if (entry === undefined) return row.state === 'failed' || row.state === 'declined' ? [] : ['it is not there'];
  const here = { amount: Number(row.amount), currency: row.currency, refundedAmount: Number(row.refunded) };
  const money = Object.entries(here).flatMap(([name, value]) => {
    const there = entry[name as keyof BankEntry];
    return there === value ? [] : [`${name} is ${there} and should be ${value}`];
  });
  return [
    ...money,
    ...(row.confirmed === row.told ? [] : [`${row.told} were told and ${row.confirmed} confirmed`]),
    ...stateProblem(row, entry),
  ];
}

const expected: Readonly<Record<string, readonly BankEntry['state'][]>> = {
  pending: ['open', 'deferred'],
  approved: ['paid'],
  declined: ['refused', 'canceled'],
};

function stateProblem({ kind, state, told }: Row, entry: BankEntry): string[] {
  // An order stands as soon as it is made, and may be called off later.
  const isOrder = kind === 'preauthorization' && state === 'approved';
  const states = isOrder ? ['deferred', 'paid', 'canceled'] : expected[state];
  const wrong = states !== undefined && !states.includes(entry.state) ? [`it is ${entry.state}`] : [];
  if (!isOrder) return wrong;
  return Number(told) <= entry.receivedAmount ? wrong : [...wrong, `${entry.receivedAmount} have come, and ${told} are counted`];
}
