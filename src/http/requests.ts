/**
 * What every request gets, whatever it is for: an id, which answers and log lines bear, its time, and a refusal when the node is about to stop.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createGathering } from '../core/together.ts';
import { idsOf, type Observer } from '../observability/observer.ts';
import { runAs, type Work } from '../observability/work.ts';
import { withoutHost } from './limits/unreadable.ts';

export interface RequestOptions {
  readonly observer: Observer;
  /** Answers say how long each step took: for whoever develops against a sandbox. */
  readonly tellsTimings: boolean;
}

/** The end of a node, as its requests see it. */
export interface Draining {
  /** The node says that it is about to stop, and that connections end after their answer; it goes on serving. */
  announce(): void;
  /** New requests are refused from now on, with 503 and the end of their connection. Resolves when those under way are answered. */
  refuse(): Promise<void>;
  isAnnounced(): boolean;
}

export const newRequestId = (): string => randomUUIDv7();

/** Health is told to the end. */
const alwaysAnswered = new Set(['/healthz', '/readyz', '/metrics']);

export function addRequestHooks(app: FastifyInstance, { observer, tellsTimings }: RequestOptions): Draining {
  const works = new WeakMap<FastifyRequest, Work>();
  const together = createGathering();
  const drained = Promise.withResolvers<void>();
  let isAnnounced = false;
  let isRefusing = false;
  let underWay = 0;

  function isOver(): void {
    underWay -= 1;
    if (isRefusing && underWay === 0) drained.resolve();
  }

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (isRefusing && !alwaysAnswered.has(request.routeOptions.url ?? '')) {
      reply.code(503).headers({ connection: 'close', 'retry-after': '1' }).send({
        error: 'stopping',
        message: 'This node is about to stop and has done nothing of this request; send it again, to another node.',
      });
      return;
    }
    const { raw } = request;
    if (raw.headers.host === undefined && raw.httpVersion === '1.1') {
      const { error, message } = withoutHost;
      reply.code(400).header('connection', 'close').send({ error, message });
      return;
    }
    if (isAnnounced) reply.header('connection', 'close');
    underWay += 1;
    reply.raw.once('close', isOver);
    const work = observer.begin({ requestId: request.id, route: `${request.method} ${request.routeOptions.url ?? 'unknown'}` });
    works.set(request, work);
    runAs(work, done);
  });
  // Whoever was refused at the door is gone by now.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const work = works.get(request);
    together(() => (work === undefined ? done(null, payload) : runAs(work, () => done(null, payload))));
  });
  // What reads a body goes on where its bytes come in, outside the request's own way.
  app.addHook('preValidation', (request, _reply, done) => {
    const work = works.get(request);
    if (work === undefined) done();
    else runAs(work, done);
  });
  if (tellsTimings) {
    app.addHook('onSend', (request, reply, payload, done) => {
      tellTimings(works.get(request), (text) => reply.header('server-timing', text));
      done(null, payload);
    });
  }
  if (observer.tracing !== undefined) {
    app.addHook('onResponse', (request, reply, done) => {
      const work = works.get(request);
      work?.span?.set({ ...idsOf(work), 'http.response.status_code': reply.statusCode });
      work?.span?.end({ failed: reply.statusCode >= 500 });
      done();
    });
  }
  return {
    announce() {
      isAnnounced = true;
    },
    refuse() {
      isAnnounced = true;
      isRefusing = true;
      if (underWay === 0) drained.resolve();
      return drained.promise;
    },
    isAnnounced: () => isAnnounced,
  };
}

/** Names and milliseconds (W3C Server Timing): steps that were taken several times are summed up. */
function tellTimings(work: Work | undefined, tell: (text: string) => void): void {
  if (work === undefined) return;
  const sums = new Map<string, number>();
  for (const { name, durationMs } of work.steps) sums.set(name, (sums.get(name) ?? 0) + durationMs);
  sums.set('total', performance.now() - work.startedMs);
  tell([...sums].map(([name, durationMs]) => `${name};dur=${durationMs.toFixed(1)}`).join(', '));
}
