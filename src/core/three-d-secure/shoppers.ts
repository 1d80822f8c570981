/** The parts of the engine that only payments use which wait for their shopper. */
import type { Channel } from '../merchant/channel.ts';
import type { ThreeDSServer } from './three-ds-server.ts';
import type { VisitStore } from './visit.ts';

export interface Shoppers {
  readonly visits: VisitStore;
  /** Absent: no payment is authenticated. */
  readonly server: ThreeDSServer | undefined;
  readonly channelById: (key: { readonly merchantId: string; readonly channelId: string }) => Promise<Channel | undefined>;
  /** Keyed HMAC that makes addresses unguessable; the same key on every node. */
  readonly ticketMac: (text: string) => Uint8Array;
  /** Under which shoppers and directory servers reach the gateway: scheme, host and port, without a slash at the end. */
  readonly publicUrl: string;
  /** How long a payment may wait, business ms. */
  readonly waitMs: number;
  /** The same where a CVC waits with it; never more than 15 minutes. */
  readonly waitWithCvcMs: number;
  /** How long the directory server may take to answer. */
  readonly askTimeoutMs: number;
  /** Visits that this process is working on, by id. */
  readonly underWay: Map<string, Promise<void>>;
}
