/**
 * Tokens: random names under which a merchant keeps a card. A token prolongs the life of its card and says nothing about it; a token of
 * one merchant means nothing to another.
 */
import { isDeepStrictEqual } from 'node:util';
import type { CardSummary } from '../core/instrument/card.ts';
import { NotRecorded } from '../core/payment/store-failure.ts';
import { randomHexName } from '../core/random-hex.ts';
import { createBatcher } from '../postgres/batcher.ts';
import { jsonText, plainArray, textArray, timeArray } from '../postgres/columns.ts';
import { certaintyOf, type Database, type Statement } from '../postgres/connection.ts';
import { type CardKey, requireUuids } from './cards.ts';

export interface TokenKey {
  readonly merchantId: string;
  readonly token: string;
}

export interface Tokens {
  tokenize(card: CardKey & { readonly purgeAtMs: number; readonly summary: CardSummary; readonly isNotOfCard?: true }): Promise<string>;
  resolveToken(token: TokenKey): Promise<TokenizedCard | undefined>;
  describeToken(token: TokenKey): Promise<(TokenizedCard & { readonly deleted: boolean }) | undefined>;
  tokenOfCard(card: {
    readonly merchantId: string;
    readonly fingerprint: Uint8Array;
  }): Promise<(TokenizedCard & { readonly token: string }) | undefined>;
  listTokens(request: {
    readonly merchantId: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly { readonly token: string; readonly summary: CardSummary }[]>;
  deleteToken(token: TokenKey & { readonly cardPurgeAtMs: number }): Promise<boolean>;
  adoptToken(token: AdoptedToken): Promise<Adoption>;
}

/** A token that was made elsewhere, for a card that is stored already. */
export interface AdoptedToken extends TokenKey {
  readonly cardId: string;
  readonly summary: CardSummary;
  readonly purgeAtMs: number;
}

/** `taken`: another card, or other words about it, stands under the token. */
export type Adoption = 'adopted' | 'unchanged' | 'taken';

export interface TokenizedCard {
  readonly cardId: string;
  readonly summary: CardSummary;
}

interface NewToken extends CardKey {
  readonly token: string;
  readonly isNotOfCard: boolean;
  readonly summary: CardSummary;
  readonly purgeAtMs: number;
}

// The update locks the card's row, so that a purge of the same moment either comes first, and no token is made, or sees the later date.
const insertTokens: Statement = {
  name: 'vault-token-insert',
  text: `with input as (
      select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::json[], $6::boolean[])
        with ordinality as i (merchant_id, card_id, token, purge_at, summary, is_not_of_card, ord)
    ), kept as (
      update vault.card c set purge_at = greatest(c.purge_at, i.purge_at) from input i
      where c.merchant_id = i.merchant_id and c.id = i.card_id
      returning i.ord, i.merchant_id, i.card_id, i.token, i.purge_at, i.summary, case when not i.is_not_of_card then c.fingerprint end as fingerprint
    ), made as (
      insert into vault.token (merchant_id, card_id, token, purge_at, summary, fingerprint)
      select merchant_id, card_id, token, purge_at, summary, fingerprint from kept
    )
    select ord::int as ord from kept`,
};

const selectTokens: Statement = {
  name: 'vault-token-select',
  text: `select i.ord::int as ord, t.card_id, t.summary
    from unnest($1::uuid[], $2::text[]) with ordinality as i (merchant_id, token, ord)
    join vault.token t on t.merchant_id = i.merchant_id and t.token = i.token
    where t.deleted_at is null`,
};

const adoptTokens: Statement = {
  name: 'vault-token-adopt',
  text: `with input as (
      select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::json[]) as i (merchant_id, card_id, token, purge_at, summary)
    )
    insert into vault.token (merchant_id, card_id, token, purge_at, summary, fingerprint)
    select i.*, c.fingerprint from input i join vault.card c on c.merchant_id = i.merchant_id and c.id = i.card_id
    on conflict do nothing
    returning merchant_id, token`,
};

const selectAdopted: Statement = {
  name: 'vault-token-adopted',
  text: `select t.merchant_id, t.token, t.card_id, t.summary
    from unnest($1::uuid[], $2::text[]) as i (merchant_id, token)
    join vault.token t on t.merchant_id = i.merchant_id and t.token = i.token`,
};

const describeToken: Statement = {
  name: 'vault-token-describe',
  text: 'select card_id, summary, deleted_at is not null as deleted from vault.token where merchant_id = $1 and token = $2',
};

const tokenOfCard: Statement = {
  name: 'vault-token-of-card',
  text: `select token, card_id, summary from vault.token where fingerprint = $2 and merchant_id = $1 and deleted_at is null
    order by created_at, token limit 1`,
};

const listTokens: Statement = {
  name: 'vault-token-list',
  text: 'select token, summary from vault.token where merchant_id = $1 and token > $2 and deleted_at is null order by token limit $3',
};

const deleteToken: Statement = {
  name: 'vault-token-delete',
  text: `with gone as (
      update vault.token set deleted_at = now() where merchant_id = $1 and token = $2 and deleted_at is null returning card_id
    ), released as (
      update vault.card c set purge_at = least(c.purge_at, $3::timestamptz) from gone
      where c.merchant_id = $1 and c.id = gone.card_id
        and not exists (select from vault.token t where t.merchant_id = $1 and t.card_id = gone.card_id and t.token <> $2 and t.deleted_at is null)
    ), forgotten as (
      delete from vault.waiting_cvc where merchant_id = $1 and token = $2
    )
    select 1 from gone`,
};

export interface TokensOptions {
  /** A hot pool. */
  readonly database: Database;
  readonly maxConcurrent: number;
}

export function createTokens({ database, maxConcurrent }: TokensOptions): Tokens {
  const makes = createBatcher<NewToken, boolean>({
    run: (tokens) => make(database, tokens),
    maxSize: 256,
    maxConcurrent,
    // Two tokens of one card in one statement would be one update of its row, and one of them lost.
    laneOf: (token) => token.cardId,
  });
  const reads = createBatcher<TokenKey, TokenizedCard | undefined>({
    run: (tokens) => read(database, tokens),
    maxSize: 256,
    maxConcurrent,
  });

  const adoptions = createBatcher<AdoptedToken, Adoption>({
    run: (tokens) => adopt(database, tokens),
    maxSize: 256,
    maxConcurrent,
    // The same token twice in one statement: the second must see what the first has written.
    laneOf: (token) => token.token,
  });

  return {
    async adoptToken(token) {
      requireUuids(token);
      if (!isToken(token.token)) throw new TypeError('a token has 32 hex characters');
      return adoptions.submit(token);
    },
    async tokenize(card) {
      requireUuids(card);
      const token = randomHexName();
      const made = await makes.submit({
        merchantId: card.merchantId,
        cardId: card.cardId,
        token,
        purgeAtMs: card.purgeAtMs,
        summary: card.summary,
        isNotOfCard: card.isNotOfCard === true,
      });
      if (!made) throw new Error(`card ${card.cardId} of merchant ${card.merchantId} is not in the vault, so it cannot get a token`);
      return token;
    },
    async resolveToken(token) {
      if (!isToken(token.token)) return undefined;
      try {
        return await reads.submit(token);
      } catch (error) {
        if (certaintyOf(error) === 'refused') throw error;
        throw new NotRecorded(String(error), { cause: error });
      }
    },
    async describeToken({ merchantId, token }) {
      if (!isToken(token)) return undefined;
      const [row] = await database.query<{ card_id: string; summary: CardSummary; deleted: boolean }>(describeToken, [merchantId, token]);
      return row === undefined ? undefined : { cardId: row.card_id, summary: row.summary, deleted: row.deleted };
    },
    async tokenOfCard({ merchantId, fingerprint }) {
      const [row] = await database.query<{ token: string; card_id: string; summary: CardSummary }>(tokenOfCard, [merchantId, fingerprint]);
      return row === undefined ? undefined : { token: row.token, cardId: row.card_id, summary: row.summary };
    },
    async listTokens({ merchantId, after = '', limit }) {
      return database.query<{ token: string; summary: CardSummary }>(listTokens, [merchantId, after, limit]);
    },
    async deleteToken({ merchantId, token, cardPurgeAtMs }) {
      if (!isToken(token)) return false;
      return (await database.query(deleteToken, [merchantId, token, new Date(cardPurgeAtMs)])).length > 0;
    },
  };
}

/** Whatever a merchant sends is looked up only if it can be a token; those that were imported may begin with a digit. */
function isToken(text: string): boolean {
  return /^[\da-f]{32}$/.test(text);
}

async function make(database: Database, tokens: readonly NewToken[]): Promise<boolean[]> {
  const rows = await database.query<{ ord: number }>(insertTokens, [
    plainArray(tokens.map((token) => token.merchantId)),
    plainArray(tokens.map((token) => token.cardId)),
    plainArray(tokens.map((token) => token.token)),
    timeArray(tokens.map((token) => token.purgeAtMs)),
    textArray(tokens.map((token) => jsonText(token.summary))),
    plainArray(tokens.map((token) => String(token.isNotOfCard))),
  ]);
  const made = new Set(rows.map((row) => row.ord));
  return tokens.map((_, index) => made.has(index + 1));
}

async function read(database: Database, tokens: readonly TokenKey[]): Promise<(TokenizedCard | undefined)[]> {
  const rows = await database.query<{ ord: number; card_id: string; summary: CardSummary }>(selectTokens, [
    plainArray(tokens.map((token) => token.merchantId)),
    plainArray(tokens.map((token) => token.token)),
  ]);
  const found = new Array<TokenizedCard | undefined>(tokens.length).fill(undefined);
  for (const { ord, card_id: cardId, summary } of rows) found[ord - 1] = { cardId, summary };
  return found;
}

async function adopt(database: Database, tokens: readonly AdoptedToken[]): Promise<Adoption[]> {
  const merchantIds = plainArray(tokens.map((token) => token.merchantId));
  const names = plainArray(tokens.map((token) => token.token));
  const keyOf = (merchantId: string, token: string): string => `${merchantId} ${token}`;
  const made = await database.query<{ merchant_id: string; token: string }>(adoptTokens, [
    merchantIds,
    plainArray(tokens.map((token) => token.cardId)),
    names,
    timeArray(tokens.map((token) => token.purgeAtMs)),
    textArray(tokens.map((token) => jsonText(token.summary))),
  ]);
  const adopted = new Set(made.map((row) => keyOf(row.merchant_id, row.token)));
  if (adopted.size === tokens.length) return tokens.map(() => 'adopted');
  const present = await database.query<{ merchant_id: string; token: string; card_id: string; summary: CardSummary }>(selectAdopted, [
    merchantIds,
    names,
  ]);
  const known = new Map(present.map((row) => [keyOf(row.merchant_id, row.token), row]));
  return tokens.map(({ merchantId, token, cardId, summary }) => {
    const key = keyOf(merchantId, token);
    if (adopted.has(key)) return 'adopted';
    const row = known.get(key);
    return row?.card_id === cardId && isDeepStrictEqual(row.summary, summary) ? 'unchanged' : 'taken';
  });
}
