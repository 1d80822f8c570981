/** The control API of the sandbox: what its acquirer host has booked, and faults on demand. */

/** An entry of the host's books. Amounts in minor units. */
export interface HostEntry {
  readonly rrn: string;
  readonly approvalCode: string;
  readonly stan: string;
  readonly terminal: string;
  readonly kind: 'authorization' | 'debit' | 'capture' | 'refund' | 'reversal' | 'payout';
  readonly currency: string;
  readonly amount: number;
  readonly capturedAmount: number;
  readonly refundedAmount: number;
  readonly reversedAmount: number;
  readonly remainingAmount: number;
  readonly state: 'held' | 'captured' | 'booked' | 'refunded' | 'reversed';
  /** DE48 42, the SHA-256 of 43, 66, and 67. */
  readonly authentication?: {
    readonly eci?: string;
    readonly valueHash?: string;
    readonly transaction?: string;
    readonly exemption?: string;
  };
  readonly storedCredential?: { readonly initiation: string; readonly initialReference?: string; readonly isInitialKnown?: boolean };
  /** A hash and a mask of the card number. */
  readonly account: { readonly id: string; readonly masked: string };
  readonly original?: { readonly rrn: string; readonly stan: string };
}

export interface PayoutBalance {
  readonly merchant: string;
  readonly currency: string;
  readonly opened: number;
  readonly available: number;
}

/** A dispute of the host's books. Amounts in minor units. */
export interface HostDispute {
  readonly id: string;
  readonly rrn: string;
  readonly terminal: string;
  readonly currency: string;
  readonly amount: number;
  readonly reason: string;
  readonly state: 'raised' | 'reversed';
  /** DE39 of the gateway's answers. */
  readonly chargebackAnswer?: string;
  readonly reversalAnswer?: string;
}

export interface FaultRequest {
  readonly fault:
    | 'decline'
    | 'partial_approval'
    | 'no_answer'
    | 'answer_lost'
    | 'late_answer'
    | 'duplicate_answer'
    | 'disconnect'
    | 'half_frame'
    | 'wrong_stan'
    | 'slow'
    | 'garbage'
    | 'wrong_totals'
    | 'acs_down'
    | 'acs_slow'
    | 'ds_down'
    | 'ds_garbage'
    | 'method_down'
    | 'bank_down'
    | 'bank_answer_lost'
    | 'bank_notice_lost'
    | 'bank_notice_twice'
    | 'mail_refused'
    | 'mail_rejected'
    | 'mail_dropped'
    | 'mail_answer_lost';
  readonly pan?: string;
  /** Type of the first transmission; its repeats match as well. */
  readonly mti?: '0100' | '0200' | '0220' | '0420' | '0422' | '0500';
  readonly times?: number;
  readonly delay_ms?: number;
  readonly code?: string;
}

/** An act of the time before the gateway. Amounts in minor units, currencies as ISO 4217 numbers, times in ISO 8601. */
export interface Booking {
  readonly kind: 'authorization' | 'debit' | 'capture' | 'refund' | 'reversal';
  readonly pan: string;
  readonly rrn: string;
  readonly stan: string;
  readonly terminal: string;
  readonly transmittedAt: string;
  readonly currency: string;
  readonly amount: number;
  readonly approvalCode?: string;
  readonly originalMti?: string;
  readonly originalStan?: string;
  readonly originalTransmittedAt?: string;
  readonly remaining?: number;
}
export type DisputeRequest = { readonly reason: string; readonly amount?: number } & (
  | { readonly rrn: string }
  | { readonly pan: string; readonly amount: number }
);

/** A payment in the books of the bank. Amounts in minor units. */
export interface BankEntry {
  readonly reference: string;
  readonly bankReference: string;
  readonly method: string;
  readonly amount: number;
  readonly currency: string;
  readonly state: 'open' | 'deferred' | 'paid' | 'refused' | 'canceled';
  readonly receipts: readonly { readonly id: string; readonly amount: number }[];
  readonly refunds: readonly { readonly reference: string; readonly amount: number }[];
  readonly receivedAmount: number;
  readonly refundedAmount: number;
  /** The gateway has taken notice of all of it. */
  readonly isTold: boolean;
}

/** A payout to an account, in the books of the bank. Amounts in minor units. */
export interface TransferEntry {
  readonly reference: string;
  readonly bankReference: string;
  readonly state: 'open' | 'paid' | 'refused' | 'canceled';
  readonly reason?: string;
  readonly amount: number;
  readonly currency: string;
  readonly debtor: string;
  readonly holder: string;
  readonly last4: string;
  readonly purpose: string;
  readonly isTold: boolean;
}

export interface HostControl {
  readonly url: string;
  book(booking: Booking): Promise<void>;
  books(filter?: { readonly rrn?: string }): Promise<readonly HostEntry[]>;
  /** What merchants (DE42) can still pay out, of those who have paid out something. Minor units; the currency is its ISO 4217 number. */
  payoutBalances(): Promise<readonly PayoutBalance[]>;
  addFault(fault: FaultRequest): Promise<void>;
  /** Faults ordered and not yet suffered. */
  faults(): Promise<readonly unknown[]>;
  clearFaults(): Promise<void>;
  /** Payments at the bank. */
  bank(): Promise<readonly BankEntry[]>;
  /** Money comes for a payment at the bank; without an amount all that is missing. */
  receive(reference: string, amount?: number): Promise<BankEntry>;
  transfers(): Promise<readonly TransferEntry[]>;
  /** Decides a transfer that the bank has not decided. */
  endTransfer(reference: string, act: 'pay' | 'refuse', reason?: string): Promise<TransferEntry>;
  disputes(): Promise<readonly HostDispute[]>;
  dispute(order: DisputeRequest): Promise<HostDispute>;
  reverseDispute(id: string): Promise<HostDispute>;
}

export function createHostControl(url: string): HostControl {
  const call = async (path: string, options?: RequestInit): Promise<unknown> => {
    const response = await fetch(`${url}/control/${path}`, options);
    const body: unknown = await response.json();
    if (!response.ok) throw new Error(`the sandbox answered ${response.status} to ${path}: ${JSON.stringify(body)}`);
    return body;
  };
  return {
    url,
    async books({ rrn } = {}) {
      const { entries } = (await call(rrn === undefined ? 'books' : `books?rrn=${rrn}`)) as { readonly entries: readonly HostEntry[] };
      return entries;
    },
    async bank() {
      return ((await call('books')) as { readonly bank: readonly BankEntry[] }).bank;
    },
    async transfers() {
      return ((await call('books')) as { readonly transfers: readonly TransferEntry[] }).transfers;
    },
    async endTransfer(reference, act, reason) {
      return (await call('transfers', { method: 'POST', body: JSON.stringify({ reference, act, reason }) })) as TransferEntry;
    },
    async receive(reference, amount) {
      return (await call('receipts', { method: 'POST', body: JSON.stringify({ reference, amount }) })) as BankEntry;
    },
    async book(booking) {
      await call('bookings', { method: 'POST', body: JSON.stringify(booking) });
    },
    async payoutBalances() {
      return ((await call('books/summary')) as { readonly payoutBalances: readonly PayoutBalance[] }).payoutBalances;
    },
    async addFault(fault) {
      await call('faults', { method: 'POST', body: JSON.stringify(fault) });
    },
    async faults() {
      return ((await call('faults')) as { readonly faults: readonly unknown[] }).faults;
    },
    async clearFaults() {
      await call('faults', { method: 'DELETE' });
    },
    async disputes() {
      return ((await call('disputes')) as { readonly disputes: readonly HostDispute[] }).disputes;
    },
    dispute: async (order) => (await call('disputes', { method: 'POST', body: JSON.stringify(order) })) as HostDispute,
    reverseDispute: async (id) => (await call(`disputes/${id}/reverse`, { method: 'POST' })) as HostDispute,
  };
}
