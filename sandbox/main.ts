/** The sandbox as a process of its own: the acquirer host, the mailbox, and over HTTP the directory server, the ACS and the control API. */

import { Command, InvalidArgumentError, Option } from 'commander';
import { startControlServer } from './control/server.ts';
import { startHost } from './host/host.ts';
import { startMailbox } from './mail/mailbox.ts';
import { STANDARD_TIMES } from './three-ds/challenges.ts';

interface Options {
  readonly host: string;
  readonly acquirerPort: number;
  readonly httpPort: number;
  readonly smtpPort: number;
  readonly dataDirectory: string;
  readonly publicUrl?: string;
  readonly challengeStartMs: number;
  readonly challengeStepMs: number;
  readonly withParent: boolean;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('Expected a port from 0 (any free one) to 65535.');
  return port;
}

const LONGEST_WAIT_MS = 3_600_000;

function readWait(text: string): number {
  const waitMs = Number(text);
  if (/^[0-9]{1,7}$/.test(text) && waitMs >= 1 && waitMs <= LONGEST_WAIT_MS) return waitMs;
  throw new InvalidArgumentError(`Expected milliseconds from 1 to ${LONGEST_WAIT_MS}.`);
}

function readPublicUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url.href.replace(/\/$/, '');
  throw new InvalidArgumentError('Expected a URL like http://sandbox.example:8090.');
}

function readOptions(): Options {
  const port = (flags: string, { says, variable, standard }: { says: string; variable: string; standard: number }): Option =>
    new Option(`${flags} <port>`, says).env(variable).default(standard).argParser(readPort);
  const wait = (flags: string, { says, variable, standard }: { says: string; variable: string; standard: number }): Option =>
    new Option(`${flags} <ms>`, says).env(variable).default(standard).argParser(readWait);
  return new Command('polygate-sandbox')
    .description('Issuer, acquirer host, directory server and ACS that a gateway can be tried against. Prints one line of JSON when ready.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(port('--acquirer-port', { says: 'ISO 8583 over TCP, 0 for any', variable: 'SANDBOX_ACQUIRER_PORT', standard: 8583 }))
    .addOption(
      port('--http-port', { says: 'directory server, ACS and control API, 0 for any', variable: 'SANDBOX_HTTP_PORT', standard: 8090 }),
    )
    .addOption(port('--smtp-port', { says: 'mailbox (SMTP), 0 for any', variable: 'SANDBOX_SMTP_PORT', standard: 8025 }))
    .option('--data-directory <path>', 'where the books are kept', '.polygate/sandbox')
    .addOption(
      new Option('--public-url <url>', 'how browsers reach the HTTP port, when not as this process does')
        .env('SANDBOX_PUBLIC_URL')
        .argParser(readPublicUrl),
    )
    .addOption(
      wait('--challenge-start-ms', {
        says: 'how long the ACS waits for the browser',
        variable: 'SANDBOX_CHALLENGE_START_MS',
        standard: STANDARD_TIMES.startMs,
      }),
    )
    .addOption(
      wait('--challenge-step-ms', {
        says: 'how long the ACS waits for each act of the shopper',
        variable: 'SANDBOX_CHALLENGE_STEP_MS',
        standard: STANDARD_TIMES.stepMs,
      }),
    )
    .option('--with-parent', 'end when standard input ends, as it does when the parent process is gone', false)
    .parse()
    .opts<Options>();
}

const warn = (text: string): void => {
  process.stderr.write(`sandbox: ${text}\n`);
};

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken; end what uses it, or give another --acquirer-port, --http-port or --smtp-port`;
  return error.message;
}

function endWithError(error: unknown): never {
  warn(explain(error));
  process.exit(1);
}

async function main(): Promise<void> {
  const options = readOptions();
  // A parent that is gone takes its end of the pipes along; saying so to nobody must not end this process in the middle of its work.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);

  const host = await startHost({
    address: options.host,
    port: options.acquirerPort,
    dataDirectory: options.dataDirectory,
    warn,
    onFailure: (error) => endWithError(new Error(`the journal cannot be written: ${error.message}`)),
  });
  const mailbox = await startMailbox({ address: options.host, port: options.smtpPort, faults: host.faults, warn });
  const control = await startControlServer(host, mailbox, {
    address: options.host,
    port: options.httpPort,
    publicUrl: options.publicUrl,
    dataDirectory: options.dataDirectory,
    onFailure: (error) => endWithError(new Error(`the bank's journal cannot be written: ${error.message}`)),
    challengeTimes: { startMs: options.challengeStartMs, stepMs: options.challengeStepMs },
    warn,
  });

  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    Promise.all([host.close(), control.close(), mailbox.close()]).then(() => process.exit(0), endWithError);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  if (options.withParent) {
    process.stdin.on('end', end);
    process.stdin.on('error', end);
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify({ ready: true, acquirerPort: host.port, httpPort: control.port, smtpPort: mailbox.port })}\n`);
}

main().catch(endWithError);
