import type { FastifyRequest } from 'fastify';
import { isCertainlyNotRecorded, RecordedUnread } from '../core/payment/store-failure.ts';
import type { DialectContext } from './dialect.ts';

/** Logs what a dialect has no better word for than "internal error": a defect, or what was done and could not be read for its answer. */
export function logFailure({ engine }: Pick<DialectContext, 'engine'>, request: FastifyRequest, error: unknown): void {
  engine.log.error(
    { requestId: request.id, route: request.routeOptions.url, error: error instanceof Error ? error.stack : String(error) },
    isCertainlyNotRecorded(error) || error instanceof RecordedUnread
      ? 'what a request has done could not be read for its answer'
      : 'a request failed by a defect',
  );
}
