/** Tables as CSV (RFC 4180): one page of rows in memory at a time, however long the table is. */

export type TableRow = Readonly<Record<string, unknown>>;

/**
 * The lines of a table, page by page. `pages` is read only as fast as the lines are taken. Text that a spreadsheet would take for a formula gets
 * an apostrophe in front (OWASP, CSV injection): references and names come from merchants and their shoppers. A plain number is none.
 */
export async function* csvOf(columns: readonly string[], pages: AsyncIterable<readonly TableRow[]>): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`;
  for await (const rows of pages) {
    if (rows.length > 0) yield csvLines(columns, rows);
  }
}

/** Rows without the line of names. */
export function csvLines(columns: readonly string[], rows: readonly TableRow[]): string {
  return rows.map((row) => `${columns.map((column) => cell(row[column])).join(',')}\r\n`).join('');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return quoted(JSON.stringify(value));
  if (typeof value !== 'string') return String(value);
  const isFormula = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(?:\.\d+)?$/.test(value);
  return quoted(isFormula ? `'${value}` : value);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
