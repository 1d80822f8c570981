/** The certificates for directory servers: shown to the server that asks for one, and refused at the start when they cannot be used. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { readConfig } from '../src/config.ts';
import { startGateway } from '../src/gateway.ts';
import { createKeyFile } from '../src/vault/key-file.ts';
import { createDatabase } from './harness/database.ts';
import { eventually } from './harness/processes.ts';

const folder = await mkdtemp(join(tmpdir(), 'polygate-directory-tls-'));
after(() => rm(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const masterKeyFile = at('master.key');
await createKeyFile(masterKeyFile);

/** Signed by itself, for this machine. */
function makePair(name: string): boolean {
  const { status } = spawnSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`]
      .concat(['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'])
      .concat(['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)]),
  );
  return status === 0;
}
const skip = !['server', 'shared', 'other'].every(makePair) && 'there is no openssl here to make a certificate with';
writeFileSync(at('garbage'), 'garbage');
mkdirSync(at('empty'));

const live = {
  ...{ MASTER_KEY_FILE: masterKeyFile, DATA_DIRECTORY: at('data'), TRUSTED_PROXY: '1', PORT: '0', PUBLIC_URL: 'https://pay.example' },
  ...{ ACQUIRER_ADDRESS: '127.0.0.1:9', ACQUIRER_INSTITUTION_ID: '123456', SHUTDOWN_NOTICE_MS: '0' },
  ...{ DIRECTORY_SERVER_URL: 'https://127.0.0.1:9', DIRECTORY_SERVERS: 'visa=https://127.0.0.1:9' },
};
const start = (env: Readonly<Record<string, string>>, write: (line: string) => void = () => undefined) =>
  startGateway(readConfig({ mode: 'live', file: undefined, env: { ...live, ...env } }), { logDestination: { write } });

const pair = (certificate: string, key: string) => ({
  DIRECTORY_SERVER_CERTIFICATE_FILE: at(certificate),
  DIRECTORY_SERVER_KEY_FILE: at(key),
});

/** A folder for `DIRECTORY_SERVER_TLS_FOLDER`: what it holds, and which file that is a copy of. */
function folderWith(files: Readonly<Record<string, string>>): { readonly DIRECTORY_SERVER_TLS_FOLDER: string } {
  const path = at(`tls-${Math.random().toString(36).slice(2)}`);
  mkdirSync(path);
  for (const [name, from] of Object.entries(files)) copyFileSync(at(from), join(path, name));
  return { DIRECTORY_SERVER_TLS_FOLDER: path };
}

test('what cannot be used stops the start, with the name of the setting and what was expected', { skip }, async () => {
  const cannotBeRead = (setting: string) => new RegExp(`^Error: ${setting} names \\S+, which cannot be read\\. Give it the path of a`);
  const unfit =
    /^Error: \S+ \(DIRECTORY_\w+\) and \S+ \(DIRECTORY_\w+\) cannot be used together: expected a certificate chain and its private key/;
  const noAuthority = (setting: string) =>
    new RegExp(`^Error: ${setting} leads to \\S+, which cannot be used: expected one or more certificates, PEM`);
  const alone = (what: string) => new RegExp(`^Error: DIRECTORY_SERVER_TLS_FOLDER leads to \\S+ without its ${what}`);
  const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [pair('missing.crt', 'shared.key'), cannotBeRead('DIRECTORY_SERVER_CERTIFICATE_FILE')],
    [pair('shared.crt', 'missing.key'), cannotBeRead('DIRECTORY_SERVER_KEY_FILE')],
    [{ DIRECTORY_SERVER_CA_FILE: at('missing.crt') }, cannotBeRead('DIRECTORY_SERVER_CA_FILE')],
    [{ DIRECTORY_SERVER_TLS_FOLDER: at('missing') }, cannotBeRead('DIRECTORY_SERVER_TLS_FOLDER')],
    [{ DIRECTORY_SERVER_TLS_FOLDER: at('garbage') }, cannotBeRead('DIRECTORY_SERVER_TLS_FOLDER')],
    [{ DIRECTORY_SERVER_CA_FILE: at('garbage') }, noAuthority('DIRECTORY_SERVER_CA_FILE')],
    [{ DIRECTORY_SERVER_CA_FILE: at('shared.key') }, noAuthority('DIRECTORY_SERVER_CA_FILE')],
    [folderWith({ 'visa-ca.crt': 'garbage' }), noAuthority('DIRECTORY_SERVER_TLS_FOLDER')],
    [pair('garbage', 'shared.key'), unfit],
    [pair('shared.crt', 'other.key'), unfit],
    [{ ...pair('shared.crt', 'shared.key'), ...folderWith({ 'visa.crt': 'other.crt' }) }, unfit],
    [folderWith({ 'visa.crt': 'other.crt' }), alone('private key')],
    [folderWith({ 'visa.key': 'other.key' }), alone('certificate')],
  ];
  for (const [env, told] of cases) {
    // Before anything is asked of the database, which is none.
    await assert.rejects(start({ DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none', ...env }), told, JSON.stringify(env));
  }
});

test('each directory server is shown its own certificate, or that of all others', { skip }, async (t) => {
  const database = await createDatabase();
  const shown: unknown[] = [];
  const read = (name: string) => readFileSync(at(name));
  const server = createServer(
    { key: read('server.key'), cert: read('server.crt'), ca: [read('shared.crt'), read('other.crt')], requestCert: true },
    (request, response) => {
      shown.push([request.url, (request.socket as TLSSocket).getPeerCertificate().subject?.CN]);
      response.writeHead(500).end();
    },
  ).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gateway = await start({
    ...{ DATABASE_URL: database.url, DIRECTORY_SERVER_URL: `${url}/others`, DIRECTORY_SERVERS: `visa=${url}/visa` },
    ...{ ...pair('shared.crt', 'shared.key'), DIRECTORY_SERVER_CA_FILE: at('server.crt') },
    ...folderWith({ 'visa.crt': 'other.crt', 'visa.key': 'other.key' }),
  });
  t.after(async () => {
    await gateway.stop();
    server.closeAllConnections();
    server.close();
    await database.drop();
  });
  await eventually(() => shown.length >= 2, 'both to be asked for their cards');
  assert.deepEqual(shown.slice(0, 2).toSorted(), [
    ['/others', 'shared'],
    ['/visa', 'other'],
  ]);
});

test('the log says which directory server cannot be asked, and why', { skip }, async (t) => {
  const database = await createDatabase();
  const server = createServer({ key: readFileSync(at('server.key')), cert: readFileSync(at('server.crt')) }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const told: { readonly msg: string; readonly server?: string; readonly problem?: string }[] = [];
  const url = { DATABASE_URL: database.url, DIRECTORY_SERVER_URL: `https://${host}/areq` };
  const gateway = await start(url, (line) => told.push(JSON.parse(line)));
  t.after(async () => {
    await gateway.stop();
    server.closeAllConnections();
    server.close();
    await database.drop();
  });
  const problems = () => told.flatMap(({ msg, server, problem }) => (/list of cards/.test(msg) ? [[server, problem]] : []));
  await eventually(() => problems().length >= 2, 'both to be asked for their cards');
  assert.deepEqual(
    new Map(problems() as [string, string][]),
    new Map([
      ['127.0.0.1:9', 'unreachable (ECONNREFUSED)'],
      [host, 'unreachable (DEPTH_ZERO_SELF_SIGNED_CERT)'],
    ]),
  );
});
