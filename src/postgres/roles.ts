/**
 * The roles that the product's statements run as. They belong to the whole server, so nodes of several databases may create the same
 * one at the same moment: losing that race is as good as winning it.
 */
import pg from 'pg';

/** SQLSTATE of a lost race: the object exists, its catalog row exists, the row is being changed (`tuple concurrently updated`). */
const lostRace = new Set(['42710', '23505', 'XX000']);

export async function rolesExist(client: pg.Client, roles: readonly string[]): Promise<boolean> {
  const { rows } = await client.query('select 1 from pg_catalog.pg_roles where rolname = any($1::text[])', [roles]);
  return rows.length === roles.length;
}

/** Creates the roles that are missing, without login, and lets the current user act as each. */
export async function createMissingRoles(client: pg.Client, roles: readonly string[]): Promise<void> {
  for (const role of roles) {
    const name = pg.escapeIdentifier(role);
    if (!(await rolesExist(client, [role]))) await ensure(client, `create role ${name} nologin`, () => rolesExist(client, [role]));
    if (!(await maySetRole(client, role))) await ensure(client, `grant ${name} to current_user`, () => maySetRole(client, role));
  }
}

/** Before PostgreSQL 16 every member may `set role`; since then it is a right of its own. */
async function maySetRole(client: pg.Client, role: string): Promise<boolean> {
  const { rows } = await client.query<{ allowed: boolean }>(
    `select pg_has_role(current_user, $1,
       case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as allowed`,
    [role],
  );
  return rows[0]?.allowed === true;
}

async function ensure(client: pg.Client, text: string, isDone: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(text);
      return;
    } catch (error) {
      if (await isDone()) return;
      const { code, message } = error as { code?: string; message?: string };
      if (code === '42501') {
        throw new Error(`the database user may not do this itself; have an administrator run: ${text} (${message})`, { cause: error });
      }
      if (!lostRace.has(code ?? '') || attempt === 5) throw error;
    }
  }
}
