/** Endpoints as the gateway asks for them while it takes requests: where a channel's messages go, and what stands for URLs that requests name. */
import { randomUUIDv7 } from 'node:crypto';
import type { Channel } from '../core/merchant/channel.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import type { EndpointRecord } from './endpoints.ts';
import { reading } from './unavailable.ts';

const ofChannel: Statement = {
  name: 'endpoints_of_channel',
  text: `select endpoint_id as "endpointId", url, settings, secret from polygate.endpoint
where merchant_id = $1 and dialect = $2 and (channel_id is null or channel_id = $3) and url not like 'mailto:%' and removed_at is null
order by created_at, endpoint_id`,
};

/** Where an operator wants a channel's messages, mails apart; the oldest first. */
export function endpointsOf(
  database: Pick<Database, 'query'>,
  { merchantId, dialect, channelId }: Pick<Channel, 'merchantId' | 'dialect' | 'channelId'>,
): Promise<(Row & Pick<EndpointRecord, 'endpointId' | 'settings' | 'secret'> & { readonly url: string })[]> {
  return reading(database.query(ofChannel, [merchantId, dialect, channelId]));
}

const insertOfRequests: Statement = {
  name: 'insert_endpoint_of_requests',
  text: `insert into polygate.endpoint (merchant_id, endpoint_id, dialect, settings, state) values ($1, $2, $3, '{}', 'active') on conflict do nothing`,
};

/** Adds the endpoint that stands for whatever a merchant's requests name; where there is one, nothing is changed. */
export async function addEndpointOfRequests(
  database: Database,
  { merchantId, dialect }: Pick<Channel, 'merchantId' | 'dialect'>,
): Promise<void> {
  await reading(database.query(insertOfRequests, [merchantId, randomUUIDv7(), dialect]));
}

/** Remembers which merchants name URLs in their requests: the first such request of a merchant costs a statement, the others nothing. */
export function createUrlExpectation(database: Database): (channel: Channel) => Promise<void> {
  const known = new Set<string>();
  return async ({ merchantId, dialect }) => {
    const key = `${merchantId} ${dialect}`;
    if (known.has(key)) return;
    await addEndpointOfRequests(database, { merchantId, dialect });
    known.add(key);
  };
}
