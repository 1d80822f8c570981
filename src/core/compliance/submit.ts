/** A merchant hands in a document: checked by its content, sealed, kept. It counts when an operator has approved it. */
import { hash, randomUUIDv7 } from 'node:crypto';
import type { Engine } from '../payment/engine.ts';
import { type ComplianceDocument, type DocumentType, type Standing, standingOf } from './document.ts';

export const largestFileBytes = 20 * 1_024 * 1_024;
/** Documents that wait for an operator; whoever has more does not wait for an answer. */
const waitingAtMost = 20;
const dayMs = 86_400_000;
/** A leap year's worth. */
const longestValidityMs = 366 * dayMs;

export interface DocumentSubmission {
  readonly merchantId: string;
  readonly type: DocumentType;
  readonly file: Uint8Array;
  /** Business time, epoch ms; `validUntilMs` is the first moment at which it is no longer valid. */
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

/** `known`: the same file was handed in before, and is the document that it became then. */
export type Submitted =
  | { readonly kind: 'refused'; readonly field: 'file' | 'valid_from' | 'valid_to' | 'type'; readonly issue: string }
  | { readonly kind: 'kept'; readonly document: ComplianceDocument; readonly known: boolean };

/** Rejects with `NotRecorded` when the database is away. */
export async function submitDocument(
  engine: Pick<Engine, 'clock' | 'compliance' | 'vault'>,
  submission: DocumentSubmission,
): Promise<Submitted> {
  const { merchantId, type, file, validFromMs, validUntilMs } = submission;
  const nowMs = engine.clock.businessNow();
  const wrong = whatIsWrong(submission, nowMs);
  if (wrong !== undefined) return wrong;
  const sha256 = hash('sha256', file, 'hex');
  const documents = await engine.compliance.documentsOf(merchantId);
  const same = documents.find(
    (one) => one.sha256 === sha256 && one.type === type && one.validUntilMs === validUntilMs && one.state !== 'rejected',
  );
  if (same !== undefined) return { kind: 'kept', document: same, known: true };
  if (documents.filter(({ state }) => state === 'submitted').length >= waitingAtMost) {
    return { kind: 'refused', field: 'file', issue: `cannot be taken: ${waitingAtMost} documents wait for approval already` };
  }
  const documentId = randomUUIDv7();
  const document: ComplianceDocument = {
    ...{ merchantId, documentId, type, state: 'submitted', validFromMs, validUntilMs, sizeBytes: file.length, sha256, createdAtMs: nowMs },
  };
  const secret = Buffer.from(file).toString('base64');
  await engine.compliance.add(document, engine.vault.sealSecret({ merchantId, secretId: documentId, secret }));
  return { kind: 'kept', document, known: false };
}

function whatIsWrong({ file, validFromMs, validUntilMs }: DocumentSubmission, nowMs: number): Submitted | undefined {
  if (file.length === 0) return { kind: 'refused', field: 'file', issue: 'is empty' };
  if (file.length > largestFileBytes) return { kind: 'refused', field: 'file', issue: 'is larger than 20 MB' };
  if (!isPdf(file)) return { kind: 'refused', field: 'file', issue: 'must be a PDF; its content says that it is none' };
  if (validFromMs > nowMs) return { kind: 'refused', field: 'valid_from', issue: 'lies in the future' };
  if (validUntilMs <= validFromMs) return { kind: 'refused', field: 'valid_to', issue: 'is before valid_from' };
  if (validUntilMs <= nowMs) return { kind: 'refused', field: 'valid_to', issue: 'is past' };
  if (validUntilMs - validFromMs > longestValidityMs)
    return { kind: 'refused', field: 'valid_to', issue: 'is more than a year after valid_from' };
  return undefined;
}

/** By its first bytes and its end (ISO 32000-1, 7.5.2 and 7.5.5), whatever name and type it was sent with. */
function isPdf(file: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  return bytes.subarray(0, 5).toString('latin1') === '%PDF-' && bytes.subarray(-1_024).includes('%%EOF');
}

/** How a merchant stands now, from memory: for the payment path. */
export async function isCompliant(engine: Engine, merchantId: string): Promise<boolean> {
  const { documents, transactions } = await engine.compliance.recall(merchantId);
  return standingOf(documents, transactions, engine.clock.businessNow()).isCompliant;
}

/** The same as it is in the database. */
export async function readStanding(
  engine: Engine,
  merchantId: string,
): Promise<{ readonly standing: Standing; readonly documents: readonly ComplianceDocument[] }> {
  const [documents, transactions] = await Promise.all([
    engine.compliance.documentsOf(merchantId),
    engine.compliance.transactionsOf(merchantId),
  ]);
  return { standing: standingOf(documents, transactions, engine.clock.businessNow()), documents };
}
