/**
 * Everything that a payment needs, for one test file: a database of its own, the sandbox and a gateway in this process, and clients for
 * both. All on free loopback ports.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Config, readConfig } from '../../src/config.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import { writeDemoEndpoints } from '../../src/local/demo-endpoints.ts';
import { sealDemoSecrets } from '../../src/local/demo-secrets.ts';
import { freePort } from '../../src/local/ports.ts';
import { type Database, openDatabase } from '../../src/postgres/connection.ts';
import { createDatabase } from './database.ts';
import { createHostControl, type HostControl } from './host-control.ts';
import { createOppClient, type OppClient } from './opp-client.ts';
import { eventually } from './processes.ts';
import { type RunningSandbox, startSandboxHere } from './sandbox.ts';
import { createTraces, type Traces } from './traces.ts';

export interface StackOptions {
  /** Settings that differ from those of a test: `ACQUIRER_TIMEOUT_MS` and the like. */
  readonly env?: Readonly<Record<string, string>>;
  /** Writes the demo merchant's endpoints, which are at the webhook catcher of the sandbox. */
  readonly webhooks?: boolean;
  /** Changes the address under which the gateway reaches its database: a proxy in front of it. */
  readonly databaseUrlOf?: (url: string) => string;
}

export interface Stack {
  readonly api: OppClient;
  readonly host: HostControl;
  /** What went over the wire so far, of all clients of this stack. */
  readonly traces: Traces;
  readonly config: Config;
  /** The settings that `config` was read from: for a gateway in a process of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** An administrator's connection to the gateway's database, past any proxy. */
  readonly database: pg.Pool;
  readonly databaseUrl: string;
  /** The gateway's database as the gateway may see it, for the auditor: open as long as the stack, since it looks after each test. */
  readonly books: Database;
  /** The lines that the gateway has logged so far. */
  log(): readonly string[];
  /** Makes everything that waits for its resolution due now. */
  hurry(): Promise<void>;
  /** Starts one more node, on a port of its own, beside the gateway; it ends with the stack or before. */
  startNode(): Promise<Gateway>;
  stopGateway(): Promise<void>;
  /** Starts the gateway again, on the same port. */
  startGateway(): Promise<void>;
  stopSandbox(): Promise<void>;
  /** Starts the sandbox again, on the same ports and books. */
  startSandbox(): Promise<void>;
  stop(): Promise<void>;
}

/** Short, so that tests do not wait long for what is not answered; long enough for a busy machine. */
const acquirerTimeoutMs = 1_000;

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const cleanUp: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of cleanUp.splice(0).toReversed()) await step();
  };
  try {
    return await start(options, cleanUp, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: StackOptions, cleanUp: (() => Promise<unknown>)[], stop: () => Promise<void>): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'polygate-stack-'));
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  const { url: databaseUrl, drop } = await createDatabase('demo merchants');
  cleanUp.push(drop);
  const database = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  // The database is dropped, and in some tests killed, under idle connections.
  database.on('error', () => undefined);
  cleanUp.push(() => database.end());
  const books = openDatabase({
    ...{ url: databaseUrl, role: 'polygate_app', applicationName: 'auditor', purpose: 'general', maxConnections: 1 },
  });
  cleanUp.push(books.close);

  const sandboxLog: string[] = [];
  const launch = (ports: {
    readonly acquirerPort: number;
    readonly httpPort: number;
    readonly smtpPort: number;
  }): Promise<RunningSandbox> =>
    startSandboxHere({ ...ports, dataDirectory: join(folder, 'sandbox'), log: (line) => sandboxLog.push(line) });
  let sandbox: RunningSandbox | undefined = await launch({ acquirerPort: 0, httpPort: 0, smtpPort: 0 });
  const { acquirerPort, httpPort, smtpPort } = sandbox;
  cleanUp.push(async () => sandbox?.stop());

  const env = {
    DATABASE_URL: options.databaseUrlOf?.(databaseUrl) ?? databaseUrl,
    DATA_DIRECTORY: folder,
    PORT: String(await freePort()),
    SANDBOX_ACQUIRER_PORT: String(acquirerPort),
    SANDBOX_HTTP_PORT: String(httpPort),
    SANDBOX_SMTP_PORT: String(smtpPort),
    ACQUIRER_TIMEOUT_MS: String(acquirerTimeoutMs),
    ...options.env,
  };
  const config = readConfig({ mode: 'sandbox', file: undefined, env });
  const lines: string[] = [];
  await sealDemoSecrets(config);
  if (options.webhooks === true) await writeDemoEndpoints(config);
  const launchGateway = () => startGateway(config, { logDestination: { write: (line) => void lines.push(line) } });
  let gateway: Gateway | undefined = await launchGateway();
  cleanUp.push(async () => gateway?.stop());

  const host = createHostControl(`http://127.0.0.1:${httpPort}`);
  const traces = createTraces();
  const stack: Stack = {
    ...{ api: createOppClient(gateway.url, traces), host, traces, config, env, database, databaseUrl, books, stop },
    log: () => lines,
    async hurry() {
      // What the gateway has locked it is working at already; to wait for it could be to wait for each other.
      await database.query(`update polygate.operation set resolve_at = now() where ctid in (
        select ctid from polygate.operation where state in ('submitted', 'pending', 'unknown') for update skip locked)`);
    },
    async startNode() {
      const own = readConfig({ mode: 'sandbox', file: undefined, env: { ...env, PORT: '0' } });
      const node = await startGateway(own, { logDestination: { write: (line) => void lines.push(line) } });
      let ended: Promise<void> | undefined;
      const stopNode = () => {
        ended ??= node.stop();
        return ended;
      };
      cleanUp.push(stopNode);
      await linkIsUp(node.url);
      return { url: node.url, stop: stopNode };
    },
    async stopGateway() {
      await gateway?.stop();
      gateway = undefined;
    },
    async startGateway() {
      gateway ??= await launchGateway();
      await linkIsUp(gateway.url);
    },
    async stopSandbox() {
      await sandbox?.stop();
      sandbox = undefined;
    },
    async startSandbox() {
      sandbox ??= await launch({ acquirerPort, httpPort, smtpPort });
    },
  };
  await linkIsUp(gateway.url);
  return stack;
}

/** The link signs on a moment after the start; before that, payments fail as not sent. */
async function linkIsUp(url: string): Promise<void> {
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the gateway to be ready');
}
