/** Blocks of STANs and RRN numbers: one conditional update each, so that no two nodes ever hold the same number. */
import type { TraceNumbers } from '../core/acquirer/account.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const lastStan = 999_999;

const takeStans: Statement = {
  name: 'take_stans',
  text: `insert into polygate.terminal_day as t (terminal, business_date, next_stan) values ($1, $2, 1 + $3)
on conflict (terminal, business_date) do update set next_stan = t.next_stan + $3 where t.next_stan + $3 <= $4 + 1
returning next_stan`,
};

const takeCounter: Statement = {
  name: 'take_counter',
  text: `update polygate.counter set next_value = next_value + $2 where name = $1 returning next_value`,
};

/** A block that was taken by a statement whose answer was lost is skipped, so a failure is as harmless as that of a read. */
export function createTraceNumbers(database: Database): TraceNumbers {
  return {
    async takeStans({ terminal, businessDate, count }) {
      const [row] = await reading(database.query<{ next_stan: number }>(takeStans, [terminal, businessDate, count, lastStan]));
      return row === undefined ? undefined : row.next_stan - count;
    },
    async takeRrns(count) {
      const [row] = await reading(database.query<{ next_value: number }>(takeCounter, ['rrn', count]));
      if (row === undefined) throw new Error('the counter of RRNs is missing in the database');
      return row.next_value - count;
    },
  };
}
