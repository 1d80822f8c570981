/**
 * A new data key for a merchant: its cards are encrypted anew, in bites, while payments go on. A rotation is a row; whoever holds its lease
 * works on it, any node or the command line, and after a crash the next one goes on where it stopped. Each card is moved once: an update names
 * the key version that it found. Old versions stay, and only decrypt.
 */
import { type KeyObject, randomBytes } from 'node:crypto';
import { bytesArray, plainArray } from '../postgres/columns.ts';
import { type Database, retriable, type Statement } from '../postgres/connection.ts';
import type { ActiveKey } from './active-key.ts';
import { seal, unseal } from './aes-gcm.ts';
import { panAad } from './cards.ts';
import { type DataKeys, dataKeyAad } from './data-keys.ts';
import type { KeyProvider } from './key-provider.ts';
import { liveForMs } from './nodes.ts';

const biteSize = 200;
/** A worker renews its lease with every bite, so this is how long a crashed one holds up the others. */
const leaseMs = 10_000;
/** Between a node's dropping the old key from memory and the second sweep: by then what it stored under the old key is in the table. */
const drainMs = 4_000;

export interface CardRotation {
  readonly merchantId: string;
  readonly toVersion: number;
  /** Cards. */
  readonly total: number;
  readonly done: number;
  /** Cards that could not be opened; they stay as they are. */
  readonly damaged: number;
  readonly isFinished: boolean;
}

interface RotationRow extends Record<string, unknown> {
  readonly merchant_id: string;
  readonly to_version: number;
  readonly total: number;
  readonly done: number;
  readonly damaged: number;
  readonly is_finished: boolean;
}

const rotationColumns = 'merchant_id, to_version, total, done, damaged, finished_at is not null as is_finished';

const selectUnfinished: Statement = {
  name: 'vault-rotation-unfinished',
  text: `select ${rotationColumns}, now() as looked_at from vault.card_rotation where finished_at is null order by started_at, merchant_id limit 1000`,
};
const selectRotation: Statement = {
  name: 'vault-rotation-select',
  text: `select ${rotationColumns} from vault.card_rotation where merchant_id = $1 and to_version = $2`,
};
const selectMerchants: Statement = {
  name: 'vault-rotation-merchants',
  text: `select d.merchant_id, max(d.version)::int as version,
      (select max(r.to_version) from vault.card_rotation r where r.merchant_id = d.merchant_id and r.finished_at is null)::int as under_way
    from vault.data_key d where $1::uuid is null or d.merchant_id = $1 group by d.merchant_id order by d.merchant_id`,
};
const insertRotation: Statement = {
  name: 'vault-rotation-start',
  text: `with made as (
      insert into vault.data_key (merchant_id, version, key_id, wrapped)
      select $1, $2, $3, $4 from (select from vault.root_key where name = 'fingerprint' and key_id = $3 for share) r
      on conflict do nothing
      returning 1
    )
    insert into vault.card_rotation (merchant_id, to_version, total)
    select $1, $2, (select count(*) from vault.card where merchant_id = $1 and key_version < $2) from made
    returning 1`,
};
const claim: Statement = {
  name: 'vault-rotation-claim',
  text: `update vault.card_rotation set leased_by = $3, leased_until = now() + $4 * interval '1 millisecond'
    where merchant_id = $1 and to_version = $2 and finished_at is null and (leased_by = $3 or leased_until is null or leased_until < now())
    returning sweep, last_id`,
};
const selectBite: Statement = {
  name: 'vault-rotation-bite',
  text: `select id, key_version, sealed from vault.card
    where merchant_id = $1 and key_version < $2 and ($3::uuid is null or id > $3) order by id limit ${biteSize}`,
};
// Nothing of a bite is written by one who has lost the lease meanwhile, so that the count is exact too.
const updateBite: Statement = {
  name: 'vault-rotation-move',
  text: `with held as (
      select from vault.card_rotation where merchant_id = $1 and to_version = $2 and leased_by = $3 for update
    ), moved as (
      update vault.card c set key_version = $2, sealed = i.sealed
      from unnest($4::uuid[], $5::int[], $6::bytea[]) as i (id, key_version, sealed), held
      where c.merchant_id = $1 and c.id = i.id and c.key_version = i.key_version
      returning 1
    )
    update vault.card_rotation set done = done + (select count(*) from moved), damaged = damaged + $7, last_id = $8,
      leased_until = now() + $9 * interval '1 millisecond'
    where merchant_id = $1 and to_version = $2 and leased_by = $3`,
};
// The second sweep, when no node can store under an older key any more; the end after it.
const endSweep: Statement = {
  name: 'vault-rotation-sweep',
  text: `update vault.card_rotation r set sweep = 2, last_id = null, finished_at = case r.sweep when 2 then now() end
    where merchant_id = $1 and to_version = $2 and leased_by = $3 and (r.sweep = 2 or not exists (
      select from vault.node n where n.seen_at > now() - $4 * interval '1 millisecond'
        and n.caught_up_at < r.started_at + $5 * interval '1 millisecond'))
    returning finished_at`,
};
const release: Statement = {
  name: 'vault-rotation-release',
  text: `update vault.card_rotation set leased_until = now() where merchant_id = $1 and to_version = $2 and leased_by = $3`,
};

export interface RotationParts {
  readonly database: Database;
  readonly keyProvider: KeyProvider;
  readonly activeKey: ActiveKey;
  readonly dataKeys: DataKeys;
  readonly log: { error(details: object, message: string): void };
  /** UUID of this process, as the holder of leases. */
  readonly workerId: string;
}

/**
 * Gives a merchant, or every one that has cards, a new data key, and returns what is to be moved. Where a rotation is under way already that
 * one is returned, so that a command that was interrupted can be repeated.
 */
export async function startRotations(parts: RotationParts, merchantId?: string): Promise<readonly CardRotation[]> {
  const { database, keyProvider, activeKey } = parts;
  const merchants = await database.query<{ merchant_id: string; version: number; under_way: number | null }>(selectMerchants, [
    merchantId ?? null,
  ]);
  const rotations: CardRotation[] = [];
  for (const { merchant_id: id, version, under_way } of merchants) {
    const toVersion = under_way ?? version + 1;
    if (under_way === null) {
      const key = randomBytes(32);
      const wrapped = await keyProvider.wrap(key, dataKeyAad(id, toVersion), await activeKey.refresh());
      key.fill(0);
      await database.query(insertRotation, [id, toVersion, wrapped.keyId, wrapped.bytes]);
    }
    const rotation = await findRotation(database, { merchantId: id, toVersion });
    if (rotation === undefined) throw new Error(`another change of the keys of merchant ${id} came between: give the command again`);
    rotations.push(rotation);
  }
  return rotations;
}

export async function findRotation(
  database: Database,
  { merchantId, toVersion }: { readonly merchantId: string; readonly toVersion: number },
): Promise<CardRotation | undefined> {
  const [row] = await database.query<RotationRow>(selectRotation, [merchantId, toVersion]);
  return row === undefined ? undefined : rotationOf(row);
}

/** What is under way, oldest first, and the database's time of the look. */
export async function unfinishedRotations(
  database: Database,
): Promise<{ readonly rotations: readonly CardRotation[]; readonly lookedAt: Date | undefined }> {
  const rows = await database.query<RotationRow & { looked_at: Date }>(selectUnfinished);
  return { rotations: rows.map(rotationOf), lookedAt: rows[0]?.looked_at };
}

function rotationOf(row: RotationRow): CardRotation {
  const { merchant_id: merchantId, to_version: toVersion, total, done, damaged, is_finished: isFinished } = row;
  return { merchantId, toVersion, total, done, damaged, isFinished };
}

/** `moved`: there may be more to do at once. `waiting`: others have to do something first. */
export type Turn = 'moved' | 'waiting' | 'finished';

/** Moves one bite of a rotation, unless somebody else holds its lease. */
export async function moveBite(parts: RotationParts, rotation: CardRotation): Promise<Turn> {
  const { database, workerId } = parts;
  const key = [rotation.merchantId, rotation.toVersion, workerId];
  const [held] = await database.query<{ sweep: number; last_id: string | null }>(claim, [...key, leaseMs]);
  if (held === undefined) return 'waiting';
  const rows = await database.query<CardRow>(selectBite, [rotation.merchantId, rotation.toVersion, held.last_id]);
  const last = rows.at(-1);
  if (last !== undefined) {
    const { moved, damaged } = await sealAnew(parts, rotation, rows);
    const columns = [plainArray(moved.map(({ id }) => id)), plainArray(moved.map(({ version }) => version))];
    const sealed = bytesArray(moved.map((card) => card.sealed));
    // The second sweep comes upon the damaged ones again.
    const newlyDamaged = held.sweep === 1 ? damaged : 0;
    await retriable(() => database.query(updateBite, [...key, ...columns, sealed, newlyDamaged, last.id, leaseMs]));
    return 'moved';
  }
  const [ended] = await database.query<{ finished_at: Date | null }>(endSweep, [...key, liveForMs, drainMs]);
  if (ended === undefined) await database.query(release, key);
  if (ended === undefined) return 'waiting';
  return ended.finished_at === null ? 'moved' : 'finished';
}

interface CardRow extends Record<string, unknown> {
  readonly id: string;
  readonly key_version: number;
  readonly sealed: Buffer;
}

interface MovedCard {
  readonly id: string;
  /** The key version it was found under. */
  readonly version: number;
  readonly sealed: Buffer;
}

async function sealAnew(
  { dataKeys, log }: RotationParts,
  { merchantId, toVersion }: CardRotation,
  rows: readonly CardRow[],
): Promise<{ readonly moved: readonly MovedCard[]; readonly damaged: number }> {
  const known = dataKeys.cached(merchantId);
  const { versions } = known?.versions.has(toVersion) === true ? known : await dataKeys.load(merchantId);
  const target = versions.get(toVersion) as KeyObject;
  const moved: MovedCard[] = [];
  for (const { id, key_version: version, sealed } of rows) {
    const card = { merchantId, cardId: id };
    const key = versions.get(version);
    const digits = key === undefined ? undefined : unseal(key, sealed, panAad(card, version));
    if (digits === undefined) {
      log.error(card, 'a card cannot be opened and stays under its old key: its bytes or its place were changed');
      continue;
    }
    moved.push({ id, version, sealed: seal(target, digits, panAad(card, toVersion)) });
    digits.fill(0);
  }
  return { moved, damaged: rows.length - moved.length };
}
