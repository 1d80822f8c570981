/** Pieces that statements share. */

/** Words of the program for an SQL list: `in (${wordList(openOperationStates)})`. Nothing that comes from elsewhere is ever put into a statement. */
export function wordList(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}

/** Joins two relations on their operation. */
export const sameOperation = (a: string, b: string): string =>
  `${a}.operation_id = ${b}.operation_id and ${a}.merchant_id = ${b}.merchant_id`;

/** Joins two relations on their payment. */
export const samePayment = (a: string, b: string): string => `${a}.payment_id = ${b}.payment_id and ${a}.merchant_id = ${b}.merchant_id`;
