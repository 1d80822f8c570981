/** Tables as text, since a rule is read best as a table. */

/** Rows of a text table: cells between bars, without the heading and empty lines. */
export function tableOf(text: string): string[][] {
  const lines = text.trim().split('\n').slice(1);
  return lines.map((line) => line.split('|').map((cell) => cell.trim()));
}
