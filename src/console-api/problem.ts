/** What the console API answers when it does not do what was asked: problem details (RFC 9457), with a word for programs and the fields at fault. */
import { STATUS_CODES } from 'node:http';

/** What is wrong with one part of a request. */
export interface FieldFault {
  /** As it is named on the wire; parts of it are separated by dots. Empty: the body as a whole. */
  readonly field: string;
  readonly detail: string;
}

/** The words that `error` may have, and the status of each. */
export const problemStatuses = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  live_mode: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  too_many_requests: 429,
  endpoint_failed: 502,
  due_work_not_done: 503,
  unavailable: 503,
  internal: 500,
} as const;

export type ProblemName = keyof typeof problemStatuses;

export interface ProblemDetails {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly error: ProblemName;
  readonly detail: string;
  readonly errors?: readonly FieldFault[];
}

export class ConsoleProblem extends Error {
  readonly details: ProblemDetails;
  constructor(error: ProblemName, detail: string, errors: readonly FieldFault[] = []) {
    super(detail);
    this.name = 'ConsoleProblem';
    const status = problemStatuses[error];
    const fields = errors.length === 0 ? {} : { errors };
    this.details = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, error, detail, ...fields };
  }
}

/** A request whose field is well formed and still cannot be. */
export function fieldProblem(field: string, detail: string): ConsoleProblem {
  return new ConsoleProblem('bad_request', `${field} ${detail}`, [{ field, detail }]);
}
