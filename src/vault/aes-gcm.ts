/** AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces, as one block of bytes: nonce | ciphertext | tag. */
import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceLength = 12;
const tagLength = 16;
const parameters = { authTagLength: tagLength };

// Nonces are cut from a block of random bytes: one call to the random source per nonce would cost 1.7 µs, half of the encryption itself.
const nonces = Buffer.alloc(nonceLength * 512);
let nextNonce = nonces.length;

function takeNonce(): Buffer {
  if (nextNonce === nonces.length) {
    randomFillSync(nonces);
    nextNonce = 0;
  }
  nextNonce += nonceLength;
  return nonces.subarray(nextNonce - nonceLength, nextNonce);
}

/**
 * Encrypts under a 256-bit key; `aad` binds the result to its place. Random nonces allow 2^32 encryptions per key (SP 800-38D, 8.3). Text
 * is taken as Latin-1, so that a card number is never copied into a buffer of ours.
 */
export function seal(key: KeyObject, plaintext: string | Uint8Array, aad: Uint8Array): Buffer {
  const nonce = takeNonce();
  const cipher = createCipheriv(algorithm, key, nonce, parameters);
  cipher.setAAD(aad);
  const ciphertext = typeof plaintext === 'string' ? cipher.update(plaintext, 'latin1') : cipher.update(plaintext);
  cipher.final();
  const sealed = Buffer.allocUnsafe(nonceLength + ciphertext.length + tagLength);
  sealed.set(nonce, 0);
  sealed.set(ciphertext, nonceLength);
  sealed.set(cipher.getAuthTag(), nonceLength + ciphertext.length);
  return sealed;
}

/** Decrypts to bytes; undefined when the key, the bytes or the `aad` are not those of {@link seal}. */
export function unseal(key: KeyObject, sealed: Uint8Array, aad: Uint8Array): Buffer | undefined {
  const tagStart = sealed.length - tagLength;
  if (tagStart < nonceLength) return undefined;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceLength), parameters);
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(tagStart));
  const plaintext = decipher.update(sealed.subarray(nonceLength, tagStart));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}
