/** The thread of `workbook.ts`: gets a table, answers the file. */
import { parentPort, workerData } from 'node:worker_threads';
import writeWorkbook from 'write-excel-file/node';
import type { Workbook } from './workbook.ts';

const { columns, numbers, rows } = workerData as Workbook;

/** Excel keeps numbers in binary, so a decimal text becomes what it would be typed as. Everything else is text, so that nothing in it is a formula. */
const cellOf = (column: string, value: unknown) => {
  const text = String(value ?? '');
  return numbers.includes(column)
    ? { value: Number(text), type: Number, format: formatOf(text) }
    : text === ''
      ? null
      : { value: text, type: String };
};

/** As many decimals as the text has. */
function formatOf(text: string): string {
  const decimals = text.split('.')[1]?.length ?? 0;
  return decimals === 0 ? '0' : `0.${'0'.repeat(decimals)}`;
}

const names = columns.map((name) => ({ value: name, fontWeight: 'bold' as const }));
const table = [names, ...rows.map((row) => columns.map((column) => cellOf(column, row[column])))];
const file = await writeWorkbook(table, { sheet: 'Statement', stickyRowsCount: 1, columns: columns.map(() => ({ width: 20 })) }).toBuffer();
parentPort?.postMessage(file);
