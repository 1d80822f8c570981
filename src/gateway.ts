/** The composition root: builds the parts of one gateway from its configuration and starts them, with plain calls. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RunningAcquirer } from './acquirers/acquirer.ts';
import { openAcquirer } from './acquirers/registry.ts';
import type { Config } from './config.ts';
import type { Engine, EngineLog } from './core/payment/engine.ts';
import { takeLateAnswer } from './core/payment/resolve.ts';
import { dialects } from './dialects/registry.ts';
import { createLogger } from './http/log.ts';
import { createServer } from './http/server.ts';
import { settlesWithin } from './local/patience.ts';
import { type Database, openDatabase } from './postgres/connection.ts';
import { createClock, type StoreClock } from './store/clock.ts';
import { createDirectory, type StoreDirectory } from './store/directory.ts';
import { createPaymentStore } from './store/payment-store.ts';
import { createTraceNumbers } from './store/trace-numbers.ts';
import { openKeyFile } from './vault/key-file.ts';
import { type OpenVault, openVault } from './vault/vault.ts';
import { startResolving } from './workers/resolve-unknown.ts';

/** A gateway that answers. `stop` lets requests in flight finish, for at most `shutdownTimeoutMs`. */
export type Gateway = { readonly url: string; readonly stop: () => Promise<void> };

/** Takes lines of JSON. */
export type LogDestination = { readonly write: (line: string) => void };

const dayMs = 86_400_000;
const clockRefreshMs = 1_000;

/**
 * Starts the gateway on `config.host` and `config.port`; `config.databaseUrl` must be given, and migrated. Logs to standard output, or to
 * `logDestination`.
 */
export async function startGateway(config: Config, options: { readonly logDestination?: LogDestination } = {}): Promise<Gateway> {
  const log = createLogger({
    level: config.logLevel,
    ...(options.logDestination === undefined ? {} : { destination: options.logDestination }),
  });
  const databaseUrl = config.databaseUrl;
  if (databaseUrl === undefined) throw new Error('There is no database: set DATABASE_URL.');
  const stores = openStores(databaseUrl, log);
  const keyProvider = await openKeyFile({ path: config.masterKeyFile, createIfMissing: config.mode === 'sandbox' });
  const vault = await openVault({ url: config.vaultDatabaseUrl ?? databaseUrl, keyProvider, log });
  const clock = await createClock(stores.general);
  const directory = createDirectory(stores.general);
  const { engine, acquirer } = buildEngine({ config, stores, vault, clock, directory, log });
  const refreshing = setInterval(() => void clock.refresh().catch(() => undefined), clockRefreshMs);
  const resolving = startResolving(engine);
  const server = createServer({
    bodyLimitBytes: config.requestBodyLimitBytes,
    trustProxy: trustProxy(config.trustedProxy),
    certificate: readCertificate(config),
    readiness: () => readiness(stores.general, vault, acquirer),
  });
  for (const dialect of dialects) {
    await server.register(async (app) => dialect.register(app, { engine, directory, mode: config.mode }));
  }
  const stopParts = async () => {
    clearInterval(refreshing);
    await resolving.stop();
    await settlesWithin({ promise: Promise.allSettled([...engine.unrecorded]), patienceMs: config.shutdownTimeoutMs });
    await acquirer.close();
    await Promise.all([stores.hot.close(), stores.general.close(), vault.close()]);
  };
  try {
    const url = await server.listen({ host: config.host, port: config.port });
    return {
      url,
      async stop() {
        if (!(await settlesWithin({ promise: server.close(), patienceMs: config.shutdownTimeoutMs }))) server.server.closeAllConnections();
        await stopParts();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}

interface Stores {
  /** The payment path. */
  readonly hot: Database;
  /** Everything else: directory, resolution, lists. */
  readonly general: Database;
}

function openStores(url: string, log: EngineLog): Stores {
  const onError = (error: Error) => log.warn({ error: error.message }, 'an idle database connection broke');
  const pool = { url, role: 'polygate_app', onError };
  return {
    hot: openDatabase({ ...pool, applicationName: 'polygate', purpose: 'hot', maxConnections: 8 }),
    general: openDatabase({ ...pool, applicationName: 'polygate-general', purpose: 'general', maxConnections: 6 }),
  };
}

interface Parts {
  readonly config: Config;
  readonly stores: Stores;
  readonly vault: OpenVault;
  readonly clock: StoreClock;
  readonly directory: StoreDirectory;
  readonly log: EngineLog;
}

function buildEngine({ config, stores, vault, clock, directory, log }: Parts): {
  readonly engine: Engine;
  readonly acquirer: RunningAcquirer;
} {
  const acquirer = openAcquirer(
    {
      iso8583: {
        ...config.acquirerAddress,
        connections: config.acquirerConnections,
        timeoutMs: config.acquirerTimeoutMs,
        institutionId: config.acquirerInstitutionId,
        privateText: config.mode === 'sandbox',
      },
    },
    {
      account: directory.account,
      numbers: createTraceNumbers(stores.general),
      clock,
      log,
      onLateAnswer: (reference, answer) => {
        takeLateAnswer(engine, reference, answer).catch((error: unknown) => {
          log.error({ ...reference, error: String(error) }, 'a late answer could not be recorded; its operation is resolved without it');
        });
      },
    },
  );
  const inputKey = vault.deriveSecret('idempotency input');
  const engine: Engine = {
    store: createPaymentStore({ ...stores, clock }),
    vault,
    acquirer,
    clock,
    log,
    inputMac: (text) => createHmac('sha256', inputKey).update(text).digest(),
    settings: { panRetentionMs: config.panRetentionDays * dayMs, keyLifetimeMs: config.idempotencyKeyDays * dayMs },
    unrecorded: new Set(),
  };
  return { engine, acquirer };
}

async function readiness(database: Database, vault: OpenVault, acquirer: RunningAcquirer): Promise<readonly string[]> {
  const checks = {
    database: () => database.query({ name: 'readiness', text: 'select 1' }),
    vault: () => vault.health(),
    acquirer: async () => {
      if (!acquirer.isReady()) throw new Error('the link is down');
    },
  };
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await check();
        return [];
      } catch {
        return [name];
      }
    }),
  );
  return results.flat();
}

function readCertificate(config: Config): { readonly cert: Buffer; readonly key: Buffer } | undefined {
  if (config.tlsCertificateFile === undefined || config.tlsKeyFile === undefined) return undefined;
  return { cert: readFileSync(config.tlsCertificateFile), key: readFileSync(config.tlsKeyFile) };
}

/** Fastify takes a number of proxies only as the function that it stands for: how far from us an address may be and still be believed. */
function trustProxy(proxies: Config['trustedProxy']): boolean | string[] | ((address: string, hop: number) => boolean) {
  if (proxies === undefined) return false;
  return typeof proxies === 'number' ? (_address, hop) => hop < proxies : [...proxies];
}
