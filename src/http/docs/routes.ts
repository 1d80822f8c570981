/**
 * `/docs`: the dialects this gateway speaks, each with a page that describes its API and can try it out, and the OpenAPI document behind it.
 * Everything comes from the gateway itself: a strict policy keeps the page from asking anybody else.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { sendAsset } from '../assets.ts';
import { readAssets } from './assets.ts';
import { type DocumentedDialect, dialectPage, listPage } from './pages.ts';

/** Scripts, styles and connections are from here alone; pictures also from the style sheet itself. The form sends to the gateway that serves it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const pageHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

export function addDocsRoutes(app: FastifyInstance, dialects: readonly DocumentedDialect[]): void {
  const assets = readAssets();
  app.get('/docs', (_request, reply) => sendPage(reply, listPage(dialects)));
  // Whoever opens the gateway's bare address in a browser looks for a way in.
  app.get('/', (_request, reply) => reply.redirect('/docs', 302));
  app.get('/docs/', (_request, reply) => reply.redirect('/docs', 308));
  app.get<{ Params: { file: string } }>('/docs/assets/:file', async (request, reply) => {
    const asset = assets.get(request.params.file);
    if (asset === undefined) return reply.callNotFound();
    return sendAsset(reply, await asset, { asked: request.headers, headers: pageHeaders });
  });
  for (const dialect of dialects) {
    const { name, describe } = dialect;
    // Made when it is first asked for, and once: it is as long as a small book.
    let document: Buffer | undefined;
    app.get(`/docs/${name}`, (_request, reply) => sendPage(reply, dialectPage(dialect)));
    app.get(`/docs/${name}/openapi.json`, (_request, reply) => {
      document ??= Buffer.from(JSON.stringify(describe().document));
      return reply.headers(pageHeaders).type('application/json; charset=utf-8').send(document);
    });
  }
}

function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply.headers(pageHeaders).type('text/html; charset=utf-8').send(html);
}
