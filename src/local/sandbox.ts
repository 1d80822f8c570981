/** The simulators, in a process of their own. */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { startChild } from './child.ts';

export type SandboxOptions = {
  /** Loopback ports; 0 chooses a free one, which a restart keeps. */
  readonly acquirerPort: number;
  readonly httpPort: number;
  /** Any free one when not given. */
  readonly smtpPort?: number;
  readonly dataDirectory: string;
  readonly log: (message: string) => void;
};

export type Sandbox = {
  readonly acquirerPort: number;
  readonly httpPort: number;
  readonly smtpPort: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

/** sandbox/main.ts in the source tree, dist/sandbox/main.js after a build. */
const entry = join(import.meta.dirname, '..', '..', 'sandbox', `main${extname(import.meta.filename)}`);

/** False in an installation without the simulators. */
export function hasSandbox(): boolean {
  return existsSync(entry);
}

/** Starts the simulators and waits until they answer. Throws with what they said when they do not. */
export async function startSandbox({ dataDirectory, log, ...wanted }: SandboxOptions): Promise<Sandbox> {
  const child = await startChild<Pick<Sandbox, 'acquirerPort' | 'httpPort' | 'smtpPort'>>({
    name: 'the sandbox',
    entry,
    log,
    argumentsFor: (before) => {
      const { acquirerPort, httpPort, smtpPort = 0 } = before ?? wanted;
      const ports = ['--acquirer-port', String(acquirerPort), '--http-port', String(httpPort), '--smtp-port', String(smtpPort)];
      return [...ports, '--data-directory', dataDirectory];
    },
    readReady: ({ acquirerPort, httpPort, smtpPort }) =>
      typeof acquirerPort === 'number' && typeof httpPort === 'number' && typeof smtpPort === 'number'
        ? { acquirerPort, httpPort, smtpPort }
        : undefined,
  });
  return {
    ...child.ready,
    get pid() {
      return child.pid;
    },
    stop: child.stop,
  };
}
