/** A table as a workbook of Excel (Office Open XML), packed in a thread: that is work of seconds, during which no payment could go on. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { TableRow } from '../core/statement/csv.ts';

export interface Workbook {
  readonly columns: readonly string[];
  /** Columns whose texts are decimal numbers. */
  readonly numbers: readonly string[];
  readonly rows: readonly TableRow[];
}

/** Rejects when the table cannot be packed. */
export function packWorkbook(workbook: Workbook): Promise<Uint8Array> {
  const file = new URL(`./workbook-thread${extname(import.meta.filename)}`, import.meta.url);
  return new Promise((resolve, reject) => {
    const thread = new Worker(file, { workerData: workbook });
    thread.once('message', resolve);
    thread.once('error', reject);
    // After a message this changes nothing any more.
    thread.once('exit', (code) => reject(new Error(`the thread that packs workbooks ended with ${code}`)));
  });
}
