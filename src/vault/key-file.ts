/**
 * The key provider of a single machine: a file with the master keys, readable by its owner only. It fits a laptop and a small installation
 * whose operator backs the file up apart from the database; whoever has both has the cards.
 *
 * The file is JSON: `{"keys": [{"id": "…", "secret": "<32 bytes, base64>"}, …]}`, oldest first. Which of them wraps new keys the database
 * says; a key that is not in the file yet or any more is looked for there again before it counts as missing.
 */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { access, link, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../config-folder.ts';
import { seal, unseal } from './aes-gcm.ts';
import { type KeyProvider, WrongKeyError } from './key-provider.ts';

const secretLength = 32;
const expectedForm = '{"keys": [{"id": "…", "secret": "<32 random bytes, base64>"}]}';

/** The key file is missing, readable by others, or not what it should be; the message says what to do. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/**
 * Opens a key file. With `createIfMissing` (the sandbox's first start) a file with a new random key is made; live keys are made on purpose
 * and given by name. Throws {@link KeyFileError}.
 */
export async function openKeyFile({
  path,
  createIfMissing,
}: {
  readonly path: string;
  readonly createIfMissing: boolean;
}): Promise<KeyProvider> {
  let keys = await readOrMake(path, createIfMissing).catch((error: unknown) => {
    throw error instanceof KeyFileError ? new KeyFileError(`MASTER_KEY_FILE: ${error.message}`) : error;
  });
  const refresh = async (): Promise<void> => {
    keys = await readKeyFile(path);
  };
  async function find(keyId: string): Promise<KeyObject> {
    if (!keys.has(keyId)) await refresh();
    const key = keys.get(keyId);
    if (key !== undefined) return key;
    throw new WrongKeyError(
      `the key file ${path} has no key with the id ${keyId}: copy the file from a node that has it, or restore it from its backup`,
    );
  }
  return {
    get keyId() {
      return keys.keys().next().value as string;
    },
    get keyIds() {
      return [...keys.keys()];
    },
    async wrap(key, aad, keyId) {
      return { keyId, bytes: seal(await find(keyId), key, aad) };
    },
    async unwrap(wrapped, aad) {
      const bytes = unseal(await find(wrapped.keyId), wrapped.bytes, aad);
      if (bytes === undefined) throw new WrongKeyError(`key ${wrapped.keyId} of the key file ${path} does not open this wrapped key`);
      return bytes;
    },
    refresh,
    // The keys are in memory: there is nothing that could have gone away.
    async health() {},
  };
}

/**
 * Makes a key file with a new random key, mode 600, unless there is one; tells whether it did. It appears whole or not at all, and when
 * several processes try at once all of them use the same file.
 */
export async function createKeyFile(path: string): Promise<boolean> {
  await makeFolder(dirname(path)).catch((error: Error) => {
    throw new KeyFileError(`the folder of the key file ${path} cannot be made (${error.message}): name a place where this user may write`);
  });
  return writeWhole(path, [newEntry()], async (draft) => {
    try {
      // A link never replaces a file, as a rename would.
      await link(draft, path);
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
      return false;
    } finally {
      await unlink(draft);
    }
  });
}

/** Adds a new random key to a key file, as its last one, and returns its id. The caller sees to it that nobody else changes the file. */
export async function addKey(path: string): Promise<string> {
  const added = newEntry();
  await replaceEntries(path, (entries) => [...entries, added]);
  return added.id;
}

/** Takes a key out of a key file, and puts it into another one where that is given: backups of the database may still need it. */
export async function removeKey({
  path,
  id,
  archive,
}: {
  readonly path: string;
  readonly id: string;
  readonly archive?: string;
}): Promise<void> {
  const removed = (await readEntries(path)).filter((entry) => entry.id === id);
  if (removed.length === 0) throw new KeyFileError(`the key file ${path} has no key with the id ${id}`);
  if (archive !== undefined) {
    if ((await exists(archive)) && (await realpath(archive)) === (await realpath(path))) {
      throw new KeyFileError(`${archive} is the key file itself, out of which the key is taken; name another file to keep it in`);
    }
    const kept = (await exists(archive)) ? (await readEntries(archive)).filter((entry) => entry.id !== id) : [];
    await writeWhole(archive, [...kept, ...removed], (draft) => rename(draft, archive));
  }
  await replaceEntries(path, (entries) => entries.filter((entry) => entry.id !== id));
}

interface KeyEntry {
  readonly id: string;
  /** Base64. */
  readonly secret: string;
}

function newEntry(): KeyEntry {
  return { id: `local-${randomBytes(6).toString('hex')}`, secret: randomBytes(secretLength).toString('base64') };
}

async function replaceEntries(path: string, change: (entries: readonly KeyEntry[]) => readonly KeyEntry[]): Promise<void> {
  // A key file may be a link to where it really is: the link stays.
  const target = await realpath(path);
  await writeWhole(target, change(await readEntries(path)), (draft) => rename(draft, target));
}

/** Writes a draft beside `path`, durable and with the owner of the file that it replaces, and lets `publish` put it in place. */
async function writeWhole<T>(path: string, entries: readonly KeyEntry[], publish: (draft: string) => Promise<T>): Promise<T> {
  const directory = dirname(path);
  const draft = join(directory, `.${basename(path)}.${randomBytes(8).toString('hex')}`);
  const owner = await stat(path).catch(() => undefined);
  const file = await open(draft, 'wx', 0o600).catch((error: Error) => {
    throw new KeyFileError(`the key file ${path} cannot be written (${error.message}): name a place where this user may write`);
  });
  try {
    // Run by root for a service's user, the file must stay that user's.
    if (owner !== undefined && owner.uid !== process.getuid?.()) await file.chown(owner.uid, owner.gid);
    await file.writeFile(`${JSON.stringify({ keys: entries }, undefined, 2)}\n`);
    await file.sync();
  } catch (error) {
    await unlink(draft);
    throw error;
  } finally {
    await file.close();
  }
  const result = await publish(draft);
  const folder = await open(directory, 'r');
  await folder.sync();
  await folder.close();
  return result;
}

async function readOrMake(path: string, createIfMissing: boolean): Promise<Map<string, KeyObject>> {
  if (createIfMissing && !(await exists(path))) await createKeyFile(path);
  return readKeyFile(path);
}

async function readKeyFile(path: string): Promise<Map<string, KeyObject>> {
  const keys = new Map<string, KeyObject>();
  for (const { id, secret } of await readEntries(path)) keys.set(id, deriveWrapKey(Buffer.from(secret, 'base64')));
  return keys;
}

async function readEntries(path: string): Promise<readonly KeyEntry[]> {
  const file = await open(path, 'r').catch((error: { code?: string; message?: string }) => {
    throw new KeyFileError(
      error.code === 'ENOENT'
        ? `the key file ${path} does not exist: restore it from its backup, or for a new database make one with \`polygate keys generate\``
        : `the key file ${path} cannot be read: ${error.message}`,
    );
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new KeyFileError(`${path} is no file: give the key file itself`);
    const { mode } = found;
    if ((mode & 0o077) !== 0) {
      throw new KeyFileError(
        `the key file ${path} has mode ${(mode & 0o777).toString(8)}, so others than its owner can get at it: chmod 600 ${path}`,
      );
    }
    return parseKeys(path, await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/** Errors here never quote the file. */
function parseKeys(path: string, text: string): readonly KeyEntry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new KeyFileError(`the key file ${path} is not JSON: expected ${expectedForm}`);
  }
  const list = isRecord(parsed) && Array.isArray(parsed.keys) ? (parsed.keys as unknown[]) : undefined;
  if (list === undefined) throw new KeyFileError(`the key file ${path} has no list of keys: expected ${expectedForm}`);
  if (list.length === 0) throw new KeyFileError(`the key file ${path} holds no key`);
  const entries: KeyEntry[] = [];
  for (const [index, entry] of list.entries()) {
    const { id, secret } = isRecord(entry) ? entry : {};
    const isNew = !entries.some((known) => known.id === id);
    if (typeof id !== 'string' || !/^[\w.-]{1,64}$/.test(id) || typeof secret !== 'string' || !isSecret(secret) || !isNew) {
      throw new KeyFileError(`key ${index + 1} of the key file ${path} is malformed or doubled: expected ${expectedForm}`);
    }
    entries.push({ id, secret });
  }
  return entries;
}

function isSecret(text: string): boolean {
  return Buffer.from(text, 'base64').length === secretLength;
}

/** The master secret itself encrypts nothing: each purpose has a key of its own (HKDF-SHA-256, RFC 5869). */
function deriveWrapKey(secret: Uint8Array): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', 'polygate master key 1: wrap', 32)));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
