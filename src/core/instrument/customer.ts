/** Customers whom merchants have registered, named by numbers: stored cards are listed by them. */

export interface Customer {
  readonly merchantId: string;
  readonly customerNumber: number;
  /** Flat; what the merchant has said of the person, without card data. */
  readonly details: Readonly<Record<string, string>>;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
}

/**
 * Keeps customers. That a card is a customer's is said by the request that stored it, under `customerId` in the dialect's data. Rejects with
 * `NotRecorded` when the database is away.
 */
export interface CustomerStore {
  /** Returns the new customer's number. */
  register(customer: Omit<Customer, 'customerNumber'>): Promise<number>;
  find(key: Pick<Customer, 'merchantId' | 'customerNumber'>): Promise<Customer | undefined>;
  /**
   * Tokens that payments have made for a customer whom the merchant names by a reference of its own, under `customerReference` in the dialect's
   * data; the oldest first, also those that were deleted since.
   */
  tokensNamed(key: { readonly merchantId: string; readonly customerReference: string }): Promise<readonly string[]>;
  /** Which of these tokens were stored for the customer. */
  tokensOf(key: Pick<Customer, 'merchantId' | 'customerNumber'> & { readonly tokens: readonly string[] }): Promise<ReadonlySet<string>>;
}
