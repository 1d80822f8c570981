/** The gateway's log: JSON lines, from which secrets are taken by name before and card data by shape after they are written out. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { workFields } from '../observability/work.ts';
import { redactLine, removeSecrets } from './redact.ts';

export { redactionHits } from './redact.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Where the lines go; standard output when not given. */
  readonly destination?: DestinationStream;
}

/**
 * Makes a logger. Give it objects with few, known fields: `log.info({ paymentId }, 'captured')`. Errors go under `err`, requests under
 * `req`; of both only what is listed here is written, since a database error can quote a row and a URL can carry a card.
 */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    mixin: workFields,
    formatters: { log: removeSecrets<Record<string, unknown>> },
    serializers: { err: describeError, req: describeRequest, res: describeResponse },
    hooks: { streamWrite: redactLine },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: unknown;
}

/** Depth 3 is enough for a cause behind a cause, and ends circles. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return removeSecrets(error);
  const { code } = error as { code?: unknown };
  const described: DescribedError = {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth === 3 ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
  return described;
}

/** Without headers and without what follows the path: protocols put business data there, by mistake or by design. */
function describeRequest(request: { readonly method?: unknown; readonly url?: unknown; readonly id?: unknown }): unknown {
  const path = typeof request.url === 'string' ? request.url.replace(/[?#].*$/s, '') : undefined;
  return { id: request.id, method: request.method, path };
}

function describeResponse(response: { readonly statusCode?: unknown }): unknown {
  return { statusCode: response.statusCode };
}
