/**
 * The port to whatever guards the master keys: a local file first, a key service or a hardware module later. Only keys pass through it,
 * never card data. PCI DSS 4.0.1, 3.6.1: a key-encrypting key is at least as strong as the keys it wraps and kept apart from them.
 */

export interface WrappedKey {
  /** Which of the provider's keys has wrapped it. */
  readonly keyId: string;
  readonly bytes: Uint8Array;
}

export interface KeyProvider {
  /** The key that a new vault begins with; afterwards the database says which one wraps (see active-key.ts). */
  readonly keyId: string;
  /** All keys that the provider holds now, oldest first where it knows. */
  readonly keyIds: readonly string[];
  /**
   * Encrypts a 256-bit key under one of the provider's keys. `aad` says what the key is for; the same bytes are needed to unwrap it. Throws
   * {@link WrongKeyError} when the provider lacks the key.
   */
  wrap(key: Uint8Array, aad: Uint8Array, keyId: string): Promise<WrappedKey>;
  /** Throws {@link WrongKeyError} when the provider lacks the key, or the bytes or the `aad` are not those of the wrap. */
  unwrap(wrapped: WrappedKey, aad: Uint8Array): Promise<Uint8Array>;
  /** Looks which keys there are now. When that fails, those known before stay, and the reason is thrown. */
  refresh(): Promise<void>;
  /** Resolves when keys can be wrapped and unwrapped; otherwise throws with the reason. */
  health(): Promise<void>;
}

/** The provider answers, but not for this wrapped key: another master key, or altered bytes. */
export class WrongKeyError extends Error {
  override readonly name = 'WrongKeyError';
}
