/** What operators do to webhook endpoints, each act with its row in the trail. */
import { OperatorError } from '../core/operator/operator-error.ts';
import type { EndpointChange, EndpointToMake, KeptEndpoint, ReplayOrder } from '../core/operator/operator-store.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { activateEndpoint as activate, addEndpoint, listEndpoints, removeEndpoint as remove, replayDeliveries } from './endpoints.ts';

const ownership: Statement = {
  name: 'endpoint_owner',
  text: `select (select count(*)::int from polygate.merchant where merchant_id = $1) as merchants,
  (select count(*)::int from polygate.channel where merchant_id = $1 and channel_id = $2 and dialect = $3) as channels`,
};

const change: Statement = {
  name: 'change_endpoint',
  text: `update polygate.endpoint set url = coalesce($2, url), settings = coalesce($3::json, settings), secret = coalesce($4, secret)
where endpoint_id = $1 and removed_at is null and url is not null returning endpoint_id`,
};

const changeState: Statement = {
  name: 'change_endpoint_state',
  text: `update polygate.endpoint set state = $3, wake_at = now() where endpoint_id = $1 and removed_at is null and state = $2 returning endpoint_id`,
};

interface Named {
  readonly actor: string;
  readonly endpointId: string;
}

/** Throws {@link OperatorError} when there is none of that id, or it was removed. */
export async function findEndpoint(database: Pick<Database, 'query'>, endpointId: string): Promise<KeptEndpoint> {
  const [endpoint] = await listEndpoints(database, { endpointId });
  if (endpoint === undefined) throw noEndpoint(endpointId);
  return endpoint;
}

export async function createEndpoint(database: Database, { actor, ...endpoint }: EndpointToMake): Promise<void> {
  const { merchantId, endpointId, dialect, channelId, url, settings } = endpoint;
  await acting(database, async (query, audit) => {
    const [owner] = await query<{ merchants: number; channels: number }>(ownership, [merchantId, channelId ?? null, dialect]);
    if (owner?.merchants === 0) throw new OperatorError(`There is no merchant ${merchantId}.`, { kind: 'invalid', field: 'merchant_id' });
    if (channelId !== undefined && owner?.channels === 0) {
      throw new OperatorError(`The merchant has no channel ${channelId} that speaks ${dialect}.`, { kind: 'invalid', field: 'channel_id' });
    }
    await addEndpoint({ query }, endpoint);
    await audit({ actor, act: 'endpoint.added', details: { merchantId, endpointId, dialect, channelId, url, settings } });
  });
}

export async function changeEndpoint(
  database: Database,
  { actor, endpointId, url, settings, sealedSecret }: EndpointChange,
): Promise<void> {
  await acting(database, async (query, audit) => {
    const values = [endpointId, url ?? null, settings === undefined ? null : jsonText(settings), sealedSecret ?? null];
    if ((await query(change, values)).length === 0) throw noEndpoint(endpointId);
    const changed = { url, settings, ...(sealedSecret === undefined ? {} : { secret: 'replaced' }) };
    await audit({ actor, act: 'endpoint.changed', details: { endpointId, changed } });
  });
}

/** Sends nothing to it until it is resumed; what happens meanwhile waits. */
export function pauseEndpoint(database: Database, named: Named): Promise<void> {
  return moveState(database, named, {
    from: 'active',
    to: 'paused',
    act: 'endpoint.paused',
    otherwise: 'Only an active endpoint is paused.',
  });
}

export function resumeEndpoint(database: Database, named: Named): Promise<void> {
  const otherwise = 'Only a paused endpoint is resumed; one that is inactive or parked needs a test message.';
  return moveState(database, named, { from: 'paused', to: 'active', act: 'endpoint.resumed', otherwise });
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly act: string;
  readonly otherwise: string;
}

async function moveState(database: Database, { actor, endpointId }: Named, { from, to, act, otherwise }: Move): Promise<void> {
  await acting(database, async (query, audit) => {
    if ((await query(changeState, [endpointId, from, to])).length === 0) {
      const { state } = await findEndpoint({ query }, endpointId);
      throw new OperatorError(`The endpoint is ${state}. ${otherwise}`, { kind: 'conflict' });
    }
    await audit({ actor, act, details: { endpointId } });
  });
}

export async function activateEndpoint(database: Database, { actor, endpointId }: Named): Promise<void> {
  await acting(database, async (query, audit) => {
    const { merchantId, state } = await findEndpoint({ query }, endpointId);
    // Somebody may have paused it while the test was under way.
    if (state === 'paused') return;
    await activate({ query }, { merchantId, endpointId });
    if (state !== 'active') await audit({ actor, act: 'endpoint.activated', details: { merchantId, endpointId } });
  });
}

export async function removeEndpoint(database: Database, { actor, endpointId }: Named): Promise<void> {
  const { url, dialect } = await findEndpoint(database, endpointId);
  // Requests go on naming URLs, and nobody would be told there.
  if (url === null && dialect !== 'mail')
    throw new OperatorError('This endpoint stands for URLs that requests name; it cannot be removed, only paused.', { kind: 'conflict' });
  await acting(database, async (query, audit) => {
    if (!(await remove({ query }, endpointId))) throw noEndpoint(endpointId);
    await audit({ actor, act: 'endpoint.removed', details: { endpointId } });
  });
}

/** Makes finished deliveries pending again, and returns how many. */
export async function replay(database: Database, { actor, ...order }: ReplayOrder): Promise<number> {
  await findEndpoint(database, order.endpointId);
  return acting(database, async (query, audit) => {
    const events = await replayDeliveries({ query }, order);
    await audit({ actor, act: 'endpoint.replayed', details: { ...order, events } });
    return events;
  });
}

function noEndpoint(id: string): OperatorError {
  return new OperatorError(`There is no endpoint ${id}; \`polygate webhook list\` shows all.`, { kind: 'not_found' });
}
