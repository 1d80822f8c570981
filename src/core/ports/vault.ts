/** What the core needs of the vault. */
import type { CardSummary, Cvc, Pan } from '../instrument/card.ts';

/** A card to keep for one payment, or longer under a token. */
export interface CardToStore {
  readonly merchantId: string;
  /** UUID made by the caller: the key under which the PAN is read again. */
  readonly cardId: string;
  readonly pan: Pan;
  /** Business time in epoch ms after which the PAN is deleted. */
  readonly purgeAtMs: number;
}

/** A secret that must be readable again: what a protocol signs or encrypts with. */
export interface SecretToSeal {
  readonly merchantId: string;
  /** UUID of what it belongs to; it opens only there. */
  readonly secretId: string;
  readonly secret: string;
}

export interface SealedSecret {
  readonly merchantId: string;
  readonly secretId: string;
  readonly sealed: Uint8Array;
}

/** The only holder of stored PANs. It keeps no CVC. */
export interface Vault {
  /** Encrypts and stores a card; resolves when it is durable. */
  store(card: CardToStore): Promise<void>;
  /** Deletes a card that no operation uses. */
  discard(card: { readonly merchantId: string; readonly cardId: string }): Promise<void>;
  /**
   * The PAN of a stored card; undefined when it never was stored, or is purged. `neededUntilMs` (business time): the card and its tokens are kept
   * as long, to within a day.
   */
  reveal(card: { readonly merchantId: string; readonly cardId: string; readonly neededUntilMs?: number }): Promise<Pan | undefined>;
  /**
   * A keyed HMAC of the PAN within the merchant: equal cards have equal fingerprints, and nothing else can be learnt from it. Resolves at
   * once when the merchant's key is in memory.
   */
  fingerprint(merchantId: string, pan: Pan): Uint8Array | Promise<Uint8Array>;
  /**
   * Keeps a CVC for a payment that waits for its shopper, encrypted, in memory of the database only, for `lifeMs` at most. `token`: the payment will be
   * made with this one, and the CVC goes where the token is deleted before.
   */
  keepCvc(kept: {
    readonly merchantId: string;
    readonly visitId: string;
    readonly token?: string;
    readonly cvc: Cvc;
    readonly lifeMs: number;
  }): Promise<void>;
  /** The CVC of a waiting payment; undefined when its time is over, or the database has lost its memory. */
  readCvc(key: { readonly merchantId: string; readonly visitId: string }): Promise<Cvc | undefined>;
  dropCvc(key: { readonly merchantId: string; readonly visitId: string }): Promise<void>;
  /** Makes a token for a stored card: random, letters first, so that it can never be taken for a PAN. 32 lower-case hex characters. */
  tokenize(card: {
    readonly merchantId: string;
    readonly cardId: string;
    readonly purgeAtMs: number;
    /** What may be shown of the card, kept beside the token. */
    readonly summary: CardSummary;
    /** `tokenOfCard` does not find it. */
    readonly isNotOfCard?: true;
  }): Promise<string>;
  /** Encrypts a secret for whoever keeps it; at once. */
  sealSecret(secret: SecretToSeal): Uint8Array;
  /** Throws when the bytes, or the place they are kept at, are not those of {@link Vault.sealSecret}. */
  openSecret(sealed: SealedSecret): string;
  /** The card behind a token of this merchant; undefined when unknown or deleted. */
  resolveToken(token: {
    readonly merchantId: string;
    readonly token: string;
  }): Promise<{ readonly cardId: string; readonly summary: CardSummary } | undefined>;
  /** The oldest token of this card, by its number alone; the fingerprint is that of {@link Vault.fingerprint}. */
  tokenOfCard(card: {
    readonly merchantId: string;
    readonly fingerprint: Uint8Array;
  }): Promise<{ readonly token: string; readonly cardId: string; readonly summary: CardSummary } | undefined>;
  /** Tokens of a merchant that can be paid with, in their own order, from behind `after` on. */
  listTokens(request: {
    readonly merchantId: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly { readonly token: string; readonly summary: CardSummary }[]>;
  /** As `resolveToken`, but it also knows deleted tokens until they are purged. */
  describeToken(token: {
    readonly merchantId: string;
    readonly token: string;
  }): Promise<{ readonly cardId: string; readonly summary: CardSummary; readonly deleted: boolean } | undefined>;
  /**
   * Ends a token: it is not found any more, and its card, unless another token holds it, is purged at `cardPurgeAtMs` (business time; when
   * the last payment made with it no longer needs it) or earlier. False when there is no such token.
   */
  deleteToken(token: { readonly merchantId: string; readonly token: string; readonly cardPurgeAtMs: number }): Promise<boolean>;
}
