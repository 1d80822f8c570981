/** What every other part of a gateway stands on: its settings, databases, vault, clock, directory of merchants, and what it tells of itself. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '../config.ts';
import type { EngineLog } from '../core/payment/engine.ts';
import { createMetrics, type Metrics, type Readings } from '../http/metrics.ts';
import { isPublished } from '../local/demo-merchants.ts';
import { createObserver, type Observer } from '../observability/observer.ts';
import type { Tracing } from '../observability/tracing.ts';
import { createClock, type StoreClock } from '../store/clock.ts';
import { createDirectory, type StoreDirectory } from '../store/directory.ts';
import { type BatchingPaymentStore, createPaymentStore } from '../store/payment-store.ts';
import { openKeyFile } from '../vault/key-file.ts';
import type { KeyProvider } from '../vault/key-provider.ts';
import { type OpenVault, openVault } from '../vault/vault.ts';
import { type Databases, openDatabases, timeoutsOf } from './databases.ts';
import { type Outages, watchOutages } from './outages.ts';

export interface Foundation {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly log: EngineLog;
  readonly databases: Databases;
  readonly keyProvider: KeyProvider;
  readonly vault: OpenVault;
  readonly clock: StoreClock;
  readonly directory: StoreDirectory;
  readonly metrics: Metrics;
  readonly paymentStore: BatchingPaymentStore;
  readonly observer: Observer;
  readonly outages: Outages;
  /** Ends the connections and the tracing, when nobody needs them any more. */
  readonly close: () => Promise<void>;
}

/** `readings`: what the metrics tell of the gateway at the moment somebody reads them. */
export async function layFoundation(
  given: Pick<Foundation, 'config' | 'databaseUrl' | 'log'> & { readonly readings: () => Promise<Readings> },
): Promise<Foundation> {
  const { config, databaseUrl, log, readings } = given;
  const timeoutsMs = timeoutsOf(config.databaseTimeoutMs);
  const vaultUrl = config.vaultDatabaseUrl ?? databaseUrl;
  // A server that turns out to be gone for the one is gone for the other.
  const isOneServer = serverOf(vaultUrl) === serverOf(databaseUrl);
  const databases = openDatabases({
    ...{ url: databaseUrl, timeoutsMs, log },
    onTimeout() {
      if (isOneServer) vault.renew();
    },
  });
  const node = thisNode();
  const keyProvider = await openKeyFile({ path: config.masterKeyFile, createIfMissing: config.mode === 'sandbox' });
  const vault = await openVault({
    ...{ url: vaultUrl, keyProvider, log, timeoutsMs, node },
    onTimeout() {
      if (isOneServer) databases.renew();
    },
  });
  const clock = await createClock(databases.general, { canMove: config.mode === 'sandbox' });
  const directory = createDirectory(databases.general, config.mode === 'live' ? { refuses: isPublished } : {});
  const metrics = createMetrics(readings);
  const paymentStore = createPaymentStore({ ...databases, clock, onBatch: metrics.observeBatch });
  const tracing = await startTracing(config, node.id, log);
  const outages = watchOutages(log);
  const observer = createObserver({ tracing, onStep: metrics.observeStep });
  return {
    ...{ config, databaseUrl, log, databases, keyProvider, vault, clock, directory, metrics, paymentStore, observer, outages },
    async close() {
      outages.close();
      await clock.close();
      const { hot, general, outbox } = databases;
      await Promise.all([hot.close(), general.close(), outbox.close(), vault.close(), tracing?.stop()]);
    },
  };
}

/** `host` as a parameter is the folder of a socket. */
function serverOf(url: string): string {
  const { host, searchParams } = new URL(url);
  return `${host} ${searchParams.get('host') ?? ''}`;
}

/** A new one at every start, since what it remembers is new as well. */
function thisNode(): { readonly id: string; readonly name: string } {
  return { id: randomUUID(), name: `${hostname()}:${process.pid}` };
}

async function startTracing(
  { otlpEndpoint: endpoint, otelServiceName: serviceName }: Config,
  instanceId: string,
  log: EngineLog,
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { openTracing } = await import('../observability/tracing.ts');
  return openTracing({ endpoint, serviceName, instanceId, log });
}
