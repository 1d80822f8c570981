/** Defects that only the vault can find. None of them carries card data. */

/** A stored card is not what was stored: altered, moved to another place, or its key is gone. Never answered with a number that might be wrong. */
export class VaultIntegrityError extends Error {
  override readonly name = 'VaultIntegrityError';
}

/** The keys at hand are not those that this database was made with. */
export class VaultKeyError extends Error {
  override readonly name = 'VaultKeyError';
}

/** A card id that already holds another card number. */
export class VaultConflictError extends Error {
  override readonly name = 'VaultConflictError';
}
