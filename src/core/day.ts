/** Whether a text is `yyyy-MM-dd`, a day that exists. What `Date.parse` takes for 30 February is 2 March. */
export function isDay(text: string): boolean {
  const time = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}
