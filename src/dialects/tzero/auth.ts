/**
 * Who asks: the secret key, in `X-Secret-Key` as the guide's sample has it, or in `Authorization` as its prose says. A key opens all channels of its
 * merchant; a request that names a channel names one of these.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Channel, Credential, Directory } from '../../core/merchant/channel.ts';
import { holdersOf } from '../../core/merchant/secret.ts';
import type { DialectContext } from '../dialect.ts';
import { access, identifierOf } from './access.ts';
import { takesFrom } from './policies.ts';
import { Problem } from './problem.ts';

export interface Caller {
  readonly merchantId: string;
  /** IP address. */
  readonly address: string;
}

/** Throws 401 without a key, and with one that is nobody's. */
export async function authenticate(
  { directory, limits }: Pick<DialectContext, 'directory' | 'limits'>,
  request: FastifyRequest,
): Promise<Pick<Caller, 'merchantId'>> {
  const key = keyOf(request.headers);
  if (key === undefined) throw new Problem('missing_key');
  const name = identifierOf(key);
  limits.beforeLogin(request, name);
  const known = await credentialOf(directory, key, name);
  if (known === undefined) {
    limits.loginFailed(request, name);
    throw new Problem('invalid_key');
  }
  const { merchantId } = known;
  limits.loggedIn(request, { name, merchantId });
  return { merchantId };
}

/** Whatever has another form is nobody's: it is not worth a question to the database. */
async function credentialOf(directory: Directory, key: string, identifier: string): Promise<Credential | undefined> {
  if (!access.isSecret(key)) return undefined;
  const [known] = holdersOf(await directory.credentials({ dialect: 'tzero', identifier }), key);
  return known;
}

function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const header = headers['x-secret-key'];
  if (typeof header === 'string' && header !== '') return header;
  const [, key] = /^(?:Bearer )?(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return key;
}

/** The channel that a request names. One of another merchant is answered like one that does not exist. */
export async function channelNamed(directory: Directory, caller: Caller, wireId: string): Promise<Channel> {
  const channel = await directory.channel({ dialect: 'tzero', wireId });
  if (channel === undefined || channel.merchantId !== caller.merchantId) throw new Problem('channel_not_allowed');
  return openTo(caller, channel);
}

/** Stored cards and documents are the merchant's, and no channel's: it is enough that one of its channels takes requests from there. */
export async function openToMerchant(directory: Directory, { merchantId, address }: Caller): Promise<void> {
  const channels = await directory.channelsOf({ dialect: 'tzero', merchantId });
  if (channels.length > 0 && !channels.some((channel) => takesFrom(channel, address))) throw new Problem('ip_not_allowed');
}

/** The channel of something that was found. Throws 403 where it takes no requests, or none from there. */
export function openTo({ address }: Caller, channel: Channel): Channel {
  if (!channel.enabled) throw new Problem('channel_not_allowed');
  if (!takesFrom(channel, address)) throw new Problem('ip_not_allowed');
  return channel;
}
