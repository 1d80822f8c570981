/** What a request is answered when it does not become an operation. Thrown inside the dialect, answered in one place. */
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import { cut, shownName } from '../shown-name.ts';
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
  /** The id that the request named, where the protocol repeats it. */
  readonly id: string | undefined;

  constructor(
    code: ResultCode,
    more: {
      readonly status?: number;
      readonly parameterErrors?: readonly ParameterError[];
      readonly text?: string;
      readonly id?: string;
    } = {},
  ) {
    super(more.text ?? code);
    this.code = code;
    this.status = more.status ?? 400;
    this.parameterErrors = more.parameterErrors ?? [];
    this.text = more.text;
    this.id = more.id;
  }
}

/** One parameter at fault; card data is masked before it is echoed. */
export function parameterProblem(name: string, value: string | undefined, message: string): Problem {
  return new Problem('200.300.404', { parameterErrors: [parameterError(name, value, message)] });
}

export function parameterError(name: string, value: string | undefined, message: string): ParameterError {
  return { name: shownName(name), value: shown(name, value), message };
}

/** Names under which card data and passwords come, also when somebody mistyped them. */
const secretName = /card|cv[cvn]|csc|security|password|track|\bpan\b|\bnumber$/i;

/** What may be echoed of a bad value: of card data and passwords only the length. */
function shown(name: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  return secretName.test(name) ? '*'.repeat(Math.min(value.length, 32)) : cut(masked(value));
}

/** Longer runs of digits than a card number has could hold one. */
function masked(text: string): string {
  return maskCardNumbers(text).replaceAll(/\d(?:[ -]?\d){19,}/g, (run) => '*'.repeat(run.length));
}
