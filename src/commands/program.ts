/** The whole command line as one tree: the commands of a laptop here, those of an operator in the files beside. docs/cli.md is written from it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { addAuditCommand } from './audit.ts';
import { addCommand, type Options, read, withDatabase } from './command-line.ts';
import { addComplianceCommands } from './compliance.ts';
import { addCredentialCommands } from './credentials.ts';
import { addImportCommands } from './import.ts';
import { addKeysCommands } from './keys.ts';
import { addAccountCommands, addChannelCommands, addMerchantCommands } from './merchants.ts';
import { addOperatorCommands } from './operators.ts';
import { addPartnerCommands } from './partners.ts';
import { addSettlementCommands } from './settlements.ts';
import { addWebhookCommands } from './webhooks.ts';

/** Nothing runs before it is parsed. */
export function createProgram(): Command {
  const program = new Command('polygate')
    .description('A self-hosted server-to-server payment gateway.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpCommand(false)
    .showHelpAfterError('(--help lists the commands and their options)');
  addLocalCommands(program);
  addKeysCommands(program);
  addMerchantCommands(program);
  addAccountCommands(program);
  addChannelCommands(program);
  addCredentialCommands(program);
  addPartnerCommands(program);
  addImportCommands(program);
  addSettlementCommands(program);
  addWebhookCommands(program);
  addComplianceCommands(program);
  addOperatorCommands(program);
  addAuditCommand(program);
  return program;
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
