/** The whole command line as one tree: the commands of a laptop here, those of an operator in the files beside. docs/cli.md is written from it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import type { Setting } from '../config-setting.ts';
import { settings } from '../config-table.ts';
import { maskCardNumbers } from '../core/instrument/mask.ts';
import { addCommand, type Options, read, withDatabase } from './command-line.ts';

type Add = (program: Command) => void;

/** Commands of operators, in the order of the help. Each is loaded when it is asked for: most of them need half of the gateway. */
const groups: readonly (readonly [name: string, load: () => Promise<Add>])[] = [
  ['keys', async () => (await import('./keys.ts')).addKeysCommands],
  ['merchant', async () => (await import('./merchants.ts')).addMerchantCommands],
  ['account', async () => (await import('./merchants.ts')).addAccountCommands],
  ['channel', async () => (await import('./channels.ts')).addChannelCommands],
  ['credential', async () => (await import('./credentials.ts')).addCredentialCommands],
  ['partner', async () => (await import('./partners.ts')).addPartnerCommands],
  ['import', async () => (await import('./import.ts')).addImportCommands],
  ['settlement', async () => (await import('./settlements.ts')).addSettlementCommands],
  ['webhook', async () => (await import('./webhooks.ts')).addWebhookCommands],
  ['compliance', async () => (await import('./compliance.ts')).addComplianceCommands],
  ['operator', async () => (await import('./operators.ts')).addOperatorCommands],
  ['audit', async () => (await import('./audit.ts')).addAuditCommand],
];

/** Nothing runs before it is parsed. `wanted`: the name of the command that will be; with any other, or none, all are there. */
export async function createProgram(wanted?: string): Promise<Command> {
  const program = new Command('polygate')
    .description('A self-hosted server-to-server payment gateway.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpCommand(false)
    // Commander repeats what it refuses.
    .configureOutput({ outputError: (text, write) => write(`${maskCardNumbers(text)}${settingHint(text)}`) })
    .showHelpAfterError('(--help lists the commands and their options, which stand behind their command)');
  addLocalCommands(program);
  if (program.commands.some((command) => command.name() === wanted)) return program;
  const alone = groups.filter(([name]) => name === wanted);
  for (const [, load] of alone.length === 0 ? groups : alone) (await load())(program);
  return program;
}

/** Settings are no options, and are tried as such. */
function settingHint(complaint: string): string {
  const [, option = ''] = /unknown option '--([a-z-]+)/i.exec(complaint) ?? [];
  const name = option.toUpperCase().replaceAll('-', '_');
  const isSetting = Object.values<Setting<unknown>>(settings).some((setting) => setting.name === name);
  return isSetting ? `(${name} is a setting: write ${name}=… before the command, or put it into polygate.json)\n` : '';
}

function addLocalCommands(program: Command): void {
  addCommand(program, 'start', 'start the gateway; in sandbox mode also its database and the simulators').action(
    async (options: Options) => {
      const { start } = await import('../start.ts');
      await start(read(options));
    },
  );

  addCommand(program, 'migrate', 'bring the database to the schema of this version').action(async (options: Options) => {
    await withDatabase(read(options), async (config) => {
      const { migrateConfigured } = await import('../store/migrate.ts');
      const applied = await migrateConfigured(config);
      for (const file of applied) process.stdout.write(`applied ${file}\n`);
      if (applied.length === 0) process.stdout.write('The database is up to date.\n');
      if (config.mode === 'sandbox' || config.databaseUrl === undefined) return;
      const { claimForLive } = await import('../local/demo-merchants.ts');
      await claimForLive(config.databaseUrl);
    });
  });

  addCommand(program, 'verify', 'check that the books balance and agree with the payments').action(async (options: Options) => {
    await withDatabase(read(options), async (config) => {
      const { findWaiting, verify } = await import('../store/verify.ts');
      const findings = await verify(config);
      for (const warning of await findWaiting(config)) process.stdout.write(`warning: ${warning}\n`);
      for (const finding of findings) process.stdout.write(`${finding}\n`);
      if (findings.length > 0) process.exitCode = 1;
      else process.stdout.write('The books balance.\n');
    });
  });

  addCommand(program, 'pay', 'make a payment against the running sandbox and show what went over the wire')
    .argument('<dialect>', 'the protocol to speak')
    .action(async (dialect: string, options: Options) => {
      const { pay } = await import('../local/pay.ts');
      await pay(read(options), dialect);
    });

  addCommand(program, 'reset', 'remove everything in DATA_DIRECTORY: the embedded database and what the simulators keep').action(
    async (options: Options) => {
      const { resetDataDirectory } = await import('../local/data-directory.ts');
      const config = read(options);
      await resetDataDirectory({ directory: config.dataDirectory, log: (message) => process.stdout.write(`${message}\n`) });
    },
  );
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
