/** Directory server and ACS over HTTP: messages between servers at `/ds`, the shopper's browser at `/acs`. */

import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { isSessionData, readCReq, readMethodRequest, writeMethodAnswer } from '../../src/protocols/emv-3ds/browser-forms.ts';
import { CONTENT_TYPE } from '../../src/protocols/emv-3ds/build.ts';
import type { AReq } from '../../src/protocols/emv-3ds/message.ts';
import type { AccountOf } from '../host/accounts.ts';
import type { Faults, ThreeDsFault } from '../host/faults.ts';
import { type AcsRequest, answerAReq, CHALLENGE_PATH } from './acs.ts';
import { createAuthenticated } from './authenticated.ts';
import { ENROLLED_CARDS } from './cards.ts';
import { type Challenge, type Challenges, type ChallengeTimes, createChallenges } from './challenges.ts';
import { createDirectoryServer, type DirectoryServer, METHOD_PATH } from './directory-server.ts';
import { codePage, methodPage, type Page, problemPage, returnPage } from './pages.ts';

/** Where 3DS Servers send PReq and AReq. */
const DIRECTORY_PATH = '/ds';

/** What the simulators of 3-D Secure need. */
export interface ThreeDsOptions {
  readonly faults: Faults;
  readonly accountOf: AccountOf;
  /** The address under which browsers reach this server, without a slash at the end; known once it listens. */
  readonly baseUrl: () => string;
  readonly times: ChallengeTimes;
  readonly warn: (text: string) => void;
}

const SLOW_ACS_MS = 3_000;
const SILENCE_MS = 120_000;
const BODY_LIMIT_BYTES = 262_144;

interface Parts {
  readonly directory: DirectoryServer;
  readonly challenges: Challenges;
  readonly suffers: (faults: readonly ThreeDsFault[], pan?: string) => { fault: ThreeDsFault; delayMs: number | undefined } | undefined;
}

/** Adds the routes. They end with the server. */
export async function addThreeDsRoutes(parent: FastifyInstance, options: ThreeDsOptions): Promise<void> {
  const { faults, accountOf, baseUrl, times, warn } = options;
  const suffers: Parts['suffers'] = (names, pan) => faults.takeNamed(names, pan === undefined ? undefined : accountOf(pan).id);
  const authenticated = createAuthenticated();
  const challenges = createChallenges({
    times,
    async deliver(rreq, { acctNumber }) {
      if (rreq.transStatus === 'Y') authenticated.add(rreq.acsTransID, acctNumber);
      await directory.forward(rreq);
    },
  });
  const askAcs = async (request: AcsRequest, areq: AReq): Promise<string | undefined> => {
    const fault = suffers(['acs_down', 'acs_slow'], areq.acctNumber);
    if (fault?.fault === 'acs_down') return undefined;
    if (fault?.fault === 'acs_slow') await delay(fault.delayMs ?? SLOW_ACS_MS, undefined, { ref: false });
    return answerAReq(request, { challenges, authenticated, baseUrl: baseUrl() });
  };
  const directory = createDirectoryServer({ baseUrl, askAcs, warn });
  await parent.register(async (app) => {
    // Bodies stay as they came: what is wrong with them is answered in the protocol's own words.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.addHook('onClose', async () => challenges.close());
    directoryRoute(app, { directory, challenges, suffers });
    methodRoute(app, { directory, challenges, suffers });
    challengeRoutes(app, { directory, challenges, suffers });
  });
}

const bodyOf = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

/** The card number of something that may be an AReq: faults are ordered by card, whatever else is right or wrong. */
function panIn(bytes: Buffer): string | undefined {
  return /"acctNumber"\s*:\s*"([0-9]{12,19})"/.exec(bytes.toString('utf8'))?.[1];
}

function directoryRoute(app: FastifyInstance, { directory, suffers }: Parts): void {
  app.post(DIRECTORY_PATH, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
    const bytes = bodyOf(request.body);
    const fault = suffers(['ds_down', 'ds_garbage'], panIn(bytes));
    if (fault?.fault === 'ds_down') return disconnect(reply);
    if (fault?.fault === 'ds_garbage') return reply.type(CONTENT_TYPE).send('{"messageType":"ARes","transStatus":');
    const answer = await directory.answer(bytes);
    if (answer.kind === 'silence') return staySilent(reply);
    return reply.type(CONTENT_TYPE).send(answer.text);
  });
}

function methodRoute(app: FastifyInstance, { suffers }: Parts): void {
  app.post<{ Params: { card: string } }>(`${METHOD_PATH}/:card`, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
    const card = /^[0-9]{1,4}$/.test(request.params.card) ? ENROLLED_CARDS[Number(request.params.card)] : undefined;
    if (card === undefined || card.method === 'none') return sendPage(reply, problemPage(404, NO_METHOD));
    if (suffers(['method_down'], card.pan) !== undefined) return disconnect(reply);
    if (card.method === 'silent') return staySilent(reply);
    const read = readMethodRequest(formOf(request.body).get('threeDSMethodData'));
    if (!read.ok) return sendPage(reply, problemPage(400, { title: 'Bad request', text: detail(read.problem) }));
    const { threeDSServerTransID, threeDSMethodNotificationURL } = read.note;
    const data = writeMethodAnswer({ threeDSServerTransID });
    return sendPage(reply, methodPage(threeDSMethodNotificationURL, data.ok ? data.value : ''));
  });
}

const NO_METHOD = { title: 'Nothing here', text: 'This card has no 3DS Method.' };
const GONE = {
  title: 'This page is no longer open',
  text: 'The confirmation was finished or has taken too long. Go back to the shop to see what became of your payment.',
};
const DOWN = {
  title: 'Not available right now',
  text: 'Your bank cannot confirm payments at the moment. Go back to the shop and try again later.',
};

/** Redirects are relative: a proxy in front may have put this server under a path of its own. */
function challengeRoutes(app: FastifyInstance, { challenges, suffers }: Parts): void {
  app.post(CHALLENGE_PATH, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
    const form = formOf(request.body);
    const read = readCReq(form.get('creq'));
    if (!read.ok) return sendPage(reply, problemPage(400, { title: 'Bad request', text: detail(read.problem) }));
    const expected = challenges.expecting(read.message.acsTransID);
    const { threeDSServerTransID, messageVersion } = read.message;
    if (expected === undefined) return sendPage(reply, problemPage(410, GONE));
    if (threeDSServerTransID !== expected.ids.threeDSServerTransID || messageVersion !== expected.areq.messageVersion) {
      const text = 'The CReq does not belong to this transaction (error 301).';
      return sendPage(reply, problemPage(400, { title: 'Bad request', text }));
    }
    if (suffers(['acs_down'], expected.areq.acctNumber) !== undefined) return sendPage(reply, problemPage(503, DOWN));
    const sessionData = form.get('threeDSSessionData');
    const opened = challenges.open(read.message, isSessionData(sessionData) ? sessionData : undefined);
    return opened === undefined
      ? sendPage(reply, problemPage(410, GONE))
      : reply.redirect(`${CHALLENGE_PATH.split('/').at(-1)}/${opened.token}`, 303);
  });
  app.get<{ Params: { token: string } }>(`${CHALLENGE_PATH}/:token`, async (request, reply) => {
    const challenge = await challenges.find(request.params.token);
    return sendPage(reply, challenge === undefined ? problemPage(410, GONE) : pageOf(challenge));
  });
  // An act leads to a plain GET, so that a reload repeats nothing.
  app.post<{ Params: { token: string } }>(`${CHALLENGE_PATH}/:token`, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) => {
    const form = formOf(request.body);
    const act = form.get('act') === 'cancel' ? ({ kind: 'cancel' } as const) : ({ kind: 'code', code: form.get('code') ?? '' } as const);
    const challenge = await challenges.act(request.params.token, act);
    return challenge === undefined ? sendPage(reply, problemPage(410, GONE)) : reply.redirect(challenge.token, 303);
  });
}

function pageOf(challenge: Challenge): Page {
  return challenge.cres === undefined ? codePage(challenge) : returnPage(challenge);
}

const formOf = (body: unknown): URLSearchParams => new URLSearchParams(bodyOf(body).toString('utf8'));

const detail = ({ errorCode, errorDetail }: { errorCode: string; errorDetail: string }): string =>
  `The data cannot be used (error ${errorCode}: ${errorDetail}).`;

function sendPage(reply: FastifyReply, { status, headers, html }: Page): FastifyReply {
  return reply.code(status).headers(headers).send(html);
}

/** Closes the connection instead of answering. */
function disconnect(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

/** Never answers; after two minutes the connection goes, as a network between would let it. */
function staySilent(reply: FastifyReply): FastifyReply {
  reply.hijack();
  const timer = setTimeout(() => reply.raw.destroy(), SILENCE_MS).unref();
  reply.raw.on('close', () => clearTimeout(timer));
  return reply;
}
