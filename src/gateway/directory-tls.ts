/** The certificates that directory servers are met with, read and tried before anything else starts. */
import { X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config.ts';
import { oldestTls, readPem } from '../http/certificate.ts';
import type { DirectoryTls } from '../three-ds-server/post.ts';

/** By scheme; `undefined` is the directory server of all others. */
export type DirectoryTlsByScheme = ReadonlyMap<string | undefined, DirectoryTls>;

/** A file, and the setting that leads to it. */
type PemFile = { readonly setting: string; readonly path: string };

/** Throws with the setting's name when something cannot be read, or cannot be used. */
export function readDirectoryTls(config: Config): DirectoryTlsByScheme {
  const namesInFolder = readFolder(config.directoryServerTlsFolder);
  const { directoryServerUrl, directoryServers = [] } = config;
  const schemes = [...(directoryServerUrl === undefined ? [] : [undefined]), ...directoryServers.map(({ scheme }) => scheme)];
  return new Map(schemes.map((scheme) => [scheme, readTls(filesOf(config, namesInFolder, scheme))]));
}

function readFolder(path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  try {
    return readdirSync(path);
  } catch (error) {
    throw new Error(
      `DIRECTORY_SERVER_TLS_FOLDER names ${path}, which cannot be read. Give it the path of a folder that this user may read.`,
      { cause: error },
    );
  }
}

interface TlsFiles {
  readonly ca: PemFile | undefined;
  readonly certificate: PemFile | undefined;
  readonly key: PemFile | undefined;
}

/** The scheme's own files, where the folder has them; the others are those of all schemes. */
function filesOf(config: Config, namesInFolder: readonly string[], scheme: string | undefined): TlsFiles {
  const { directoryServerTlsFolder: folder } = config;
  const fileOf = (ending: string, setting: string, path: string | undefined): PemFile | undefined => {
    const own = scheme === undefined ? undefined : namesInFolder.find((name) => name === `${scheme}${ending}`);
    if (folder !== undefined && own !== undefined) return { setting: 'DIRECTORY_SERVER_TLS_FOLDER', path: join(folder, own) };
    return path === undefined ? undefined : { setting, path };
  };
  return {
    ca: fileOf('-ca.crt', 'DIRECTORY_SERVER_CA_FILE', config.directoryServerCaFile),
    certificate: fileOf('.crt', 'DIRECTORY_SERVER_CERTIFICATE_FILE', config.directoryServerCertificateFile),
    key: fileOf('.key', 'DIRECTORY_SERVER_KEY_FILE', config.directoryServerKeyFile),
  };
}

function readTls({ ca, certificate, key }: TlsFiles): DirectoryTls {
  return {
    ...(ca === undefined ? {} : { ca: readAuthorities(ca) }),
    ...(certificate === undefined && key === undefined ? {} : readPair(certificate, key)),
  };
}

/** Node takes a text without a certificate for an authority that nobody has, and then every server for a stranger. */
function readAuthorities(file: PemFile): string {
  const text = readPem(file).toString();
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (found.length === 0) throw new Error('there is no certificate in it');
    for (const certificate of found) new X509Certificate(certificate);
  } catch (error) {
    throw new Error(`${file.setting} leads to ${file.path}, which cannot be used: expected one or more certificates, PEM.`, {
      cause: error,
    });
  }
  return text;
}

function readPair(certificate: PemFile | undefined, key: PemFile | undefined): Required<Pick<DirectoryTls, 'certificate' | 'key'>> {
  if (certificate === undefined || key === undefined) {
    const { setting, path } = (certificate ?? key) as PemFile;
    throw new Error(`${setting} leads to ${path} without its ${key === undefined ? 'private key' : 'certificate'}; give both or neither.`);
  }
  const pair = { certificate: readPem(certificate).toString(), key: readPem(key).toString() };
  try {
    createSecureContext({ cert: pair.certificate, key: pair.key, minVersion: oldestTls });
  } catch (error) {
    const [first, second] = [certificate, key].map(({ setting, path }) => `${path} (${setting})`);
    throw new Error(
      `${first} and ${second} cannot be used together: expected a certificate chain and its private key without a passphrase, both PEM.`,
      { cause: error },
    );
  }
  return pair;
}
