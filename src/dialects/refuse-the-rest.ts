/** What no endpoint of a protocol has is answered in that protocol's own shape: other methods on the paths that there are, and every other path beside them. */
import type { FastifyInstance } from 'fastify';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export interface TheRest {
  /** Paths with a star that belong to the protocol: what is not there is not found. */
  readonly beside: readonly string[];
  /** Endpoints elsewhere stand among pages that are not the protocol's, so their other methods are left alone; absent: all are the protocol's own. */
  readonly within?: string;
  /** Thrown, and answered by the dialect. */
  readonly notFound: () => Error;
  readonly otherMethod: (method: string) => Error;
}

/** Registers the endpoints, and then the rest. */
export function registerAll(app: FastifyInstance, registerEndpoints: () => void, rest: TheRest): void {
  const taken = new Map<string, readonly string[]>();
  let isFull = false;
  app.addHook('onRoute', ({ url, method }) => {
    if (isFull) return;
    const added = [method].flat().filter((name) => methods.includes(name));
    taken.set(url, [...new Set([...(taken.get(url) ?? []), ...added])].toSorted());
  });
  registerEndpoints();
  isFull = true;
  refuse(app, taken, rest);
}

function refuse(
  app: FastifyInstance,
  taken: ReadonlyMap<string, readonly string[]>,
  { beside, within = '/', notFound, otherMethod }: TheRest,
): void {
  for (const [url, names] of taken) {
    const others = methods.filter((name) => !names.includes(name));
    if (others.length === 0 || !url.startsWith(within)) continue;
    app.route({
      ...{ method: others, url, exposeHeadRoute: false },
      handler: (request, reply) => {
        reply.header('allow', names.join(', '));
        throw otherMethod(request.method);
      },
    });
  }
  for (const url of beside) {
    if (taken.has(url)) continue;
    app.route({
      ...{ method: methods, url, exposeHeadRoute: false },
      handler: () => {
        throw notFound();
      },
    });
  }
}
