/**
 * Statements under way on connections that were opened anew: of those whose server is gone without a word nothing will ever be heard, others are only slow.
 * The server that is there now knows what it is doing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

const pauseMs = 1_000;

/** The connections of a pool that somebody has, at every moment. */
export function busyOf(pool: pg.Pool): ReadonlySet<pg.PoolClient> {
  const busy = new Set<pg.PoolClient>();
  pool.on('acquire', (client) => void busy.add(client));
  pool.on('release', (_error, client) => void busy.delete(client));
  return busy;
}

/**
 * Ends those of `busy` that the server which `pool` leads to has not, or has nothing to do for, so that whoever waits is told at once that nothing is certain.
 * Behind a pooler, whose numbers are its own, all are ended. Never rejects; as long as no server answers each waits for its own time.
 */
export async function endGone({ busy, pool }: { readonly busy: ReadonlySet<pg.PoolClient>; readonly pool: () => pg.Pool }): Promise<void> {
  let suspects: ReadonlySet<pg.PoolClient> = new Set();
  for (let looks = 0; looks < 2 && busy.size > 0; ) {
    try {
      const found = await idleAmong([...busy], pool());
      // Twice: what was sent a moment ago may not have come there yet.
      for (const client of found) if (suspects.has(client) && busy.has(client)) end(client);
      suspects = new Set(found);
      looks += 1;
    } catch {
      // Nobody answers yet.
    }
    await delay(pauseMs, undefined, { ref: false });
  }
}

/** What a connection is doing is told to its own login, and not to the role that statements run as. */
async function idleAmong(clients: readonly pg.PoolClient[], pool: pg.Pool): Promise<readonly pg.PoolClient[]> {
  const asking = await pool.connect();
  let broken: unknown;
  try {
    await asking.query('begin; set local role none');
    const { rows } = await asking.query<{ pid: number }>(
      `select pid from pg_stat_activity where pid = any($1::int[]) and state is distinct from 'idle'`,
      [clients.map(pidOf)],
    );
    await asking.query('commit');
    const atWork = new Set(rows.map(({ pid }) => pid));
    return clients.filter((client) => !atWork.has(pidOf(client)));
  } catch (error) {
    broken = error;
    throw error;
  } finally {
    asking.release(broken instanceof Error ? broken : undefined);
  }
}

/** One with a statement under way does not wait for it. */
function end(client: pg.PoolClient): void {
  (client as unknown as pg.Client).end().catch(() => undefined);
}

/** `pg` keeps it without saying so in its types. */
function pidOf(client: pg.PoolClient): number {
  return (client as unknown as { readonly processID: number | null }).processID ?? 0;
}
