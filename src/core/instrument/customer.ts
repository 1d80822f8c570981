/** Customers whom merchants have registered, named by numbers or by ids: stored cards are listed by them. */

export interface Customer {
  readonly merchantId: string;
  readonly customerNumber: number;
  /** Flat; what the merchant has said of the person, without card data. */
  readonly details: Readonly<Record<string, string>>;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
}

/** A customer under an id, who can be changed and removed. What was paid and kept stays when a customer is removed. */
export interface NamedCustomer {
  readonly merchantId: string;
  /** UUID. */
  readonly customerId: string;
  /** What the merchant has said of the person, without card data. */
  readonly details: Readonly<Record<string, string | readonly string[]>>;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export type CustomerKey = Pick<NamedCustomer, 'merchantId' | 'customerId'>;

/** A card that was kept for a customer, by a payment or by itself. */
export interface KeptCard {
  readonly token: string;
  /** The dialect's data of what has kept it. */
  readonly dialectData: Readonly<Record<string, string>>;
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
  /** Adds one under an id of the caller's. False: the id is taken, also by one that was removed since. */
  add(customer: NamedCustomer & { readonly inputHash?: Uint8Array }): Promise<boolean>;
  findNamed(key: CustomerKey): Promise<(NamedCustomer & { readonly inputHash?: Uint8Array }) | undefined>;
  /** Oldest first, those after `after` only; `text`: that have it somewhere in their details, in whatever case. */
  listNamed(request: {
    readonly merchantId: string;
    readonly text?: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly NamedCustomer[]>;
  /** False when there is none. */
  change(customer: Omit<NamedCustomer, 'createdAtMs'>): Promise<boolean>;
  /** False when there is none. `nowMs`: business time. */
  remove(key: CustomerKey & { readonly nowMs: number }): Promise<boolean>;
  /** Cards that were kept under the merchant's reference of a customer and not forgotten since, oldest first; `limit` at most. */
  keptCards(request: {
    readonly merchantId: string;
    readonly customerReference: string;
    readonly limit: number;
  }): Promise<readonly KeptCard[]>;
  /** Which of these tokens were stored for the customer. */
  tokensOf(key: Pick<Customer, 'merchantId' | 'customerNumber'> & { readonly tokens: readonly string[] }): Promise<ReadonlySet<string>>;
}
