/** Who may use the console API: the operator with the admin key, and whoever may only look with the viewer key. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ConsoleProblem } from './problem.ts';

export interface ConsoleKeys {
  readonly operator: string | undefined;
  readonly viewer: string | undefined;
}

export type Role = 'admin' | 'viewer';

/** Throws a problem when the request has no key of at least this role. */
export function requireRole(keys: ConsoleKeys, request: FastifyRequest, needed: Role): void {
  const role = roleOf(keys, request);
  if (role === undefined) {
    const message = 'Send the key of the operator (OPERATOR_KEY) or of a viewer (VIEWER_KEY) as a bearer token.';
    throw new ConsoleProblem(401, { error: 'unauthorized', message });
  }
  if (needed === 'admin' && role !== 'admin') {
    throw new ConsoleProblem(403, { error: 'forbidden', message: 'A viewer may only look; send the key of the operator (OPERATOR_KEY).' });
  }
}

function roleOf({ operator, viewer }: ConsoleKeys, { headers }: FastifyRequest): Role | undefined {
  const [, given = ''] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  // Both are always compared, so that the time tells nothing.
  const isOperator = isSame(given, operator);
  const isViewer = isSame(given, viewer);
  if (isOperator) return 'admin';
  return isViewer ? 'viewer' : undefined;
}

/** Equal lengths for the comparison, whatever was sent; a key that is not set opens nothing. */
function isSame(given: string, key: string | undefined): boolean {
  const same = timingSafeEqual(digest(given), digest(key ?? ''));
  return key !== undefined && same;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
