/** A merchant's shop for a browser: a page with the payment widget, and the page that shoppers come back to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser } from './browser.ts';

export interface Shop {
  readonly url: string;
  /** Paths and queries that browsers have asked for. */
  readonly visits: readonly string[];
  close(): Promise<void>;
}

/** `scriptUrl`: of the widget; `integrity`: its checksum. The page is at `/checkout`, in German. */
export async function startShop(page: () => { readonly scriptUrl: string; readonly integrity: string }): Promise<Shop> {
  const visits: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    visits.push(path);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    // A strict shop: of other sites it takes the widget's script and frame, nothing else.
    const { scriptUrl, integrity } = page();
    const gateway = new URL(scriptUrl).origin;
    response.setHeader('content-security-policy', `default-src 'none'; script-src ${gateway}; frame-src ${gateway}; img-src data:`);
    const head = (title: string) =>
      `<!doctype html><html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><link rel="icon" href="data:,"></head>`;
    if (path === '/checkout') {
      const widget = `<form action="/result?order=7" class="paymentWidgets" data-brands="VISA MASTER"></form>`;
      response.end(
        `${head('Kasse')}<body><main><h1>Kasse</h1>${widget}</main><script src="${scriptUrl}" integrity="${integrity}" crossorigin="anonymous"></script></body></html>`,
      );
    } else response.end(`${head('Danke')}<body><main><h1>Danke</h1></main></body></html>`);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    visits,
    async close() {
      server.closeAllConnections();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

/** A browser and the shop it is at, for the tests of a file; there while tests run. `page`: see {@link startShop}. */
export function useBrowserAtShop(page: Parameters<typeof startShop>[0]): { readonly browser: Browser; readonly shop: Shop } {
  let running: { readonly browser: Browser; readonly shop: Shop } | undefined;
  const started = () => {
    if (running === undefined) throw new Error('The browser runs only while tests do.');
    return running;
  };
  before(async () => {
    const [browser, shop] = await Promise.all([startBrowser(), startShop(page)]);
    running = { browser, shop };
  });
  after(async () => {
    await Promise.all([running?.browser.close(), running?.shop.close()]);
  });
  return {
    get browser() {
      return started().browser;
    },
    get shop() {
      return started().shop;
    },
  };
}
