/** Verification codes of payments that wait for their shopper, or for the shop after a page has asked for the card: encrypted, in an unlogged table, for minutes. */
import type { KeyObject } from 'node:crypto';
import { type Cvc, parseCvc } from '../core/instrument/card.ts';
import type { Vault } from '../core/ports/vault.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { seal, unseal } from './aes-gcm.ts';
import type { DataKeys } from './data-keys.ts';
import { VaultIntegrityError } from './errors.ts';

const insert: Statement = {
  name: 'vault-cvc-insert',
  text: `insert into vault.waiting_cvc (merchant_id, visit_id, key_version, sealed, expires_at, token)
values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond', $6)
on conflict (visit_id, merchant_id) do update set
  key_version = excluded.key_version, sealed = excluded.sealed, expires_at = excluded.expires_at, token = excluded.token`,
};

const select: Statement = {
  name: 'vault-cvc-select',
  text: 'select key_version, sealed from vault.waiting_cvc where visit_id = $2 and merchant_id = $1 and expires_at > now()',
};

const remove: Statement = { name: 'vault-cvc-delete', text: 'delete from vault.waiting_cvc where visit_id = $2 and merchant_id = $1' };

const purge: Statement = {
  name: 'vault-cvc-purge',
  text: `with gone as (delete from vault.waiting_cvc where expires_at <= now() returning 1) select count(*)::int as count from gone`,
};

interface SealedRow extends Record<string, unknown> {
  readonly key_version: number;
  readonly sealed: Buffer;
}

export interface WaitingCvcs extends Pick<Vault, 'keepCvc' | 'readCvc' | 'dropCvc'> {
  /** Deletes codes whose time is over, and returns how many it was. */
  purgeCvcs(): Promise<number>;
}

export function createWaitingCvcs({ database, dataKeys }: { readonly database: Database; readonly dataKeys: DataKeys }): WaitingCvcs {
  async function keyOf(merchantId: string, version: number): Promise<KeyObject> {
    const key = await dataKeys.find(merchantId, version);
    if (key === undefined)
      throw new VaultIntegrityError(`a code of merchant ${merchantId} names data key ${version}, which does not exist`);
    return key;
  }

  return {
    async keepCvc({ merchantId, visitId, token, cvc, lifeMs }) {
      const { current, currentVersion } = dataKeys.cached(merchantId) ?? (await dataKeys.load(merchantId));
      const sealed = seal(current, cvc.reveal(), aadOf(['cvc', merchantId, visitId, currentVersion]));
      await database.query(insert, [merchantId, visitId, currentVersion, sealed, lifeMs, token ?? null]);
    },

    async readCvc({ merchantId, visitId }): Promise<Cvc | undefined> {
      const [row] = await database.query<SealedRow>(select, [merchantId, visitId]);
      if (row === undefined) return undefined;
      const key = await keyOf(merchantId, row.key_version);
      const digits = unseal(key, row.sealed, aadOf(['cvc', merchantId, visitId, row.key_version]));
      if (digits === undefined) throw new VaultIntegrityError(`the code of visit ${visitId} is not what was stored`);
      const cvc = parseCvc(digits.toString('latin1'));
      digits.fill(0);
      return cvc;
    },

    async dropCvc({ merchantId, visitId }) {
      await database.query(remove, [merchantId, visitId]);
    },

    async purgeCvcs() {
      const [row] = await database.query<{ count: number }>(purge);
      return row?.count ?? 0;
    },
  };
}

/** Binds a ciphertext to its place: moved to another merchant or id it does not open. The first field is the version of this scheme. */
function aadOf(parts: readonly (string | number)[]): Buffer {
  return Buffer.from(`1|${parts.join('|')}`, 'latin1');
}
