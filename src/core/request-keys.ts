/** Keys of the gateway that requests may be encrypted to (JSON Web Encryption, RFC 7516), over the encryption that TLS gives anyway. */

/** A public key as RFC 7517 writes it. */
export interface PublicRequestKey {
  readonly kty: string;
  readonly kid: string;
  readonly use: 'enc';
  readonly alg: 'RSA-OAEP-256';
  readonly n: string;
  readonly e: string;
}

export interface RequestKeys {
  /** The newest first; made when there is none yet. Rejects with `NotRecorded` when the database is away. */
  list(): Promise<readonly PublicRequestKey[]>;
  /** The clear bytes of a compact JWE, RSA-OAEP-256 and A256GCM only. Rejects for whatever cannot be opened. */
  decrypt(jwe: string): Promise<Uint8Array>;
}
