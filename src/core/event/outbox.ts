/**
 * The outbox: events become deliveries, one per event and endpoint, and deliveries are tried until the merchant has acknowledged them. It may
 * assume that an event is written in the transaction of its change, with a gapless sequence per payment. Rules: at least once; in order per
 * payment and endpoint; an endpoint in trouble holds up nobody but itself.
 */
import type { QueuedMail } from '../mail/send.ts';
import type { Channel } from '../merchant/channel.ts';
import type { CheckoutEventRecord } from '../payment/checkout-terms.ts';
import type { PaymentTree } from '../payment/operation.ts';
import type { PaymentEventRecord } from './payment-event.ts';

export type { PaymentEventRecord };

/** `inactive`: not yet confirmed by a test message; `parked`: given up until somebody tests it again; `paused`: by an operator. All three keep what is to be told. */
export type EndpointState = 'inactive' | 'active' | 'parked' | 'paused';

/** Where a merchant wants to be told. */
export interface Endpoint {
  readonly merchantId: string;
  readonly endpointId: string;
  readonly dialect: string;
  /** `mailto:` and an address: it is told by mail. Absent: it stands for the URLs that requests, or the addresses that mails, name themselves. */
  readonly url?: string;
  /** Flat; what only the dialect knows. */
  readonly settings: Readonly<Record<string, string>>;
  /** As the vault sealed it. */
  readonly sealedSecret?: Uint8Array;
}

/** Names a delivery. What happened to a stored card has its token, as a UUID, for `paymentId`, and the numbers 1 (made) and 2 (deleted); a mail its own id and 1. */
export interface DeliveryKey {
  readonly merchantId: string;
  readonly endpointId: string;
  readonly paymentId: string;
  readonly sequence: number;
}

/** What a delivery tells of. */
export type DeliverySubject =
  | { readonly kind: 'payment'; readonly channel: Channel; readonly event: PaymentEventRecord }
  | { readonly kind: 'token'; readonly channel: Channel }
  /** An order; its id stands for those of a payment and an operation. */
  | { readonly kind: 'order'; readonly channel: Channel; readonly event: CheckoutEventRecord }
  /** A subscription that has ended; its id stands for those of a payment and an operation. */
  | { readonly kind: 'subscriber'; readonly channel: Channel }
  | { readonly kind: 'mail'; readonly mail: QueuedMail };

/** A delivery leased for one try; nobody else tries it until the lease ends. */
export interface ClaimedDelivery extends DeliveryKey {
  readonly operationId: string;
  /** Whoever has it last may say what came of the try. */
  readonly lease: string;
  /** UUIDv7 of this try. */
  readonly attemptId: string;
  /** Tries so far, this one included. */
  readonly tries: number;
  /** The messages that it is made of and that were acknowledged: the first is bit 0. There are twelve at most: two for each of six addresses. */
  readonly messagesSent: number;
  /** Failures of the endpoint in a row, before this try. */
  readonly failuresBefore: number;
  /** Wall time, epoch ms. */
  readonly createdAtMs: number;
  readonly endpoint: Endpoint;
  readonly about: DeliverySubject;
}

/** What came of a try. `problem` is absent when the merchant acknowledged. */
export interface Attempt {
  /** Wall time, epoch ms. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** HTTP status of the answer, where there was one. */
  readonly status?: number;
  readonly problem?: string;
  /** First bytes of the answer, masked. */
  readonly answer?: string;
}

/** `delivered`, `given_up`, or to be tried again after so many ms. */
export type DeliveryResult = { readonly state: 'delivered' | 'given_up' } | { readonly state: 'pending'; readonly retryAfterMs: number };

export interface TriedDelivery {
  readonly delivery: ClaimedDelivery;
  readonly attempt: Attempt;
  readonly result: DeliveryResult;
  readonly messagesSent: number;
}

export interface Outbox {
  /** Makes deliveries of the events that are new, `limit` events or a few more at a time. Returns how many events it has looked at. */
  enroll(limit: number): Promise<number>;
  /**
   * Leases deliveries that are due for `leaseMs`, the first of each payment and endpoint only, at most `perEndpoint` of an endpoint, one of an
   * endpoint in trouble, and none of those that are `busy`.
   */
  claim(request: {
    readonly perEndpoint: number;
    readonly limit: number;
    readonly leaseMs: number;
    readonly busy: readonly string[];
  }): Promise<readonly ClaimedDelivery[]>;
  /** Whether there is anybody to be told now. */
  hasActiveEndpoints(): Promise<boolean>;
  /** In how many ms the first of all deliveries may be tried; 0 or less: now, or it is being tried. Undefined when nothing waits. */
  nextDueInMs(): Promise<number | undefined>;
  /** The payment that an operation belongs to, as it is now; read beside the payment path. */
  findTree(key: { readonly merchantId: string; readonly operationId: string }): Promise<PaymentTree | undefined>;
  /** Records a try. What was acknowledged stays so; any other result counts only while the try still has its lease. */
  record(tried: TriedDelivery): Promise<void>;
  /** Puts a delivery off without counting the try: what it needs is away. */
  postpone(delivery: ClaimedDelivery, afterMs: number): Promise<void>;
  /** An endpoint has failed again: nothing is sent to it for a while, which grows with its failures in a row. */
  noteFailure(endpoint: Endpoint, problem: string): Promise<void>;
  /** An endpoint that failed before has acknowledged something. */
  noteSuccess(endpoint: Endpoint): Promise<void>;
  /** Sends nothing to it any more, unless it has acknowledged an event of after `sinceMs` (wall time, epoch ms). True when it was parked now. */
  park(endpoint: Endpoint, reason: string, sinceMs?: number): Promise<boolean>;
}

/**
 * What a failed try leads to. `retryDelaysMs` is the dialect's ladder: the pause after each failure; after its last step there is no other
 * try. `tries` counts this one.
 */
export function afterFailure({
  tries,
  retryDelaysMs,
}: {
  readonly tries: number;
  readonly retryDelaysMs: readonly number[];
}): DeliveryResult {
  const retryAfterMs = retryDelaysMs[tries - 1];
  return retryAfterMs === undefined ? { state: 'given_up' } : { state: 'pending', retryAfterMs };
}
