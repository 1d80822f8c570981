/** `polygate partner`: resellers, who log in by themselves and act for merchants. A key is made here and shown once, or read from a file. */
import type { Command } from 'commander';
import type { DialectPartners } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';
import { findMerchant } from '../store/merchants.ts';
import { bringMerchant, createPartner, listPartners, type PartnerRecord, rotatePartnerKey, takeMerchant } from '../store/partners.ts';
import { dialectOf } from './channels.ts';
import {
  actor,
  addCommand,
  addGroup,
  type ListOptions,
  print,
  printJson,
  printRows,
  withoutCard,
  withStore,
  withVault,
} from './command-line.ts';
import { readSecret } from './credentials.ts';

type OfPartner = ListOptions & { readonly dialect: string };
type KeyOptions = OfPartner & { readonly secretFile?: string };
type CreateOptions = KeyOptions & { readonly login: string; readonly identifier?: string };
type MerchantOptions = OfPartner & { readonly merchant: string; readonly login: string; readonly member?: string };

const withPartners = dialects.filter(({ access }) => access.partners !== undefined).map(({ name }) => name);
const dialectText = `one of ${withPartners.join(', ')}`;
const json = ['--json', 'print JSON'] as const;

export function addPartnerCommands(program: Command): void {
  const partner = addGroup(program, 'partner', 'resellers, who act for merchants that they have brought');
  addCommand(partner, 'create', 'make a partner; its key is shown once')
    .requiredOption('--dialect <dialect>', dialectText)
    .requiredOption('--login <text>', 'the login of its own people', withoutCard())
    .option('--identifier <text>', 'its id, where it had one before (default: a new one)', withoutCard())
    .option('--secret-file <file>', 'read the key that it had before from a file, or from standard input with - (default: a new one)')
    .option(...json)
    .action(create);
  addCommand(partner, 'list', 'show the partners and the logins of their merchants, without keys')
    .option(...json)
    .action(async (options: ListOptions) => {
      printRows(await withStore(options, listPartners), { json: options.json, none: 'There is no partner yet.' });
    });
  addCommand(partner, 'rotate', 'replace the key of a partner; the old one and its tokens end within two seconds')
    .argument('<identifier>', 'its id, as `polygate partner list` shows it')
    .requiredOption('--dialect <dialect>', dialectText)
    .option('--secret-file <file>', 'read the new key from a file, or from standard input with - (default: a new one)')
    .option(...json)
    .action(rotate);
  addCommand(partner, 'add-merchant', 'let a partner act for a merchant')
    .argument('<identifier>', 'its id, as `polygate partner list` shows it')
    .requiredOption('--dialect <dialect>', dialectText)
    .requiredOption('--merchant <merchant>', 'routing number, id or name')
    .requiredOption('--login <text>', 'the login of the merchant with this partner', withoutCard())
    .option('--member <id>', 'the id of the merchant in the protocol (default: that of its oldest credential)')
    .option(...json)
    .action(addMerchant);
  addCommand(partner, 'remove-merchant', 'end that a partner acts for a merchant')
    .argument('<identifier>', 'its id, as `polygate partner list` shows it')
    .requiredOption('--dialect <dialect>', dialectText)
    .requiredOption('--login <text>', 'the login of the merchant with this partner')
    .option(...json)
    .action(async (identifier: string, options: OfPartner & { login: string }) => {
      const { dialect, login } = options;
      partnersOf(dialect);
      const act = { actor: actor(), dialect, identifier, login };
      const found = await withStore(options, (database) => takeMerchant(database, act));
      if (options.json === true) return printJson(found);
      print(`Partner ${identifier} does not act for ${login} any more.`);
    });
}

function partnersOf(name: string): DialectPartners {
  const { partners } = dialectOf(name).access;
  if (partners === undefined) throw new Error(`${name} has no partners; expected ${dialectText}.`);
  return partners;
}

/** The key of the options, or a new one. */
function keyOf({ dialect, secretFile }: KeyOptions): { readonly secret: string; readonly isNew: boolean } {
  const { access } = dialectOf(dialect);
  if (secretFile === undefined) return { secret: access.newSecret(), isNew: true };
  const secret = readSecret(secretFile);
  if (!access.isSecret(secret))
    throw new Error(`The key in ${secretFile} cannot be used with ${dialect}; expected ${access.expected.secret}.`);
  return { secret, isNew: false };
}

async function create(options: CreateOptions): Promise<void> {
  const { dialect, login } = options;
  const partners = partnersOf(dialect);
  const identifier = options.identifier ?? partners.newIdentifier();
  if (!partners.isIdentifier(identifier)) throw new Error(`--identifier must be ${partners.expected}.`);
  const { secret, isNew } = keyOf(options);
  const made = await withStore(options, (database, config) =>
    withVault(config, ({ sealSecret: seal }) => createPartner(database, { actor: actor(), dialect, identifier, login, secret, seal })),
  );
  show(options, { record: made, text: `Partner ${identifier} works on running nodes within two seconds.`, ...(isNew ? { secret } : {}) });
}

async function rotate(identifier: string, options: KeyOptions): Promise<void> {
  const { dialect } = options;
  partnersOf(dialect);
  const { secret, isNew } = keyOf(options);
  const record = await withStore(options, (database, config) =>
    withVault(config, ({ sealSecret: seal }) => rotatePartnerKey(database, { actor: actor(), dialect, identifier, secret, seal })),
  );
  const text = `Partner ${identifier} has a new key; the old one ends on running nodes within two seconds.`;
  show(options, { record, text, ...(isNew ? { secret } : {}) });
}

async function addMerchant(identifier: string, options: MerchantOptions): Promise<void> {
  const { dialect, login, member } = options;
  partnersOf(dialect);
  const found = await withStore(options, async (database) => {
    const { merchantId } = await findMerchant(database, options.merchant);
    const brought = { merchantId, login, ...(member === undefined ? {} : { memberId: member }) };
    return bringMerchant(database, { actor: actor(), dialect, identifier, ...brought });
  });
  if (options.json === true) return printJson(found);
  print(`Partner ${identifier} acts for ${login} within two seconds.`);
}

/** A key that was made here is shown; what came from a file is known to whoever has the file. */
function show(options: OfPartner, shown: { readonly record: PartnerRecord; readonly text: string; readonly secret?: string }): void {
  const { record, text, secret } = shown;
  const entered = secret === undefined ? [] : partnersOf(options.dialect).show({ ...record, secret });
  if (options.json === true) {
    printJson({ ...record, login: Object.fromEntries(entered.map(({ name, value }) => [name, value])) });
    return;
  }
  print(text);
  if (entered.length > 0) print('Its key is shown this once:');
  for (const { name, value } of entered) print(`  ${name}: ${value}`);
}
