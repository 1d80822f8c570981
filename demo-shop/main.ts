/** The demo shop as a process of its own: a merchant's server and pages, which know the gateway by its public API alone. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { startShop } from './server.ts';

interface Options {
  readonly host: string;
  readonly port: number;
  readonly gateway: string;
  readonly withParent: boolean;
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('Expected a port from 0 (any free one) to 65535.');
  return Number(text);
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new InvalidArgumentError('Expected a URL like http://127.0.0.1:8080.');
  return url.origin;
}

const { host, port, gateway, withParent } = new Command('polygate-demo-shop')
  .description('A shop that is paid through a Polygate sandbox. Prints one line of JSON when ready.')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .addOption(new Option('--port <port>', '0 for any').env('SANDBOX_SHOP_PORT').default(8070).argParser(readPort))
  .addOption(new Option('--gateway <url>', 'the gateway that takes the payments').default('http://127.0.0.1:8080').argParser(readUrl))
  .option('--with-parent', 'end when standard input does', false)
  .parse()
  .opts<Options>();

const shop = await startShop({ host, port, gatewayUrl: gateway });
process.stdout.write(`${JSON.stringify({ ready: true, port: shop.port })}\n`);

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  void shop.stop().then(() => process.exit(0));
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
if (withParent) process.stdin.on('end', stop).resume();
