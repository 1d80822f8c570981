import type { FastifyRequest } from 'fastify';
import { traceOf } from '../core/defect.ts';
import { isCertainlyNotRecorded, RecordedUnread } from '../core/payment/store-failure.ts';
import type { DialectContext } from './dialect.ts';

/** Logs what a dialect has no better word for than "internal error": a defect, or what was done and could not be read for its answer. */
export function logFailure({ engine }: Pick<DialectContext, 'engine'>, request: FastifyRequest, error: unknown): void {
  engine.log.error(
    { requestId: request.id, route: request.routeOptions.url, error: traceOf(error) },
    isCertainlyNotRecorded(error) || error instanceof RecordedUnread
      ? 'what a request has done could not be read for its answer'
      : 'a request failed by a defect',
  );
}

/** What the server has found wrong with a request before any endpoint saw it, and the status that it has for it. */
export interface RequestFault {
  readonly kind: 'media_type' | 'too_large' | 'unreadable';
  /** 400 to 499. */
  readonly status: number;
}

const kindsOfFaults: Readonly<Record<string, RequestFault['kind']>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
};

/** Undefined for whatever is no fault of the request: a defect. */
export function requestFaultOf(error: unknown): RequestFault | undefined {
  const { statusCode: status, code } = error as { readonly statusCode?: unknown; readonly code?: unknown };
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined;
  return { kind: kindsOfFaults[String(code)] ?? 'unreadable', status };
}
