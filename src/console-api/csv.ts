/** Tables as CSV (RFC 4180): one page of rows in memory at a time, however long the table is. */

/**
 * The lines of a table, page by page. `pages` is read only as fast as the lines are taken. Text that a spreadsheet would take for a formula gets
 * an apostrophe in front (OWASP, CSV injection): references and names come from merchants and their shoppers.
 */
export async function* csvOf(
  columns: readonly string[],
  pages: AsyncIterable<readonly Readonly<Record<string, unknown>>[]>,
): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`;
  for await (const rows of pages) {
    if (rows.length > 0) yield rows.map((row) => `${columns.map((column) => cell(row[column])).join(',')}\r\n`).join('');
  }
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return quoted(JSON.stringify(value));
  return typeof value === 'string' ? quoted(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value) : String(value);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
