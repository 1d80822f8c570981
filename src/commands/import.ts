/** `polygate import`: brings tokens and payments along from another platform. docs/import.md describes the file. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { createBatcher } from '../postgres/batcher.ts';
import type { Database } from '../postgres/connection.ts';
import { acting } from '../store/audit.ts';
import { createClock } from '../store/clock.ts';
import { createDirectory } from '../store/directory.ts';
import { findImported, importPayments } from '../store/import-payments.ts';
import { dialectNames, dialectOf } from './channels.ts';
import {
  actor,
  addCommand,
  addGroup,
  type ListOptions,
  type Options,
  print,
  printJson,
  tell,
  withStore,
  withVault,
} from './command-line.ts';
import { type ImportParts, importBatch, importPayment, importToken, type LineOutcome, type LineReader } from './import-lines.ts';

const dayMs = 86_400_000;
/** Lines under way at once; each batch is one statement at the database. */
const batchSize = 200;
const problemsInJson = 1_000;

type ImportOptions = ListOptions & { readonly dialect: string; readonly dryRun?: boolean };

const nouns = {
  tokens: { readLine: importToken, description: 'stored cards, under the ids that they had' },
  payments: { readLine: importPayment, description: 'payments with their captures, refunds and reversals, under the ids that they had' },
} as const;

export function addImportCommands(program: Command): void {
  const group = addGroup(program, 'import', 'bring tokens and payments along from another platform; docs/import.md describes the file');
  addCommand(group, 'key', 'print the public key (a JWK) to which every line has to be encrypted').action((options: Options) =>
    withStore(options, (_database, config) => withVault(config, async (vault) => printJson(await vault.importKeys.publicKey()))),
  );
  for (const [noun, { readLine, description }] of Object.entries(nouns)) {
    addCommand(group, noun, `import ${description}; repeat it at will`)
      .argument('<file>', 'the file, a line for each; - for standard input')
      .requiredOption('--dialect <dialect>', `whose words the lines use: one of ${dialectNames()}`)
      .option('--dry-run', 'only look what would be imported, and what is wrong')
      .option('--json', 'print JSON')
      .action((file: string, options: ImportOptions) => runImport({ noun, file, options, readLine }));
  }
}

interface Import {
  readonly noun: string;
  readonly file: string;
  readonly options: ImportOptions;
  readonly readLine: LineReader;
}

async function runImport({ noun, file, options, readLine }: Import): Promise<void> {
  const { dialect, dryRun = false } = options;
  const importer = await dialectOf(dialect).loadImporter?.();
  if (importer === undefined) throw new Error(`Nothing can be imported from ${dialect}.`);
  await withStore(options, (database, config) =>
    withVault(config, async (vault) => {
      const parts = await partsOf({ database, config, vault, dialect, importer, dryRun });
      const tally = createTally(noun);
      const trail = (act: string, details: object) =>
        acting(database, (_query, audit) => audit({ actor: actor(), act: `${noun}.${act}`, details: { dialect, ...details } }));
      // The end is told as well where it can be; of an import that is killed this line stays.
      if (!dryRun) await trail('import_started', {});
      const stopped = stopOnSignals();
      try {
        await readAll(file, stopped, async (lines) => {
          const texts = lines.map(({ text }) => text);
          const outcomes = await importBatch(parts, readLine, texts);
          for (const [index, outcome] of outcomes.entries()) tally.add(lines[index]?.number ?? 0, outcome);
          tally.progress();
        });
      } catch (error) {
        throw new Error(`The import stopped after line ${tally.counts.lines}. Give the command again: what is imported is left as it is.`, {
          cause: error,
        });
      } finally {
        const { imported } = tally.counts;
        if (imported > 0 && !dryRun) await trail('imported', tally.counts);
      }
      const { counts, problems } = tally;
      if (counts.refused > 0) process.exitCode = 1;
      if (options.json === true) return printJson({ dryRun, ...counts, problems });
      print(
        `${dryRun ? 'Would import' : 'Imported'} ${counts.imported} ${noun}; ${counts.unchanged} were there, ${counts.refused} cannot be.`,
      );
    }),
  );
}

/** Aborted by the first SIGINT or SIGTERM, so that what is under way is ended and told; the second one ends the process as ever. */
function stopOnSignals(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error(`${signal} came`)));
  return stopping.signal;
}

interface PartsOptions extends Pick<ImportParts, 'dialect' | 'importer' | 'dryRun' | 'vault'> {
  readonly database: Database;
  readonly config: Config;
}

async function partsOf({ database, config, ...options }: PartsOptions): Promise<ImportParts> {
  const clock = await createClock(database, { canMove: false });
  return {
    ...options,
    directory: createDirectory(database),
    payments: createBatcher({ run: (payments) => importPayments(database, payments), maxSize: 100, maxConcurrent: 1 }),
    findImported: async (payment) => (await findImported(database, [payment]))[0],
    nowMs: clock.businessNow(),
    panRetentionMs: config.panRetentionDays * dayMs,
  };
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Rejects between two batches once it is `stopped`. */
async function readAll(file: string, stopped: AbortSignal, take: (lines: readonly Line[]) => Promise<void>): Promise<void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  // A file that cannot be opened says so through the stream, not through the reader of lines.
  const failed = new Promise<never>((_resolve, reject) => input.once('error', reject));
  failed.catch(() => undefined);
  const reading = (async () => {
    let batch: Line[] = [];
    let number = 0;
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    stopped.addEventListener('abort', () => lines.close());
    for await (const line of lines) {
      stopped.throwIfAborted();
      number += 1;
      const text = line.trim();
      if (text !== '') batch.push({ number, text });
      if (batch.length < batchSize) continue;
      await take(batch);
      batch = [];
    }
    stopped.throwIfAborted();
    if (batch.length > 0) await take(batch);
  })();
  await Promise.race([reading, failed]);
}

interface Counts {
  lines: number;
  imported: number;
  unchanged: number;
  refused: number;
}

interface Tally {
  readonly counts: Counts;
  /** The first thousand. */
  readonly problems: readonly { readonly line: number; readonly problem: string }[];
  add(line: number, outcome: LineOutcome): void;
  /** Told at most once a second. */
  progress(): void;
}

function createTally(noun: string): Tally {
  const counts: Counts = { lines: 0, imported: 0, unchanged: 0, refused: 0 };
  const problems: { line: number; problem: string }[] = [];
  let toldMs = performance.now();
  return {
    counts,
    problems,
    add(line, outcome) {
      counts.lines = Math.max(counts.lines, line);
      if (typeof outcome === 'string') counts[outcome] += 1;
      else {
        counts.refused += 1;
        if (problems.length < problemsInJson) problems.push({ line, problem: outcome.problem });
        tell(`line ${line}: ${outcome.problem}`);
      }
    },
    progress() {
      if (performance.now() - toldMs < 1_000) return;
      toldMs = performance.now();
      tell(`${counts.lines} lines read, ${counts.imported} ${noun} imported, ${counts.unchanged} were there, ${counts.refused} cannot be.`);
    },
  };
}
