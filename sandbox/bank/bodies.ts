/** What the bodies of requests to the bank, and of the control API about it, have to be. */

/** Shoppers are sent there, and notifications. */
export function isWebAddress(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\/[!-~]+$/.test(value) && URL.canParse(value);
}

/** What is wrong with a body of the control API that is no object, or has a field that is not known. */
export function unknownIn(body: unknown, known: readonly string[]): { readonly error: string; readonly field?: string } | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { error: `expected a JSON object with ${known.join(', ')}` };
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  return unknown === undefined ? undefined : { error: `unknown field; expected ${known.join(', ')}`, field: unknown.slice(0, 40) };
}
