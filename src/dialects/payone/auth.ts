/**
 * Who asks: every request is signed (`Authorization: GCS v1HMAC:<key id>:<signature>`). What is signed: method, content type (not of a GET), date,
 * the `X-GCS-` headers in the order of their names, and the request target as it was sent. The body is not part of it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Channel } from '../../core/merchant/channel.ts';
import type { DialectContext } from '../dialect.ts';
import { Problem } from './problem.ts';
import { isOpenSession } from './sessions.ts';

/** How far the date of a request may be from now, either way. */
const skewMs = 5 * 60_000;

const scheme = /^GCS v1HMAC:([\x21-\x39\x3b-\x7e]{1,128}):([A-Za-z0-9+/]{43}=)$/;

/** Compared with when nobody has the key id, so that the answer takes as long. */
const nobodysSecret = 'nobody has this key';

type SignedRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** The channel of a request. All that is wrong with credentials is one 403, as the platform has it: nobody learns which part it was. */
export async function authenticate(context: DialectContext, asked: FastifyRequest, merchantName: string): Promise<Channel> {
  const { directory, engine, limits } = context;
  const request: SignedRequest = asked.raw;
  const [, keyId, signature] = scheme.exec(request.headers.authorization ?? '') ?? [];
  if (keyId === undefined || signature === undefined) throw denied('no Authorization header of the form GCS v1HMAC:<key id>:<signature>');
  const date = dateOf(request);
  if (date === undefined || Math.abs(engine.clock.wallNow() - date) > skewMs) {
    throw denied('the date of the request is missing, or more than five minutes from now');
  }
  limits.beforeLogin(asked, keyId);
  const channel = isMerchantName(merchantName) ? await directory.channel({ dialect: 'payone', wireId: merchantName }) : undefined;
  const credentials = await directory.credentials({ dialect: 'payone', identifier: keyId });
  const text = textToSign(request);
  const given = Buffer.from(signature, 'base64');
  const secrets = credentials.map(({ merchantId, credentialId, sealedSecret }) => ({
    merchantId,
    secret:
      sealedSecret === undefined ? nobodysSecret : engine.vault.openSecret({ merchantId, secretId: credentialId, sealed: sealedSecret }),
  }));
  const known = [...secrets, { merchantId: undefined, secret: nobodysSecret }].filter(({ secret }) =>
    timingSafeEqual(createHmac('sha256', secret).update(text).digest(), given),
  );
  const owner = known.find(({ merchantId }) => merchantId !== undefined)?.merchantId;
  if (owner === undefined) limits.loginFailed(asked, keyId);
  else limits.loggedIn(asked, { name: keyId, merchantId: owner });
  const own = channel ?? (await channelNamed(directory, known, merchantName));
  if (own === undefined || !known.some(({ merchantId }) => merchantId === own.merchantId)) {
    throw denied('the key, its secret and the merchant id of the URL do not belong together');
  }
  if (!own.enabled) throw denied('the account is switched off');
  return own;
}

/** Account names mean the same in upper and lower case; whoever has signed may write their own as they like. */
async function channelNamed(
  directory: DialectContext['directory'],
  known: readonly { readonly merchantId: string | undefined }[],
  name: string,
): Promise<Channel | undefined> {
  const merchantIds = known.flatMap(({ merchantId }) => merchantId ?? []);
  const channels = await Promise.all(merchantIds.map((merchantId) => directory.channelsOf({ dialect: 'payone', merchantId })));
  return channels.flat().find(({ wireId }) => wireId.toLowerCase() === name.toLowerCase());
}

/** The channel of a session that a shop's server has opened; a page has nothing else to show. */
export async function authenticatePage(
  { directory, engine }: DialectContext,
  request: FastifyRequest,
  merchantName: string,
): Promise<Channel> {
  const [, session = ''] = /^GCS v1Client:([0-9a-z]{1,128})$/.exec(request.headers.authorization ?? '') ?? [];
  const channel = isMerchantName(merchantName) ? await directory.channel({ dialect: 'payone', wireId: merchantName }) : undefined;
  if (channel === undefined || !channel.enabled || !isOpenSession(engine, channel, session))
    throw denied('no open session of this account');
  return channel;
}

function denied(text: string): Problem {
  return new Problem('ACCESS_TO_MERCHANT_NOT_ALLOWED', { status: 403, text: `ACCESS_TO_MERCHANT_NOT_ALLOWED: ${text}` });
}

/** Whatever else is sent is nobody's: it is not worth a question to the database. */
export function isMerchantName(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,50}$/.test(text);
}

/** For clients that cannot set `Date`, `X-GCS-Date` counts, which is signed as well. */
function dateOf({ headers }: SignedRequest): number | undefined {
  const text = headers['x-gcs-date'] ?? headers.date;
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** What the signature is made of; each part ends with a line feed, the last one too. */
export function textToSign({ method = '', url = '', headers }: SignedRequest): string {
  const signed = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-gcs-'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${folded(value)}`);
  const lines = [method.toUpperCase(), method === 'GET' ? '' : (headers['content-type'] ?? ''), headers.date ?? '', ...signed, url];
  return lines.map((line) => `${line}\n`).join('');
}

function folded(value: string | readonly string[] | undefined): string {
  return [value ?? '']
    .flat()
    .join(', ')
    .replaceAll(/\r?\n[ \t]*/g, ' ')
    .trim();
}

/** The header of a request that is to be signed. */
export function signatureOf(request: SignedRequest, { keyId, secret }: { readonly keyId: string; readonly secret: string }): string {
  return `GCS v1HMAC:${keyId}:${createHmac('sha256', secret).update(textToSign(request)).digest('base64')}`;
}
