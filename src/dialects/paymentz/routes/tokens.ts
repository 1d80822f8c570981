/** Tokens: of members, of partners, and new ones for old ones. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TooManyRequests } from '../../../core/too-many-requests.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { logMemberIn, logPartnerIn, sessionOf } from '../auth.ts';
import type { Handler } from '../handler.ts';
import { Problem } from '../problem.ts';
import { readOpenRequest } from '../request.ts';
import { resultOf } from '../result-codes.ts';
import { type Login, readToken, writeToken } from '../tokens.ts';
import { type Json, writeResult, writeTime } from '../write.ts';

export const authToken: Handler = async (context, request, reply, endpoint) => {
  const parameters = readOpenRequest(request, endpoint);
  count(context, request);
  const { 'authentication.memberId': memberId, 'merchant.username': username = '' } = parameters;
  const login = await limited(context, request, { name: memberId ?? username, logIn: () => logMemberIn(context, parameters) });
  return answer(context, { request, reply }, login, { partnerId: parameters['authentication.partnerId'] });
};

export const partnerAuthToken: Handler = async (context, request, reply, endpoint) => {
  const parameters = readOpenRequest(request, endpoint);
  count(context, request);
  const partnerId = parameters['authentication.partnerId'];
  const login = await limited(context, request, { name: `partner ${partnerId}`, logIn: () => logPartnerIn(context, parameters) });
  return answer(context, { request, reply }, login, { partnerId });
};

export const regenerateToken: Handler = async (context, request, reply, endpoint) => {
  const { authToken: old = '', 'authentication.partnerId': partnerId } = readOpenRequest(request, endpoint);
  const login = await readToken(context.engine, old, { orLately: true });
  if (login === undefined || (await sessionOf(context, login)) === undefined) throw new Problem('20008', { status: 401 });
  return answer(context, { request, reply }, login, { partnerId });
};

interface LoggingIn {
  readonly name: string;
  readonly logIn: () => Promise<Login | undefined>;
}

async function limited({ limits }: DialectContext, request: FastifyRequest, { name, logIn }: LoggingIn): Promise<Login | undefined> {
  limits.beforeLogin(request, name);
  const login = await logIn();
  if (login === undefined) limits.loginFailed(request, name);
  else limits.loggedIn(request, { name });
  return login;
}

async function answer(
  { engine }: DialectContext,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  login: Login | undefined,
  { partnerId }: Json & { readonly partnerId: string | undefined },
): Promise<FastifyReply> {
  const nowMs = engine.clock.wallNow();
  if (login === undefined) return send(request, reply, { partnerId, ...writeResult(resultOf('20004'), nowMs) });
  const isPartner = login.role === 'partner';
  return send(request, reply, {
    partnerId: partnerId ?? (isPartner ? login.identifier : undefined),
    memberId: isPartner ? undefined : login.identifier,
    result: { ...resultOf('200') },
    timestamp: writeTime(nowMs),
    LoginName: login.login,
    AuthToken: await writeToken(engine, login),
  });
}

/** Whoever guesses keys is slowed down: all logins of one address count together. */
function count({ limits }: DialectContext, request: FastifyRequest): void {
  const counted = limits.countRequest({ merchantId: 'paymentz', subject: `login ${request.ip}` });
  if (!counted.allowed) throw new TooManyRequests(counted.retryAfterMs);
}
