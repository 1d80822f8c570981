/** The sandbox as a process of its own: the acquirer host, and the HTTP control API beside it. */

import { Command, InvalidArgumentError, Option } from 'commander';
import { startControlServer } from './control/server.ts';
import { startHost } from './host/host.ts';

interface Options {
  readonly host: string;
  readonly acquirerPort: number;
  readonly httpPort: number;
  readonly dataDirectory: string;
  readonly withParent: boolean;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('Expected a port from 0 (any free one) to 65535.');
  return port;
}

function readOptions(): Options {
  const port = (flags: string, { says, variable, standard }: { says: string; variable: string; standard: number }): Option =>
    new Option(`${flags} <port>`, says).env(variable).default(standard).argParser(readPort);
  return new Command('polygate-sandbox')
    .description('Issuer and acquirer host that a gateway can be tried against. Prints one line of JSON when it is ready.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(port('--acquirer-port', { says: 'ISO 8583 over TCP, 0 for any', variable: 'SANDBOX_ACQUIRER_PORT', standard: 8583 }))
    .addOption(port('--http-port', { says: 'control API, 0 for any', variable: 'SANDBOX_HTTP_PORT', standard: 8090 }))
    .option('--data-directory <path>', 'where the books are kept', '.polygate/sandbox')
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
  if (code === 'EADDRINUSE') return `port ${port} is taken; end what uses it, or give another --acquirer-port or --http-port`;
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
  const control = await startControlServer(host, { address: options.host, port: options.httpPort });

  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    Promise.all([host.close(), control.close()]).then(() => process.exit(0), endWithError);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  if (options.withParent) {
    process.stdin.on('end', end);
    process.stdin.on('error', end);
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify({ ready: true, acquirerPort: host.port, httpPort: control.port })}\n`);
}

main().catch(endWithError);
