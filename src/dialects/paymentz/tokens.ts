/**
 * Tokens that let requests in: a JWT for an hour, bound to the credential of a member or to a partner, signed with a key that all nodes derive alike.
 */
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Engine } from '../../core/payment/engine.ts';

export interface Login {
  readonly role: 'merchant' | 'partner';
  /** As they log in. */
  readonly login: string;
  /** The member's id or the partner's. */
  readonly identifier: string;
  /** The credential, or the partner with its key: a token ends with it. */
  readonly boundTo: string;
}

const lifetimeSeconds = 3_600;
/** How long after its end a token can still be replaced. */
const graceSeconds = 86_400;
const issuer = 'PZ';

/** What tokens are made and looked at with. */
export interface TokenMaker {
  readonly shoppers: Pick<Engine['shoppers'], 'ticketMac'>;
  readonly clock: Pick<Engine['clock'], 'wallNow'>;
}

function keyOf({ shoppers }: TokenMaker): Uint8Array {
  return shoppers.ticketMac('paymentz tokens');
}

export function writeToken(engine: TokenMaker, { role, login, identifier, boundTo }: Login): Promise<string> {
  const nowSeconds = Math.floor(engine.clock.wallNow() / 1_000);
  return new SignJWT({ role, member: identifier, bound: boundTo })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(login)
    .setIssuer(issuer)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + lifetimeSeconds)
    .sign(keyOf(engine));
}

/** Undefined for what was not signed here, or has expired; `orLately`: for less than a day. */
export async function readToken(engine: TokenMaker, token: string, { orLately = false } = {}): Promise<Login | undefined> {
  try {
    const { payload } = await jwtVerify(token, keyOf(engine), {
      ...{ algorithms: ['HS256'], issuer, currentDate: new Date(engine.clock.wallNow()), requiredClaims: ['exp', 'sub'] },
      ...(orLately ? { clockTolerance: graceSeconds } : {}),
    });
    const { sub: login = '', role, member, bound } = payload;
    if ((role !== 'merchant' && role !== 'partner') || typeof member !== 'string' || typeof bound !== 'string') return undefined;
    return { role, login, identifier: member, boundTo: bound };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
