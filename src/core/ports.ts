/** What the core needs from outside, as interfaces; `gateway.ts` plugs in the store, the vault, the clock and the acquirers. */
import type { Pan } from './instrument/card.ts';

/** Three clocks, never mixed (docs/decisions.md). */
export interface Clock {
  /** Business time in epoch ms: due dates, expiry, settlement day, what the acquirer is told. In the sandbox it can be moved. */
  businessNow(): number;
  /** Wall time in epoch ms: request dates, signatures, rate windows. */
  wallNow(): number;
}

/** A card to keep for one payment, or longer under a token. */
export interface CardToStore {
  readonly merchantId: string;
  /** UUID made by the caller: the key under which the PAN is read again. */
  readonly cardId: string;
  readonly pan: Pan;
  /** Business time in epoch ms after which the PAN is deleted. */
  readonly purgeAtMs: number;
}

/** The only holder of stored PANs. It keeps no CVC. */
export interface Vault {
  /** Encrypts and stores a card; resolves when it is durable. */
  store(card: CardToStore): Promise<void>;
  /** The PAN of a stored card; undefined when it never was stored, or is purged. */
  reveal(card: { readonly merchantId: string; readonly cardId: string }): Promise<Pan | undefined>;
  /**
   * A keyed HMAC of the PAN within the merchant: equal cards have equal fingerprints, and nothing else can be learnt from it. Resolves at
   * once when the merchant's key is in memory.
   */
  fingerprint(merchantId: string, pan: Pan): Uint8Array | Promise<Uint8Array>;
  /** Makes a token for a stored card: random, letters first, so that it can never be taken for a PAN. 32 lower-case hex characters. */
  tokenize(card: { readonly merchantId: string; readonly cardId: string; readonly purgeAtMs: number }): Promise<string>;
  /** The card behind a token of this merchant; undefined when unknown or deleted. */
  resolveToken(token: { readonly merchantId: string; readonly token: string }): Promise<{ readonly cardId: string } | undefined>;
}
