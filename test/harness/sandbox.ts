/**
 * The simulators within the process of a test, on ports of their own: what a process costs at its start is more than what most tests need of them.
 * `polygate start` runs the same code as a process, and the tests of the simulators themselves do (sandbox-process.ts).
 */
import { startControlServer } from '../../sandbox/control/server.ts';
import { startHost } from '../../sandbox/host/host.ts';
import { startMailbox } from '../../sandbox/mail/mailbox.ts';
import { STANDARD_TIMES } from '../../sandbox/three-ds/challenges.ts';
import type { SandboxOptions } from '../../src/local/sandbox.ts';

export interface RunningSandbox {
  readonly acquirerPort: number;
  readonly httpPort: number;
  readonly smtpPort: number;
  stop(): Promise<void>;
}

const address = '127.0.0.1';

export async function startSandboxHere({
  acquirerPort,
  httpPort,
  smtpPort = 0,
  dataDirectory,
  log,
}: SandboxOptions): Promise<RunningSandbox> {
  // A journal that cannot be written ends the simulators' own process; here it ends the test's, with the reason.
  const onFailure = (error: Error): void => {
    throw error;
  };
  const host = await startHost({ address, port: acquirerPort, dataDirectory, warn: log, onFailure });
  const mailbox = await startMailbox({ address, port: smtpPort, faults: host.faults, warn: log });
  const control = await startControlServer(host, mailbox, {
    ...{ address, port: httpPort, publicUrl: undefined, dataDirectory, challengeTimes: STANDARD_TIMES, warn: log, onFailure },
  });
  return {
    ...{ acquirerPort: host.port, httpPort: control.port, smtpPort: mailbox.port },
    async stop() {
      await Promise.all([host.close(), control.close(), mailbox.close()]);
    },
  };
}
