/** A request before it is a command: its parameters, checked against what the endpoint takes, and who sends it. */
import type { FastifyRequest } from 'fastify';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { DialectContext } from '../dialect.ts';
import { authenticate, type Caller, callerOf, dialect, type Session } from './auth.ts';
import type { Flat } from './body.ts';
import type { Endpoint } from './endpoints.ts';
import { Problem, parameterProblem } from './problem.ts';
import { isProductName } from './products.ts';
import { required } from './read.ts';
import { parameters as formats, isParameterName, type ParameterName, type Parameters } from './wire.ts';

export interface Request {
  readonly caller: Caller;
  readonly parameters: Parameters;
  /** Wall time, epoch ms. */
  readonly nowMs: number;
  /** Business time, epoch ms: by it cards expire. */
  readonly businessMs: number;
}

/** All that was sent, before it is checked. */
export function bodyOf(request: FastifyRequest): Flat {
  return (request.body ?? {}) as Flat;
}

/** A request with a token. Throws a {@link Problem} for whatever is wrong with it; the checksum is the endpoint's to look at. */
export async function readRequest(context: DialectContext, request: FastifyRequest, endpoint: Endpoint): Promise<Request> {
  refuseQuery(request);
  const session = await authenticate(context, request.headers.authtoken);
  const parameters = checked(endpoint, bodyOf(request));
  const caller = await callerOf(context, request, { session, memberId: required(parameters, 'authentication.memberId') });
  countRequest(context, caller, request);
  // Before anything is recorded: what happens to it is told there from the first event on.
  if (parameters.notificationUrl !== undefined) {
    const [channel] = await context.directory.channelsOf({ dialect, merchantId: caller.merchantId });
    if (channel !== undefined) await context.expectUrlsInRequests(channel);
  }
  const { clock } = context.engine;
  return { caller, parameters, nowMs: clock.wallNow(), businessMs: clock.businessNow() };
}

/** Without a token: what asks for one. */
export function readOpenRequest(request: FastifyRequest, endpoint: Endpoint): Parameters {
  refuseQuery(request);
  return checked(endpoint, bodyOf(request));
}

/** A GET has no parameters: the token says whose it is. */
export async function readGet(context: DialectContext, request: FastifyRequest): Promise<Extract<Session, { role: 'merchant' }>> {
  const session = await authenticate(context, request.headers.authtoken);
  if (session.role === 'merchant') {
    context.limits.loggedIn(request, { name: session.memberId, merchantId: session.merchantId });
    return session;
  }
  throw new Problem('20008', { status: 401, text: 'a GET needs the AuthToken of the member: partners ask with POST' });
}

/** What is about something that is there; new payments are limited by nothing but the acquirer. */
function countRequest({ limits }: DialectContext, { merchantId }: Caller, request: FastifyRequest): void {
  const { id } = request.params as { readonly id?: string };
  if (id === undefined) return;
  const counted = limits.countRequest({ merchantId, subject: `paymentz ${request.routeOptions.url} ${id}` });
  if (!counted.allowed) throw new TooManyRequests(counted.retryAfterMs);
}

/** Whatever stands in a URL ends up in somebody's log. */
function refuseQuery({ raw }: FastifyRequest): void {
  if (raw.url?.includes('?') === true) throw new Problem('20002', { text: 'parameters must be in the body, not in the URL' });
}

/** Digits of a card number may be grouped. */
function normalized(name: ParameterName, value: string): string {
  return name === 'card.number' ? value.replaceAll(/[ -]/g, '') : value;
}

function checked({ parameters: allowed, required: needed, hasProducts }: Endpoint, flat: Flat): Parameters {
  const read: Partial<Record<ParameterName, string>> = {};
  for (const [name, given] of Object.entries(flat)) {
    if (hasProducts === true && isProductName(name)) continue;
    if (!isParameterName(name) || !allowed.includes(name)) {
      const meant = allowed.find((known) => known.toLowerCase() === name.toLowerCase());
      throw parameterProblem('20002', name, `is no parameter of this request${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    }
    const value = normalized(name, given);
    if (!formats[name].pattern.test(value)) throw parameterProblem('20002', name, `must be ${formats[name].expected}`);
    read[name] = value;
  }
  for (const name of needed) if (read[name] === undefined) throw parameterProblem('20001', name, 'is missing');
  return read;
}
