/** What all that reads a channel from the database has of it. */
import type { Channel } from '../core/merchant/channel.ts';
import { readLook } from '../core/merchant/look.ts';

export interface ChannelRow {
  readonly merchant_id: string;
  readonly routing_number: number;
  readonly channel_id: string;
  readonly dialect: string;
  readonly wire_id: string;
  readonly channel_name: string;
  readonly account_id: string;
  readonly enabled: boolean;
  readonly currencies: string[] | null;
  readonly policies: Channel['policies'];
  readonly look: unknown;
}

/** A channel without what only payments ask of it: methods, brands, rules, terms. */
export function channelOf(row: ChannelRow): Channel {
  return {
    merchantId: row.merchant_id,
    routingNumber: row.routing_number,
    channelId: row.channel_id,
    dialect: row.dialect,
    wireId: row.wire_id,
    name: row.channel_name,
    accountId: row.account_id,
    enabled: row.enabled,
    policies: row.policies,
    ...(row.currencies === null ? {} : { currencies: row.currencies }),
    ...(row.look === null ? {} : { look: readLook(row.look) }),
  };
}
