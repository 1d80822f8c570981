/** Reads the filters of a question to the control API. */
import type { BodyProblem } from './fault-order.ts';

/** The filters of a query string, each a text, or the first that is not known or comes more than once. */
export function readFilters<const Name extends string>(
  query: unknown,
  names: readonly Name[],
): { readonly filters: Readonly<Partial<Record<Name, string>>> } | BodyProblem {
  const filters: Partial<Record<Name, string>> = {};
  for (const [given, value] of Object.entries(query as Readonly<Record<string, unknown>>)) {
    const name = names.find((known) => known === given);
    if (name === undefined) {
      const expected = names.length === 0 ? 'there are none here' : `expected ${names.join(' or ')}`;
      return { error: `unknown filter; ${expected}`, field: given.slice(0, 40) };
    }
    if (typeof value !== 'string') return { error: 'expected this filter once', field: name };
    filters[name] = value;
  }
  return { filters };
}
