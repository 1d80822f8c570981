/** The command line: `polygate start`, `migrate`, `verify`, `pay` and `reset`. What a command needs is loaded when it runs. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import { addWebhookCommands } from './commands/webhooks.ts';
import { type Config, ConfigError, type Mode, readConfig } from './config.ts';
import { exitWithParent } from './local/parent.ts';

type Options = { readonly mode: Mode; readonly config?: string };

const program = new Command('polygate')
  .description('A self-hosted server-to-server payment gateway.')
  .version(readVersion(), '-V, --version', 'print the version')
  .helpCommand(false)
  .showHelpAfterError('(--help lists the commands and their options)');

command('start', 'start the gateway; in sandbox mode also its database and the simulators').action(async (options: Options) => {
  const { start } = await import('./start.ts');
  await start(read(options));
});

command('migrate', 'bring the database to the schema of this version').action(async (options: Options) => {
  await withDatabase(read(options), async (config) => {
    const { migrateConfigured } = await import('./store/migrate.ts');
    const applied = await migrateConfigured(config);
    for (const file of applied) process.stdout.write(`applied ${file}\n`);
    if (applied.length === 0) process.stdout.write('The database is up to date.\n');
  });
});

command('verify', 'check that the books balance and agree with the payments').action(async (options: Options) => {
  await withDatabase(read(options), async (config) => {
    const { findWaiting, verify } = await import('./store/verify.ts');
    const findings = await verify(config);
    for (const warning of await findWaiting(config)) process.stdout.write(`warning: ${warning}\n`);
    for (const finding of findings) process.stdout.write(`${finding}\n`);
    if (findings.length > 0) process.exitCode = 1;
    else process.stdout.write('The books balance.\n');
  });
});

command('pay', 'make a payment against the running sandbox and show what went over the wire')
  .argument('<dialect>', 'the protocol to speak')
  .action(async (dialect: string, options: Options) => {
    const { pay } = await import('./local/pay.ts');
    await pay(read(options), dialect);
  });

command('reset', 'remove everything in DATA_DIRECTORY: the embedded database and what the simulators keep').action(
  async (options: Options) => {
    const { resetDataDirectory } = await import('./local/data-directory.ts');
    const config = read(options);
    await resetDataDirectory({ directory: config.dataDirectory, log: (message) => process.stdout.write(`${message}\n`) });
  },
);

addWebhookCommands(program);

exitWithParent();
try {
  await program.parseAsync();
  // What a library left open must not keep a finished command alive.
  process.exit();
} catch (error) {
  process.stderr.write(`polygate: ${explain(error)}\n`);
  process.exit(1);
}

/** Every command knows the mode, the file of settings, --help and --version. */
function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .version(readVersion(), '-V, --version', 'print the version')
    .addOption(
      new Option('--mode <mode>', 'published test credentials and simulators, or a real acquirer')
        .choices(['sandbox', 'live'])
        .default('sandbox'),
    )
    .option('--config <file>', 'JSON file of settings (default: polygate.json, where there is one)');
}

function read({ mode, config }: Options): Config {
  return readConfig({ mode, file: config, env: process.env });
}

/** Runs `work` on the configured database, or on the embedded one, which is started for it. */
async function withDatabase(config: Config, work: (config: Config) => Promise<void>): Promise<void> {
  if (config.databaseUrl !== undefined) return work(config);
  const { claimDataDirectory } = await import('./local/data-directory.ts');
  const { startPostgres } = await import('./local/postgres.ts');
  const log = (message: string): boolean => process.stderr.write(`${message}\n`);
  const lock = await claimDataDirectory({ directory: config.dataDirectory, log });
  const postgres = await startPostgres({ directory: join(config.dataDirectory, 'postgres'), port: 0, log });
  try {
    await work({ ...config, databaseUrl: postgres.url, vaultDatabaseUrl: config.vaultDatabaseUrl ?? postgres.url });
  } finally {
    await postgres.stop();
    lock.release();
  }
}

/** The message alone where it was written for the user; with the stack where the fault is ours. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const defect = [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
  const cause = error.cause instanceof Error ? `\n(${error.cause.message})` : '';
  return defect ? (error.stack ?? error.message) : `${error.message}${cause}`;
}

/** The nearest package.json above: in the source tree one level up, in dist two. */
function readVersion(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (!existsSync(path)) continue;
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  }
  return 'unknown';
}
