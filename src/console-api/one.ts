/** One thing of a list, by its id. */
import type { ListRow, OperatorList, OperatorStore } from '../core/operator/operator-store.ts';
import { ConsoleProblem } from './problem.ts';

interface Wanted {
  readonly list: OperatorList;
  readonly filters: Readonly<Record<string, string>>;
  /** As in "There is no payment …". */
  readonly noun: string;
}

/** Throws a problem when there is none. */
export async function readOne(store: Pick<OperatorStore, 'page'>, { list, filters, noun }: Wanted): Promise<ListRow> {
  const { rows } = await store.page({ list, filters, limit: 1 });
  const [row] = rows;
  if (row === undefined) throw new ConsoleProblem('not_found', `There is no ${noun} ${Object.values(filters).join(' ')}.`);
  return row;
}

/** All of a list that belongs to one thing, page by page. */
export async function readAll(
  store: Pick<OperatorStore, 'page'>,
  list: OperatorList,
  filters: Readonly<Record<string, string>>,
): Promise<readonly ListRow[]> {
  const found: ListRow[] = [];
  let after: readonly string[] | undefined;
  do {
    const { rows, next } = await store.page({ list, filters, limit: 1_000, ...(after === undefined ? {} : { after }) });
    found.push(...rows);
    after = next;
  } while (after !== undefined);
  return found;
}
