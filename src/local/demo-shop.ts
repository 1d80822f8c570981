/** The demo shop, in a process of its own: like any merchant's server it reaches the gateway over HTTP only. */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type RunningChild, startChild } from './child.ts';

export type DemoShopOptions = {
  /** Loopback port; 0 chooses a free one. */
  readonly port: number;
  /** The gateway's address, without a slash at the end. */
  readonly gatewayUrl: string;
  readonly log: (message: string) => void;
};

const entry = join(import.meta.dirname, '..', '..', 'demo-shop', `main${extname(import.meta.filename)}`);

/** False in an installation without the shop. */
export function hasDemoShop(): boolean {
  return existsSync(entry);
}

/** Where it is found from this machine; port 0 stands for one that is not known yet. */
export function shopUrlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export function startDemoShop({ port, gatewayUrl, log }: DemoShopOptions): Promise<RunningChild<{ readonly port: number }>> {
  return startChild({
    name: 'the demo shop',
    entry,
    log,
    argumentsFor: (before) => ['--port', String(before?.port ?? port), '--gateway', gatewayUrl],
    readReady: ({ port: found }) => (typeof found === 'number' ? { port: found } : undefined),
  });
}
