/** The nodes that have the vault open: each says every few seconds that it is up, and which master keys it holds. */
import type { Database, Statement } from '../postgres/connection.ts';

/** A node that was not heard of for this long is gone. */
export const liveForMs = 15_000;

export interface Node {
  /** UUID, new at every start. */
  readonly id: string;
  /** For people: host and process. */
  readonly name: string;
}

export interface LiveNode {
  readonly name: string;
  readonly keyIds: readonly string[];
}

const insertNode: Statement = {
  name: 'vault-node-say',
  text: `insert into vault.node as n (node_id, name, key_ids) values ($1, $2, $3)
    on conflict (node_id) do update set key_ids = excluded.key_ids, seen_at = now(), caught_up_at = coalesce($4::timestamptz, n.caught_up_at)`,
};
const deleteNode: Statement = {
  name: 'vault-node-leave',
  text: `delete from vault.node where node_id = $1 or seen_at < now() - interval '1 day'`,
};
const selectNodes: Statement = {
  name: 'vault-node-live',
  text: `select name, key_ids from vault.node where seen_at > now() - $1 * interval '1 millisecond' order by name`,
};

/** `caughtUpAt`: the database's time at which the node last looked for data keys that are being replaced. */
export async function sayAlive(
  database: Database,
  { node, keyIds, caughtUpAt }: { readonly node: Node; readonly keyIds: readonly string[]; readonly caughtUpAt?: Date },
): Promise<void> {
  await database.query(insertNode, [node.id, node.name, keyIds, caughtUpAt ?? null]);
}

export async function sayGone(database: Database, node: Node): Promise<void> {
  await database.query(deleteNode, [node.id]);
}

export async function liveNodes(database: Database): Promise<readonly LiveNode[]> {
  const rows = await database.query<{ name: string; key_ids: string[] }>(selectNodes, [liveForMs]);
  return rows.map(({ name, key_ids: keyIds }) => ({ name, keyIds }));
}
