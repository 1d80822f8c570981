/** The composition root: builds the parts of one gateway from its configuration, starts and stops them, with plain calls. Each part: `gateway/`. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { Engine, EngineLog } from './core/payment/engine.ts';
import { startAcquirer, startBank } from './gateway/acquirers.ts';
import { startDirectoryServers } from './gateway/directory-servers.ts';
import { readDirectoryTls } from './gateway/directory-tls.ts';
import { buildEngine } from './gateway/engine.ts';
import { layFoundation } from './gateway/foundation.ts';
import { readinessOf, readingsOf } from './gateway/readings.ts';
import { buildServer } from './gateway/server.ts';
import { webhooksOf } from './gateway/webhooks.ts';
import { startWorkers } from './gateway/workers.ts';
import { readCertificate } from './http/certificate.ts';
import { createLogger } from './http/log.ts';
import type { Readings } from './http/metrics.ts';
import { createOutbound } from './http/outbound.ts';
import { settlesWithin } from './local/patience.ts';
import { type MailTransport, openMailTransport } from './mail/transport.ts';

/**
 * A gateway that answers. `stop` serves on for `shutdownNoticeMs` while it says that it stops, then refuses what is new, and lets requests in
 * flight finish for at most `shutdownTimeoutMs`.
 */
export type Gateway = { readonly url: string; readonly stop: () => Promise<void> };

/** Takes lines of JSON. */
export type LogDestination = { readonly write: (line: string) => void };

/**
 * Starts the gateway on `config.host` and `config.port`; `config.databaseUrl` must be given, and migrated. Logs to standard output, or to
 * `logDestination`.
 */
export async function startGateway(config: Config, options: { readonly logDestination?: LogDestination } = {}): Promise<Gateway> {
  const { logDestination: destination } = options;
  const log = createLogger({ level: config.logLevel, ...(destination === undefined ? {} : { destination }) });
  const { databaseUrl, shutdownTimeoutMs: patienceMs } = config;
  if (databaseUrl === undefined) throw new Error('There is no database: set DATABASE_URL.');
  const certificate = readCertificate(config);
  const directoryTls = readDirectoryTls(config);

  const foundation = await layFoundation({ config, databaseUrl, log, readings: () => readings() });
  const threeDSServer = await startDirectoryServers(foundation, directoryTls);
  const acquirer = startAcquirer(foundation, () => engine);
  const bank = startBank(foundation, () => engine);
  const engine: Engine = buildEngine(foundation, { acquirer, bank, threeDSServer });
  const readiness = readinessOf(foundation, acquirer);
  const readings: () => Promise<Readings> = readingsOf(foundation, { engine, acquirer, readiness });

  const outbound = createOutbound({ privateNetworks: config.outboundPrivateNetworks });
  const webhooks = webhooksOf(foundation, outbound);
  const mail = mailTransport(config, log);
  const workers = startWorkers(foundation, { engine, acquirer, bank, outbound, webhooks, mail });
  const { works } = workers;

  /** Whoever asks others first, then those who are asked; the database last. */
  const stopParts = async () => {
    await Promise.all([workers.stop(), threeDSServer?.stop()]);
    await settlesWithin({ promise: Promise.allSettled([...engine.unrecorded]), patienceMs });
    await acquirer.close();
    await foundation.close();
  };
  try {
    const { server, draining } = await buildServer(foundation, {
      ...{ certificate, engine, bank, readiness, outbound, webhooks, mail, works },
    });
    const url = await server.listen({ host: config.host, port: config.port });
    return {
      url,
      async stop() {
        draining.announce();
        await delay(config.shutdownNoticeMs);
        await settlesWithin({ promise: draining.refuse(), patienceMs });
        if (!(await settlesWithin({ promise: server.close(), patienceMs }))) server.server.closeAllConnections();
        await stopParts();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}

function mailTransport({ smtpUrl, mailFrom }: Config, log: EngineLog): MailTransport | undefined {
  return smtpUrl === undefined || mailFrom === undefined ? undefined : openMailTransport({ url: smtpUrl, from: mailFrom, log });
}
