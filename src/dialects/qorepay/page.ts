/** Pages of a list: `next` and `previous` are whole addresses that clients follow as they are. */
import type { FastifyRequest } from 'fastify';
import { fieldProblem } from './problem.ts';
import { queryOf } from './request.ts';

const standardSize = 25;
const largestSize = 100;

export interface PageRequest {
  /** The id of the last item of the page before. */
  readonly after?: string;
  readonly size: number;
}

export function readPage(request: FastifyRequest): PageRequest {
  const { after, page_size: size } = queryOf(request);
  if (after !== undefined && !/^[0-9a-f-]{36}$/.test(after)) throw fieldProblem('after', 'invalid', 'Use the address in `next` as it is.');
  const asked = size === undefined ? standardSize : Number(size);
  if (!Number.isInteger(asked) || asked < 1 || asked > largestSize) {
    throw fieldProblem('page_size', 'invalid', `Expected an integer from 1 to ${largestSize}.`);
  }
  return { size: asked, ...(after === undefined ? {} : { after }) };
}

/** `items`: one more than fits, where there is one. */
export function pageOf<T>(
  items: readonly T[],
  { size }: PageRequest,
  given: {
    readonly url: string;
    readonly idOf: (item: T) => string;
    readonly write: (item: T) => object;
    /** What the list was narrowed by. */
    readonly query?: Readonly<Record<string, string>>;
  },
): object {
  const { url, idOf, write, query = {} } = given;
  const shown = items.slice(0, size);
  const last = shown.at(-1);
  const hasMore = items.length > size && last !== undefined;
  const next = last === undefined ? '' : new URLSearchParams({ ...query, after: idOf(last), page_size: String(size) }).toString();
  return { results: shown.map(write), next: hasMore ? `${url}?${next}` : null, previous: null };
}
