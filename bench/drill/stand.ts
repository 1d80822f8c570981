/** What the drill breaks: PostgreSQL, the acquirer host and the gateway, each a process that comes back on its port and with its data. */

import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertPortFree } from '../../src/local/ports.ts';
import { startPostgres } from '../../src/local/postgres.ts';
import { removePlace } from '../../src/local/postgres-user.ts';
import { createKeyFile } from '../../src/vault/key-file.ts';
import { environmentWithoutSettings } from '../stack.ts';
import { childrenOf, commandLineOf } from '../usage.ts';
import { type Supervised, supervise } from './supervised.ts';

/** A backend is one connection's process: the server then ends all others and recovers. The postmaster is the server itself. */
export const victims = ['gateway', 'host', 'backend', 'postmaster'] as const;
export type Victim = (typeof victims)[number];

export interface Stand {
  readonly gatewayPort: number;
  /** Of all nodes; the first is `gatewayPort`. */
  readonly gatewayPorts: readonly number[];
  readonly hostUrl: string;
  readonly databaseUrl: string;
  readonly logDirectory: string;
  /** There is one as soon as it has started. */
  readonly masterKeyFile: string;
  /** Starts host and gateway; the database is up before, so that merchants can be written. */
  readonly start: () => Promise<void>;
  /** Restarts a node in order; resolves when it is up again. */
  readonly restart: (index: number) => Promise<void>;
  /** kill -9. False when there was nothing to kill at this moment. */
  readonly kill: (victim: Victim) => boolean;
  /** Ends everything and removes its data; the logs stay. Returns what did not stop as it should. */
  readonly stop: () => Promise<readonly string[]>;
}

const root = join(import.meta.dirname, '..', '..');

/** Makes a temporary folder and starts PostgreSQL in it, with its production settings. `nodes`: how many gateways there are. */
export async function openStand(random: () => number, nodes = 1): Promise<Stand> {
  const directory = await mkdtemp(join(tmpdir(), 'polygate-drill-'));
  const logDirectory = join(directory, 'logs');
  const databaseDirectory = join(directory, 'postgres');
  await mkdir(logDirectory);
  const supervisorLog = createWriteStream(join(logDirectory, 'postgres-supervisor.log'));
  const log = (message: string): boolean => supervisorLog.write(`${new Date().toISOString()} ${message}\n`);
  const [databasePort, acquirerPort, controlPort, gatewayPort] = [
    await keepablePort(random),
    await keepablePort(random),
    await keepablePort(random),
    await keepablePort(random),
  ];
  const gatewayPorts = [gatewayPort];
  while (gatewayPorts.length < nodes) gatewayPorts.push(await keepablePort(random));
  const masterKeyFile = join(directory, 'master.key');
  const postgres = await startPostgres({ directory: databaseDirectory, port: databasePort, log });
  const processes: { gateways: readonly Supervised[]; host?: Supervised } = { gateways: [] };
  return {
    gatewayPort,
    gatewayPorts,
    hostUrl: `http://127.0.0.1:${controlPort}`,
    databaseUrl: postgres.url,
    logDirectory,
    masterKeyFile,
    async start() {
      await createKeyFile(masterKeyFile);
      processes.host = startHost({ directory, logDirectory, acquirerPort, controlPort });
      await processes.host.ready;
      const shared = { directory, logDirectory, acquirerPort, controlPort, databaseUrl: postgres.url, masterKeyFile };
      processes.gateways = gatewayPorts.map((port) => startGateway({ ...shared, gatewayPort: port }));
      await Promise.all(processes.gateways.map(({ ready }) => ready));
    },
    async restart(index) {
      await processes.gateways[index]?.restart();
    },
    kill(victim) {
      switch (victim) {
        case 'gateway':
          return killProcess(processes.gateways[Math.floor(random() * nodes)]?.pid());
        case 'host':
          return killProcess(processes.host?.pid());
        case 'postmaster':
          return killProcess(postgres.pid);
        case 'backend':
          return killProcess(chooseBackend(postgres.pid, random));
      }
    },
    async stop() {
      const unclean: string[] = [];
      for (const [index, gateway] of processes.gateways.entries()) {
        if (!(await gateway.stop())) unclean.push(`gateway ${index + 1} did not stop within 30 seconds of SIGTERM`);
      }
      if ((await processes.host?.stop()) === false) unclean.push('host did not stop within 30 seconds of SIGTERM');
      await postgres.stop().catch((error: unknown) => unclean.push(String(error)));
      supervisorLog.end();
      await copyFile(join(databaseDirectory, 'postgres.log'), join(logDirectory, 'postgres.log')).catch(() => undefined);
      await removePlace({ directory: databaseDirectory, log: () => undefined });
      for (const name of ['postgres', 'postgres.lock', 'sandbox', 'master.key']) {
        await rm(join(directory, name), { recursive: true, force: true });
      }
      return unclean;
    },
  };
}

/**
 * A free port below those that systems hand out for outgoing connections (32768 and up on Linux, 49152 and up elsewhere): while its owner is dead
 * nobody else may get it by chance.
 */
async function keepablePort(random: () => number): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = 15_000 + Math.floor(random() * 17_000) + (process.pid % 700);
    try {
      await assertPortFree({ host: '127.0.0.1', port, setting: 'the port' });
      return port;
    } catch (error) {
      if (attempt === 50) throw error;
    }
  }
}

interface HostOptions {
  readonly directory: string;
  readonly logDirectory: string;
  readonly acquirerPort: number;
  readonly controlPort: number;
}

function startHost({ directory, logDirectory, acquirerPort, controlPort }: HostOptions): Supervised {
  const ports = ['--acquirer-port', String(acquirerPort), '--http-port', String(controlPort), '--smtp-port', '0'];
  return supervise({
    name: 'host',
    args: [join(root, 'sandbox', 'main.ts'), ...ports, '--data-directory', join(directory, 'sandbox'), '--with-parent'],
    environment: environmentWithoutSettings(),
    directory,
    logFile: join(logDirectory, 'host.log'),
    readyLine: /^{"ready":true/,
  });
}

interface GatewayOptions {
  readonly directory: string;
  readonly logDirectory: string;
  readonly gatewayPort: number;
  readonly acquirerPort: number;
  readonly controlPort: number;
  readonly databaseUrl: string;
  readonly masterKeyFile: string;
}

/** The gateway alone: its directory server is the host's, and shoppers come over plain HTTP. */
function startGateway({
  directory,
  logDirectory,
  gatewayPort,
  acquirerPort,
  controlPort,
  databaseUrl,
  masterKeyFile,
}: GatewayOptions): Supervised {
  return supervise({
    name: 'gateway',
    // The flags that the launcher gave this process are those it gives the gateway.
    args: [...process.execArgv, join(import.meta.dirname, 'gateway.ts')],
    environment: {
      ...environmentWithoutSettings(),
      PORT: String(gatewayPort),
      DATABASE_URL: databaseUrl,
      MASTER_KEY_FILE: masterKeyFile,
      DATA_DIRECTORY: join(directory, 'unused'),
      ACQUIRER_ADDRESS: `127.0.0.1:${acquirerPort}`,
      ACQUIRER_INSTITUTION_ID: '100001',
      SANDBOX_HTTP_PORT: String(controlPort),
      DIRECTORY_SERVER_TIMEOUT_MS: '2000',
      ACQUIRER_TIMEOUT_MS: '2000',
      TRUSTED_PROXY: '127.0.0.1',
      // The balancer of the drill looks twenty times a second.
      SHUTDOWN_NOTICE_MS: '500',
      // Where the merchants of the drill take their webhooks.
      OUTBOUND_PRIVATE_NETWORKS: '127.0.0.1',
    },
    directory,
    logFile: join(logDirectory, `gateway-${gatewayPort}.log`),
    readyLine: /^Polygate is ready/,
  });
}

function killProcess(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** One of the processes that serve a connection. */
function chooseBackend(postmaster: number, random: () => number): number | undefined {
  const backends = childrenOf(postmaster).filter(({ pid }) => / 127\.0\.0\.1\(/.test(commandLineOf(pid)));
  return backends[Math.floor(random() * backends.length)]?.pid;
}
