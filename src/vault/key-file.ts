/**
 * The key provider of a single machine: a file with the master key, readable by its owner only. It fits a laptop and a small installation
 * whose operator backs the file up apart from the database; whoever has both has the cards.
 *
 * The file is JSON: `{"keys": [{"id": "…", "secret": "<32 bytes, base64>"}, …]}`. The first key wraps; the others only unwrap what they
 * wrapped before a rotation.
 */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { access, link, mkdir, open, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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
  if (createIfMissing && !(await exists(path))) await createKeyFile(path);
  const keys = await readKeyFile(path);
  const [activeId] = keys.keys();
  if (activeId === undefined) throw new KeyFileError(`the key file ${path} holds no key`);
  const activeKey = keys.get(activeId) as KeyObject;
  return {
    keyId: activeId,
    async wrap(key, aad) {
      return { keyId: activeId, bytes: seal(activeKey, key, aad) };
    },
    async unwrap(wrapped, aad) {
      const key = keys.get(wrapped.keyId);
      if (key === undefined) throw new WrongKeyError(`the key file ${path} has no key with the id ${wrapped.keyId}`);
      const bytes = unseal(key, wrapped.bytes, aad);
      if (bytes === undefined) throw new WrongKeyError(`key ${wrapped.keyId} of the key file ${path} does not open this wrapped key`);
      return bytes;
    },
    // The keys were read at the start and stay in memory: there is nothing that could have gone away.
    async health() {},
  };
}

/**
 * Makes a key file with a new random key, mode 600, unless there is one. It appears whole or not at all, and when several processes try at
 * once all of them use the same file.
 */
export async function createKeyFile(path: string): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = join(directory, `.${basename(path)}.${randomBytes(8).toString('hex')}`);
  const id = `local-${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ keys: [{ id, secret: randomBytes(secretLength).toString('base64') }] }, undefined, 2)}\n`);
    await file.sync();
    await file.close();
    // A link never replaces a file, as a rename would.
    await link(draft, path).catch((error: { code?: string }) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await file.close().catch(() => {});
    await unlink(draft);
  }
  const folder = await open(directory, 'r');
  await folder.sync();
  await folder.close();
}

async function readKeyFile(path: string): Promise<Map<string, KeyObject>> {
  const file = await open(path, 'r').catch((error: { code?: string; message?: string }) => {
    throw new KeyFileError(
      error.code === 'ENOENT'
        ? `the key file ${path} does not exist: restore it from its backup, or for a new database make one (mode 600): ${expectedForm}`
        : `the key file ${path} cannot be read: ${error.message}`,
    );
  });
  try {
    const { mode } = await file.stat();
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
function parseKeys(path: string, text: string): Map<string, KeyObject> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new KeyFileError(`the key file ${path} is not JSON: expected ${expectedForm}`);
  }
  const list = isRecord(parsed) && Array.isArray(parsed.keys) ? (parsed.keys as unknown[]) : undefined;
  if (list === undefined) throw new KeyFileError(`the key file ${path} has no list of keys: expected ${expectedForm}`);
  const keys = new Map<string, KeyObject>();
  for (const [index, entry] of list.entries()) {
    const id = isRecord(entry) ? entry.id : undefined;
    const secret = isRecord(entry) && typeof entry.secret === 'string' ? Buffer.from(entry.secret, 'base64') : undefined;
    if (typeof id !== 'string' || !/^[\w.-]{1,64}$/.test(id) || secret?.length !== secretLength || keys.has(id)) {
      throw new KeyFileError(`key ${index + 1} of the key file ${path} is malformed or doubled: expected ${expectedForm}`);
    }
    keys.set(id, deriveWrapKey(secret));
    secret.fill(0);
  }
  return keys;
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
