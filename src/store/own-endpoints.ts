/** Endpoints that merchants set up themselves: the same rows that an operator sees, without those that are told by mail. */
import type { EndpointStore, OwnEndpoint } from '../core/event/endpoints.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { addEndpointOfRequests } from './channel-endpoints.ts';
import { deliveriesAbout } from './own-deliveries.ts';
import { reading } from './unavailable.ts';

const columns = `merchant_id, endpoint_id, dialect, channel_id, url, settings, secret, (extract(epoch from created_at) * 1000)::bigint as created_ms`;

const insert: Statement = {
  name: 'add_own_endpoint',
  text: `insert into polygate.endpoint (merchant_id, endpoint_id, dialect, url, settings, secret, state) values ($1, $2, $3, $4, $5, $6, 'active')`,
};

const byId: Statement = {
  name: 'find_own_endpoint',
  text: `select ${columns} from polygate.endpoint
where merchant_id = $1 and dialect = $2 and endpoint_id = $3 and url not like 'mailto:%' and removed_at is null`,
};

const all: Statement = {
  name: 'list_own_endpoints',
  text: `select ${columns} from polygate.endpoint e
where merchant_id = $1 and dialect = $2 and url not like 'mailto:%' and removed_at is null
  and ($3::uuid is null or (created_at, endpoint_id) > (select a.created_at, a.endpoint_id from polygate.endpoint a where a.merchant_id = $1 and a.endpoint_id = $3))
order by created_at, endpoint_id limit $4`,
};

const change: Statement = {
  name: 'change_own_endpoint',
  text: `update polygate.endpoint set url = $4, settings = $5, state = case state when 'paused' then state else 'active' end, failures = 0, failing_since = null, reason = null, wake_at = now()
where merchant_id = $1 and dialect = $2 and endpoint_id = $3 and url not like 'mailto:%' and removed_at is null
returning endpoint_id`,
};

const remove: Statement = {
  name: 'remove_own_endpoint',
  text: `with gone as (
  update polygate.endpoint set removed_at = now(), secret = null
  where merchant_id = $1 and dialect = $2 and endpoint_id = $3 and url not like 'mailto:%' and removed_at is null
  returning merchant_id, endpoint_id
), ended as (
  update polygate.delivery d set state = 'given_up', due_at = null, lease = null, finished_at = now() from gone
  where d.endpoint_id = gone.endpoint_id and d.merchant_id = gone.merchant_id and d.due_at is not null
)
select endpoint_id from gone`,
};

const ofRequests: Statement = {
  name: 'find_endpoint_of_requests',
  text: `select ${columns} from polygate.endpoint where merchant_id = $1 and dialect = $2 and url is null and removed_at is null`,
};

const giveSecret: Statement = {
  name: 'give_endpoint_a_secret',
  text: `update polygate.endpoint set secret = $3 where merchant_id = $1 and endpoint_id = $2 and secret is null`,
};

interface EndpointRow extends Row {
  readonly merchant_id: string;
  readonly endpoint_id: string;
  readonly dialect: string;
  readonly channel_id: string | null;
  readonly url: string | null;
  readonly settings: Record<string, string>;
  readonly secret: Buffer | null;
  readonly created_ms: number;
}

export function createEndpointStore(database: Database): EndpointStore {
  const run = <R extends Row>(statement: Statement, values: readonly unknown[]) => reading(database.query<R>(statement, values));
  return {
    async add({ merchantId, endpointId, dialect, url, settings, sealedSecret }) {
      await run(insert, [merchantId, endpointId, dialect, url, jsonText(settings), sealedSecret ?? null]);
    },
    async find({ merchantId, dialect, endpointId }) {
      const [row] = await run<EndpointRow>(byId, [merchantId, dialect, endpointId]);
      return row === undefined ? undefined : endpointOf(row);
    },
    async list({ merchantId, dialect, after, limit }) {
      return (await run<EndpointRow>(all, [merchantId, dialect, after ?? null, limit])).map(endpointOf);
    },
    async change({ merchantId, dialect, endpointId }, { url, settings }) {
      return (await run(change, [merchantId, dialect, endpointId, url, jsonText(settings)])).length > 0;
    },
    async remove({ merchantId, dialect, endpointId }) {
      return (await run(remove, [merchantId, dialect, endpointId])).length > 0;
    },
    deliveriesOf: (request) => deliveriesAbout(database, request),
    async findOfRequests({ merchantId, dialect }) {
      const [row] = await run<EndpointRow>(ofRequests, [merchantId, dialect]);
      return row === undefined ? undefined : endpointOf(row);
    },
    async ofRequests({ merchantId, dialect }, seal) {
      const read = async () => (await run<EndpointRow>(ofRequests, [merchantId, dialect]))[0];
      let row = await read();
      if (row === undefined) {
        await addEndpointOfRequests(database, { merchantId, dialect });
        row = await read();
      }
      if (row?.secret === null) {
        await run(giveSecret, [merchantId, row.endpoint_id, Buffer.from(seal(row.endpoint_id))]);
        row = await read();
      }
      if (row === undefined || row.secret === null) throw new Error('the endpoint that stands for URLs in requests cannot be read');
      return { ...endpointOf(row), sealedSecret: row.secret };
    },
  };
}

function endpointOf(row: EndpointRow): OwnEndpoint {
  return {
    ...{ merchantId: row.merchant_id, endpointId: row.endpoint_id, dialect: row.dialect, settings: row.settings },
    ...(row.channel_id === null ? {} : { channelId: row.channel_id }),
    ...(row.url === null ? {} : { url: row.url }),
    ...(row.secret === null ? {} : { sealedSecret: row.secret }),
    createdAtMs: row.created_ms,
  };
}
