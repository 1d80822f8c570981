/** `polygate credential`: what lets a merchant's server in. A secret is made here and shown once, or read from a file; its hash is kept, and where requests are signed with it, itself, encrypted. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { newLogin } from '../dialects/new-login.ts';
import { createCredential, listCredentials, revokeCredential } from '../store/credentials.ts';
import { findMerchant } from '../store/merchants.ts';
import { dialectNames, dialectOf } from './channels.ts';
import {
  actor,
  addCommand,
  addGroup,
  idOf,
  type ListOptions,
  print,
  printJson,
  printRows,
  withoutCard,
  withStore,
  withVault,
} from './command-line.ts';
import { merchantIdIn } from './merchants.ts';

type CreateOptions = ListOptions & {
  readonly merchant: string;
  readonly dialect: string;
  readonly identifier?: string;
  readonly secretFile?: string;
};

export function addCredentialCommands(program: Command): void {
  const credential = addGroup(program, 'credential', 'what lets a merchant’s server in');
  addCommand(credential, 'create', 'give a merchant a credential; its secret is shown once')
    .requiredOption('--merchant <merchant>', 'routing number, id or name')
    .requiredOption('--dialect <dialect>', `one of ${dialectNames()}`)
    .option(
      '--identifier <text>',
      'the login, where it had one before (default: that of its other credential, or a new one)',
      withoutCard(),
    )
    .option('--secret-file <file>', 'read the secret that it had before from a file, or from standard input with - (default: a new one)')
    .option('--json', 'print JSON')
    .action(create);
  addCommand(credential, 'list', 'show the credentials, without their secrets')
    .option('--merchant <merchant>', 'only those of one merchant: routing number, id or name')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { merchant?: string }) => {
      const credentials = await withStore(options, async (database) =>
        listCredentials(database, await merchantIdIn(database, options.merchant)),
      );
      printRows(credentials, { json: options.json, none: 'There is no credential yet.' });
    });
  addCommand(credential, 'revoke', 'end a credential; running nodes refuse it within two seconds')
    .argument('<id>', 'its id, as `polygate credential list` shows it', idOf('the id of a credential (a UUID)'))
    .option('--json', 'print JSON')
    .action(async (credentialId: string, options: ListOptions) => {
      const revoked = await withStore(options, (database) => revokeCredential(database, { actor: actor(), credentialId }));
      if (options.json === true) return printJson(revoked);
      print(`Credential ${credentialId} is revoked. Running nodes refuse it within two seconds.`);
    });
}

async function create(options: CreateOptions): Promise<void> {
  const { access } = dialectOf(options.dialect);
  if (options.identifier !== undefined && !access.isIdentifier(options.identifier)) {
    throw new Error(`--identifier cannot be used with ${options.dialect}; expected ${access.expected.identifier}.`);
  }
  const given = options.secretFile === undefined ? undefined : readSecret(options.secretFile);
  if (given !== undefined && !access.isSecret(given)) {
    throw new Error(`The secret in ${options.secretFile} cannot be used with ${options.dialect}; expected ${access.expected.secret}.`);
  }
  const login = newLogin(access, options.mode, { identifier: options.identifier, secret: given });
  const created = await withStore(options, async (database, config) => {
    const { merchantId } = await findMerchant(database, options.merchant);
    const credential = { actor: actor(), merchantId, dialect: options.dialect, ...login };
    if (access.signsWithSecret !== true) return createCredential(database, credential);
    return withVault(config, (vault) => createCredential(database, { ...credential, seal: vault.sealSecret }));
  });
  // What came from a file is known to whoever has the file; it is not shown again.
  const shown = given === undefined ? access.show({ identifier: created.identifier, secret: login.secret }) : [];
  if (options.json === true) {
    return printJson({ ...created, login: Object.fromEntries(shown.map(({ name, value }) => [name, value])) });
  }
  print(`Credential ${created.credentialId} works on running nodes within two seconds.`);
  if (shown.length > 0) print('Its secret is shown this once:');
  for (const { name, value } of shown) print(`  ${name}: ${value}`);
}

export function readSecret(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
}
