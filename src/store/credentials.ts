/** Merchants' credentials: at most two active ones per dialect, so that one can be replaced by the next without a gap. */
import { randomUUIDv7 } from 'node:crypto';
import { hashOfSecret } from '../core/merchant/secret.ts';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { CredentialToMake } from '../core/operator/operator-store.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { requireMerchant } from './merchants.ts';

const activeAtMost = 2;

export interface CredentialRecord {
  readonly merchantId: string;
  readonly credentialId: string;
  readonly dialect: string;
  readonly identifier: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

const columns =
  'merchant_id as "merchantId", credential_id as "credentialId", dialect, identifier, created_at as "createdAt", revoked_at as "revokedAt"';

const selectAll: Statement = {
  name: 'list_credentials',
  text: `select ${columns} from polygate.credential where $1::uuid is null or merchant_id = $1 order by merchant_id, created_at, credential_id`,
};
const selectActive: Statement = {
  name: 'active_credentials',
  text: `select ${columns} from polygate.credential
where dialect = $2 and revoked_at is null and (merchant_id = $1 or identifier = $3) order by created_at, credential_id`,
};
const validDocument: Statement = {
  name: 'valid_document_of_merchant',
  text: `select from polygate.compliance_document d, polygate.clock c
where d.merchant_id = $1 and d.type = any ($2) and d.state = 'approved' and d.valid_from <= now() + c.offset_ms * interval '1 millisecond'
  and (d.valid_until is null or d.valid_until > now() + c.offset_ms * interval '1 millisecond') limit 1`,
};
const insert: Statement = {
  name: 'insert_credential',
  text: `insert into polygate.credential (merchant_id, credential_id, dialect, identifier, secret_hash, sealed_secret) values ($1, $2, $3, $4, $5, $6) returning ${columns}`,
};
const revoke: Statement = {
  name: 'revoke_credential',
  text: `update polygate.credential set revoked_at = now() where credential_id = $1 and revoked_at is null returning ${columns}`,
};

type Row = CredentialRecord & Record<string, unknown>;

export function listCredentials(database: Database, merchantId?: string): Promise<CredentialRecord[]> {
  return database.query<Row>(selectAll, [merchantId ?? null]);
}

/** Throws {@link OperatorError} when the merchant has two active credentials, or the login is another merchant's. */
export function createCredential(database: Database, credential: CredentialToMake): Promise<CredentialRecord> {
  const { actor, merchantId, dialect, freshIdentifier, secret } = credential;
  return acting(database, async (query, audit) => {
    await requireMerchant(query, merchantId);
    await requireDocument(query, credential);
    const found = await query<Row>(selectActive, [merchantId, dialect, credential.identifier ?? freshIdentifier]);
    const own = found.filter((row) => row.merchantId === merchantId);
    if (found.length > own.length) {
      throw new OperatorError('Another merchant has a credential with this identifier. Choose another one.', {
        ...{ kind: 'conflict', field: 'identifier' },
      });
    }
    if (own.length >= activeAtMost) {
      const list = own.map(({ credentialId, createdAt }) => `${credentialId} of ${createdAt.toISOString()}`).join(', ');
      throw new OperatorError(
        `The merchant has ${own.length} active credentials of ${dialect} (${list}), and two are for the time of a change only. ` +
          'Revoke the one that is no longer used with `polygate credential revoke <id>`.',
      );
    }
    const identifier = credential.identifier ?? own[0]?.identifier ?? freshIdentifier;
    const hash = hashOfSecret(secret);
    const secretId = randomUUIDv7();
    const sealed = credential.seal?.({ merchantId, secretId, secret }) ?? null;
    const [created] = await query<Row>(insert, [merchantId, secretId, dialect, identifier, hash, sealed]);
    const { credentialId } = created as Row;
    await audit({ actor, act: 'credential.created', details: { merchantId, credentialId, dialect, identifier } });
    return created as CredentialRecord;
  });
}

async function requireDocument(query: Database['query'], { merchantId, dialect, asksForOneOf }: CredentialToMake): Promise<void> {
  if (asksForOneOf === undefined || (await query(validDocument, [merchantId, [...asksForOneOf]])).length > 0) return;
  throw new OperatorError(
    `Live credentials of ${dialect} need a PCI DSS document of the merchant (${asksForOneOf.join(' or ')}) that is approved and valid. ` +
      'Hand it in with `polygate compliance add`, and approve it with `polygate compliance approve`.',
  );
}

/** Throws {@link OperatorError} when there is no such active credential. */
export function revokeCredential(
  database: Database,
  { actor, credentialId }: { readonly actor: string; readonly credentialId: string },
): Promise<CredentialRecord> {
  return acting(database, async (query, audit) => {
    const [revoked] = await query<Row>(revoke, [credentialId]);
    if (revoked === undefined) {
      throw new OperatorError(`There is no active credential ${credentialId}. \`polygate credential list\` shows them.`, {
        kind: 'not_found',
      });
    }
    const { merchantId, dialect, identifier } = revoked;
    await audit({ actor, act: 'credential.revoked', details: { merchantId, credentialId, dialect, identifier } });
    return revoked;
  });
}
