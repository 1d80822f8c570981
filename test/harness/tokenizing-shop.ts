/** A merchant's shop for a browser whose page shows the card form of the Hosted Tokenization Page, with a button of the shop's own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenizingShop {
  readonly url: string;
  close(): Promise<void>;
}

export interface FormSession {
  readonly gatewayUrl: string;
  readonly formUrl: string;
  readonly integrity: string;
  /** As the page's script hands them over. */
  readonly options: object;
  readonly token?: string;
}

/** The result of each press of the button is the text of `#result`; whether the form is complete, that of `#valid`. */
export async function startTokenizingShop(session: () => FormSession): Promise<TokenizingShop> {
  const server = createServer((request, response) => {
    const { gatewayUrl, formUrl, integrity, options, token } = session();
    // A strict shop: of other sites it takes the form's script and frame, nothing else.
    response.setHeader(
      'content-security-policy',
      `default-src 'none'; script-src 'self' ${gatewayUrl}; frame-src ${gatewayUrl}; img-src data:`,
    );
    if (request.url === '/page.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(`const say = (id, value) => { document.getElementById(id).textContent = JSON.stringify(value); };
const given = [${JSON.stringify(formUrl)}, 'card-form', { ...${JSON.stringify(options)}, validationCallback: (result) => say('valid', result) }, ${JSON.stringify(token)}];
const tokenizer = new Tokenizer(...given);
tokenizer.initialize().then(() => say('result', 'ready'), (error) => say('result', error.message));
document.getElementById('buy').addEventListener('click', async () => say('result', await tokenizer.submitTokenization()));`);
      return;
    }
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,"></head>
<body><main><h1>Checkout</h1><div id="card-form"></div><button id="buy">Buy</button><output id="result"></output><output id="valid"></output></main>
<script src="${gatewayUrl}/hostedtokenization/js/client/tokenizer.min.js" integrity="${integrity}" crossorigin="anonymous"></script><script src="/page.js"></script></body></html>`);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
