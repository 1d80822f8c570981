/**
 * Who asks: a bearer token (base64 of `userId|password`) or, as older clients do, user id and password among the parameters; and the entity,
 * which names the channel. A token opens all entities of its merchant.
 */
import type { FastifyRequest } from 'fastify';
import type { Channel } from '../../core/merchant/channel.ts';
import { holdersOf } from '../../core/merchant/secret.ts';
import type { DialectContext } from '../dialect.ts';
import { Problem, parameterProblem } from './problem.ts';
import type { Parameters } from './wire.ts';

interface Login {
  readonly userId: string;
  readonly password: string;
}

/** The channel of a request. Throws 401 without credentials, 403 with wrong ones, 400 for an entity that does not exist. */
export async function authenticate(
  { directory, limits }: Pick<DialectContext, 'directory' | 'limits'>,
  request: FastifyRequest,
  parameters: Parameters,
): Promise<Channel> {
  const login = loginOf(request.headers.authorization, parameters);
  if (login === undefined) throw new Problem('800.900.300', { status: 401 });
  const entityId = parameters.entityId ?? parameters['authentication.entityId'];
  if (entityId === undefined || !/^[a-f0-9]{32}$/.test(entityId)) throw entityProblem(parameters, entityId);
  const name = login.userId;
  limits.beforeLogin(request, name);
  const channel = await directory.channel({ dialect: 'opp', wireId: entityId });
  const credentials = isUserId(login.userId) ? await directory.credentials({ dialect: 'opp', identifier: login.userId }) : [];
  const known = holdersOf(credentials, login.password);
  const [first] = known;
  if (first === undefined) {
    limits.loginFailed(request, name);
    throw new Problem('800.900.300', { status: 403 });
  }
  limits.loggedIn(request, { name, merchantId: first.merchantId });
  if (channel === undefined) throw entityProblem(parameters, entityId);
  if (!known.some(({ merchantId }) => merchantId === channel.merchantId)) throw new Problem('800.900.300', { status: 403 });
  if (!channel.enabled) throw new Problem('500.100.201');
  return channel;
}

function loginOf(authorization: string | undefined, parameters: Parameters): Login | undefined {
  if (authorization !== undefined) {
    const [, token] = /^Bearer ([A-Za-z0-9+/_-]+={0,2})$/i.exec(authorization) ?? [];
    if (token === undefined) return undefined;
    const [userId, password] = splitOnce(Buffer.from(token, 'base64').toString('utf8'), '|');
    return userId === undefined || password === undefined ? undefined : { userId, password };
  }
  const { 'authentication.userId': userId, 'authentication.password': password } = parameters;
  return userId === undefined || password === undefined ? undefined : { userId, password };
}

/** Whatever else is sent is nobody's: it is not worth a question to the database, nor a place in memory. */
function isUserId(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text);
}

function splitOnce(text: string, separator: string): readonly [string?, string?] {
  const at = text.indexOf(separator);
  return at < 1 || text.includes('\0') ? [] : [text.slice(0, at), text.slice(at + 1)];
}

/** Names are case-sensitive, and the wrong case is what integrators meet first. */
function entityProblem(parameters: Parameters, entityId: string | undefined): Problem {
  const meant = Object.keys(parameters).find((name) => name !== 'entityId' && name.toLowerCase() === 'entityid');
  const hint = meant === undefined ? '' : ` (did you mean entityId instead of ${meant}?)`;
  return parameterProblem('entityId', entityId, `invalid or missing parameter${hint}`);
}
