/** What a request says of itself, whatever it asks for: how the merchant calls it, and how the gateway knows that it is sent again. */

/** Of a new payment and of an act upon one. */
export interface MerchantNames {
  /** The merchant's own name for it, by which it is found; several may have the same. */
  readonly merchantReference?: string;
  /** As it is stored (`storedKey`): at most one operation of the channel has it. Absent: every request is a new one. */
  readonly idempotencyKey?: string;
  /** Likewise, beside the key: the reference, where the protocol has each used once, whatever key a request comes with. */
  readonly referenceKey?: string;
  /** How long the key is remembered, in wall ms; absent: as the settings say. */
  readonly keyLifetimeMs?: number;
  /** A repeat under the key counts as the same request whatever it asks for; else it is refused when it asks for something else. */
  readonly keyMatchesAnyInput?: true;
  /** What the dialect wants to know of the request when it writes about the operation; the core only keeps it. */
  readonly dialectData: Readonly<Record<string, string>>;
}

/** Of a new payment. */
export interface PaymentNames extends MerchantNames {
  /** From `takePaymentNumber`; it is found under the same name in the dialect's data of the operation. */
  readonly paymentNumber?: number;
}

/** The dialect's data as it is recorded. The number is no part of what a repeat is compared by: each try takes one. */
export function withNumber({ dialectData, paymentNumber }: PaymentNames): PaymentNames['dialectData'] {
  return paymentNumber === undefined ? dialectData : { ...dialectData, paymentNumber: String(paymentNumber) };
}
