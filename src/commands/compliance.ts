/** `polygate compliance`: what merchants have handed in about PCI DSS, and what an operator says to it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type ComplianceDocument, type DocumentState, type DocumentType, documentTypes } from '../core/compliance/document.ts';
import { submitDocument } from '../core/compliance/submit.ts';
import { createClock } from '../store/clock.ts';
import { createComplianceStore, decideDocument, listDocuments, readFile } from '../store/compliance.ts';
import { findMerchant } from '../store/merchants.ts';
import {
  actor,
  addCommand,
  addGroup,
  day,
  freeText,
  idOf,
  type ListOptions,
  print,
  printJson,
  printRows,
  withStore,
  withVault,
} from './command-line.ts';
import { merchantIdIn } from './merchants.ts';

const documentId = idOf('the id of a document (a UUID)');
const reasonForm = freeText(255);

export function addComplianceCommands(program: Command): void {
  const compliance = addGroup(program, 'compliance', 'merchants’ PCI DSS documents');
  addCommand(compliance, 'list', 'show documents, the latest first')
    .option('--merchant <merchant>', 'only those of one merchant: routing number, id or name')
    .addOption(new Option('--state <state>', 'only those in one state').choices(['submitted', 'approved', 'rejected']))
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { merchant?: string; state?: DocumentState }) => {
      const { merchant, state } = options;
      const found = await withStore(options, async (database) =>
        listDocuments(database, { merchantId: await merchantIdIn(database, merchant), state }),
      );
      const rows = found.map(({ merchantName, ...document }) => ({ merchant: merchantName, ...shown(document) }));
      printRows(rows, { json: options.json, none: 'There is no document.' });
    });
  addCommand(compliance, 'add', 'hand in a document for a merchant; it counts when it is approved')
    .requiredOption('--merchant <merchant>', 'routing number, id or name')
    .addOption(new Option('--type <type>', 'what it is').choices(documentTypes).makeOptionMandatory())
    .requiredOption('--file <file>', 'a PDF of at most 20 MB')
    .requiredOption('--valid-from <day>', 'the day on which it begins to be valid, as 2026-01-31', day)
    .requiredOption('--valid-until <day>', 'the last day on which it is valid, at most a year later', day)
    .option('--json', 'print JSON')
    .action(add);
  addCommand(compliance, 'approve', 'approve a document that waits; it counts within two seconds')
    .argument('<id>', 'its id, as `polygate compliance list` shows it', documentId)
    .option('--json', 'print JSON')
    .action((id: string, options: ListOptions) => decide(id, options, 'approved'));
  addCommand(compliance, 'reject', 'reject a document, also one that was approved')
    .argument('<id>', 'its id, as `polygate compliance list` shows it', documentId)
    .requiredOption('--reason <text>', 'why; the merchant is told', reasonForm)
    .option('--json', 'print JSON')
    .action((id: string, options: ListOptions & { reason: string }) => decide(id, options, 'rejected', options.reason));
  addCommand(compliance, 'export', 'decrypt a document into a file of this machine')
    .argument('<id>', 'its id, as `polygate compliance list` shows it', documentId)
    .requiredOption('--out <file>', 'a file that does not exist yet')
    .action(async (id: string, options: ListOptions & { out: string }) => {
      const file = await withStore(options, (database, config) =>
        withVault(config, (vault) => readFile(database, { actor: actor(), documentId: id, open: vault.openSecret })),
      );
      writeFileSync(options.out, file, { flag: 'wx', mode: 0o600 });
      print(`${options.out} has ${file.length} bytes. It comes from outside: look at it with care, and delete it afterwards.`);
    });
}

type AddOptions = ListOptions & {
  readonly merchant: string;
  readonly type: DocumentType;
  readonly file: string;
  readonly validFrom: string;
  readonly validUntil: string;
};

const dayMs = 86_400_000;
const optionOf = { file: 'file', type: 'type', valid_from: 'valid-from', valid_to: 'valid-until' } as const;

async function add(options: AddOptions): Promise<void> {
  const file = readFileSync(options.file);
  const [validFromMs, validUntilMs] = [Date.parse(options.validFrom), Date.parse(options.validUntil) + dayMs];
  const submitted = await withStore(options, async (database, config) => {
    const { merchantId } = await findMerchant(database, options.merchant);
    const clock = await createClock(database, { canMove: false });
    const compliance = createComplianceStore(database, clock, actor());
    const submission = { merchantId, type: options.type, file, validFromMs, validUntilMs };
    const result = await withVault(config, (vault) => submitDocument({ clock, compliance, vault }, submission));
    await clock.close();
    return result;
  });
  if (submitted.kind === 'refused') throw new Error(`--${optionOf[submitted.field]} ${submitted.issue}.`);
  const { document, known } = submitted;
  if (options.json === true) return printJson(document);
  const what = known ? 'was handed in before, and is' : 'is';
  print(`The file ${what} document ${document.documentId}. \`polygate compliance approve\` lets it count.`);
}

async function decide(id: string, options: ListOptions, as: 'approved' | 'rejected', reason?: string): Promise<void> {
  const decision = { actor: actor(), documentId: id, as, ...(reason === undefined ? {} : { reason }) };
  const document = await withStore(options, (database) => decideDocument(database, decision));
  if (options.json === true) printJson(shown(document));
  else print(`The document is ${as}. Running nodes know within two seconds.`);
}

function shown({ documentId, type, state, validFromMs, validUntilMs, sizeBytes, createdAtMs, reason }: ComplianceDocument): object {
  const date = (ms: number | undefined) => (ms === undefined ? null : new Date(ms));
  return {
    documentId,
    type,
    state,
    validFrom: date(validFromMs),
    validUntil: date(validUntilMs),
    sizeBytes,
    createdAt: date(createdAtMs),
    reason,
  };
}
