/** Endpoints that merchants set up themselves, over the API of their protocol. Each is the merchant's own; nobody else's is ever found. */
import type { Endpoint } from './outbox.ts';

export interface OwnEndpoint extends Endpoint {
  /** Wall time, epoch ms. */
  readonly createdAtMs: number;
}

export interface EndpointKey {
  readonly merchantId: string;
  readonly dialect: string;
  readonly endpointId: string;
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
  /** The one that stands for URLs named in requests, if there is one. */
  findOfRequests(merchant: Pick<EndpointKey, 'merchantId' | 'dialect'>): Promise<OwnEndpoint | undefined>;
  /** The same, made where there is none; it gets this secret unless it has one. */
  ofRequests(
    merchant: Pick<EndpointKey, 'merchantId' | 'dialect'>,
    seal: (endpointId: string) => Uint8Array,
  ): Promise<OwnEndpoint & { readonly sealedSecret: Uint8Array }>;
}
