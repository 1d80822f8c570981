/** What an invoice is made of, and how it is kept. What is to be paid, and whether it was, is its order's. */

export interface Invoice {
  readonly merchantId: string;
  /** The gateway's. */
  readonly invoiceNumber: number;
  readonly channelId: string;
  /** UUID. */
  readonly orderId: string;
  /** The merchant's. */
  readonly reference: string;
  readonly email: string;
  /** Flat; what only the dialect knows, without card data. */
  readonly details: Readonly<Record<string, string>>;
  /** The invoice that has taken its place. */
  readonly replacedBy?: number;
  /** Business time, epoch ms. */
  readonly remindAtMs?: number;
  readonly createdAtMs: number;
}

type Key = Pick<Invoice, 'merchantId' | 'invoiceNumber'>;

/** Keeps invoices. Rejects with `NotRecorded` when the database is away. */
export interface InvoiceStore {
  /** Its number; undefined when its order has an invoice already. */
  create(invoice: Omit<Invoice, 'invoiceNumber' | 'replacedBy'>): Promise<number | undefined>;
  find(key: Key): Promise<Invoice | undefined>;
  /** The latest under the merchant's reference. */
  findByReference(key: Pick<Invoice, 'merchantId' | 'reference'>): Promise<Invoice | undefined>;
  replace(key: Key & { readonly by: number }): Promise<void>;
  /** Those whose reminder is due, the longest due first. */
  dueReminders(request: { readonly businessNowMs: number; readonly limit: number }): Promise<readonly Invoice[]>;
  /** There is nothing to remind of any more, or it was done. */
  endReminder(key: Key): Promise<void>;
  /** Business time, epoch ms. */
  nextReminderAtMs(): Promise<number | undefined>;
}
