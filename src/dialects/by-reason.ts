/** Tables of a dialect's words and codes, one for each reason that core has. */

/** What a table says for a reason; undefined for one that it does not have, and without any. */
export function byReason<Reason extends string, Said>(table: Readonly<Record<Reason, Said>>, reason: string | undefined): Said | undefined {
  return reason !== undefined && Object.hasOwn(table, reason) ? table[reason as Reason] : undefined;
}
