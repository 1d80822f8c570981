/**
 * Who asks. A login gets a token; with it come requests, each signed with the member's key. A partner's token acts for the members that the partner
 * has brought, and may sign with the partner's key.
 */
import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { Channel, Credential } from '../../core/merchant/channel.ts';
import type { Partner } from '../../core/merchant/partner.ts';
import { holdersOf } from '../../core/merchant/secret.ts';
import type { DialectContext } from '../dialect.ts';
import { type Formula, isSigned, type Signer } from './checksum.ts';
import { Problem, parameterProblem } from './problem.ts';
import { type Login, readToken } from './tokens.ts';
import type { Parameters } from './wire.ts';

export const dialect = 'paymentz';

/** Whoever the token belongs to. */
export type Session =
  | { readonly role: 'merchant'; readonly memberId: string; readonly merchantId: string }
  | { readonly role: 'partner'; readonly partner: Partner };

/** The merchant that a request is about. */
export interface Caller {
  readonly merchantId: string;
  readonly memberId: string;
  readonly signers: readonly Signer[];
}

/** A member by login and key, through a partner or by the member's id; undefined when anything of it is wrong. */
export async function logMemberIn({ directory }: DialectContext, parameters: Parameters): Promise<Login | undefined> {
  const { 'authentication.partnerId': partnerId, 'merchant.username': username, 'authentication.sKey': key = '' } = parameters;
  const named = parameters['authentication.memberId'];
  const partner = partnerId === undefined ? undefined : await directory.partner({ dialect, identifier: partnerId });
  const brought = partner?.merchants.find(({ login }) => login === username);
  // Those who came without a partner log in with their member id.
  const memberId = brought?.identifier ?? named ?? username;
  if (memberId === undefined || (named !== undefined && named !== memberId) || !/^[0-9]{1,10}$/.test(memberId)) return undefined;
  if (partnerId !== undefined && username !== undefined && brought === undefined && username !== memberId) return undefined;
  const [credential] = holdersOf(await directory.credentials({ dialect, identifier: memberId }), key);
  if (credential === undefined) return undefined;
  return { role: 'merchant', login: maskCardNumbers(username ?? memberId), identifier: memberId, boundTo: credential.credentialId };
}

export async function logPartnerIn({ directory }: DialectContext, parameters: Parameters): Promise<Login | undefined> {
  const { 'authentication.partnerId': identifier = '', 'partner.userName': login, 'authentication.sKey': key = '' } = parameters;
  const partner = await directory.partner({ dialect, identifier });
  if (partner === undefined || partner.login !== login || holdersOf([partner], key).length === 0) return undefined;
  return { role: 'partner', login, identifier, boundTo: bindingOf(partner) };
}

/** A partner with another key is another one: tokens end with the key that they were given for. */
function bindingOf({ partnerId, secretHash }: Partner): string {
  return hash('sha256', `${partnerId} ${Buffer.from(secretHash).toString('hex')}`);
}

/** Whether what a token was given for is still there. */
export async function sessionOf({ directory }: DialectContext, login: Login): Promise<Session | undefined> {
  const { role, identifier, boundTo } = login;
  if (role === 'partner') {
    const partner = await directory.partner({ dialect, identifier });
    return partner !== undefined && bindingOf(partner) === boundTo ? { role, partner } : undefined;
  }
  const credential = (await directory.credentials({ dialect, identifier })).find(({ credentialId }) => credentialId === boundTo);
  return credential === undefined ? undefined : { role, memberId: identifier, merchantId: credential.merchantId };
}

/** Throws 401 without a token that is good. */
export async function authenticate(context: DialectContext, header: string | readonly string[] | undefined): Promise<Session> {
  const login = typeof header === 'string' ? await readToken(context.engine, header.trim()) : undefined;
  const session = login === undefined ? undefined : await sessionOf(context, login);
  if (session === undefined) throw new Problem('20008', { status: 401 });
  return session;
}

/** The member that the request names, who must be the token's, or one of the partner's. */
export async function callerOf(
  { directory, engine, limits }: DialectContext,
  request: FastifyRequest,
  { session, memberId }: { readonly session: Session; readonly memberId: string },
): Promise<Caller> {
  const found = await directory.credentials({ dialect, identifier: memberId });
  const [credential] = found;
  const isAllowed =
    session.role === 'merchant'
      ? session.memberId === memberId
      : session.partner.merchants.some(({ identifier, merchantId }) => identifier === memberId && merchantId === credential?.merchantId);
  if (credential === undefined || !isAllowed) {
    throw new Problem('20008', { status: 401, text: 'authentication.memberId: is not the member of the AuthToken' });
  }
  limits.loggedIn(request, { name: memberId, merchantId: credential.merchantId });
  const keys = found.flatMap((one) => secretOf({ engine }, one) ?? []);
  const partner = session.role === 'partner' ? session.partner : undefined;
  const partnerKey =
    partner?.sealedSecret === undefined
      ? undefined
      : engine.vault.openSecret({ merchantId: partner.partnerId, secretId: partner.partnerId, sealed: partner.sealedSecret });
  return {
    ...{ merchantId: credential.merchantId, memberId },
    signers: [
      ...keys.map((key) => ({ who: memberId, key })),
      ...(partner === undefined || partnerKey === undefined ? [] : [memberId, partner.identifier].map((who) => ({ who, key: partnerKey }))),
    ],
  };
}

/** A member who is known by the checksum alone. */
export async function callerOfMember(context: DialectContext, memberId: string): Promise<Caller> {
  const found = await context.directory.credentials({ dialect, identifier: memberId });
  const [credential] = found;
  if (credential === undefined) throw new Problem('20003');
  const keys = found.flatMap((one) => secretOf(context, one) ?? []);
  return { merchantId: credential.merchantId, memberId, signers: keys.map((key) => ({ who: memberId, key })) };
}

function secretOf({ engine }: Pick<DialectContext, 'engine'>, { merchantId, credentialId, sealedSecret }: Credential): string | undefined {
  return sealedSecret === undefined ? undefined : engine.vault.openSecret({ merchantId, secretId: credentialId, sealed: sealedSecret });
}

/** The key that messages to a merchant are signed with: the newest. */
export async function signingKey(context: Pick<DialectContext, 'engine' | 'directory'>, merchantId: string): Promise<string | undefined> {
  for (const credential of await context.directory.credentialsOf({ dialect, merchantId })) {
    const key = secretOf(context, credential);
    if (key !== undefined) return key;
  }
  return undefined;
}

/** Throws when the checksum was made over something else, or with another key. */
export function requireChecksum({ signers }: Caller, parameters: Parameters, ...allowed: readonly Formula[]): void {
  if (!isSigned(parameters['authentication.checksum'] ?? '', allowed, signers)) throw new Problem('20003');
}

/** The terminal that the request names, or the only one. */
export async function terminalOf({ directory }: DialectContext, { merchantId }: Caller, parameters: Parameters): Promise<Channel> {
  const channels = await directory.channelsOf({ dialect, merchantId });
  const terminalId = parameters['authentication.terminalId'];
  if (terminalId === undefined && channels.length > 1) {
    throw parameterProblem('20001', 'authentication.terminalId', 'is missing, and the member has several terminals');
  }
  const channel = terminalId === undefined ? channels[0] : channels.find(({ wireId }) => wireId === terminalId);
  if (channel?.enabled !== true)
    throw parameterProblem('20005', 'authentication.terminalId', 'is no terminal of this member, or is disabled');
  return channel;
}
