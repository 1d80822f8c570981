/** What requests to the API have in common: who asks, and both forms of each path. */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Channel } from '../../core/merchant/channel.ts';
import type { DialectContext } from '../dialect.ts';
import { authenticate, type Purpose } from './auth.ts';
import { isObject } from './fields.ts';
import { isUuid } from './ids.ts';
import { policiesOf } from './policies.ts';
import { fieldProblem, Problem } from './problem.ts';

export type ById = { readonly id: string };

/** The merchant that asks; throws 401. */
export function merchantOf(context: DialectContext, request: FastifyRequest, purposes?: readonly Purpose[]): Promise<string> {
  return authenticate(context, request, purposes);
}

/** The merchant's own brand; throws 400 when there is none, also when it is another merchant's. */
export async function brandOf({ directory }: DialectContext, merchantId: string, brandId: string): Promise<Channel> {
  const channel = await directory.channel({ dialect: 'qorepay', wireId: brandId.toLowerCase() });
  if (channel === undefined || channel.merchantId !== merchantId || !channel.enabled) {
    throw fieldProblem('brand_id', 'does_not_exist', 'There is no such brand, or this key may not use it.');
  }
  return channel;
}

/** The currency of a purchase of the brand that names none; undefined: it has to. */
export async function standardCurrencyOf({ directory }: DialectContext, merchantId: string, body: unknown): Promise<string | undefined> {
  const brandId = isObject(body) ? body.brand_id : undefined;
  if (!isUuid(brandId)) return undefined;
  const channel = await directory.channel({ dialect: 'qorepay', wireId: brandId.toLowerCase() });
  return channel?.merchantId === merchantId ? policiesOf(channel).currency : undefined;
}

/** For what may be there, or may be made. */
export function unlessMissing(error: unknown): undefined {
  if (error instanceof Problem && error.status === 404) return undefined;
  throw error;
}

/** A path with its slash at the end, as the platform has it, and without, as many clients write it. */
export function both(
  app: FastifyInstance,
  method: 'get' | 'post' | 'put' | 'patch' | 'delete',
  path: string,
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
): void {
  app[method](path, { exposeHeadRoute: false }, handler as RouteHandlerMethod);
  // A list of methods: the second form is no endpoint of its own.
  const bare = path.replace(/\/$/, '').replace(/^\/p\/:id$/, '/p/:id([0-9a-fA-F]{8}-[0-9a-fA-F-]{27})');
  app.route({ method: [method.toUpperCase()], url: bare, exposeHeadRoute: false, handler: handler as RouteHandlerMethod });
}

export function paramsOf<T>(request: FastifyRequest): T {
  return request.params as T;
}

export function queryOf(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const query = request.query as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, typeof value === 'string' ? value : undefined]));
}

/** Parameters of the query that have to be there. Throws 400 that names all that are not. */
export function requiredIn<Name extends string>(request: FastifyRequest, names: readonly Name[]): Readonly<Record<Name, string>> {
  const query = queryOf(request);
  const missing = names.filter((name) => query[name] === undefined);
  if (missing.length > 0) {
    throw new Problem(400, Object.fromEntries(missing.map((name) => [name, [{ code: 'required', message: 'This field is required.' }]])));
  }
  return query as Readonly<Record<Name, string>>;
}

/** 1 to 255 printable characters, or nothing. Throws 400. */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = String(header);
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) throw fieldProblem('Idempotency-Key', 'invalid', 'Expected 1 to 255 printable ASCII characters.');
  return key;
}
