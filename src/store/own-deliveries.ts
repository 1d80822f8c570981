/** What a merchant's endpoints were told, and how that went, for the merchant. */
import type { OwnDelivery } from '../core/event/endpoints.ts';
import { plainArray } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const about: Statement = {
  name: 'deliveries_about',
  text: `select d.endpoint_id, d.subject, d.payment_id, d.sequence, d.operation_id, d.state, d.tries, ep.url, ep.settings,
  (extract(epoch from d.created_at) * 1000)::bigint as created_ms,
  case when d.state = 'delivered' then (extract(epoch from d.finished_at) * 1000)::bigint end as delivered_ms,
  (select coalesce(json_agg(json_build_object('atMs', (extract(epoch from a.started_at) * 1000)::bigint, 'problem', a.problem) order by a.started_at, a.attempt_id), '[]')
    from polygate.delivery_attempt a
    where a.merchant_id = d.merchant_id and a.endpoint_id = d.endpoint_id and a.payment_id = d.payment_id and a.sequence = d.sequence) as attempts
from polygate.delivery d join polygate.endpoint ep on ep.merchant_id = d.merchant_id and ep.endpoint_id = d.endpoint_id
where d.payment_id = any ($3::uuid[]) and d.merchant_id = $1 and ep.dialect = $2 and d.subject <> 'mail' and (ep.url is null or ep.url not like 'mailto:%')
order by d.created_at, d.payment_id, d.sequence, d.endpoint_id limit $4`,
};

interface DeliveryRow extends Row {
  readonly endpoint_id: string;
  readonly subject: 'payment' | 'token' | 'checkout';
  readonly payment_id: string;
  readonly sequence: number;
  readonly operation_id: string;
  readonly state: OwnDelivery['state'];
  readonly tries: number;
  readonly url: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly created_ms: number;
  readonly delivered_ms: number | null;
  readonly attempts: readonly { readonly atMs: number; readonly problem: string | null }[];
}

const deliveriesAtMost = 500;

/** `ids`: of payments, orders and tokens (as UUIDs). Oldest first. */
export async function deliveriesAbout(
  database: Database,
  { merchantId, dialect, ids }: { readonly merchantId: string; readonly dialect: string; readonly ids: readonly string[] },
): Promise<readonly OwnDelivery[]> {
  const rows = await reading(database.query<DeliveryRow>(about, [merchantId, dialect, plainArray(ids), deliveriesAtMost]));
  return rows.map(
    ({ endpoint_id, subject, payment_id, sequence, operation_id, state, tries, url, settings, created_ms, delivered_ms, attempts }) => ({
      ...{
        endpointId: endpoint_id,
        subject: subject === 'checkout' ? 'order' : subject,
        subjectId: payment_id,
        sequence,
        operationId: operation_id,
      },
      ...{ state, tries, settings, createdAtMs: created_ms },
      ...(url === null ? {} : { url }),
      ...(delivered_ms === null ? {} : { deliveredAtMs: delivered_ms }),
      attempts: attempts.map(({ atMs, problem }) => ({ atMs, ...(problem === null ? {} : { problem }) })),
    }),
  );
}
