/**
 * The result of an authentication that the merchant's own 3-D Secure server ran: what the acquirer has to be told so that liability shifts.
 * Nothing of it is checked against a directory server; the merchant answers for it, and the issuer checks the value.
 */
export interface ExternalAuthentication {
  /** Electronic commerce indicator, two digits, as the scheme defines it. */
  readonly eci?: string;
  /** CAVV or AAV: 20 bytes in base64. It proves the authentication to the issuer and is stored nowhere. */
  readonly authenticationValue?: string;
  /** Of 3-D Secure 1: 20 bytes in base64. */
  readonly xid?: string;
  /** Message version, as in 2.2.0. */
  readonly version?: string;
  readonly dsTransactionId?: string;
  readonly acsTransactionId?: string;
  readonly flow?: 'challenge' | 'frictionless';
  /** Transaction status of EMV 3-D Secure. */
  readonly status?: 'Y' | 'A' | 'N' | 'U' | 'R' | 'C' | 'I';
}
