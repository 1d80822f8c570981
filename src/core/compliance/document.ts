/**
 * Documents by which a merchant that handles card data itself shows that it complies with PCI DSS: a scan by an approved vendor from everybody; a
 * self-assessment questionnaire, or beyond six million transactions a year the attestation of a qualified assessor. They are valid for a year at most,
 * on the business clock, and count once an operator has approved them.
 */

export const documentTypes = ['asv_scan', 'saq', 'aoc'] as const;

export type DocumentType = (typeof documentTypes)[number];

export type DocumentState = 'submitted' | 'approved' | 'rejected';

export interface ComplianceDocument {
  readonly merchantId: string;
  /** UUID. */
  readonly documentId: string;
  readonly type: DocumentType;
  readonly state: DocumentState;
  /** Business time, epoch ms. */
  readonly validFromMs: number;
  /** The first moment at which it is no longer valid; absent: it does not expire. */
  readonly validUntilMs?: number;
  /** Why it was rejected. */
  readonly reason?: string;
  /** Of the file; absent where there is none. */
  readonly sizeBytes?: number;
  /** Hex. */
  readonly sha256?: string;
  readonly createdAtMs: number;
}

/** Level 1 of the schemes begins above it. */
export const questionnaireUpTo = 6_000_000;

/** Which documents a merchant needs that had so many transactions in the last twelve months. */
export function requiredTypes(transactions: number): readonly DocumentType[] {
  return ['asv_scan', transactions > questionnaireUpTo ? 'aoc' : 'saq'];
}

/** `missing`: nothing was submitted, or what was has been rejected. */
export type RequirementState = 'valid' | 'submitted' | 'expired' | 'not_yet_valid' | 'missing';

export interface Requirement {
  readonly type: DocumentType;
  readonly state: RequirementState;
  /** Of the document that counts, or would. */
  readonly document?: ComplianceDocument;
}

export interface Standing {
  readonly isCompliant: boolean;
  readonly transactions: number;
  readonly requirements: readonly Requirement[];
}

/** How a merchant stands at a business time. */
export function standingOf(documents: readonly ComplianceDocument[], transactions: number, nowMs: number): Standing {
  const requirements = requiredTypes(transactions).map((type) => requirementOf(documents, type, nowMs));
  return { isCompliant: requirements.every(({ state }) => state === 'valid'), transactions, requirements };
}

function requirementOf(all: readonly ComplianceDocument[], type: DocumentType, nowMs: number): Requirement {
  // What a qualified assessor attests says more than what a merchant says of itself.
  const documents = all.filter((document) => document.type === type || (type === 'saq' && document.type === 'aoc'));
  const approved = documents.filter(({ state }) => state === 'approved');
  const valid = longest(approved.filter((document) => isValid(document, nowMs)));
  if (valid !== undefined) return { type, state: 'valid', document: valid };
  const submitted = longest(documents.filter((document) => document.state === 'submitted' && !isOver(document, nowMs)));
  if (submitted !== undefined) return { type, state: 'submitted', document: submitted };
  const coming = longest(approved.filter((document) => !isOver(document, nowMs)));
  if (coming !== undefined) return { type, state: 'not_yet_valid', document: coming };
  const past = longest(approved);
  return past === undefined ? { type, state: 'missing' } : { type, state: 'expired', document: past };
}

function isOver({ validUntilMs }: ComplianceDocument, nowMs: number): boolean {
  return validUntilMs !== undefined && nowMs >= validUntilMs;
}

function isValid(document: ComplianceDocument, nowMs: number): boolean {
  return document.validFromMs <= nowMs && !isOver(document, nowMs);
}

function longest(documents: readonly ComplianceDocument[]): ComplianceDocument | undefined {
  const until = ({ validUntilMs = Number.POSITIVE_INFINITY }: ComplianceDocument) => validUntilMs;
  return documents.toSorted((a, b) => until(b) - until(a))[0];
}

/** Keeps documents; what is asked on the payment path is answered from memory. */
export interface ComplianceStore {
  /** All of a merchant, the latest first. */
  documentsOf(merchantId: string): Promise<readonly ComplianceDocument[]>;
  /** How many transactions a merchant had in the last twelve months, counted beyond six million no further; at most an hour old. */
  transactionsOf(merchantId: string): Promise<number>;
  /** Both from memory, the documents at most a few seconds old; the number is 0 until it is known. */
  recall(merchantId: string): Promise<{ readonly documents: readonly ComplianceDocument[]; readonly transactions: number }>;
  /** `file`: as the vault has sealed it. */
  add(document: ComplianceDocument, file: Uint8Array): Promise<void>;
  /** Remembers that a merchant was warned so many days before the end of a document; false when it was before. */
  noteWarning(key: Pick<ComplianceDocument, 'merchantId' | 'documentId'> & { readonly days: number }): Promise<boolean>;
  /** Of approved documents that no later one replaces: the warnings that are due now and were not given, for the document that ends first first. */
  dueWarnings(request: WarningTimes & { readonly limit: number }): Promise<readonly DueWarning[]>;
  /** When the next of their warnings becomes due after now; business time, epoch ms. */
  nextWarningAtMs(times: WarningTimes): Promise<number | undefined>;
}

/** When warnings are due: so many days before a document ends. `nowMs`: business time. */
export interface WarningTimes {
  readonly nowMs: number;
  readonly daysBefore: readonly number[];
}

export interface DueWarning {
  readonly document: ComplianceDocument;
  readonly merchantName: string;
  /** Mail addresses of the merchant. */
  readonly addresses: readonly { readonly address: string; readonly language: string }[];
  /** Before the end: of several warnings that are due the latest, since those that were missed are not caught up. */
  readonly days: number;
}
