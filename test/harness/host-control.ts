/** The control API of the sandbox: what its acquirer host has booked, and faults on demand. */

/** An entry of the host's books. Amounts in minor units. */
export interface HostEntry {
  readonly rrn: string;
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
  readonly original?: { readonly rrn: string; readonly stan: string };
}

export interface FaultRequest {
  readonly fault:
    | 'decline'
    | 'no_answer'
    | 'answer_lost'
    | 'late_answer'
    | 'duplicate_answer'
    | 'disconnect'
    | 'half_frame'
    | 'wrong_stan'
    | 'slow'
    | 'garbage';
  readonly pan?: string;
  /** Type of the first transmission; its repeats match as well. */
  readonly mti?: '0100' | '0200' | '0220' | '0420';
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

export interface HostControl {
  readonly url: string;
  book(booking: Booking): Promise<void>;
  books(filter?: { readonly rrn?: string }): Promise<readonly HostEntry[]>;
  addFault(fault: FaultRequest): Promise<void>;
  /** Faults ordered and not yet suffered. */
  faults(): Promise<readonly unknown[]>;
  clearFaults(): Promise<void>;
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
    async book(booking) {
      await call('bookings', { method: 'POST', body: JSON.stringify(booking) });
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
  };
}
