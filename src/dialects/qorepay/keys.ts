/** RSA keys that messages to merchants are signed with: one for each webhook, and one for the company, for the URLs that purchases name. */
import { createPrivateKey, createPublicKey, generateKeyPair, generateKeyPairSync, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { Engine } from '../../core/payment/engine.ts';

const options = {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

const generate = promisify(generateKeyPair);

/** PEM of a private key. Takes some tenths of a second, beside the event loop. */
export async function newKey(): Promise<string> {
  const { privateKey } = await generate('rsa', options);
  return privateKey;
}

/** The same at once, for the command line. */
export function newKeySync(): string {
  return generateKeyPairSync('rsa', options).privateKey;
}

/** PEM of the public part (SubjectPublicKeyInfo). */
export function publicPartOf(privateKey: string): string {
  return createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'pem' }).toString();
}

/** RSA PKCS #1 v1.5 over SHA-256 of exactly these bytes, base64. */
export function signatureOf(body: string, privateKey: string): string {
  return sign('RSA-SHA256', Buffer.from(body), privateKey).toString('base64');
}

/** The company's private key, made when it is asked for first. */
export async function companyKey({ endpoints, vault }: Pick<Engine, 'endpoints' | 'vault'>, merchantId: string): Promise<string> {
  const made = await newKeyUnlessThere({ endpoints, vault }, merchantId);
  return vault.openSecret({ merchantId, secretId: made.endpointId, sealed: made.sealedSecret });
}

async function newKeyUnlessThere({ endpoints, vault }: Pick<Engine, 'endpoints' | 'vault'>, merchantId: string) {
  const merchant = { merchantId, dialect: 'qorepay' };
  const found = await endpoints.findOfRequests(merchant);
  if (found?.sealedSecret !== undefined) return { endpointId: found.endpointId, sealedSecret: found.sealedSecret };
  const secret = await newKey();
  return endpoints.ofRequests(merchant, (endpointId) => vault.sealSecret({ merchantId, secretId: endpointId, secret }));
}
