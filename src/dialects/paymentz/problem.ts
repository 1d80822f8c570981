/** What is wrong with a request, in the protocol's terms: thrown anywhere in the dialect, answered in one place. */
import { maskCardNumbers } from '../../core/instrument/mask.ts';
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
  return new Problem(code, { text: `${shownName(name)}: ${message}` });
}

/** A name that somebody invented may hold a card number, or be endless. */
export function shownName(name: string): string {
  const shown = maskCardNumbers(name)
    .replaceAll(/\d{12,}/g, (run) => '*'.repeat(run.length))
    .replaceAll(/[^\x20-\x7e]/g, '?');
  return shown.length > 64 ? `${shown.slice(0, 64)}...` : shown;
}
