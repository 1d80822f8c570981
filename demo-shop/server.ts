/** The shop's HTTP server: shelf, basket, checkout, the way back from the bank, the order. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Basket, createBaskets, totalOf } from './basket.ts';
import { type Fields, readBrowser, readCheckout } from './card-form.ts';
import { createGateways } from './gateways/registry.ts';
import { createOrders, type Order } from './orders.ts';
import { basketPage, catalogPage, checkoutPage, messagePage, orderPage, redirectPage } from './pages.ts';

export interface ShopOptions {
  readonly host: string;
  /** 0 chooses a free one. */
  readonly port: number;
  /** Scheme, host and port of the gateway, without a slash at the end. */
  readonly gatewayUrl: string;
}

export interface RunningShop {
  readonly port: number;
  stop(): Promise<void>;
}

const files = [
  ['shop.css', 'text/css; charset=utf-8'],
  ['checkout.js', 'text/javascript; charset=utf-8'],
  ['art.svg', 'image/svg+xml'],
] as const;

export async function startShop({ host, port, gatewayUrl }: ShopOptions): Promise<RunningShop> {
  const app = Fastify({ bodyLimit: 65_536, requestTimeout: 30_000, forceCloseConnections: true });
  let publicUrl = '';
  addFiles(app);
  addPages(app, { gatewayUrl, publicUrl: () => publicUrl });
  await app.listen({ host, port });
  const listening = (app.server.address() as { readonly port: number }).port;
  publicUrl = `http://${host}:${listening}`;
  return { port: listening, stop: () => app.close() };
}

function addFiles(app: FastifyInstance): void {
  for (const [name, type] of files) {
    const content = readFileSync(join(import.meta.dirname, name));
    app.get(`/${name}`, (_request, reply) => reply.type(type).header('x-content-type-options', 'nosniff').send(content));
  }
}

/** The forms that leave the shop go to the gateway, whose pages lead on to a bank's. */
const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'";

function send(reply: FastifyReply, text: string, status = 200): FastifyReply {
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .headers({ 'content-security-policy': policy, 'cache-control': 'no-store' })
    .send(text);
}

function addPages(
  app: FastifyInstance,
  { gatewayUrl, publicUrl }: { readonly gatewayUrl: string; readonly publicUrl: () => string },
): void {
  const gateways = createGateways(gatewayUrl);
  const baskets = createBaskets();
  const orders = createOrders(publicUrl);
  const basketOf = (request: FastifyRequest, reply: FastifyReply): { readonly basket: Basket; readonly cookie: string } => {
    const found = baskets.of(/(?:^|;\s*)shop=([0-9a-f]{32})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1]);
    void reply.header('set-cookie', `shop=${found.cookie}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400`);
    return found;
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(body as string)));
  });
  app.setNotFoundHandler((_request, reply) => send(reply, messagePage('There is no such page', 'It may have moved, or never was.'), 404));
  app.setErrorHandler((error, _request, reply) => {
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status >= 400 && status < 500) return send(reply, messagePage('That cannot be read', 'Go back and send the form again.'), status);
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return send(reply, messagePage('Something went wrong', 'The shop has a fault. Nothing was charged by this page.'), 500);
  });

  app.get('/', (request, reply) => send(reply, catalogPage(basketOf(request, reply).basket)));
  app.get('/basket', (request, reply) => send(reply, basketPage(basketOf(request, reply).basket)));
  app.post('/basket', (request, reply) => {
    const { product = '', change = '' } = (request.body ?? {}) as Fields;
    basketOf(request, reply).basket.add(product, change === '-1' ? -1 : 1);
    return reply.redirect('/basket', 303);
  });
  app.get('/checkout', (request, reply) => {
    const { basket } = basketOf(request, reply);
    if (basket.lines().length === 0) return reply.redirect('/basket', 303);
    const chosen = String((request.query as { readonly gateway?: string }).gateway ?? gateways[0]?.name);
    return send(reply, checkoutPage({ basket, gateways, chosen, formKey: randomBytes(16).toString('hex') }));
  });
  app.post('/orders', async (request, reply) => {
    const { basket, cookie } = basketOf(request, reply);
    const fields = (request.body ?? {}) as Fields;
    const lines = basket.lines();
    const gateway = gateways.find(({ name }) => name === fields.gateway) ?? gateways[0];
    if (gateway === undefined) throw new Error('the shop knows no gateway');
    const formKey = /^[0-9a-f]{32}$/.test(fields.formKey ?? '') ? (fields.formKey as string) : randomBytes(16).toString('hex');
    const read = readCheckout(fields);
    if ('faults' in read) {
      return send(reply, checkoutPage({ basket, gateways, chosen: gateway.name, formKey, fields, faults: read.faults }), 422);
    }
    const known = lines.length === 0;
    if (known) return reply.redirect('/basket', 303);
    const browser = readBrowser(fields, request.headers, request.ip);
    const order = await orders.place({ formKey, cookie, lines, total: totalOf(lines), gateway, browser, ...read.input });
    if (order.progress.kind === 'paid') basket.empty();
    return onward(reply, order);
  });
  app.get('/orders/:reference/continue', (request, reply) => {
    const order = ownOrder(request, reply);
    return order === undefined ? unknownOrder(reply) : onward(reply, order);
  });
  app.get('/orders/:reference', async (request, reply) => {
    const order = ownOrder(request, reply);
    if (order === undefined) return unknownOrder(reply);
    const { basket } = basketOf(request, reply);
    if (order.progress.kind === 'pending') await orders.refresh(order, new URLSearchParams());
    if (order.progress.kind === 'paid') basket.empty();
    return send(reply, orderPage({ order, basket }));
  });
  // Shoppers come back by GET, or with a form where their bank prefers that.
  app.route({ method: ['GET', 'POST'], url: '/return/:gateway/:reference', handler: (request, reply) => comeBack(request, reply) });
  app.route({ method: ['GET', 'POST'], url: '/return/:gateway', handler: (request, reply) => comeBack(request, reply) });

  function ownOrder(request: FastifyRequest, reply: FastifyReply): Order | undefined {
    const order = orders.find((request.params as { readonly reference: string }).reference);
    return order?.cookie === basketOf(request, reply).cookie ? order : undefined;
  }

  function unknownOrder(reply: FastifyReply): FastifyReply {
    return send(
      reply,
      messagePage('There is no such order', 'Orders are kept until the shop is stopped, and shown to the browser that made them.'),
      404,
    );
  }

  function onward(reply: FastifyReply, { progress, reference }: Order): FastifyReply {
    if (progress.kind !== 'redirect') return reply.redirect(`/orders/${reference}`, 303);
    return progress.method === 'GET' ? reply.redirect(progress.url, 303) : send(reply, redirectPage(progress));
  }

  async function comeBack(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { gateway: name, reference } = request.params as { readonly gateway: string; readonly reference?: string };
    const returned = new URL(request.url, 'http://shop').searchParams;
    for (const [key, value] of Object.entries((request.body ?? {}) as Fields)) returned.set(key, value);
    const gateway = gateways.find((one) => one.name === name);
    const order = orders.find(reference ?? gateway?.referenceIn?.(returned) ?? '');
    if (order === undefined || order.gateway !== gateway) return unknownOrder(reply);
    await orders.refresh(order, returned);
    return reply.redirect(`/orders/${order.reference}`, 303);
  }
}
