/** What an operator has agreed with an acquirer for an account: its daily cut-off, and its fees. Each act leaves its trail. */

import { OperatorError } from '../core/operator/operator-error.ts';
import type { SettledKind } from '../core/settlement/settlement.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';

/** In place of a currency: the fee of all that have none of their own. */
export const everyCurrency = '*';

export interface FeeRecord {
  readonly accountId: string;
  readonly kind: SettledKind;
  /** ISO 4217, or {@link everyCurrency}. */
  readonly currency: string;
  /** Hundredths of a percent of the amount, rounded half up to a minor unit. */
  readonly basisPoints: number;
  /** Minor units, added to it. */
  readonly fixed: number;
}

export interface CutOffRecord {
  readonly accountId: string;
  /** Minutes after midnight. */
  readonly minute: number;
  /** An IANA name. */
  readonly timeZone: string;
}

const statements = {
  exists: { name: 'account_with_terms', text: 'select from polygate.acquirer_account where account_id = $1' },
  list: {
    name: 'list_fees',
    text: `select account_id as "accountId", kind, currency, basis_points as "basisPoints", fixed from polygate.account_fee
      where $1::text is null or account_id = $1 order by account_id, kind, currency`,
  },
  set: {
    name: 'set_fee',
    text: `insert into polygate.account_fee (account_id, kind, currency, basis_points, fixed) values ($1, $2, $3, $4, $5)
      on conflict (account_id, kind, currency) do update set basis_points = excluded.basis_points, fixed = excluded.fixed`,
  },
  remove: {
    name: 'remove_fee',
    text: 'delete from polygate.account_fee where account_id = $1 and kind = $2 and currency = $3 returning kind',
  },
  cutOff: {
    name: 'set_cut_off',
    text: 'update polygate.acquirer_account set cut_off_minute = $2, time_zone = $3 where account_id = $1 returning account_id',
  },
} satisfies Readonly<Record<string, Statement>>;

export function listFees(database: Database, accountId?: string): Promise<FeeRecord[]> {
  return database.query<FeeRecord & Record<string, unknown>>(statements.list, [accountId ?? null]);
}

interface FeeChange {
  readonly actor: string;
  readonly accountId: string;
  readonly kinds: readonly SettledKind[];
  readonly currency: string;
}

/** From the next batch that is collected on; earlier ones keep the fees that they were closed with. */
export function setFees(
  database: Database,
  { actor, accountId, kinds, currency, basisPoints, fixed }: FeeChange & Pick<FeeRecord, 'basisPoints' | 'fixed'>,
): Promise<void> {
  return acting(database, async (query, audit) => {
    if ((await query(statements.exists, [accountId])).length === 0) throw noAccount(accountId);
    for (const kind of kinds) await query(statements.set, [accountId, kind, currency, basisPoints, fixed]);
    await audit({ actor, act: 'account.fees_set', details: { accountId, kinds, currency, basisPoints, fixed } });
  });
}

export function removeFees(database: Database, { actor, accountId, kinds, currency }: FeeChange): Promise<void> {
  return acting(database, async (query, audit) => {
    for (const kind of kinds) {
      if ((await query(statements.remove, [accountId, kind, currency])).length > 0) continue;
      throw new OperatorError(
        `Account ${accountId} has no fee for ${kind} in ${currency}. \`polygate account fees list\` shows what it has.`,
      );
    }
    await audit({ actor, act: 'account.fees_removed', details: { accountId, kinds, currency } });
  });
}

/** A batch that waits for its cut-off keeps the time that it was given. */
export function setCutOff(
  database: Database,
  { actor, accountId, minute, timeZone }: CutOffRecord & { readonly actor: string },
): Promise<void> {
  return acting(database, async (query, audit) => {
    if ((await query(statements.cutOff, [accountId, minute, timeZone])).length === 0) throw noAccount(accountId);
    await audit({ actor, act: 'account.cut_off_set', details: { accountId, minute, timeZone } });
  });
}

function noAccount(accountId: string): OperatorError {
  return new OperatorError(`There is no acquirer account ${accountId}. \`polygate account list\` shows them.`);
}
