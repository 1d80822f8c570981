/**
 * Cards of the vault: encrypted when they come, stored and read in batches. This is on the payment path, so a card costs one encryption,
 * one fingerprint and its share of a statement; nothing is awaited but that statement.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { Pan } from '../core/instrument/card.ts';
import type { CardToStore } from '../core/ports/vault.ts';
import { createBatcher } from '../postgres/batcher.ts';
import { bytesArray, plainArray, timeArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { seal, unseal } from './aes-gcm.ts';
import type { DataKeys, MerchantKeys } from './data-keys.ts';
import { VaultConflictError, VaultIntegrityError } from './errors.ts';

export interface CardKey {
  readonly merchantId: string;
  readonly cardId: string;
}

interface SealedCard extends CardKey {
  readonly keyVersion: number;
  readonly sealed: Buffer;
  readonly fingerprint: Uint8Array;
  readonly purgeAtMs: number;
}

interface StoredCard {
  readonly keyVersion: number;
  readonly sealed: Buffer;
  readonly purgeAtMs: number;
}

interface StoredRow extends Record<string, unknown> {
  readonly ord: number;
  readonly key_version: number;
  readonly sealed: Buffer;
  readonly purge_ms: number;
}

// One row comes back however many cards there are: their number, which says whether any id was taken already.
const insertCards: Statement = {
  name: 'vault-card-insert',
  text: `with stored as (
      insert into vault.card (merchant_id, id, key_version, sealed, fingerprint, purge_at)
      select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::bytea[], $5::bytea[], $6::timestamptz[])
      on conflict do nothing
      returning 1
    )
    select count(*)::int as count from stored`,
};

const selectFingerprints: Statement = {
  name: 'vault-card-fingerprints',
  text: `select i.ord::int as ord, c.fingerprint
    from unnest($1::uuid[], $2::uuid[]) with ordinality as i (merchant_id, id, ord)
    join vault.card c on c.merchant_id = i.merchant_id and c.id = i.id`,
};

const selectCards: Statement = {
  name: 'vault-card-select',
  text: `select i.ord::int as ord, c.key_version, c.sealed, (extract(epoch from c.purge_at) * 1000)::bigint as purge_ms
    from unnest($1::uuid[], $2::uuid[]) with ordinality as i (merchant_id, id, ord)
    join vault.card c on c.merchant_id = i.merchant_id and c.id = i.id`,
};

// With its tokens, so that none of them ends before the card that it names; they come first, as where a token is deleted, so that the two never wait
// for each other.
const prolongCard: Statement = {
  name: 'vault-card-prolong',
  text: `with named as (
      update vault.token set purge_at = $3 where card_id = $2 and merchant_id = $1 and deleted_at is null and purge_at < $3 returning 1
    )
    update vault.card set purge_at = greatest(purge_at, $3::timestamptz)
    where id = $2 and merchant_id = $1 and (select count(*) from named) >= 0
    returning id`,
};

/** A card is prolonged when it gains as much, so that one that is paid with all day is written once. */
const worthProlongingMs = 86_400_000;

const deleteCard: Statement = {
  name: 'vault-card-delete',
  text: `delete from vault.card c where c.merchant_id = $1 and c.id = $2
    and not exists (select from vault.token t where t.merchant_id = $1 and t.card_id = $2)`,
};

export interface Cards {
  store(card: CardToStore): Promise<void>;
  discard(card: CardKey): Promise<void>;
  reveal(card: CardKey & { readonly neededUntilMs?: number }): Promise<Pan | undefined>;
  fingerprint(merchantId: string, pan: Pan): Uint8Array;
}

export interface CardsOptions {
  /** A hot pool. */
  readonly database: Database;
  readonly dataKeys: DataKeys;
  readonly fingerprintKey: (merchantId: string) => KeyObject;
  /** Statements under way at the same time, for each of storing and reading. */
  readonly maxConcurrent: number;
}

export function createCards({ database, dataKeys, fingerprintKey, maxConcurrent }: CardsOptions): Cards {
  const fingerprintOf = createFingerprints(fingerprintKey);
  const inserts = createBatcher<SealedCard, 'stored' | 'taken'>({ run: (cards) => insert(database, cards), maxSize: 256, maxConcurrent });
  const reads = createBatcher<CardKey, StoredCard | undefined>({ run: (cards) => read(database, cards), maxSize: 256, maxConcurrent });

  function sealAndInsert(card: CardToStore, keys: MerchantKeys): Promise<'stored' | 'taken'> {
    const { merchantId, cardId, pan, purgeAtMs } = card;
    const keyVersion = keys.currentVersion;
    const sealed = seal(keys.current, pan.reveal(), panAad(card, keyVersion));
    return inserts.submit({ merchantId, cardId, keyVersion, sealed, fingerprint: fingerprintOf(merchantId, pan), purgeAtMs });
  }

  async function findKey({ merchantId, cardId }: CardKey, version: number): Promise<KeyObject> {
    const key = await dataKeys.find(merchantId, version);
    if (key === undefined)
      throw new VaultIntegrityError(`card ${cardId} of merchant ${merchantId} names data key ${version}, which does not exist`);
    return key;
  }

  return {
    async store(card) {
      requireUuids(card);
      const keys = dataKeys.cached(card.merchantId);
      const outcome = await (keys === undefined
        ? dataKeys.load(card.merchantId).then((loaded) => sealAndInsert(card, loaded))
        : sealAndInsert(card, keys));
      if (outcome === 'taken')
        throw new VaultConflictError(`card id ${card.cardId} of merchant ${card.merchantId} already holds another card number`);
    },

    async discard(card) {
      requireUuids(card);
      await database.query(deleteCard, [card.merchantId, card.cardId]);
    },

    async reveal(card) {
      requireUuids(card);
      const { merchantId, cardId, neededUntilMs = 0 } = card;
      const stored = await reads.submit({ merchantId, cardId });
      if (stored === undefined) return undefined;
      if (neededUntilMs - stored.purgeAtMs >= worthProlongingMs) {
        const kept = await database.query(prolongCard, [merchantId, cardId, new Date(neededUntilMs)]);
        if (kept.length === 0) return undefined;
      }
      const key = await findKey(card, stored.keyVersion);
      const digits = unseal(key, stored.sealed, panAad(card, stored.keyVersion));
      if (digits === undefined) {
        throw new VaultIntegrityError(
          `card ${card.cardId} of merchant ${card.merchantId} is not what was stored: its bytes or its place were changed`,
        );
      }
      const pan = new Pan(digits.toString('latin1'));
      digits.fill(0);
      return pan;
    },

    fingerprint: fingerprintOf,
  };
}

/**
 * A fingerprint is asked for at least twice per payment, for the idempotency check and for the card's row, so the last one of a PAN is
 * kept as long as the PAN itself.
 */
function createFingerprints(fingerprintKey: (merchantId: string) => KeyObject): (merchantId: string, pan: Pan) => Uint8Array {
  const maxKeys = 10_000;
  const keys = new Map<string, KeyObject>();
  const known = new WeakMap<Pan, { readonly merchantId: string; readonly fingerprint: Uint8Array }>();
  return (merchantId, pan) => {
    const memo = known.get(pan);
    if (memo?.merchantId === merchantId) return memo.fingerprint;
    let key = keys.get(merchantId);
    if (key === undefined) {
      key = fingerprintKey(merchantId);
      for (const oldest of keys.keys()) {
        if (keys.size < maxKeys) break;
        keys.delete(oldest);
      }
      keys.set(merchantId, key);
    }
    const fingerprint = createHmac('sha256', key).update(pan.reveal()).digest();
    known.set(pan, { merchantId, fingerprint });
    return fingerprint;
  };
}

/** Binds the ciphertext to its row: moved to another merchant, card, field or key version it does not open. The first field is the version of this scheme. */
export function panAad({ merchantId, cardId }: CardKey, keyVersion: number): Buffer {
  return Buffer.from(`1|${merchantId}|${cardId}|pan|${keyVersion}`, 'latin1');
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** Ids go unescaped into array literals and as text into the AAD: they must be UUIDs as PostgreSQL writes them. */
export function requireUuids({ merchantId, cardId }: CardKey): void {
  if (!uuid.test(merchantId)) throw new TypeError(`merchant id ${merchantId} is not a UUID in lower case`);
  if (!uuid.test(cardId)) throw new TypeError(`card id ${cardId} is not a UUID in lower case`);
}

async function insert(database: Database, cards: readonly SealedCard[]): Promise<('stored' | 'taken')[]> {
  const merchantIds = plainArray(cards.map((card) => card.merchantId));
  const ids = plainArray(cards.map((card) => card.cardId));
  const [row] = await database.query<{ count: number }>(insertCards, [
    merchantIds,
    ids,
    plainArray(cards.map((card) => card.keyVersion)),
    bytesArray(cards.map((card) => card.sealed)),
    bytesArray(cards.map((card) => card.fingerprint)),
    timeArray(cards.map((card) => card.purgeAtMs)),
  ]);
  if (row?.count === cards.length) return cards.map(() => 'stored');
  // Some id was there before. The same card again is fine; another number must not be answered with "stored".
  const present = await database.query<{ ord: number; fingerprint: Buffer }>(selectFingerprints, [merchantIds, ids]);
  const outcomes: ('stored' | 'taken')[] = cards.map(() => 'taken');
  for (const { ord, fingerprint } of present)
    if (fingerprint.equals((cards[ord - 1] as SealedCard).fingerprint)) outcomes[ord - 1] = 'stored';
  return outcomes;
}

async function read(database: Database, cards: readonly CardKey[]): Promise<(StoredCard | undefined)[]> {
  const rows = await database.query<StoredRow>(selectCards, [
    plainArray(cards.map((card) => card.merchantId)),
    plainArray(cards.map((card) => card.cardId)),
  ]);
  const found = new Array<StoredCard | undefined>(cards.length).fill(undefined);
  for (const { ord, key_version: keyVersion, sealed, purge_ms: purgeAtMs } of rows) found[ord - 1] = { keyVersion, sealed, purgeAtMs };
  return found;
}
