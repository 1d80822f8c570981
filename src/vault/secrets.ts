/**
 * Secrets of merchants that the gateway must be able to read again, since protocols sign or encrypt with them: keys of webhooks, API secrets.
 * They are sealed under a key of the merchant that hangs on a root key, and kept by whoever they belong to.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { SealedSecret, SecretToSeal } from '../core/ports/vault.ts';
import { seal, unseal } from './aes-gcm.ts';
import { VaultIntegrityError } from './errors.ts';

/** First byte of what is sealed. */
const scheme = 1;
const keysAtMost = 10_000;

export interface Secrets {
  sealSecret(secret: SecretToSeal): Uint8Array;
  openSecret(sealed: SealedSecret): string;
}

export function createSecrets(deriveSecret: (purpose: string) => Uint8Array): Secrets {
  const keys = new Map<string, KeyObject>();
  const keyOf = (merchantId: string): KeyObject => {
    const known = keys.get(merchantId);
    if (known !== undefined) return known;
    const key = createSecretKey(deriveSecret(`merchant secrets|${merchantId}`));
    if (keys.size >= keysAtMost) keys.delete(keys.keys().next().value as string);
    keys.set(merchantId, key);
    return key;
  };
  return {
    sealSecret({ merchantId, secretId, secret }) {
      return Buffer.concat([Buffer.of(scheme), seal(keyOf(merchantId), Buffer.from(secret, 'utf8'), aadOf(merchantId, secretId))]);
    },
    openSecret({ merchantId, secretId, sealed }) {
      const opened = sealed[0] === scheme ? unseal(keyOf(merchantId), sealed.subarray(1), aadOf(merchantId, secretId)) : undefined;
      if (opened === undefined) {
        throw new VaultIntegrityError(
          `secret ${secretId} of merchant ${merchantId} is not what was sealed: its bytes or its place were changed`,
        );
      }
      const secret = opened.toString('utf8');
      opened.fill(0);
      return secret;
    },
  };
}

/** Moved to another merchant or place it does not open. */
function aadOf(merchantId: string, secretId: string): Buffer {
  return Buffer.from(`${scheme}|${merchantId}|${secretId}|secret`, 'latin1');
}
