/** Merchants' PCI DSS documents as rows, and what the payment path remembers of them. */
import {
  type ComplianceDocument,
  type ComplianceStore,
  type DocumentState,
  type DocumentType,
  type DueWarning,
  questionnaireUpTo,
} from '../core/compliance/document.ts';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { SealedSecret } from '../core/ports/vault.ts';
import { plainArray, timeOrNull, timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { firstIdAt } from './id-time.ts';
import { createMemory } from './memory.ts';
import { reading } from './unavailable.ts';

/** How soon an operator's decision counts on every node. */
const documentsFreshMs = 2_000;
const countFreshMs = 3_600_000;
const merchantsAtMost = 10_000;
const yearMs = 365 * 86_400_000;

export const documentColumns = `d.merchant_id, d.document_id, d.type, d.state, (extract(epoch from d.valid_from) * 1000)::bigint as from_ms,
  (extract(epoch from d.valid_until) * 1000)::bigint as until_ms, d.reason, d.size_bytes, d.sha256,
  (extract(epoch from d.created_at) * 1000)::bigint as created_ms`;

const ofMerchant: Statement = {
  name: 'compliance_documents',
  text: `select ${documentColumns} from polygate.compliance_document d where d.merchant_id = $1 order by d.created_at desc, d.document_id desc limit 500`,
};

const insert: Statement = {
  name: 'add_compliance_document',
  text: `insert into polygate.compliance_document (merchant_id, document_id, type, valid_from, valid_until, size_bytes, sha256, sealed, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
};

// Beyond the limit it does not matter how many there are. Payments' ids are in the order of time, so the primary key finds them.
const countTransactions: Statement = {
  name: 'count_transactions_of_merchant',
  text: `select count(*)::int as count from (
  select from polygate.payment p where p.merchant_id = $1 and p.payment_id >= $2 limit ${questionnaireUpTo + 1}
) x`,
};

const note: Statement = {
  name: 'note_compliance_warning',
  text: `update polygate.compliance_document set warned_at = array_append(warned_at, $3)
where merchant_id = $1 and document_id = $2 and not warned_at @> array[$3::integer] returning document_id`,
};

// Approved, not over, and not replaced by one that ends later. What was warned of already is left out here, so that however many documents end
// before, none of them stands in the way of another.
const endsUnreplaced = `d.state = 'approved' and d.valid_until > $1::timestamptz and not exists (
    select from polygate.compliance_document l
    where l.merchant_id = d.merchant_id and l.type = d.type and l.state = 'approved' and (l.valid_until is null or l.valid_until > d.valid_until)
  )`;

const dueWarnings: Statement = {
  name: 'due_compliance_warnings',
  text: `select ${documentColumns}, w.days, m.name as merchant_name, array(
    select distinct substr(e.url, 8) || ' ' || coalesce(e.settings ->> 'language', 'en') from polygate.endpoint e
    where e.merchant_id = d.merchant_id and e.removed_at is null and e.url like 'mailto:%'
  ) as addresses
from polygate.compliance_document d
  cross join lateral (
    select min(before.days) as days from unnest($2::integer[]) as before (days) where d.valid_until <= $1::timestamptz + before.days * interval '1 day'
  ) w
  join polygate.merchant m using (merchant_id)
where ${endsUnreplaced} and d.valid_until <= $1::timestamptz + (select max(before.days) from unnest($2::integer[]) as before (days)) * interval '1 day'
  and not d.warned_at @> array[w.days]
order by d.valid_until limit $3`,
};

const nextWarning: Statement = {
  name: 'next_compliance_warning',
  text: `select (extract(epoch from min(d.valid_until - before.days * interval '1 day')) * 1000)::bigint as due_ms
from polygate.compliance_document d cross join unnest($2::integer[]) as before (days)
where ${endsUnreplaced} and d.valid_until - before.days * interval '1 day' > $1::timestamptz and not d.warned_at @> array[before.days]`,
};

export interface DocumentRow extends Row {
  readonly merchant_id: string;
  readonly document_id: string;
  readonly type: DocumentType;
  readonly state: DocumentState;
  readonly from_ms: number;
  readonly until_ms: number | null;
  readonly reason: string | null;
  readonly size_bytes: number | null;
  readonly sha256: string | null;
  readonly created_ms: number;
}

type WarningRow = DocumentRow & { readonly days: number; readonly merchant_name: string; readonly addresses: string[] };

export function documentOf(row: DocumentRow): ComplianceDocument {
  return {
    ...{ merchantId: row.merchant_id, documentId: row.document_id, type: row.type, state: row.state, validFromMs: row.from_ms },
    ...(row.until_ms === null ? {} : { validUntilMs: row.until_ms }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.size_bytes === null ? {} : { sizeBytes: row.size_bytes }),
    ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
    createdAtMs: row.created_ms,
  };
}

/** `actor`: the operator who hands in documents for merchants, with an entry in the trail each; none where merchants do so themselves. */
export function createComplianceStore(database: Database, clock: Pick<Clock, 'wallNow'>, actor?: string): ComplianceStore {
  const documentsOf = async (merchantId: string) => (await reading(database.query<DocumentRow>(ofMerchant, [merchantId]))).map(documentOf);
  const count = async (merchantId: string) => {
    const [row] = await reading(database.query<{ count: number }>(countTransactions, [merchantId, firstIdAt(clock.wallNow() - yearMs)]));
    return row?.count ?? 0;
  };
  const remembered = createMemory(documentsOf, { freshMs: documentsFreshMs, entriesAtMost: merchantsAtMost });
  const counted = createMemory(count, { freshMs: countFreshMs, entriesAtMost: merchantsAtMost });
  const known = new Map<string, number>();
  return {
    documentsOf,
    transactionsOf: counted.get,
    async recall(merchantId) {
      counted.get(merchantId).then(
        (count) => known.set(merchantId, count),
        () => undefined,
      );
      return { documents: await remembered.get(merchantId), transactions: known.get(merchantId) ?? 0 };
    },
    async add({ merchantId, documentId, type, validFromMs, validUntilMs, sizeBytes, sha256, createdAtMs }, file) {
      const values = [
        ...[merchantId, documentId, type, timeText(validFromMs), timeOrNull(validUntilMs)],
        ...[sizeBytes, sha256, Buffer.from(file), timeText(createdAtMs)],
      ];
      if (actor === undefined) {
        await reading(database.query(insert, values));
        return;
      }
      await acting(database, async (query, audit) => {
        await query(insert, values);
        await audit({ actor, act: 'compliance_document.added', details: { merchantId, documentId, type } });
      });
    },
    async noteWarning({ merchantId, documentId, days }) {
      return (await reading(database.query(note, [merchantId, documentId, days]))).length > 0;
    },
    async dueWarnings({ nowMs, daysBefore, limit }) {
      return (await reading(database.query<WarningRow>(dueWarnings, [new Date(nowMs), plainArray(daysBefore), limit]))).map(warningOf);
    },
    async nextWarningAtMs({ nowMs, daysBefore }) {
      const [row] = await reading(database.query<{ due_ms: number | null }>(nextWarning, [new Date(nowMs), plainArray(daysBefore)]));
      return row?.due_ms ?? undefined;
    },
  };
}

function warningOf(row: WarningRow): DueWarning {
  const addresses = row.addresses.map((text) => {
    const [address = '', language = 'en'] = text.split(' ');
    return { address, language };
  });
  return { document: documentOf(row), merchantName: row.merchant_name, addresses, days: row.days };
}

const list: Statement = {
  name: 'list_compliance_documents',
  text: `select ${documentColumns}, m.name as merchant_name from polygate.compliance_document d join polygate.merchant m using (merchant_id)
where ($1::uuid is null or d.merchant_id = $1) and ($2::text is null or d.state = $2) order by d.created_at desc, d.document_id desc limit 1000`,
};

const decide: Statement = {
  name: 'decide_compliance_document',
  text: `update polygate.compliance_document d set state = $2, reason = $3, decided_at = now() where d.document_id = $1 and d.state = $4
returning ${documentColumns}`,
};

const sealedFile: Statement = {
  name: 'sealed_compliance_file',
  text: 'select d.merchant_id, d.type, d.sealed from polygate.compliance_document d where d.document_id = $1',
};

/** For operators: of one merchant, or of all, the latest first. */
export async function listDocuments(
  database: Database,
  { merchantId, state }: { readonly merchantId?: string | undefined; readonly state?: DocumentState | undefined } = {},
): Promise<readonly (ComplianceDocument & { readonly merchantName: string })[]> {
  const rows = await database.query<DocumentRow & { readonly merchant_name: string }>(list, [merchantId ?? null, state ?? null]);
  return rows.map((row) => ({ ...documentOf(row), merchantName: row.merchant_name }));
}

export interface DocumentDecision {
  readonly actor: string;
  readonly documentId: string;
  readonly as: Exclude<DocumentState, 'submitted'>;
  /** Of a rejection: told to the merchant. */
  readonly reason?: string;
}

/** An operator approves a document that waits, or rejects one, also one that was approved. Throws {@link OperatorError} where there is none such. */
export function decideDocument(database: Database, { actor, documentId, as, reason }: DocumentDecision): Promise<ComplianceDocument> {
  return acting(database, async (query, audit) => {
    const from: readonly DocumentState[] = as === 'approved' ? ['submitted'] : ['submitted', 'approved'];
    for (const state of from) {
      const [row] = await query<DocumentRow>(decide, [documentId, as, reason ?? null, state]);
      if (row === undefined) continue;
      const { merchant_id: merchantId, type } = row;
      await audit({
        actor,
        act: `compliance_document.${as}`,
        details: { merchantId, documentId, type, ...(reason === undefined ? {} : { reason }) },
      });
      return documentOf(row);
    }
    throw new OperatorError(`There is no document ${documentId} that could be ${as}. \`polygate compliance list\` shows them.`, {
      kind: 'not_found',
    });
  });
}

/** An operator reads a file; who did is in the trail. */
export function readFile(
  database: Database,
  { actor, documentId, open }: { readonly actor: string; readonly documentId: string; readonly open: (sealed: SealedSecret) => string },
): Promise<Buffer> {
  return acting(database, async (query, audit) => {
    const [row] = await query<Row & { readonly merchant_id: string; readonly sealed: Buffer | null }>(sealedFile, [documentId]);
    if (row === undefined || row.sealed === null)
      throw new OperatorError(`There is no file of a document ${documentId}.`, { kind: 'not_found' });
    await audit({ actor, act: 'compliance_document.read', details: { merchantId: row.merchant_id, documentId } });
    return Buffer.from(open({ merchantId: row.merchant_id, secretId: documentId, sealed: row.sealed }), 'base64');
  });
}
