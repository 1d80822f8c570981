/** Partners as operators make them: a reseller's own login, and the merchants that it may act for. A key is replaced, never read again. */
import { randomUUIDv7 } from 'node:crypto';
import { hashOfSecret } from '../core/merchant/secret.ts';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { SecretToSeal } from '../core/ports/vault.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';

export interface PartnerRecord {
  readonly partnerId: string;
  readonly dialect: string;
  /** By which the protocol names it. */
  readonly identifier: string;
  readonly login: string;
  readonly createdAt: Date;
  /** Logins of its merchants. */
  readonly merchants: readonly string[];
}

const columns = `p.partner_id as "partnerId", p.dialect, p.identifier, p.login, p.created_at as "createdAt",
  array(select pm.login from polygate.partner_merchant pm where pm.partner_id = p.partner_id order by pm.login) as merchants`;

const statements = {
  list: { name: 'list_partners', text: `select ${columns} from polygate.partner p order by p.dialect, p.created_at, p.partner_id` },
  find: { name: 'find_partner', text: `select ${columns} from polygate.partner p where p.dialect = $1 and p.identifier = $2` },
  insert: {
    name: 'insert_partner',
    text: `insert into polygate.partner (partner_id, dialect, identifier, login, secret_hash, sealed_secret) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing returning partner_id`,
  },
  replace: {
    name: 'replace_partner_secret',
    text: 'update polygate.partner set secret_hash = $2, sealed_secret = $3 where partner_id = $1',
  },
  credential: {
    name: 'credential_of_partner_merchant',
    text: `select identifier from polygate.credential
where merchant_id = $1 and dialect = $2 and revoked_at is null and ($3::text is null or identifier = $3) order by created_at limit 1`,
  },
  bring: {
    name: 'insert_partner_merchant',
    text: `insert into polygate.partner_merchant (partner_id, login, merchant_id, identifier) values ($1, $2, $3, $4)
on conflict do nothing returning login`,
  },
  take: {
    name: 'delete_partner_merchant',
    text: 'delete from polygate.partner_merchant where partner_id = $1 and login = $2 returning login',
  },
} satisfies Readonly<Record<string, Statement>>;

type Row = PartnerRecord & Record<string, unknown>;
type Query = Database['query'];

/** Who acts, and on which partner. */
export interface PartnerAct {
  readonly actor: string;
  readonly dialect: string;
  readonly identifier: string;
}

interface Secret {
  readonly secret: string;
  /** Encrypts it, where requests are signed with it. */
  readonly seal: (secret: SecretToSeal) => Uint8Array;
}

export function listPartners(database: Database): Promise<PartnerRecord[]> {
  return database.query<Row>(statements.list);
}

/** Throws {@link OperatorError} when the identifier is another partner's. */
export function createPartner(
  database: Database,
  { actor, dialect, identifier, login, ...secret }: PartnerAct & Secret & { readonly login: string },
): Promise<PartnerRecord> {
  return acting(database, async (query, audit) => {
    const partnerId = randomUUIDv7();
    const { hash, sealed } = kept(partnerId, secret);
    const made = await query(statements.insert, [partnerId, dialect, identifier, login, hash, sealed]);
    if (made.length === 0) throw new OperatorError(`There is a partner ${identifier} of ${dialect} already. Choose another identifier.`);
    await audit({ actor, act: 'partner.created', details: { partnerId, dialect, identifier, login } });
    return partnerOf(query, { dialect, identifier });
  });
}

/** The key that was ends with it, and so do tokens that were given for it. */
export function rotatePartnerKey(
  database: Database,
  { actor, dialect, identifier, ...secret }: PartnerAct & Secret,
): Promise<PartnerRecord> {
  return acting(database, async (query, audit) => {
    const partner = await partnerOf(query, { dialect, identifier });
    const { hash, sealed } = kept(partner.partnerId, secret);
    await query(statements.replace, [partner.partnerId, hash, sealed]);
    await audit({ actor, act: 'partner.key_rotated', details: { partnerId: partner.partnerId, dialect, identifier } });
    return partner;
  });
}

/** Lets the partner act for a merchant, who has a credential. Throws {@link OperatorError} when the login is taken. */
export function bringMerchant(
  database: Database,
  { actor, dialect, identifier, login, merchantId, memberId }: PartnerAct & MerchantOfPartner,
): Promise<PartnerRecord> {
  return acting(database, async (query, audit) => {
    const { partnerId } = await partnerOf(query, { dialect, identifier });
    const [credential] = await query<{ identifier: string }>(statements.credential, [merchantId, dialect, memberId ?? null]);
    if (credential === undefined) {
      throw new OperatorError(`The merchant has no active credential of ${dialect}${memberId === undefined ? '' : ` named ${memberId}`}.`, {
        kind: 'not_found',
      });
    }
    const brought = await query(statements.bring, [partnerId, login, merchantId, credential.identifier]);
    if (brought.length === 0) throw new OperatorError(`The partner has a merchant with the login ${login} already. Choose another one.`);
    await audit({ actor, act: 'partner.merchant_added', details: { partnerId, dialect, identifier, merchantId, login } });
    return partnerOf(query, { dialect, identifier });
  });
}

export interface MerchantOfPartner {
  readonly merchantId: string;
  /** The merchant's with this partner. */
  readonly login: string;
  /** The merchant's identifier in the protocol; absent: that of its oldest credential. */
  readonly memberId?: string;
}

export function takeMerchant(
  database: Database,
  { actor, dialect, identifier, login }: PartnerAct & Pick<MerchantOfPartner, 'login'>,
): Promise<PartnerRecord> {
  return acting(database, async (query, audit) => {
    const { partnerId } = await partnerOf(query, { dialect, identifier });
    const taken = await query(statements.take, [partnerId, login]);
    if (taken.length === 0) throw new OperatorError(`The partner has no merchant with the login ${login}.`, { kind: 'not_found' });
    await audit({ actor, act: 'partner.merchant_removed', details: { partnerId, dialect, identifier, login } });
    return partnerOf(query, { dialect, identifier });
  });
}

async function partnerOf(query: Query, { dialect, identifier }: Pick<PartnerAct, 'dialect' | 'identifier'>): Promise<PartnerRecord> {
  const [found] = await query<Row>(statements.find, [dialect, identifier]);
  if (found !== undefined) return found;
  throw new OperatorError(`There is no partner ${identifier} of ${dialect}. \`polygate partner list\` shows them.`, { kind: 'not_found' });
}

/** A partner is no merchant: its secret is sealed under its own id twice. */
function kept(partnerId: string, { secret, seal }: Secret): { readonly hash: Buffer; readonly sealed: Uint8Array } {
  return {
    hash: hashOfSecret(secret),
    sealed: seal({ merchantId: partnerId, secretId: partnerId, secret }),
  };
}
