/** What a request is answered when nothing is recorded. Thrown inside the dialect, answered in one place. */
import { randomUUID } from 'node:crypto';

/** The platform's identifiers: number, and the older number beside it. Where the platform's own number is not published it is one of ours. */
export const problems = {
  ACCESS_TO_MERCHANT_NOT_ALLOWED: ['9007', '9007'],
  UNKNOWN_PAYMENT_ID: ['50001130', '1002'],
  UNKNOWN_PAYOUT_ID: ['50001131', '1002'],
  UNKNOWN_TOKEN_ID: ['50001132', '1002'],
  UNKNOWN_PRODUCT_ID: ['50001133', '1002'],
  UNKNOWN_PRODUCT_GROUP_ID: ['50001134', '1002'],
  UNKNOWN_HOSTED_ID: ['50001138', '1002'],
  UNKNOWN_PAYMENT_LINK_ID: ['50001139', '1002'],
  UNKNOWN_BIN: ['50001136', '1002'],
  INVALID_VALUE: ['50001111', '1008'],
  PARAMETER_NOT_FOUND_IN_REQUEST: ['50001112', '20000000'],
  SCHEMA_VALIDATION_FAILED: ['50001113', '1007'],
  CARDNUMBER_PAYMENTPRODUCTID_MISMATCH: ['50001114', '1008'],
  PAYMENT_PRODUCT_NOT_AVAILABLE: ['50001115', '1009'],
  ACTION_NOT_ALLOWED_ON_TRANSACTION: ['50001054', '2015'],
  DUPLICATE_REQUEST_IN_PROGRESS: ['50001409', '1409'],
  UNKNOWN_WEBHOOK: ['50001137', '1002'],
  TOO_MANY_REQUESTS: ['50001429', '1429'],
  SERVICE_UNAVAILABLE: ['50001503', '1203'],
  INTERNAL_ERROR: ['50001500', '1200'],
} as const satisfies Record<string, readonly [errorCode: string, code: string]>;

export type ProblemId = keyof typeof problems;

/** One member of `errors`. */
export interface WireError {
  readonly errorCode: string;
  readonly code: string;
  readonly category: 'DIRECT_PLATFORM_ERROR' | 'PAYMENT_PLATFORM_ERROR' | 'IO_ERROR';
  readonly httpStatusCode: number;
  readonly id: string;
  readonly message: string;
  readonly propertyName?: string;
  /** The same request may succeed later, under a new idempotence key. */
  readonly retriable: boolean;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly id: ProblemId;
  readonly status: number;
  /** Path of the member at fault. */
  readonly propertyName: string | undefined;
  readonly retriable: boolean;

  constructor(
    id: ProblemId,
    more: { readonly status?: number; readonly propertyName?: string; readonly text?: string; readonly retriable?: boolean } = {},
  ) {
    super(more.text ?? id);
    this.id = id;
    this.status = more.status ?? 400;
    this.propertyName = more.propertyName;
    this.retriable = more.retriable ?? (this.status >= 500 || this.status === 429 || this.status === 409);
  }
}

/** A member with a value that cannot be; the value is never repeated. */
export function invalid(propertyName: string, text: string): Problem {
  return new Problem('INVALID_VALUE', { propertyName, text });
}

/** A member that has to be there. */
export function missing(propertyName: string): Problem {
  return new Problem('PARAMETER_NOT_FOUND_IN_REQUEST', { propertyName, text: `${propertyName} is missing` });
}

/** The payment does not allow it now; the platform puts the same words into id and message. */
export function notAllowed(more: { readonly propertyName?: string; readonly status?: number; readonly retriable?: boolean } = {}): Problem {
  return new Problem('ACTION_NOT_ALLOWED_ON_TRANSACTION', more);
}

function writeError({ id, status, message, propertyName, retriable }: Problem): WireError {
  const [errorCode, code] = problems[id];
  return {
    ...{ errorCode, code, category: status >= 500 ? 'IO_ERROR' : 'DIRECT_PLATFORM_ERROR', httpStatusCode: status, id, message },
    ...(propertyName === undefined ? {} : { propertyName }),
    retriable,
  };
}

/** The body of an answer that is an error. */
export function writeProblem(problem: Problem): object {
  return writeErrors([writeError(problem)], problem.status);
}

export function writeErrors(errors: readonly WireError[], status: number): object {
  return { errorId: randomUUID(), errors, status };
}
