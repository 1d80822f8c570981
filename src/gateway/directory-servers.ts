/** The directory servers that authenticate shoppers: one for all schemes, one for each, or both. */
import { joinServers } from '../three-ds-server/by-scheme.ts';
import { type RunningThreeDSServer, startThreeDSServer } from '../three-ds-server/server.ts';
import type { DirectoryTlsByScheme } from './directory-tls.ts';
import type { Foundation } from './foundation.ts';
import { publicUrlOf } from './public-url.ts';

/** Undefined without a directory server: then no payment is authenticated. */
export async function startDirectoryServers(
  parts: Pick<Foundation, 'config' | 'directory' | 'clock' | 'log'>,
  tlsByScheme: DirectoryTlsByScheme,
): Promise<RunningThreeDSServer | undefined> {
  const { config, directory, clock, log } = parts;
  const { directoryServerUrl, directoryServers = [], directoryServerTimeoutMs: timeoutMs } = config;
  const start = (url: string, scheme?: string): Promise<RunningThreeDSServer> =>
    startThreeDSServer({
      ...{ url, timeoutMs, account: directory.account, businessNow: clock.businessNow, log, allowsPlainHttp: config.mode === 'sandbox' },
      tls: tlsByScheme.get(scheme) ?? {},
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
