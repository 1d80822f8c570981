/** `polygate keys`: master keys and data keys are made, replaced and retired while the gateway works. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { acquireLock } from '../local/lock.ts';
import { acting } from '../store/audit.ts';
import { findMerchant, listMerchants } from '../store/merchants.ts';
import type { CardRotation } from '../vault/card-rotation.ts';
import type { KeyCare } from '../vault/key-care.ts';
import { addKey, createKeyFile, removeKey } from '../vault/key-file.ts';
import type { KeyProvider } from '../vault/key-provider.ts';
import { masterKeyStates } from '../vault/key-states.ts';
import {
  actor,
  addCommand,
  addGroup,
  type ListOptions,
  print,
  printJson,
  printRows,
  read,
  tell,
  wholeNumber,
  withDatabase,
  withTables,
  withVault,
} from './command-line.ts';

type RotateOptions = ListOptions & {
  readonly data?: boolean;
  readonly merchant?: string;
  readonly background?: boolean;
  readonly waitSeconds: number;
};
type RetireOptions = ListOptions & { readonly archive?: string; readonly destroy?: boolean };

export function addKeysCommands(program: Command): void {
  const keys = addGroup(program, 'keys', 'the keys of the card vault; docs/keys.md tells how to live with them');
  addCommand(keys, 'generate', 'make a key file with a new master key, for a new database')
    .argument('[file]', 'where (default: MASTER_KEY_FILE)')
    .action(generate);
  addCommand(keys, 'list', 'show the keys, and what needs them')
    .option('--data', 'the data keys of the merchants, with the number of their cards')
    .option('--json', 'print JSON')
    .action((options: ListOptions & { data?: boolean }) =>
      withKeys(options, (parts) => (options.data === true ? listDataKeys(parts, options) : listMasterKeys(parts, options))),
    );
  addCommand(keys, 'rotate', 'replace the master key, or with --data the data keys, while the gateway works; repeat it when interrupted')
    .option('--data', 'new data keys: all cards are encrypted anew')
    .option('--merchant <merchant>', 'with --data: of one merchant only (routing number, id or name)')
    .option('--background', 'with --data: let the running gateway do the work, and do not wait')
    .option('--wait-seconds <number>', 'how long to wait for nodes to know a new master key', wholeNumber({ min: 0, max: 86_400 }), 120)
    .option('--json', 'print JSON')
    .action((options: RotateOptions) =>
      withKeys(options, (parts) => (options.data === true ? rotateDataKeys(parts, options) : rotateMasterKey(parts, options))),
    );
  addCommand(keys, 'retire', 'take a master key that nothing needs any more out of the key file')
    .argument('<id>', 'its id, as `polygate keys list` shows it')
    .option('--archive <file>', 'where it is kept for backups that still need it (default: the key file’s name with .retired)')
    .option('--destroy', 'keep it nowhere: backups of the database from its time can never be read again')
    .option('--json', 'print JSON')
    .action((id: string, options: RetireOptions) => withKeys(options, (parts) => retire(parts, id, options)));
}

async function generate(file: string | undefined, options: ListOptions): Promise<void> {
  const path = resolve(file ?? process.env.MASTER_KEY_FILE ?? read(options).masterKeyFile);
  if (!(await createKeyFile(path))) {
    throw new Error(
      `${path} exists already and is left as it is: a database may depend on it. To replace its key, use \`polygate keys rotate\`.`,
    );
  }
  print(`Made ${path}, readable by its owner only. Back it up now, apart from the database: without it no card can be read.`);
}

interface Parts {
  readonly config: Config;
  readonly keys: KeyCare;
  readonly keyProvider: KeyProvider;
}

async function withKeys(options: ListOptions, work: (parts: Parts) => Promise<void>): Promise<void> {
  await withDatabase(read(options), (config) => withVault(config, ({ keys }, keyProvider) => work({ config, keys, keyProvider })));
}

async function listMasterKeys({ keys, keyProvider }: Parts, { json }: ListOptions): Promise<void> {
  const states = await masterKeyStates(keys, keyProvider);
  const rows = states.map(({ key_id: id, state, in_key_file: inKeyFile, root_keys: rootKeys, data_keys: dataKeys, nodes }) => {
    return { id, state: state.replaceAll('_', ' '), inKeyFile, rootKeys, dataKeys, nodes };
  });
  printRows(rows, { json, none: 'There is no key.' });
}

async function listDataKeys({ config, keys }: Parts, { json }: ListOptions): Promise<void> {
  const merchants = await withTables(config, listMerchants);
  const rows = (await keys.dataKeyUses()).map((use) => {
    const merchant = merchants.find(({ merchantId }) => merchantId === use.merchantId);
    return { merchant: merchant?.routingNumber ?? null, name: merchant?.name ?? null, ...use };
  });
  printRows(rows, { json, none: 'There is no data key yet: a merchant gets one with its first card.' });
}

async function rotateMasterKey(parts: Parts, options: RotateOptions): Promise<void> {
  const { config, keys } = parts;
  const previousId = await keys.activeId();
  const id = await pendingKey(parts);
  await activate(parts, id, options.waitSeconds * 1_000);
  await leaveTrail(config, 'master_key.activated', { keyId: id, previousId });
  const total = await keys.countToRewrap();
  for (let done = 0; ; ) {
    const { count, more } = await keys.rewrapBite();
    if (!more) break;
    done += count;
    tell(`Wrapped ${Math.min(done, total)} of ${total} data keys with the new master key.`);
  }
  if (options.json === true) return printJson({ activeId: id, previousId });
  print(`Master key ${id} is active; nothing in the database needs ${previousId} any more.`);
  print(
    `Back up the key file. Keep ${previousId} for as long as there are backups of the database from its time; then: polygate keys retire ${previousId}`,
  );
}

/** Nobody else changes the key file meanwhile. `path`: where it is, whatever links lead to it. */
async function withKeyFile<T>({ masterKeyFile }: Config, work: (path: string) => Promise<T>): Promise<T> {
  const path = await realpath(masterKeyFile);
  const lock = await acquireLock({ path: `${path}.lock`, waitMs: 5_000 });
  if (lock === undefined) throw new Error(`Another command changes the key file ${path} at this moment. Wait for it to end.`);
  try {
    return await work(path);
  } finally {
    lock.release();
  }
}

/** The key to activate: one that an interrupted rotation has left at the end of the file, or a new one. */
function pendingKey({ config, keys, keyProvider }: Parts): Promise<string> {
  return withKeyFile(config, async (path) => {
    await keyProvider.refresh();
    const activeId = await keys.activeId();
    const uses = await keys.masterKeyUses();
    const last = keyProvider.keyIds.at(-1) ?? activeId;
    if (last !== activeId && !uses.some(({ keyId }) => keyId === last)) {
      tell(`Going on with master key ${last}, which is in the key file and not used yet.`);
      return last;
    }
    const id = await addKey(path);
    await keyProvider.refresh();
    tell(`Added master key ${id} to ${path}. Back the file up, and copy it to every node that has a key file of its own.`);
    return id;
  });
}

/** Nothing is wrapped with the key before every node that is up can unwrap with it. */
async function activate({ keys }: Parts, id: string, waitMs: number): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  for (let told = ''; ; ) {
    const lacking = (await keys.activate(id)).join(', ');
    if (lacking === '') return;
    if (performance.now() > deadlineMs) {
      throw new Error(
        `These nodes do not know master key ${id}: ${lacking}. The old key stays active. Copy the key file to them, and give the command again.`,
      );
    }
    if (lacking !== told) tell(`Waiting for these nodes to know master key ${id}: ${lacking} ...`);
    told = lacking;
    await delay(250);
  }
}

async function rotateDataKeys({ config, keys }: Parts, options: RotateOptions): Promise<void> {
  const name = options.merchant;
  const merchant = name === undefined ? undefined : await withTables(config, (database) => findMerchant(database, name));
  const rotations = await keys.startRotations(merchant?.merchantId);
  if (rotations.length > 0) {
    const versions = rotations.map(({ merchantId, toVersion }) => ({ merchantId, version: toVersion }));
    await leaveTrail(config, 'data_keys.rotated', { keys: versions.slice(0, 100), count: versions.length });
  }
  const finished = options.background === true ? rotations : await moveCards(keys, rotations);
  const damaged = finished.reduce((sum, rotation) => sum + rotation.damaged, 0);
  if (damaged > 0) process.exitCode = 1;
  if (options.json === true) return printJson(finished);
  if (finished.length === 0) return print('There is no data key to replace: a merchant gets one with its first card.');
  if (options.background === true)
    return print(`${finished.length} merchants have new data keys; the running gateway encrypts their cards anew.`);
  print(`${finished.length} merchants have new data keys, and all their cards are encrypted under them.`);
  if (damaged > 0) print(`But ${damaged} cards cannot be opened and stay as they are; the messages above name them.`);
}

/** Works on what is not finished, beside the nodes that do the same, until all of it is. */
async function moveCards(keys: KeyCare, rotations: readonly CardRotation[]): Promise<readonly CardRotation[]> {
  let current = rotations;
  for (let toldMs = Number.NEGATIVE_INFINITY; ; ) {
    const turns = [];
    for (const rotation of current) if (!rotation.isFinished) turns.push(await keys.moveBite(rotation));
    current = await Promise.all(current.map(async (rotation) => (await keys.findRotation(rotation)) ?? rotation));
    const isFinished = current.every((rotation) => rotation.isFinished);
    if (isFinished || performance.now() - toldMs > 1_000) {
      const [done, total] = [sumOf(current, 'done'), sumOf(current, 'total')];
      tell(`Encrypted ${done} of ${Math.max(done, total)} cards anew.`);
      toldMs = performance.now();
    }
    if (isFinished) return current;
    if (!turns.includes('moved')) await delay(250);
  }
}

function sumOf(rotations: readonly CardRotation[], field: 'done' | 'total'): number {
  return rotations.reduce((sum, rotation) => sum + rotation[field], 0);
}

async function retire({ config, keys, keyProvider }: Parts, id: string, options: RetireOptions): Promise<void> {
  const activeId = await keys.activeId();
  if (id === activeId) throw new Error(`Master key ${id} is the active one. Replace it first with \`polygate keys rotate\`.`);
  if (!keyProvider.keyIds.includes(id)) throw new Error(`The key file ${config.masterKeyFile} has no key ${id}.`);
  const use = (await keys.masterKeyUses()).find(({ keyId }) => keyId === id);
  if (use !== undefined) {
    throw new Error(
      `Master key ${id} is needed for ${use.rootKeys} root keys and ${use.dataKeys} data keys. Let \`polygate keys rotate\` finish, or the running gateway.`,
    );
  }
  const { path, archive } = await withKeyFile(config, async (path) => {
    const archive = options.destroy === true ? undefined : resolve(options.archive ?? `${path}.retired`);
    await removeKey({ path, id, ...(archive === undefined ? {} : { archive }) });
    return { path, archive };
  });
  await leaveTrail(config, 'master_key.retired', { keyId: id, destroyed: archive === undefined });
  if (options.json === true) return printJson({ id, archive: archive ?? null });
  print(
    `Master key ${id} is out of ${path}${archive === undefined ? ' and kept nowhere here.' : `, and in ${archive}: move that to where the backups are.`}`,
  );
}

async function leaveTrail(config: Config, act: string, details: Readonly<Record<string, unknown>>): Promise<void> {
  await withTables(config, (database) => acting(database, (_query, audit) => audit({ actor: actor(), act, details })));
}
