/**
 * The merchants' side of webhooks: an endpoint that takes most messages, refuses some and drops some, and remembers what it has taken; and the
 * comparison with the events that the gateway has.
 */
import { createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openDatabase } from '../../src/postgres/connection.ts';
import { addEndpoint } from '../../src/store/endpoints.ts';
import { openKeyFile } from '../../src/vault/key-file.ts';
import { openVault } from '../../src/vault/vault.ts';
import type { Driver } from '../../test/contract/driver.ts';
import { drivers } from '../../test/contract/drivers.ts';
import { isDrillMerchant, isLoadMerchant } from '../merchants.ts';
import { withClient } from './books.ts';
import { describeOrder, type OrderRecord } from './order.ts';

export interface WebhookTaker {
  readonly port: number;
  readonly url: string;
  /** AES-256 key of all endpoints, 64 hex digits. */
  readonly key: string;
  /** Ids of operations on the wire, in the order in which messages about them were taken. */
  readonly taken: readonly string[];
  /** What messages of the other protocols were about, as their drivers name it. */
  readonly takenHandles: ReadonlySet<string>;
  /** Messages that were refused or dropped. */
  readonly disturbed: () => number;
  close(): void;
}

/** One in so many messages is refused, one dropped without an answer. */
const refusedOneIn = 40;
const droppedOneIn = 80;

export async function startWebhookTaker(random: () => number): Promise<WebhookTaker> {
  const key = randomBytes(32).toString('hex');
  const taken: string[] = [];
  const takenHandles = new Set<string>();
  let disturbed = 0;
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const driver = driverAt(request.url ?? '');
    const about =
      driver === undefined
        ? wireIdIn(decrypt(key, request.headers, body.toString('latin1')))
        : handleIn(driver, request, body.toString('utf8'));
    const dice = random();
    if (dice < 1 / droppedOneIn || dice > 1 - 1 / refusedOneIn) disturbed += 1;
    if (dice < 1 / droppedOneIn) return void request.socket.destroy();
    if (dice > 1 - 1 / refusedOneIn) return void response.writeHead(503).end();
    if (about !== undefined && driver === undefined) taken.push(about);
    if (about !== undefined && driver !== undefined) takenHandles.add(about);
    response.writeHead(200).end();
  };
  const server = createServer((request, response) => void take(request, response).catch(() => request.socket.destroy()));
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, url: `http://127.0.0.1:${port}/hook`, key, taken, takenHandles },
    disturbed: () => disturbed,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The sandbox's merchant has an endpoint for each protocol, as at the sandbox's own catcher. */
function driverAt(path: string): Driver | undefined {
  return drivers.find(({ webhooks }) => webhooks !== undefined && path === `/hooks/${webhooks.name}`);
}

/** Throws when it is not sealed or signed as the protocol says. */
function handleIn({ webhooks }: Driver, { url = '', headers }: IncomingMessage, body: string): string | undefined {
  const name = webhooks?.name ?? '';
  const given = Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, String(value)]));
  return webhooks?.read({ name, received_ms: Date.now(), method: 'POST', query: url, headers: given, body, status: 200 });
}

function wireIdIn({ type, payload }: Message): string | undefined {
  return type === 'PAYMENT' ? payload.id : undefined;
}

interface Message {
  readonly type: string;
  readonly payload: { readonly id: string };
}

function decrypt(key: string, headers: IncomingMessage['headers'], body: string): Message {
  const iv = Buffer.from(String(headers['x-initialization-vector']), 'hex');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'hex'), iv);
  decipher.setAuthTag(Buffer.from(String(headers['x-authentication-tag']), 'hex'));
  return JSON.parse(decipher.update(body, 'hex', 'utf8') + decipher.final('utf8')) as Message;
}

export interface WebhookPlace {
  readonly databaseUrl: string;
  readonly masterKeyFile: string;
}

/** Gives every load merchant an endpoint at the taker. */
export async function writeEndpoints({ databaseUrl, masterKeyFile }: WebhookPlace, { url, key }: WebhookTaker): Promise<void> {
  const keyProvider = await openKeyFile({ path: masterKeyFile, createIfMissing: false });
  const vault = await openVault({ url: databaseUrl, keyProvider, log: { error: () => undefined } });
  const database = openDatabase({
    url: databaseUrl,
    role: 'polygate_app',
    applicationName: 'drill',
    purpose: 'general',
    maxConnections: 1,
  });
  try {
    const merchants = await withClient(databaseUrl, async (client) => {
      const { rows } = await client.query<{ id: string }>(`select merchant_id as id from polygate.merchant where ${isLoadMerchant}`);
      return rows.map(({ id }) => id);
    });
    for (const merchantId of merchants) {
      // Its own id, but for one digit.
      const endpointId = merchantId.replace(/-1/, '-9');
      const sealedSecret = vault.sealSecret({ merchantId, secretId: endpointId, secret: key });
      const settings = { wrapper: 'none', fields: 'all' };
      await addEndpoint(database, { ...{ merchantId, endpointId, dialect: 'opp', url, settings, sealedSecret }, state: 'active' });
    }
  } finally {
    await Promise.all([database.close(), vault.close()]);
  }
}

/** Events that are not told yet, or not yet on their way. Those that wait for their next try are let go at once. */
export async function countUntold(databaseUrl: string): Promise<number> {
  return withClient(databaseUrl, async (client) => {
    await client.query(`update polygate.endpoint set wake_at = now() where wake_at > now()`);
    await client.query(`update polygate.delivery set due_at = now() where state = 'pending' and lease is null and due_at > now()`);
    const { rows } = await client.query<{ count: string }>(
      `select (select count(*) from polygate.delivery where state = 'pending') + (
        select count(*) from polygate.event e
        where ${isDrillMerchant} and not exists (select from polygate.delivery d where d.payment_id = e.payment_id and d.sequence = e.sequence)
      ) as count`,
    );
    return Number(rows[0]?.count);
  });
}

/** Compares what was taken with the events; a line for each payment that was not told, or in another order. */
export async function auditWebhooks(databaseUrl: string, taken: readonly string[]): Promise<readonly string[]> {
  const rows = await withClient(databaseUrl, async (client) => {
    const found = await client.query<EventRow>(
      `select payment_id, replace(operation_id::text, '-', '') as operation, name from polygate.event where ${isLoadMerchant} order by payment_id, sequence`,
    );
    return found.rows;
  });
  return compareTold(rows, taken);
}

/** Orders of the other protocols of which no message was taken, a line each. Voids, and acts that failed, are not told in all of them. */
export function compareToldHandles(orders: readonly OrderRecord[], taken: ReadonlySet<string>): readonly string[] {
  return orders
    .filter(({ type, subject, final }) => {
      if (final === undefined || final.outcome === 'refused' || taken.has(final.id)) return false;
      return final.outcome === 'approved' ? type !== 'RV' : subject === undefined;
    })
    .map((order) => `no message about ${describeOrder(order)}`);
}

export interface EventRow {
  readonly payment_id: string;
  /** Its id on the wire. */
  readonly operation: string;
  readonly name: string;
}

/**
 * The comparison itself; pure. `events` in the order of their payment; a message may have been taken several times, and then at once. That a payment
 * which waited was sent is an event that this protocol does not tell.
 */
export function compareTold(all: readonly EventRow[], taken: readonly string[]): readonly string[] {
  const events = all.filter(({ name }) => !name.endsWith('.submitted'));
  const paymentOf = new Map(events.map(({ operation, payment_id }) => [operation, payment_id]));
  const takenOf = Map.groupBy(taken, (id) => paymentOf.get(id) ?? 'unknown');
  const findings = [...Map.groupBy(events, ({ payment_id }) => payment_id)].flatMap(([paymentId, rows]) => {
    const wanted = runsOf(rows.map(({ operation }) => operation));
    const found = runsOf(takenOf.get(paymentId) ?? []);
    const fits = wanted.length === found.length && wanted.every(({ id, count }, at) => found[at]?.id === id && found[at].count >= count);
    if (fits) return [];
    const names = rows.map(({ operation, name }) => `${name} ${operation}`).join(', ');
    return [
      `payment ${paymentId} has the events ${names}, and was told ${found.map(({ id, count }) => `${count} × ${id}`).join(', ') || 'nothing'}`,
    ];
  });
  const strangers = takenOf.get('unknown') ?? [];
  return [...findings, ...strangers.map((id) => `a message about ${id}, of which the gateway has no event`)];
}

function runsOf(ids: readonly string[]): readonly { readonly id: string; readonly count: number }[] {
  const runs: { id: string; count: number }[] = [];
  for (const id of ids) {
    const last = runs.at(-1);
    if (last?.id === id) last.count += 1;
    else runs.push({ id, count: 1 });
  }
  return runs;
}
