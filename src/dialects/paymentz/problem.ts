/** What is wrong with a request, in the protocol's terms: thrown anywhere in the dialect, answered in one place. */
import { shownName } from '../shown-name.ts';
import { descriptions, type ResultCode } from './result-codes.ts';

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: ResultCode;
  /** What the answer says; never a value of the request. */
  readonly text: string;
  /** The payment that has what the request asked for. */
  readonly paymentId: string | undefined;

  constructor(code: ResultCode, more: { readonly status?: number; readonly text?: string; readonly paymentId?: string } = {}) {
    super(more.text ?? code);
    this.code = code;
    this.status = more.status ?? 200;
    this.text = more.text ?? descriptions[code];
    this.paymentId = more.paymentId;
  }
}

/** One parameter at fault: its name comes first, so that a program can read it. */
export function parameterProblem(code: ResultCode, name: string, message: string): Problem {
  return new Problem(code, { text: `${asciiOf(shownName(name, 64))}: ${message}` });
}

/** In ASCII alone. */
function asciiOf(text: string): string {
  return text.replace(/…$/, '...').replaceAll(/[^\x20-\x7e]/g, '?');
}
