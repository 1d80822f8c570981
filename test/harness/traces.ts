/** What a test has sent and got that the auditor looks through later: whoever speaks to the gateway writes it down here. */

export interface Traces {
  /** Answers of the gateway, as they came. */
  readonly answers: string[];
  /** Card numbers that were sent. */
  readonly pans: Set<string>;
  /** Verification codes that were sent. */
  readonly cvcs: Set<string>;
}

export function createTraces(): Traces {
  return { answers: [], pans: new Set(), cvcs: new Set() };
}

/** Remembers card data that is about to be sent. Shorter numbers are no card's, and would be found anywhere. */
export function rememberCard(
  traces: Traces,
  { pan = '', cvc = '' }: { readonly pan?: string | undefined; readonly cvc?: string | undefined },
): void {
  if (/^\d{13,}$/.test(pan)) traces.pans.add(pan);
  if (/^\d{3,4}$/.test(cvc)) traces.cvcs.add(cvc);
}
