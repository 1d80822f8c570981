/** `polygate compliance`: what merchants have handed in about PCI DSS, and what an operator says to it. */
import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { ComplianceDocument, DocumentState } from '../core/compliance/document.ts';
import { decideDocument, listDocuments, readFile } from '../store/compliance.ts';
import { findMerchant } from '../store/merchants.ts';
import {
  actor,
  addCommand,
  addGroup,
  type ListOptions,
  matching,
  print,
  printJson,
  printRows,
  withStore,
  withVault,
} from './command-line.ts';

const documentId = matching(/^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/, 'the id of a document (a UUID)');
const reasonForm = matching(/^[^\p{Cc}]{1,255}$/u, '1 to 255 characters');

export function addComplianceCommands(program: Command): void {
  const compliance = addGroup(program, 'compliance', 'merchants’ PCI DSS documents');
  addCommand(compliance, 'list', 'show documents, the latest first')
    .option('--merchant <merchant>', 'only those of one merchant: routing number, id or name')
    .addOption(new Option('--state <state>', 'only those in one state').choices(['submitted', 'approved', 'rejected']))
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { merchant?: string; state?: DocumentState }) => {
      const { merchant, state } = options;
      const found = await withStore(options, async (database) => {
        const merchantId = merchant === undefined ? undefined : (await findMerchant(database, merchant)).merchantId;
        return listDocuments(database, { merchantId, state });
      });
      const rows = found.map(({ merchantName, ...document }) => ({ merchant: merchantName, ...shown(document) }));
      printRows(rows, { json: options.json, none: 'There is no document.' });
    });
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
