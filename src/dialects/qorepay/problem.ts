/** What a request is answered that is refused: the fields at fault, each with a list of messages; `__all__` for what no field is to blame for. */

export interface Message {
  readonly message: string;
  readonly code: string;
}

/** Nests as the request does; a list keeps the places of its items, and those without a fault are empty. */
export type FieldErrors = { readonly [field: string]: readonly (Message | FieldErrors)[] | FieldErrors };

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly errors: FieldErrors;

  constructor(status: number, errors: FieldErrors) {
    super('a request was refused');
    this.status = status;
    this.errors = errors;
  }
}

/** Not about a field. */
export function generalProblem(status: number, code: string, message: string): Problem {
  return new Problem(status, { __all__: [{ message, code }] });
}

export function fieldProblem(field: string, code: string, message: string): Problem {
  return new Problem(400, { [field]: [{ message, code }] });
}

export const notFound = (): Problem => generalProblem(404, 'not_found', 'Not found.');

/** Nothing is said of what was wrong with the key. */
export const unauthorized = (): Problem => generalProblem(401, 'authentication_failed', 'Incorrect secret_key');

export const unavailable = (): Problem =>
  generalProblem(503, 'unavailable', 'Nothing was recorded; the same request may succeed in a moment.');
