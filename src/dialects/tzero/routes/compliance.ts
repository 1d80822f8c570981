/** `/compliance`: PCI DSS documents are handed in, and it is told which are still missing. */
import type { FastifyInstance } from 'fastify';
import { type ComplianceDocument, documentTypes } from '../../../core/compliance/document.ts';
import { largestFileBytes, readStanding, submitDocument } from '../../../core/compliance/submit.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { openToMerchant } from '../auth.ts';
import { fieldProblem, Problem } from '../problem.ts';
import { callerOf, refuseParametersInUrl } from '../request.ts';
import { type Json, writeTime } from '../write.ts';

const dayMs = 86_400_000;
/** For the fields beside the file, and the lines between them. */
const bodyLimit = largestFileBytes + 65_536;

export function registerCompliance(app: FastifyInstance, context: DialectContext): void {
  app.addContentTypeParser('multipart/form-data', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));

  app.post('/compliance/document', { bodyLimit }, async (request, reply) => {
    refuseParametersInUrl(request);
    const caller = callerOf(request);
    const { merchantId } = caller;
    await openToMerchant(context.directory, caller);
    const form = await readForm(request.body, request.headers['content-type'] ?? '');
    const type = documentTypes.find((known) => known === form.get('type'));
    if (type === undefined) throw fieldProblem('type', `must be one of ${documentTypes.join(', ')}`);
    const file = form.get('file');
    if (!(file instanceof Blob)) throw fieldProblem('file', 'is required, as a file');
    const submitted = await submitDocument(context.engine, {
      ...{ merchantId, type, validFromMs: readDay(form, 'valid_from'), validUntilMs: readDay(form, 'valid_to') + dayMs },
      file: new Uint8Array(await file.arrayBuffer()),
    });
    if (submitted.kind === 'refused') throw fieldProblem(submitted.field, submitted.issue);
    return send(reply, submitted.known ? 200 : 201, writeDocument(submitted.document));
  });

  app.get('/compliance/status', async (request, reply) => {
    const caller = callerOf(request);
    await openToMerchant(context.directory, caller);
    const { standing, documents } = await readStanding(context.engine, caller.merchantId);
    return send(reply, 200, {
      compliant: standing.isCompliant,
      transactions_last_12_months: standing.transactions,
      required: standing.requirements.map(({ type, state, document }) => ({
        ...{ type, status: state },
        ...(document === undefined ? {} : { document_id: document.documentId, ...validTo(document) }),
      })),
      documents: documents.map(writeDocument),
    });
  });
}

/** The platform's own reader of forms: what it cannot read is no form. */
async function readForm(body: unknown, contentType: string): Promise<FormData> {
  if (!Buffer.isBuffer(body)) throw new Problem('unsupported_media_type', { message: 'The body must be multipart/form-data.' });
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw new Problem('unreadable_request', { message: 'The body is no multipart form.' });
  }
}

/** The first moment of a day, UTC. */
function readDay(form: FormData, name: string): number {
  const text = form.get(name);
  const time = typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  if (time === undefined || Number.isNaN(time.getTime()) || !time.toISOString().startsWith(String(text))) {
    throw fieldProblem(name, 'must be a date, as in 2034-12-31');
  }
  return time.getTime();
}

function writeDocument(document: ComplianceDocument): Json {
  const { documentId, type, state, validFromMs, reason, sizeBytes, createdAtMs } = document;
  return {
    ...{ id: documentId, type, status: state, valid_from: writeTime(validFromMs).slice(0, 10), ...validTo(document) },
    ...(reason === undefined ? {} : { reason }),
    ...(sizeBytes === undefined ? {} : { size: sizeBytes }),
    created_at: writeTime(createdAtMs),
  };
}

function validTo({ validUntilMs }: ComplianceDocument): Json {
  return { valid_to: validUntilMs === undefined ? null : writeTime(validUntilMs - dayMs).slice(0, 10) };
}
