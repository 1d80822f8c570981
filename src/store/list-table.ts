/** How a list for operators is described: columns, order and filters as SQL. */

/** A list as SQL. All texts come from this package, never from a request. */
export interface ListTable {
  /** By the name on the wire. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that are sums of amounts, of type `numeric`. */
  readonly sums?: readonly string[];
  readonly from: string;
  /** What always holds. */
  readonly where?: string;
  /** What the list is ordered by, together unique; each with its type, since cursors are text. */
  readonly keys: readonly { readonly sql: string; readonly type: 'uuid' | 'bigint' | 'text' | 'timestamptz' }[];
  readonly descending?: true;
  /** Conditions by name. `parameter`: where the value is, as text. */
  readonly filters: Readonly<Record<string, (parameter: string) => string>>;
}

/** Columns that are called on the wire as they are in the table with this alias. */
export const columnsOf = (alias: string, names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, `${alias}.${name}`]));

/** The value as one of the column's type. */
export const equals =
  (sql: string, type: 'uuid' | 'text' | 'integer' | 'boolean' = 'text') =>
  (parameter: string): string =>
    `${sql} = ${parameter}${type === 'text' ? '' : `::${type}`}`;

export const since =
  (sql: string) =>
  (parameter: string): string =>
    `${sql} >= ${parameter}::timestamptz`;

/** Columns that are to be equal to the value under their own name, each with its type. */
export const equalsOf = (
  alias: string,
  columns: Readonly<Record<string, Parameters<typeof equals>[1]>>,
): Readonly<Record<string, (parameter: string) => string>> =>
  Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, equals(`${alias}.${name}`, type)]));

/** Not including the moment. */
export const before =
  (sql: string) =>
  (parameter: string): string =>
    `${sql} < ${parameter}::timestamptz`;
