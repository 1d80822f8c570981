/**
 * Who asks. A company has API keys and S2S tokens, both bearer tokens: an API key opens everything but paying with card data, and an S2S token opens
 * nothing else. Which of them a credential is, its identifier says.
 */
import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { holdersOf } from '../../core/merchant/secret.ts';
import type { DialectContext } from '../dialect.ts';
import { unauthorized } from './problem.ts';

export type Purpose = 'api' | 's2s';

/** A key made here is the base64url of its identifier, a colon and its secret; a key brought along is found by its own hash. */
export function identifierOfKey(key: string): string {
  return `key-${hash('sha256', key, 'hex').slice(0, 32)}`;
}

/** The same with its purpose. */
export function identifierOf(key: string, purpose: Purpose): string {
  return purpose === 's2s' ? `s2s-${identifierOfKey(key)}` : identifierOfKey(key);
}

export function purposeOf(identifier: string): Purpose {
  return identifier.startsWith('s2s-') ? 's2s' : 'api';
}

/** The merchant behind a bearer token; throws 401. */
export async function authenticate(
  { directory, limits }: Pick<DialectContext, 'directory' | 'limits'>,
  request: FastifyRequest,
  purposes: readonly Purpose[] = ['api'],
): Promise<string> {
  const [, key] = /^Bearer +([\x21-\x7e]{8,256})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (key === undefined) throw unauthorized();
  const readings = readingsOf(key, purposes);
  const [{ identifier: name } = { identifier: '' }] = readings;
  limits.beforeLogin(request, name);
  for (const { identifier, secret } of readings) {
    const [found] = holdersOf(await directory.credentials({ dialect: 'qorepay', identifier }), secret);
    if (found === undefined) continue;
    limits.loggedIn(request, { name, merchantId: found.merchantId });
    return found.merchantId;
  }
  limits.loginFailed(request, name);
  throw unauthorized();
}

/** What a key may be: the hash of it under either purpose, or what it says by itself. */
function readingsOf(key: string, purposes: readonly Purpose[]): readonly { readonly identifier: string; readonly secret: string }[] {
  const [, identifier, secret] = /^([a-z0-9-]{4,48}):([\x21-\x7e]{16,128})$/.exec(Buffer.from(key, 'base64url').toString('latin1')) ?? [];
  const told = identifier === undefined || secret === undefined ? [] : [{ identifier, secret }];
  return [
    ...told.filter((login) => purposes.includes(purposeOf(login.identifier))),
    ...purposes.map((purpose) => ({ identifier: identifierOf(key, purpose), secret: key })),
  ];
}
