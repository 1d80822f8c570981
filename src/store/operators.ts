/** Operators and their keys. A key is told once, when it is made; only its hash is kept. */
import { randomUUIDv7 } from 'node:crypto';
import { type Role, settingNames } from '../core/operator/operator.ts';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { OperatorToMake } from '../core/operator/operator-store.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';

export interface OperatorRecord {
  readonly operatorId: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

const columns = 'operator_id as "operatorId", name, role, created_at as "createdAt", revoked_at as "revokedAt"';

const selectAll: Statement = { name: 'all_operators', text: `select ${columns} from polygate.operator order by operator_id` };
const byKey: Statement = {
  name: 'operator_by_key',
  text: 'select name, role from polygate.operator where key_hash = $1 and revoked_at is null',
};
const insert: Statement = {
  name: 'insert_operator',
  text: `insert into polygate.operator (operator_id, name, role, key_hash) values ($1, $2, $3, $4) on conflict do nothing returning operator_id`,
};
const revoke: Statement = {
  name: 'revoke_operator',
  text: 'update polygate.operator set revoked_at = now() where operator_id = $1 and revoked_at is null returning name, role',
};

export function listOperators(database: Database): Promise<OperatorRecord[]> {
  return database.query<OperatorRecord & Record<string, unknown>>(selectAll);
}

/** The operator with this key, unless it was revoked. */
export async function findOperator(
  database: Database,
  keyHash: Uint8Array,
): Promise<{ readonly name: string; readonly role: Role } | undefined> {
  return (await database.query<{ name: string; role: Role }>(byKey, [keyHash]))[0];
}

/** Throws {@link OperatorError} when somebody has that name, or the trail has it for a key of the settings. */
export function createOperator(
  database: Database,
  { actor, name, role, keyHash }: OperatorToMake,
): Promise<{ readonly operatorId: string }> {
  return acting(database, async (query, audit) => {
    if (Object.values<string>(settingNames).includes(name.toUpperCase())) {
      throw new OperatorError(`${name} is what the trail calls the key of the settings. Choose another name.`, {
        kind: 'invalid',
        field: 'name',
      });
    }
    const operatorId = randomUUIDv7();
    if ((await query(insert, [operatorId, name, role, keyHash])).length === 0) {
      throw new OperatorError(`There is an operator ${name}. Choose another name, or revoke that one first.`, {
        kind: 'conflict',
        field: 'name',
      });
    }
    await audit({ actor, act: 'operator.created', details: { operatorId, name, role } });
    return { operatorId };
  });
}

/** Throws {@link OperatorError} when there is no such operator with a key that counts. */
export async function revokeOperator(
  database: Database,
  { actor, operatorId }: { readonly actor: string; readonly operatorId: string },
): Promise<void> {
  await acting(database, async (query, audit) => {
    const [revoked] = await query<{ name: string; role: Role }>(revoke, [operatorId]);
    if (revoked === undefined) throw new OperatorError(`There is no operator ${operatorId} whose key counts.`, { kind: 'not_found' });
    await audit({ actor, act: 'operator.revoked', details: { operatorId, ...revoked } });
  });
}
