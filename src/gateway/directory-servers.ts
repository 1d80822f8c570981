/** The directory servers that authenticate shoppers: one for all schemes, one for each, or both. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { joinServers } from '../three-ds-server/by-scheme.ts';
import type { DirectoryTls } from '../three-ds-server/post.ts';
import { type RunningThreeDSServer, startThreeDSServer } from '../three-ds-server/server.ts';
import type { Foundation } from './foundation.ts';
import { publicUrlOf } from './public-url.ts';

/** Undefined without a directory server: then no payment is authenticated. */
export async function startDirectoryServers(
  parts: Pick<Foundation, 'config' | 'directory' | 'clock' | 'log'>,
): Promise<RunningThreeDSServer | undefined> {
  const { config, directory, clock, log } = parts;
  const { directoryServerUrl, directoryServers = [], directoryServerTimeoutMs: timeoutMs } = config;
  const start = (url: string, scheme?: string): Promise<RunningThreeDSServer> =>
    startThreeDSServer({
      ...{ url, timeoutMs, account: directory.account, businessNow: clock.businessNow, log, allowsPlainHttp: config.mode === 'sandbox' },
      tls: directoryTls(config, scheme),
      requestor: {
        ...{ serverReference: config.threeDSServerReference, requestorId: config.threeDSRequestorId, requestorUrl: publicUrlOf(config) },
        ...{ acquirerBin: config.acquirerInstitutionId, merchantCountry: config.merchantCountry },
      },
    });
  const [others, ...own] = await Promise.all([
    directoryServerUrl === undefined ? undefined : start(directoryServerUrl),
    ...directoryServers.map(async ({ scheme, url }) => [scheme, await start(url, scheme)] as const),
  ]);
  return joinServers({ byScheme: new Map(own), ...(others === undefined ? {} : { others }) });
}

/** The certificates for one directory server: its scheme's own, where the folder has them. */
function directoryTls(config: Config, scheme: string | undefined): DirectoryTls {
  const { directoryServerTlsFolder: folder } = config;
  const read = (name: string, otherwise: string | undefined): string | undefined => {
    const own = folder === undefined || scheme === undefined ? undefined : join(folder, `${scheme}${name}`);
    const path = own !== undefined && existsSync(own) ? own : otherwise;
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  };
  const ca = read('-ca.crt', config.directoryServerCaFile);
  const certificate = read('.crt', config.directoryServerCertificateFile);
  const key = read('.key', config.directoryServerKeyFile);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
  };
}
