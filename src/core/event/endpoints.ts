/** Endpoints that merchants set up themselves, over the API of their protocol. Each is the merchant's own; nobody else's is ever found. */
import type { Endpoint } from './outbox.ts';

export interface OwnEndpoint extends Endpoint {
  /** The one channel that it is told of; absent: all that speak the dialect. */
  readonly channelId?: string;
  /** Wall time, epoch ms. */
  readonly createdAtMs: number;
}

export interface EndpointKey {
  readonly merchantId: string;
  readonly dialect: string;
  readonly endpointId: string;
}

/** One event and one endpoint: what came of telling it. */
export interface OwnDelivery {
  readonly endpointId: string;
  /** Absent: the request named the URL itself. */
  readonly url?: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly subject: 'payment' | 'token' | 'order';
  /** Of the payment or the order; of a token the token, as a UUID. */
  readonly subjectId: string;
  /** Of the event. */
  readonly sequence: number;
  readonly operationId: string;
  readonly state: 'pending' | 'delivered' | 'given_up';
  readonly tries: number;
  /** Wall time, epoch ms; so are the others. */
  readonly createdAtMs: number;
  readonly deliveredAtMs?: number;
  /** Oldest first; without a problem it was acknowledged. */
  readonly attempts: readonly { readonly atMs: number; readonly problem?: string }[];
}

export interface EndpointStore {
  /** Adds one that is told from now on. */
  add(endpoint: Endpoint): Promise<void>;
  find(key: EndpointKey): Promise<OwnEndpoint | undefined>;
  /** Oldest first, those after `after` only. */
  list(request: {
    readonly merchantId: string;
    readonly dialect: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly OwnEndpoint[]>;
  /** False when there is none. What was parked is tried again. */
  change(key: EndpointKey, to: { readonly url: string; readonly settings: Readonly<Record<string, string>> }): Promise<boolean>;
  /** Forgets its secret, and gives up what waits for it. False when there is none. */
  remove(key: EndpointKey): Promise<boolean>;
  /** What the merchant's endpoints were told of these payments, orders and tokens; the oldest first, a few hundred at most. */
  deliveriesOf(request: {
    readonly merchantId: string;
    readonly dialect: string;
    readonly ids: readonly string[];
  }): Promise<readonly OwnDelivery[]>;
  /** The one that stands for URLs named in requests, if there is one. */
  findOfRequests(merchant: Pick<EndpointKey, 'merchantId' | 'dialect'>): Promise<OwnEndpoint | undefined>;
  /** The same, made where there is none; it gets this secret unless it has one. */
  ofRequests(
    merchant: Pick<EndpointKey, 'merchantId' | 'dialect'>,
    seal: (endpointId: string) => Uint8Array,
  ): Promise<OwnEndpoint & { readonly sealedSecret: Uint8Array }>;
}
