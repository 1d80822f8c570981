/** What came of cut-offs, as the database has it. */
import type { Stack } from './stack.ts';

export interface Settled {
  readonly id: string;
  readonly account: string;
  readonly state: string;
  readonly cutOff: string;
  readonly currency: string;
  readonly operations: number;
  readonly gross: number;
  readonly fees: number;
  readonly comparison: string;
  readonly tries: number;
}

/** A row for each currency of each batch, in the order of the cut-offs. */
export async function settlementsOf({ database }: Pick<Stack, 'database'>): Promise<readonly Settled[]> {
  const { rows } = await database.query<Settled>(`
    select s.settlement_id as id, s.account_id as account, s.state, to_char(s.cut_off_at at time zone 'UTC', 'HH24:MI') as "cutOff", r.currency,
      sum(t.operations)::int as operations, sum(t.gross)::int as gross, sum(t.fees)::int as fees, r.state as comparison, r.tries
    from polygate.settlement s left join polygate.reconciliation r using (settlement_id)
      left join polygate.settlement_part t on t.settlement_id = s.settlement_id and t.currency = r.currency
    group by s.settlement_id, r.settlement_id, r.currency order by s.cut_off_at, s.account_id, r.currency`);
  return rows;
}
