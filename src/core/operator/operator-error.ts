/** What an operator cannot have. */

/** `invalid`: mend the request. `not_found`: there is no such thing. `conflict`: what is there already forbids it. */
export type OperatorErrorKind = 'invalid' | 'not_found' | 'conflict';

/** An operator asked for what cannot be done; the message says why and what to do instead. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly kind: OperatorErrorKind;
  /** The input at fault, in the words of the console API. */
  readonly field?: string;
  constructor(message: string, { kind, field }: { readonly kind: OperatorErrorKind; readonly field?: string } = { kind: 'conflict' }) {
    super(message);
    this.kind = kind;
    if (field !== undefined) this.field = field;
  }
}
