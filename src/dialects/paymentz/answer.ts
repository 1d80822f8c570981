/** Answers: one content, as JSON or as XML by the request's `Accept`; and errors in the protocol's shape. */
import Builder from 'fast-xml-builder';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { DialectContext } from '../dialect.ts';
import { logFailure, requestFaultOf } from '../failure.ts';
import { endpoints } from './endpoints.ts';
import { Problem } from './problem.ts';
import { type Json, writeResult } from './write.ts';

/** The root element of XML answers. */
const root = 'response';

const builder = new Builder({ format: false, suppressEmptyNode: false });

/** What XML 1.0 has no way to write. */
const notInXml = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** Element names are the names of JSON, lists are repeated elements; absent members are left out. */
export function writeXml(body: Json): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${builder.build({ [root]: clean(body) })}`;
}

function clean(value: Json[string]): unknown {
  if (typeof value === 'string') return value.replaceAll(notInXml, '\ufffd');
  if (Array.isArray(value)) return value.map(clean);
  const members = Object.entries((value ?? {}) as Json).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, clean(member)]));
}

/** Whether XML is wanted more than JSON: by the weights of `Accept`, where the earlier one wins between equals. */
export function wantsXml(accept: string | undefined): boolean {
  const ranges = (accept ?? '').split(',').map((range) => {
    const [type = '', ...more] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = more.map((part) => /^q=([01](?:\.\d{0,3})?)$/.exec(part)?.[1]).find((found) => found !== undefined);
    return { isXml: type === 'application/xml' || type === 'text/xml', isJson: type === 'application/json', weight: Number(weight ?? '1') };
  });
  const named = ranges.filter(({ isXml, isJson, weight }) => (isXml || isJson) && weight > 0);
  return named.toSorted((a, b) => b.weight - a.weight)[0]?.isXml === true;
}

/** The whole answer in one write with its length. */
export function send(request: FastifyRequest, reply: FastifyReply, body: Json, status = 200): FastifyReply {
  const isXml = wantsXml(request.headers.accept);
  return reply
    .code(status)
    .headers({
      'content-type': isXml ? 'application/xml; charset=utf-8' : 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      vary: 'accept',
    })
    .send(isXml ? writeXml(body) : JSON.stringify(body));
}

const refusedAs = new Map(endpoints.flatMap((endpoint) => endpoint.paths.map((path) => [path, endpoint.refusedAs])));

/** The dialect's own errors, those of the HTTP layer in its shape, and defects: logged with the request's id, and told as that. */
export function answerError(context: DialectContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const nowMs = context.engine.clock.wallNow();
  const problem = context.isUnavailable(error) ? new Problem('30002', { status: 503 }) : problemFor(error);
  if (problem === undefined) {
    logFailure(context, request, error);
  }
  const { code, text, status, paymentId } = problem ?? new Problem('30001', { status: 500 });
  if (status === 503) reply.header('retry-after', '1');
  const about = refusedAs.get(request.routeOptions.url ?? '');
  if (about === 'invoice') {
    const statusInvoiceResult = { code, description: text };
    return send(request, reply, { statusInvoiceResult, ...writeResult(statusInvoiceResult, nowMs) }, status);
  }
  // What failed by a defect may have been done; what is not found has not failed.
  const hasFailed = about === 'payment' && problem !== undefined && code !== '10026';
  const failed: Json = hasFailed ? { paymentId: paymentId ?? '-', status: 'failed', transactionStatus: 'N' } : {};
  return send(request, reply, { ...failed, ...writeResult({ code, description: text }, nowMs) }, status);
}

function problemFor(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof TooManyRequests) return new Problem('20099', { status: 429 });
  const fault = requestFaultOf(error);
  switch (fault?.kind) {
    case 'media_type':
      return new Problem('20002', { status: 400, text: 'Content-Type: must be application/x-www-form-urlencoded or application/json' });
    case 'too_large':
      return new Problem('20002', { status: fault.status, text: 'the body is too large' });
    case 'unreadable':
      return new Problem('20002', { status: fault.status, text: 'the request cannot be read' });
    case undefined:
      return undefined;
  }
}
