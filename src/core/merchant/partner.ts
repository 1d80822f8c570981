/** A reseller: brings merchants to the gateway, and may act for those that it has brought. */

/** A merchant as its partner knows it. */
export interface PartnerMerchant {
  readonly merchantId: string;
  /** The merchant's login with this partner. */
  readonly login: string;
  /** The identifier of the merchant's credential. */
  readonly identifier: string;
}

export interface Partner {
  /** UUID. */
  readonly partnerId: string;
  /** By which the protocol names it. */
  readonly identifier: string;
  /** Of its own people. */
  readonly login: string;
  /** SHA-256. */
  readonly secretHash: Uint8Array;
  /** As the vault has sealed it, under the partner's id twice: it is no merchant's. */
  readonly sealedSecret?: Uint8Array;
  readonly merchants: readonly PartnerMerchant[];
}
