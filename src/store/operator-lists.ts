/**
 * Lists for operators, page by page: keyset pages in the order of an index, so that the millionth page costs what the first does. What can be
 * listed is a table (`operator-list-tables.ts`); here is how a page is cut from it.
 */
import { shownSum } from '../core/money/sum.ts';
import type { ListPage, ListRequest, ListRow, OperatorList } from '../core/operator/operator-store.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { statementName } from '../postgres/statement-name.ts';
import type { ListTable } from './list-table.ts';
import { listTables } from './operator-list-tables.ts';

const keyName = (index: number): string => `cursor_key_${index}`;

/** One condition per filter that is there: a plan made for all of them at once could use no index. */
export async function readListPage(database: Database, { list, filters, after, limit }: ListRequest): Promise<ListPage> {
  const table = listTables[list];
  const names = Object.keys(filters);
  const values = [limit + 1, ...names.map((name) => filters[name]), ...(after ?? [])];
  const rows = await database.query<Row>(statementOf(list, table, { names, isFirst: after === undefined }), values);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? { next: table.keys.map((_, index) => String(last[keyName(index)])) } : {};
  return { rows: page.map((row) => shown(row, table)), ...next };
}

function statementOf(
  list: OperatorList,
  { columns, from, where, keys, descending, filters }: ListTable,
  { names, isFirst }: { readonly names: readonly string[]; readonly isFirst: boolean },
): Statement {
  const conditions = names.map((name, index) => {
    const filter = filters[name];
    if (filter === undefined) throw new Error(`the list ${list} has no filter ${name}`);
    return filter(`$${index + 2}::text`);
  });
  const cursor = keys.map(({ type }, index) => `$${names.length + index + 2}::text::${type}`);
  const behind = `(${keys.map(({ sql }) => sql).join(', ')}) ${descending ? '<' : '>'} (${cursor.join(', ')})`;
  const all = [...(where === undefined ? [] : [where]), ...conditions, ...(isFirst ? [] : [behind])];
  const selected = [
    ...Object.entries(columns).map(([name, sql]) => `${sql} as ${name}`),
    ...keys.map(({ sql }, index) => `(${sql})::text as ${keyName(index)}`),
  ];
  return {
    // Not only `list`, as statements of other files are called that read the same table: a connection knows a name for one text only.
    name: statementName(['operator_list', list, ...names, ...(isFirst ? [] : ['after'])]),
    text: `select ${selected.join(', ')} from ${from}${all.length === 0 ? '' : ` where ${all.join(' and ')}`}
order by ${keys.map(({ sql }) => `${sql}${descending ? ' desc' : ''}`).join(', ')} limit $1`,
  };
}

function shown(row: Row, { columns, sums = [] }: ListTable): ListRow {
  return Object.fromEntries(
    Object.keys(columns).map((name) => [name, sums.includes(name) ? shownSum(BigInt(row[name] as string)) : row[name]]),
  );
}
