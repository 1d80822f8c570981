/** Open challenges: from the ARes that asked for one to the CRes that sends the shopper back. They live in memory and end with the process. */

import { randomBytes } from 'node:crypto';
import { toBase64Url } from '../../src/protocols/emv-3ds/browser-forms.ts';
import { build } from '../../src/protocols/emv-3ds/build.ts';
import type { AReq, CReq, RReq } from '../../src/protocols/emv-3ds/message.ts';
import { type Ending, MOST_ATTEMPTS, ONE_TIME_CODE } from './cards.ts';
import { evidenceOf, REASON_OF } from './issuer-answer.ts';
import { written } from './wire.ts';

/** `authenticationMethod` of a one-time code by text message. */
export const METHOD_ONE_TIME_CODE = '02';

/** How long to wait, in ms. */
export interface ChallengeTimes {
  /** From the ARes to the browser's CReq: 30 s (Req 221). */
  readonly startMs: number;
  /** From one act of the shopper to the next: 10 minutes (Req 224). */
  readonly stepMs: number;
}

/** The times of the specification. */
export const STANDARD_TIMES: ChallengeTimes = { startMs: 30_000, stepMs: 600_000 };

/** Transaction IDs of all three parties. */
export interface Ids {
  readonly threeDSServerTransID: string;
  readonly acsTransID: string;
  readonly dsTransID: string;
}

/** Where a challenge stands. */
export type Stage = 'awaiting-browser' | 'open' | 'ending' | 'done';

/** One challenge as the pages see it. */
export interface Challenge {
  /** Stands in the page's address: unguessable, and no number of the protocol. */
  readonly token: string;
  readonly areq: AReq;
  readonly ids: Ids;
  readonly stage: Stage;
  readonly attemptsLeft: number;
  /** Wrong codes so far, or a field that was left empty. */
  readonly notice: 'none' | 'wrong-code' | 'no-code';
  /** When the page stops waiting, as a monotonic time in ms. */
  readonly deadlineMs: number;
  /** What the browser takes back; only when done. */
  readonly cres: string | undefined;
  readonly sessionData: string | undefined;
}

/** What a shopper does on the page. */
export type Act = { readonly kind: 'code'; readonly code: string } | { readonly kind: 'cancel' };

/** The challenges of one ACS. */
export interface Challenges {
  begin(start: { readonly areq: AReq; readonly ids: Ids; readonly ending: Exclude<Ending, 'Y'> | undefined }): void;
  /** The transaction to which a CReq belongs. */
  expecting(acsTransID: string): Challenge | undefined;
  /** The browser has come with its CReq. Coming again, as a reload does, changes nothing. */
  open(creq: CReq, sessionData: string | undefined): Challenge | undefined;
  /** The challenge of a page; one that is just ending is waited for. */
  find(token: string): Promise<Challenge | undefined>;
  /** The shopper's act; resolves when the result has been delivered, if it ended the challenge. Undefined for an unknown token. */
  act(token: string, act: Act): Promise<Challenge | undefined>;
  close(): void;
}

interface State extends Challenge {
  readonly ending: Exclude<Ending, 'Y'> | undefined;
  stage: Stage;
  attemptsLeft: number;
  notice: Challenge['notice'];
  deadlineMs: number;
  cres: string | undefined;
  sessionData: string | undefined;
  timer: NodeJS.Timeout | undefined;
  delivered: Promise<void>;
}

/** The oldest is dropped beyond this: what nobody finishes must not fill the memory. */
const MOST_CHALLENGES = 20_000;
/** A shopper who comes back late still gets home within this time. */
const REMEMBERED_MS = 600_000;

interface End {
  readonly status: Ending;
  readonly reason?: string;
  /** 01 the shopper, 04 no act in time, 05 no CReq in time. */
  readonly cancel?: '01' | '04' | '05';
}

/** No challenges at first. `deliver` takes an RReq to the directory server and resolves when there is nothing more to wait for. */
export function createChallenges({
  times,
  deliver,
}: {
  readonly times: ChallengeTimes;
  readonly deliver: (rreq: RReq, areq: AReq) => Promise<void>;
}): Challenges {
  const byToken = new Map<string, State>();
  const byTransaction = new Map<string, State>();

  const forget = (state: State): void => {
    clearTimeout(state.timer);
    byToken.delete(state.token);
    byTransaction.delete(state.ids.acsTransID);
  };
  const wait = (state: State, delayMs: number, act: () => void): void => {
    clearTimeout(state.timer);
    state.deadlineMs = performance.now() + delayMs;
    // What waits for a shopper keeps no process alive.
    state.timer = setTimeout(act, delayMs).unref();
  };
  const finish = (state: State, end: End): Promise<void> => {
    state.stage = 'ending';
    clearTimeout(state.timer);
    state.delivered = deliver(resultOf(state, end), state.areq).then(() => {
      state.cres = backOf(state, end);
      state.stage = 'done';
      wait(state, REMEMBERED_MS, () => forget(state));
    });
    return state.delivered;
  };
  const expire = (state: State, cancel: '04' | '05') => (): void => {
    void finish(state, { status: 'N', reason: '14', cancel });
  };

  return {
    begin({ areq, ids, ending }) {
      const [oldest] = byToken.values();
      if (byToken.size >= MOST_CHALLENGES && oldest !== undefined) forget(oldest);
      const state: State = {
        token: randomBytes(24).toString('base64url'),
        areq,
        ids,
        ending,
        stage: 'awaiting-browser',
        attemptsLeft: MOST_ATTEMPTS,
        notice: 'none',
        deadlineMs: 0,
        cres: undefined,
        sessionData: undefined,
        timer: undefined,
        delivered: Promise.resolve(),
      };
      byToken.set(state.token, state);
      byTransaction.set(ids.acsTransID, state);
      wait(state, times.startMs, expire(state, '05'));
    },
    expecting: (acsTransID) => byTransaction.get(acsTransID),
    open({ acsTransID }, sessionData) {
      const state = byTransaction.get(acsTransID);
      if (state === undefined) return undefined;
      // The shopper goes back with what came along, even when it came too late to be asked anything.
      state.sessionData ??= sessionData;
      if (state.stage === 'awaiting-browser') {
        state.stage = 'open';
        wait(state, times.stepMs, expire(state, '04'));
      }
      return state;
    },
    async find(token) {
      const state = byToken.get(token);
      await state?.delivered;
      return state;
    },
    async act(token, act) {
      const state = byToken.get(token);
      if (state === undefined) return undefined;
      if (state.stage === 'open') {
        const end = endOf(state, act);
        if (end === undefined) wait(state, times.stepMs, expire(state, '04'));
        else void finish(state, end);
      }
      await state.delivered;
      return state;
    },
    close() {
      for (const state of byToken.values()) clearTimeout(state.timer);
      byToken.clear();
      byTransaction.clear();
    },
  };
}

/** Counts the attempt; undefined when the shopper may try again. */
function endOf(state: State, act: Act): End | undefined {
  if (act.kind === 'cancel') return { status: 'N', reason: '26', cancel: '01' };
  const code = act.code.replace(/[\s-]/g, '');
  if (code === '') {
    state.notice = 'no-code';
    return undefined;
  }
  state.attemptsLeft--;
  if (state.ending !== undefined && state.ending !== 'N') return { status: state.ending };
  if (state.ending === undefined && code === ONE_TIME_CODE) return { status: 'Y' };
  state.notice = 'wrong-code';
  return state.attemptsLeft === 0 ? { status: 'N', reason: '19' } : undefined;
}

function resultOf({ areq, ids, attemptsLeft }: State, { status, reason = REASON_OF[status], cancel }: End): RReq {
  const isOld = areq.messageVersion !== '2.3.1';
  return {
    messageType: 'RReq',
    messageVersion: areq.messageVersion,
    messageCategory: areq.messageCategory,
    ...ids,
    transStatus: status,
    ...(reason === undefined ? {} : { transStatusReason: reason }),
    ...(isOld
      ? { authenticationType: '02', authenticationMethod: METHOD_ONE_TIME_CODE }
      : { authenticationMethod: [METHOD_ONE_TIME_CODE] }),
    ...evidenceOf(areq, status),
    interactionCounter: String(MOST_ATTEMPTS - attemptsLeft).padStart(2, '0'),
    ...(cancel === undefined ? {} : { challengeCancel: cancel }),
  };
}

/** A CRes knows only Y and N. */
function backOf({ areq, ids: { threeDSServerTransID, acsTransID } }: State, { status }: End): string {
  return toBase64Url(
    written(
      build({
        messageType: 'CRes',
        messageVersion: areq.messageVersion,
        threeDSServerTransID,
        acsTransID,
        transStatus: status === 'Y' || status === 'A' ? 'Y' : 'N',
        challengeCompletionInd: 'Y',
      }),
    ),
  );
}
