/** Words of the program for an SQL list: `in (${wordList(openOperationStates)})`. Nothing that comes from elsewhere is ever put into a statement. */
export function wordList(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
