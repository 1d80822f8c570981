/** Locks that hold one side of a race still, so that a test decides what happens first. */
import type pg from 'pg';

/** Runs `work` while a connection holds a lock on a table, and lets go of it as soon as `work` says so, or ends. */
export async function withLocked<T>(
  { database, table, mode }: { readonly database: pg.Pool; readonly table: string; readonly mode: string },
  work: (release: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const client = await database.connect();
  let held = true;
  const release = async () => {
    if (held) await client.query('rollback');
    held = false;
  };
  try {
    await client.query('begin');
    await client.query(`lock table ${table} in ${mode} mode`);
    return await work(release);
  } finally {
    await release();
    client.release();
  }
}

/** How many statements with this text, among their first thousand characters, wait for a lock. */
export async function waitingFor(database: pg.Pool, text: string): Promise<number> {
  const { rows } = await database.query<{ count: string }>(
    `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and strpos(query, $1) > 0`,
    [text],
  );
  return Number(rows[0]?.count);
}
