/**
 * Who may come in now: how much one address may ask before it has shown credentials, how much with one credential, how much of one merchant at a
 * time, and how long to wait after wrong credentials. All of it is counted in the memory of each node. What is refused costs next to nothing, and is
 * answered after a pause, so that whoever sends the next request as soon as the last one is answered sends few.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addressOf } from '../../core/risk/one-address.ts';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { LoginLimits } from '../../dialects/dialect.ts';
import { silence } from './connections.ts';
import { createHeldOff } from './held-off.ts';
import { createLogins } from './logins.ts';
import { createPlaces } from './places.ts';
import { createRate } from './rate.ts';

/** 0 anywhere: no such limit. */
export interface DoorLimits {
  readonly addressRequestsPerSecond: number;
  readonly credentialRequestsPerSecond: number;
  readonly merchantRequestsAtOnce: number;
  readonly loginFailures: number;
}

/** Which limit it was. */
export type RefusalCause = 'address' | 'credential' | 'merchant' | 'login';

export interface DoorOptions {
  readonly limits: DoorLimits;
  /** A clock that never goes back, in ms. */
  readonly nowMs: () => number;
  readonly onRefused: (cause: RefusalCause) => void;
}

export interface Door {
  /**
   * To be called before any route is added. `open`: patterns of routes that anybody may ask for as often as they like; `large`: those with large answers,
   * which fill the system's memory where nobody reads them.
   */
  guard(app: FastifyInstance, routes: { readonly open: readonly string[]; readonly large: RegExp }): void;
  /** The routes of this part look at credentials: an address that has shown good ones gets as far as that, whatever else comes from there. */
  expectLogins(app: FastifyInstance): void;
  /** `documentedPerSecond`: how often the protocol lets one credential ask. */
  loginsOf(protocol: { readonly name: string; readonly documentedPerSecond?: number }): LoginLimits;
  /** Nothing that comes from there need be looked at now: it was refused too often, and nobody with good credentials is known there. */
  isHeldOff(address: string): boolean;
}

/**
 * How long a refused request waits for its answer, from half of it to one and a half: at the same moment the answers to all connections of an address, and
 * its next requests, would keep a node from its work. How many may wait; the connections of more are closed without an answer.
 */
const pauseMs = 1_000;
const pausedAtMost = 2_000;

/** Of a request with a large answer. */
const largeWeight = 5;
/** A place is free as soon as any request of the merchant is answered. */
const placeWaitMs = 1_000;
const longestName = 128;

interface Visit {
  readonly address: string;
  /** The address had asked too often already, and somebody there might have good credentials. */
  isExcess?: true;
  isLoggedIn?: true;
  /** Nobody waits for the answer any more. */
  isGone?: true;
  /** Whose places it takes one of. */
  merchantId?: string;
}

export function createDoor({ limits, nowMs, onRefused }: DoorOptions): Door {
  const { addressRequestsPerSecond, credentialRequestsPerSecond, merchantRequestsAtOnce, loginFailures } = limits;
  if (addressRequestsPerSecond + credentialRequestsPerSecond + merchantRequestsAtOnce + loginFailures === 0) return openDoor;
  const addresses = createRate({ nowMs, atOnceMs: 1_000 });
  const credentials = createRate({ nowMs, atOnceMs: 500 });
  const documented = createRate({ nowMs, atOnceMs: 1_000 });
  const places = createPlaces(merchantRequestsAtOnce === 0 ? Number.POSITIVE_INFINITY : merchantRequestsAtOnce);
  const logins = createLogins({ freeFailures: loginFailures === 0 ? Number.POSITIVE_INFINITY : loginFailures, nowMs });
  const heldOff = createHeldOff({ perSecond: addressRequestsPerSecond, nowMs });
  const visits = new WeakMap<FastifyRequest, Visit>();
  const routesWithLogin = new Set<string>();

  function refused(cause: RefusalCause, waitMs: number): TooManyRequests {
    onRefused(cause);
    return new TooManyRequests(waitMs);
  }

  function arrive(request: FastifyRequest, reply: FastifyReply, route: string, weight: number): TooManyRequests | undefined {
    const visit: Visit = { address: addressOf(request.ip) };
    visits.set(request, visit);
    if (merchantRequestsAtOnce > 0) {
      reply.raw.once('close', () => {
        visit.isGone = true;
        if (visit.merchantId !== undefined) places.leave(visit.merchantId);
      });
    }
    const waitMs = addressRequestsPerSecond === 0 ? 0 : addresses.take(visit.address, addressRequestsPerSecond, weight);
    if (waitMs === 0) return undefined;
    if (!routesWithLogin.has(route) || !logins.isKnown(visit.address)) {
      // Who does not even wait for the first refusal is not told any other.
      if (reply.raw.socket === null) silence(request.raw.socket);
      heldOff.refused(visit.address);
      return refused('address', waitMs);
    }
    visit.isExcess = true;
    return undefined;
  }

  return {
    guard(app, { open, large }) {
      const openRoutes = new Set(open);
      app.addHook('onRequest', (request, reply, done) => {
        const route = request.routeOptions.url ?? '';
        if (openRoutes.has(route)) done();
        else done(arrive(request, reply, route, large.test(route) ? largeWeight : 1));
      });
      const isUnwanted = (request: FastifyRequest): boolean => {
        const visit = visits.get(request);
        return visit?.isExcess === true && visit.isLoggedIn === undefined;
      };
      sayWhen(app);
      answerSlowly(app, isUnwanted);
    },
    expectLogins(app) {
      app.addHook('onRoute', ({ url }) => void routesWithLogin.add(url));
    },
    loginsOf({ name: protocol, documentedPerSecond = Number.POSITIVE_INFINITY }) {
      const perSecond = Math.min(credentialRequestsPerSecond, documentedPerSecond);
      const rate = perSecond === documentedPerSecond ? documented : credentials;
      const nameOf = (name: string): string => `${protocol} ${name.slice(0, longestName)}`;
      return {
        beforeLogin(request, name) {
          const address = visits.get(request)?.address;
          if (address === undefined || loginFailures === 0) return;
          const waitMs = logins.waitMs({ address, name: nameOf(name) });
          if (waitMs > 0) throw refused('login', waitMs);
        },
        loginFailed(request, name) {
          const address = visits.get(request)?.address;
          if (address !== undefined && loginFailures > 0) logins.fail({ address, name: nameOf(name) });
        },
        loggedIn(request, { name, merchantId }) {
          const visit = visits.get(request);
          if (visit === undefined || visit.isLoggedIn === true) return;
          const { address } = visit;
          visit.isLoggedIn = true;
          logins.succeed({ address, name: nameOf(name) });
          if (addressRequestsPerSecond > 0) addresses.giveBack(address, addressRequestsPerSecond);
          const waitMs = perSecond === 0 ? 0 : rate.take(nameOf(name), perSecond);
          if (waitMs > 0) throw refused('credential', waitMs);
          if (merchantRequestsAtOnce === 0 || merchantId === undefined || visit.isGone === true) return;
          if (!places.enter(merchantId)) throw refused('merchant', placeWaitMs);
          visit.merchantId = merchantId;
        },
      };
    },
    isHeldOff: (address) => heldOff.includes(address) && !logins.isKnown(address),
  };
}

/** For a sandbox: nobody is counted, but protocols may have limits of their own. */
const openDoor: Door = {
  guard: (app) => sayWhen(app),
  expectLogins: () => undefined,
  loginsOf: () => ({ beforeLogin: () => undefined, loginFailed: () => undefined, loggedIn: () => undefined }),
  isHeldOff: () => false,
};

/** Whatever refuses, the answer says when to come again. */
function sayWhen(app: FastifyInstance): void {
  app.addHook('onError', (_request, reply, error, done) => {
    if (error instanceof TooManyRequests) reply.header('retry-after', error.retryAfter);
    done();
  });
}

/** Before whoever answers errors in this part of the server does. `isUnwanted`: nobody has shown credentials for it, and the address asks too often. */
function answerSlowly(app: FastifyInstance, isUnwanted: (request: FastifyRequest) => boolean): void {
  let paused = 0;
  app.addHook('onError', (request, reply, error, done) => {
    if (!(error instanceof TooManyRequests) && !isUnwanted(request)) return done();
    if (paused >= pausedAtMost) {
      silence(request.raw.socket);
      return done();
    }
    paused += 1;
    setTimeout(
      () => {
        paused -= 1;
        // Whoever has more to say than fits into one buffer need not be heard out.
        if (!request.raw.complete) reply.header('connection', 'close');
        done();
      },
      pauseMs * (0.5 + Math.random()),
    );
  });
}
