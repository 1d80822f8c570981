/** What a rule of the books is, and the words of SQL that rules share. */

/** `body`: selects merchant_id, payment_id, operation_id (either may be null) and detail; `relations`: what it reads besides tables. */
export interface Check {
  readonly name: string;
  readonly relations: readonly string[];
  readonly body: string;
}

export const sameOperation = (a: string, b: string) => `${a}.merchant_id = ${b}.merchant_id and ${a}.operation_id = ${b}.operation_id`;
export const samePayment = (a: string, b: string) => `${a}.merchant_id = ${b}.merchant_id and ${a}.payment_id = ${b}.payment_id`;
export const sameKind = (a: string, b: string) => `${a}.kind = ${b}.kind and ${a}.target_kind is not distinct from ${b}.target_kind`;
