/** What a rule of the books is. */

/** `body`: selects merchant_id, payment_id, operation_id (either may be null) and detail; `relations`: what it reads besides tables. */
export interface Check {
  readonly name: string;
  readonly relations: readonly string[];
  readonly body: string;
}

export const sameKind = (a: string, b: string) => `${a}.kind = ${b}.kind and ${a}.target_kind is not distinct from ${b}.target_kind`;
