/** Keeps which refunds of several captures have parts that may not be asked for yet. Written with the first part. */
export interface RefundsInParts {
  /** Leases those that nobody works on, the oldest first. */
  claimDue(request: { readonly businessNowMs: number; readonly limit: number; readonly leaseMs: number }): Promise<readonly DueRefund[]>;
  /** When the first of them was asked for, leased or not; business time, epoch ms. */
  nextDueAtMs(): Promise<number | undefined>;
  /** All parts are asked for, or the first one has failed. */
  finish(refund: Pick<DueRefund, 'merchantId' | 'operationId'>): Promise<void>;
  /** Gives the lease back, to be tried again after a while. */
  putOff(refund: DueRefund, afterMs: number): Promise<void>;
}

export interface DueRefund {
  readonly merchantId: string;
  readonly channelId: string;
  /** The first part. */
  readonly operationId: string;
}
