/** What `polygate start` does: everything up in order, progress told, everything down in the opposite order. */
import { join } from 'node:path';
import type { Config } from './config.ts';
import type { Gateway } from './gateway.ts';
import { claimDataDirectory } from './local/data-directory.ts';
import { hasDemoShop, shopUrlOf, startDemoShop } from './local/demo-shop.ts';
import { giveBackMemoryOfStart } from './local/memory.ts';
import { assertPortFree, freePort, PortTakenError } from './local/ports.ts';
import { startPostgres } from './local/postgres.ts';
import { hasSandbox, startSandbox } from './local/sandbox.ts';

type Stop = () => void | Promise<void>;
/** What a step leaves: the configuration for the next one, how to undo itself, and what is told when everything is up. */
type Started = { readonly config: Config; readonly stop?: Stop; readonly notice?: string };
/** One step of the start: what it is called, and what it does. */
type Step = { readonly name: string; readonly run: (config: Config, stopRequested: AbortSignal) => Promise<Started> };

/**
 * One Ctrl-C may arrive several times: from the terminal, and forwarded by npm and by the launcher. Only a signal well after the first one
 * is a second one.
 */
const sameSignalMs = 500;

/** Runs until SIGINT, SIGTERM or SIGHUP, then stops everything. A second signal ends the process at once. */
export async function start(config: Config): Promise<void> {
  const stopRequested = onStopSignal();
  const stops: { readonly name: string; readonly stop: Stop }[] = [];
  const notices: string[] = [];
  let current = config;
  try {
    await assertPortFree({ host: config.host, port: config.port, setting: 'PORT' });
    if (config.mode === 'sandbox') {
      const lock = await claimDataDirectory({ directory: config.dataDirectory, log: tell });
      stops.push({ name: `using ${config.dataDirectory}`, stop: lock.release });
    }
    for (const step of steps(config)) {
      if (stopRequested.aborted) break;
      const startedAt = performance.now();
      tell(`Starting ${step.name} ...`);
      const { config: next, stop, notice } = await step.run(current, stopRequested);
      current = next;
      if (notice !== undefined) notices.push(notice);
      if (stop !== undefined) stops.push({ name: step.name, stop });
      tell(`Started ${step.name} in ${Math.round(performance.now() - startedAt)} ms.`);
    }
    if (!stopRequested.aborted) for (const notice of notices) tell(notice);
    if (!stopRequested.aborted) tell('Polygate is ready. Stop it with Ctrl-C.');
    giveBackMemoryOfStart();
    await aborted(stopRequested);
  } catch (error) {
    // A step that was waiting when the stop came.
    if (!stopRequested.aborted || !(error instanceof Error && error.name === 'AbortError')) throw error;
  } finally {
    await unwind(stops);
  }
}

function steps(config: Config): readonly Step[] {
  const sandbox = config.mode === 'sandbox';
  return [
    ...(config.databaseUrl === undefined ? [postgresStep] : []),
    migrationStep(config),
    ...(sandbox && hasSandbox() ? [sandboxStep] : []),
    gatewayStep,
    // The shop speaks plain HTTP to the gateway, as a sandbox does that was given no certificate.
    ...(sandbox && hasDemoShop() && config.tlsCertificateFile === undefined ? [demoShopStep(config)] : []),
  ];
}

const postgresStep: Step = {
  name: 'the embedded PostgreSQL',
  async run(config) {
    const postgres = await startPostgres({
      directory: join(config.dataDirectory, 'postgres'),
      port: config.embeddedPostgresPort,
      log: tell,
    });
    const { shortUrl: databaseUrl, port: embeddedPostgresPort, stop } = postgres;
    const vaultDatabaseUrl = config.vaultDatabaseUrl ?? databaseUrl;
    return { config: { ...config, databaseUrl, vaultDatabaseUrl, embeddedPostgresPort }, stop };
  },
};

/** `given`: the database that the start was given; the embedded one is the sandbox's, whatever it holds. */
const migrationStep = ({ databaseUrl: given }: Config): Step => ({
  name: 'the migrations',
  async run(config, stopRequested) {
    const { migrateConfigured } = await import('./store/migrate.ts');
    const { claimForLive, refuseLiveDatabase, writeDemoMerchants } = await import('./local/demo-merchants.ts');
    await reachable(config, stopRequested);
    if (config.mode === 'sandbox' && given !== undefined) await refuseLiveDatabase(given);
    await migrateConfigured(config);
    if (config.databaseUrl === undefined) return { config };
    if (config.mode === 'live') {
      await claimForLive(config.databaseUrl);
      return { config };
    }
    // What is written names the shop, long before it opens.
    const sandboxShopPort = config.sandboxShopPort === 0 ? await freePort() : config.sandboxShopPort;
    await writeDemoMerchants({ databaseUrl: config.databaseUrl, shopUrl: shopUrlOf(sandboxShopPort) });
    return { config: { ...config, sandboxShopPort } };
  },
});

const databasePatienceMs = 60_000;

async function reachable({ databaseUrl, vaultDatabaseUrl }: Config, signal: AbortSignal): Promise<void> {
  const { explainAway, waitForDatabase } = await import('./postgres/connection.ts');
  const settings = new Map([
    ...(vaultDatabaseUrl === undefined ? [] : [[vaultDatabaseUrl, 'VAULT_DATABASE_URL'] as const]),
    ...(databaseUrl === undefined ? [] : [[databaseUrl, 'DATABASE_URL'] as const]),
  ]);
  const onWait = (reason: string): void => tell(`Waiting up to ${databasePatienceMs / 1000} s for the database (${reason}) ...`);
  try {
    const waiting = { patienceMs: databasePatienceMs, onWait, signal };
    await Promise.all([...settings].map(([url, setting]) => waitForDatabase({ url, setting, ...waiting })));
  } catch (error) {
    throw explainAway(error);
  }
}

const sandboxStep: Step = {
  name: 'the sandbox',
  async run(config) {
    await assertPortFree({ host: '127.0.0.1', port: config.sandboxAcquirerPort, setting: 'SANDBOX_ACQUIRER_PORT' });
    await assertPortFree({ host: '127.0.0.1', port: config.sandboxHttpPort, setting: 'SANDBOX_HTTP_PORT' });
    await assertPortFree({ host: '127.0.0.1', port: config.sandboxSmtpPort, setting: 'SANDBOX_SMTP_PORT' });
    const sandbox = await startSandbox({
      acquirerPort: config.sandboxAcquirerPort,
      httpPort: config.sandboxHttpPort,
      smtpPort: config.sandboxSmtpPort,
      dataDirectory: join(config.dataDirectory, 'sandbox'),
      log: tell,
    });
    const { acquirerPort, httpPort, smtpPort } = sandbox;
    // Port 0 was asked for: only now is it known where the host listens.
    const acquirerAddress = config.acquirerAddress.port === 0 ? { host: '127.0.0.1', port: acquirerPort } : config.acquirerAddress;
    const bankUrl = withPort(config.bankUrl, httpPort);
    const directoryServerUrl = withPort(config.directoryServerUrl, httpPort);
    const smtpUrl = withPort(config.smtpUrl, smtpPort);
    const ports = { sandboxAcquirerPort: acquirerPort, sandboxHttpPort: httpPort, sandboxSmtpPort: smtpPort };
    return {
      config: { ...config, acquirerAddress, bankUrl, directoryServerUrl, smtpUrl, ...ports },
      stop: sandbox.stop,
    };
  },
};

/** An address with port 0, which nothing can listen at, with the one that was found; every other as it is. */
function withPort<Url extends string | undefined>(url: Url, port: number): Url | string {
  return url?.replace(/^(\w+:\/\/127\.0\.0\.1):0(?!\d)/, `$1:${port}`) ?? url;
}

const gatewayStep: Step = {
  name: 'the gateway',
  async run(config) {
    const { startGateway } = await import('./gateway.ts');
    const hasCatcher = config.mode === 'sandbox' && hasSandbox();
    const { hooksText, writeDemoEndpoints } = await import('./local/demo-endpoints.ts');
    if (config.mode === 'sandbox') await (await import('./local/demo-secrets.ts')).sealDemoSecrets(config);
    if (hasCatcher) await writeDemoEndpoints(config);
    const { gateway, listening } = await onPort(config, startGateway);
    tell(`The gateway listens on ${gateway.url}.`);
    if (!hasCatcher) return { config: listening, stop: gateway.stop };
    const { samplesText } = await import('./local/samples.ts');
    return {
      config: listening,
      stop: gateway.stop,
      notice: `${samplesText({ baseUrl: gateway.url, shopUrl: shopUrlOf(config.sandboxShopPort) }, listening)}${hooksText(config)}`,
    };
  },
};

type StartGateway = typeof import('./gateway.ts')['startGateway'];

const portsTriedAtMost = 5;

/** Shoppers and banks are told where the gateway is before it listens, so where any port will do, one is chosen; somebody may be faster. */
async function onPort(config: Config, startGateway: StartGateway): Promise<{ readonly gateway: Gateway; readonly listening: Config }> {
  for (let tries = 1; ; tries += 1) {
    const listening = config.port === 0 ? { ...config, port: await freePort() } : config;
    try {
      return { gateway: await startGateway(listening), listening };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      if (config.port !== 0 || tries === portsTriedAtMost) {
        throw new PortTakenError({ host: listening.host, port: listening.port, setting: 'PORT' });
      }
    }
  }
}

/** `asked`: the configuration that the start was given. */
const demoShopStep = ({ sandboxShopPort: asked }: Config): Step => ({
  name: 'the demo shop',
  async run(config) {
    const wanted = { host: '127.0.0.1', port: config.sandboxShopPort, setting: 'SANDBOX_SHOP_PORT' };
    const unfit: unknown = await assertPortFree(wanted).catch((error: unknown) => error);
    if (unfit !== undefined && asked !== 0) throw unfit;
    // A port that was chosen for it may be somebody else's by now.
    const port = unfit === undefined ? config.sandboxShopPort : 0;
    // Nobody has to wait for it: payments can be made before the shop is open.
    const opening = startDemoShop({ port, gatewayUrl: `http://127.0.0.1:${config.port}`, log: tell });
    void opening.then(
      ({ ready }) => tell(`A shop to click through: http://127.0.0.1:${ready.port}`),
      (error: unknown) => tell(error instanceof Error ? error.message : String(error)),
    );
    const stop = async (): Promise<void> => (await opening.catch(() => undefined))?.stop();
    return { config, stop };
  },
});

/** Stops in the opposite order; one that fails is told and does not keep the others up. */
async function unwind(stops: readonly { readonly name: string; readonly stop: Stop }[]): Promise<void> {
  for (const { name, stop } of stops.toReversed()) {
    try {
      await stop();
      tell(`Stopped ${name}.`);
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`polygate: ${name} did not stop cleanly: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

function onStopSignal(): AbortSignal {
  const controller = new AbortController();
  let firstAtMs: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (firstAtMs === undefined) {
        firstAtMs = performance.now();
        tell('Stopping ...');
        controller.abort();
      } else if (performance.now() - firstAtMs > sameSignalMs) {
        process.stderr.write('polygate: stopped at once, on a second signal.\n');
        process.exit(130);
      }
    });
  }
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  // The listener alone would not keep the process alive until the signal comes.
  const alive = setInterval(() => undefined, 60_000);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearInterval(alive));
}

function tell(message: string): void {
  process.stdout.write(`${message}\n`);
}
