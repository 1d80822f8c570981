/** `GET /metrics`, and who may read it: whoever has the key, or without a key only programs on this machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Metrics } from './metrics.ts';

/** A proxy on this machine connects from the loopback too, on behalf of anybody; what proxies add gives them away. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

export function addMetricsRoute(
  app: FastifyInstance,
  { metrics, key }: { readonly metrics: Metrics; readonly key: string | undefined },
): void {
  app.get('/metrics', async (request, reply) => {
    if (key !== undefined && !hasKey(request, key)) {
      reply.code(401).header('www-authenticate', 'Bearer');
      return { error: 'unauthorized', message: 'Send METRICS_KEY as a bearer token.' };
    }
    if (key === undefined && !isLocal(request)) {
      reply.code(403);
      return { error: 'forbidden', message: 'Metrics are for programs on the gateway’s own machine, unless METRICS_KEY is set.' };
    }
    const { contentType, body } = await metrics.render();
    return reply.type(contentType).send(body);
  });
}

function hasKey({ headers }: FastifyRequest, key: string): boolean {
  const [, given = ''] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  return timingSafeEqual(digest(given), digest(key));
}

/** Equal lengths for the comparison, whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isLocal({ socket, headers }: FastifyRequest): boolean {
  if (proxyHeaders.some((name) => headers[name] !== undefined)) return false;
  return /^(?:::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
}
