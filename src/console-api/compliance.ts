/** PCI DSS documents that merchants have handed in, and what operators say to them. */
import { documentTypes } from '../core/compliance/document.ts';
import { fields, inQuery, means, nullable, oneOf, optional, text, time, uuid, whole, words } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const states = ['submitted', 'approved', 'rejected'] as const;

/** A document as operators see it. */
const document = {
  merchant_id: uuid,
  document_id: uuid,
  type: oneOf(documentTypes),
  state: oneOf(states),
  valid_from: time,
  valid_until: means(nullable(time), 'The first moment at which it is no longer valid; null: it does not expire.'),
  reason: means(nullable(text), 'Why it was rejected.'),
  size_bytes: nullable(whole),
  sha256: means(nullable(text), 'Of the file, hex.'),
  created_at: time,
  decided_at: nullable(time),
};

const group = 'PCI DSS documents';
const one = '/compliance-documents/:document_id';
const path = fields({ document_id: uuid });
const reason = means(words(1, 255), 'Why; the merchant is told.');

export function complianceRoutes({ store, engine }: ConsoleParts): readonly ConsoleRoute[] {
  const read = (document_id: string) => readOne(store, { list: 'compliance_documents', filters: { document_id }, noun: 'document' });
  const answer = fields(document);
  return [
    list({
      ...{ name: 'listComplianceDocuments', group, at: '/compliance-documents', summary: 'Lists documents, the latest first.' },
      query: optional({ merchant_id: inQuery.uuid, type: oneOf(documentTypes), state: oneOf(states) }),
      ...{ list: 'compliance_documents', item: answer, store },
    }),
    act({
      ...{ name: 'readComplianceDocument', group, method: 'get', at: one, role: 'viewer', summary: 'Reads what is known of a document.' },
      ...{ path, answer, problems: ['not_found'] },
      handle: ({ path: { document_id } }) => read(document_id),
    }),
    act({
      ...{
        name: 'readComplianceFile',
        group,
        method: 'get',
        at: `${one}/file`,
        role: 'operator',
        summary: 'Reads the file of a document.',
      },
      description: 'As text inside JSON, so that no browser shows it by itself: it comes from outside. Who read it is in the trail.',
      ...{ path, answer: fields({ content_type: text, base64: text }), problems: ['not_found'] },
      async handle({ path: { document_id: documentId }, actor }) {
        const bytes = await store.readDocument({ actor, documentId, open: engine.vault.openSecret });
        return { content_type: 'application/pdf', base64: Buffer.from(bytes).toString('base64') };
      },
    }),
    act({
      ...{
        name: 'approveComplianceDocument',
        group,
        method: 'post',
        at: `${one}/approve`,
        role: 'operator',
        summary: 'Approves a document that waits.',
      },
      ...{ path, answer, problems: ['not_found'] },
      async handle({ path: { document_id: documentId }, actor }) {
        await store.decideDocument({ actor, documentId, as: 'approved' });
        return read(documentId);
      },
    }),
    act({
      ...{ name: 'rejectComplianceDocument', group, method: 'post', at: `${one}/reject`, role: 'operator' },
      summary: 'Rejects a document, also one that was approved.',
      ...{ path, body: fields({ reason }), sample: { reason: 'It is not signed.' }, answer, problems: ['not_found'] },
      async handle({ path: { document_id: documentId }, body, actor }) {
        await store.decideDocument({ actor, documentId, as: 'rejected', reason: body.reason });
        return read(documentId);
      },
    }),
  ];
}
