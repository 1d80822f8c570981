/** What a request is answered when it does not become an operation. Thrown inside the dialect, answered in one place. */
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { ResultCode } from './result-codes.ts';

export interface ParameterError {
  readonly name: string;
  readonly value: string | null;
  readonly message: string;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: ResultCode;
  readonly parameterErrors: readonly ParameterError[];
  /** Replaces the code's own text where it would mislead. */
  readonly text: string | undefined;

  constructor(
    code: ResultCode,
    more: { readonly status?: number; readonly parameterErrors?: readonly ParameterError[]; readonly text?: string } = {},
  ) {
    super(more.text ?? code);
    this.code = code;
    this.status = more.status ?? 400;
    this.parameterErrors = more.parameterErrors ?? [];
    this.text = more.text;
  }
}

/** One parameter at fault; card data is masked before it is echoed. */
export function parameterProblem(name: string, value: string | undefined, message: string): Problem {
  return new Problem('200.300.404', { parameterErrors: [parameterError(name, value, message)] });
}

export function parameterError(name: string, value: string | undefined, message: string): ParameterError {
  return { name: maskCardNumbers(name), value: shown(name, value), message };
}

/** Names under which card data comes, also where they are misspelt: an unknown `cardNumber` is refused, and must not be echoed either. */
const secretNames = /number|cvv|cvc|csc|\bpan\b|password|track/i;

/** What may be echoed of a bad value: of card data only its length. */
function shown(name: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  if (secretNames.test(name)) return '*'.repeat(Math.min(value.length, 32));
  const masked = maskCardNumbers(value);
  return masked.length > 256 ? `${masked.slice(0, 256)}…` : masked;
}
