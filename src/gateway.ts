/** The composition root: builds the parts of one gateway from its configuration and starts them. */
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import type { Config } from './config.ts';
import { settlesWithin } from './local/patience.ts';

/** A gateway that answers. `stop` lets requests in flight finish, for at most `shutdownTimeoutMs`. */
export type Gateway = { readonly url: string; readonly stop: () => Promise<void> };

/** Starts the gateway on `config.host` and `config.port`; `config.databaseUrl` must be given. */
export async function startGateway(config: Config): Promise<Gateway> {
  const server = Fastify({
    logger: { level: config.logLevel },
    bodyLimit: config.requestBodyLimitBytes,
    trustProxy: trustProxy(config.trustedProxy),
    https: readCertificate(config),
  });
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', () => ({ status: 'ok' }));
  const url = await server.listen({ host: config.host, port: config.port });
  return {
    url,
    async stop() {
      if (!(await settlesWithin({ promise: server.close(), patienceMs: config.shutdownTimeoutMs }))) server.server.closeAllConnections();
    },
  };
}

function readCertificate(config: Config): { readonly cert: Buffer; readonly key: Buffer } | null {
  if (config.tlsCertificateFile === undefined || config.tlsKeyFile === undefined) return null;
  return { cert: readFileSync(config.tlsCertificateFile), key: readFileSync(config.tlsKeyFile) };
}

/** Fastify takes a number of proxies only as the function that it stands for: how far from us an address may be and still be believed. */
function trustProxy(proxies: Config['trustedProxy']): boolean | string[] | ((address: string, hop: number) => boolean) {
  if (proxies === undefined) return false;
  return typeof proxies === 'number' ? (_address, hop) => hop < proxies : [...proxies];
}
