/**
 * A merchant of another protocol that does what a careful one does: the same request under the same key, or reference, until it is answered; then it asks
 * after what is pending, and sends it once more where the protocol cannot tell what became of an act.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Client, Driver } from '../../test/contract/driver.ts';
import { createTraces } from '../../test/harness/traces.ts';
import { shop } from '../../test/harness/tzero.ts';
import { type DialectOrder, request } from './dialect-order.ts';
import type { FinalAnswer } from './order.ts';
import type { DrillShopper } from './shopper.ts';

export interface DialectMerchantOptions {
  readonly driver: Driver;
  /** Of the gateway. */
  readonly url: string;
  readonly shopper: DrillShopper;
  /** Ends all waiting: what has no answer by then stays without one. */
  readonly signal: AbortSignal;
  readonly onSuccess: (sentAtMs: number) => void;
}

export interface DialectMerchant {
  readonly driver: Driver;
  /** Sends it, and follows it until its outcome is certain. */
  complete(order: DialectOrder): Promise<void>;
  /** Sends an order that has its answer once more: undefined when the answer says the same, else what it says. */
  repeat(order: DialectOrder): Promise<string | undefined>;
  /** Sends the request once while another is under way: the handle that was answered, if any. */
  twin(order: DialectOrder): Promise<string | undefined>;
  /** Asks after an order that has its answer: undefined when that is still so, else what is told now. */
  ask(order: DialectOrder): Promise<string | undefined>;
}

/** Longer than the acquirer's time-out and the gateway's patience with its database together. */
const patienceMs = 10_000;
const firstPauseMs = 50;
const longestPauseMs = 500;
const pollPauseMs = 300;
/** The payment is busy, the key in flight: refusals that ask for another try. One that lasts is the answer. */
const triesAtConflict = 60;
/** Of asking after a pending order: every so many times it is sent again instead. */
const sentAgainEvery = 4;
/** By then the issuer has lost the challenge. */
const visitsAtMost = 15;
const callsOff = Number.POSITIVE_INFINITY;

/** Protocols in which an act has an id of its own to ask by; in the others only its repeat is told of it. */
const actsWithIds = ['payone', 'tzero'];
/** Several refunds of a payment are one thing to ask for. */
const actsWithoutNames = ['qorepay'];
/** Where each payment of a customer leads over a page that also asks to confirm. */
const confirming = 'tzero';

export function openDialectMerchant({ driver, url, shopper, signal, onSuccess }: DialectMerchantOptions): DialectMerchant {
  const { dialect } = driver;
  const traces = createTraces();
  const connect = (): Client => driver.connect({ url, caller: 'demo', traces });
  let client = connect();

  /** One answer, noted; undefined when there was none that counts. */
  async function attempt(order: DialectOrder, send: (client: Client) => Promise<Answer>): Promise<Answer | undefined> {
    const sentAtMs = performance.now();
    try {
      const answer = await inTime(send(client));
      note(order, `${answer.status} ${answer.outcome}${answer.reason === undefined ? '' : ` ${answer.reason}`}`);
      if (answer.outcome === 'approved') onSuccess(sentAtMs);
      // A login that was not answered well stays without a token.
      if (answer.reason === 'unauthorized') client = connect();
      return answer.status >= 500 || answer.reason === 'unauthorized' ? undefined : answer;
    } catch (error) {
      note(order, error instanceof Error && 'code' in error ? String(error.code) : String(error).slice(0, 200));
      client = connect();
      return undefined;
    } finally {
      traces.answers.length = 0;
    }
  }

  function once(order: DialectOrder): Promise<Answer | undefined> {
    order.attempts += 1;
    return attempt(order, (own) => request(own, order));
  }

  /** Until it is answered. A protocol that refuses repeats names what was first, which is then asked after. */
  async function answered(order: DialectOrder): Promise<Answer | undefined> {
    let conflicts = 0;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const answer = await once(order);
      const { first } = answer ?? {};
      if (first !== undefined) {
        const known = await attempt(order, (own) => own.read(first));
        if (known !== undefined) return known;
      } else if (answer !== undefined) {
        conflicts += isToTryAgain(answer) ? 1 : triesAtConflict;
        if (conflicts >= triesAtConflict) return answer;
      }
      if (signal.aborted) return undefined;
      await pause(pauseMs);
    }
  }

  function isToTryAgain({ outcome, reason }: Answer): boolean {
    return outcome === 'refused' && (reason === 'conflict' || (reason === 'key_reused' && driver.keyPolicy.repeat === 'refused'));
  }

  async function complete(order: DialectOrder): Promise<void> {
    let answer = await answered(order);
    for (let polls = 1; answer !== undefined && isOpen(answer) && !signal.aborted; polls += 1) {
      if (answer.redirect !== undefined) await visit(answer.redirect.url, polls);
      await pause(pollPauseMs);
      answer = (await later(order, answer, polls)) ?? answer;
    }
    if (answer !== undefined && !isOpen(answer)) order.final = finalOf(answer);
  }

  /** What has become of what was pending. */
  async function later(order: DialectOrder, { handle = '' }: Answer, polls: number): Promise<Answer | undefined> {
    const canAsk = order.subject === undefined || actsWithIds.includes(dialect);
    if (!canAsk || polls % sentAgainEvery === 0) return answered(order);
    const answer = await attempt(order, (own) => own.read(handle));
    if (answer === undefined || answer.handle === handle) return answer;
    // Pending, and then nobody knows it: the commit that the gateway could not see the end of had not happened. The key makes it safe to send it again.
    note(order, 'unknown to the gateway');
    return answered(order);
  }

  /** Whatever breaks on the way, the shopper comes again, and calls it off in the end. */
  async function visit(pageUrl: string, visits: number): Promise<void> {
    if (visits > visitsAtMost) await shopper.goOn(pageUrl, callsOff);
    else if (dialect !== confirming) await shopper.goOn(pageUrl, visits);
    else await inTime(shop(pageUrl)).catch(() => undefined);
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }

  function differing(order: DialectOrder, answer: Answer | undefined): string | undefined {
    if (answer === undefined) return undefined;
    const { outcome, id, status } = finalOf(answer);
    return id === order.final?.id && outcome === order.final.outcome
      ? undefined
      : `${status} ${answer.outcome} ${id} ${answer.reason ?? ''}`;
  }

  return {
    driver,
    complete,
    repeat: async (order) => differing(order, await answered(order)),
    async twin(order) {
      const answer = await once(order);
      return answer?.first ?? answer?.handle;
    },
    async ask(order) {
      const { id = '' } = order.final ?? {};
      if (order.subject !== undefined && actsWithoutNames.includes(dialect)) return undefined;
      let answer: Answer | undefined;
      while (answer === undefined && !signal.aborted) {
        answer = await attempt(order, (own) => own.read(id));
        if (answer === undefined) await pause(longestPauseMs);
      }
      return differing(order, answer);
    },
  };
}

/** Pending, or of PAYONE an act that is asked for (91, 81, 61), of which only a later look tells what became. */
function isOpen({ outcome, text }: Answer): boolean {
  return outcome === 'pending' || /"statusCode":(91|81|61)\b/.test(text);
}

/** What does not come in time is not waited for; should it come later, nobody looks at it. */
function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('timeout')), patienceMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

function note(order: DialectOrder, what: string): void {
  if (order.answers.at(-1) !== what) order.answers.push(what);
}

function finalOf({ outcome, status, reason, handle = '' }: Answer): FinalAnswer {
  const isApproved = outcome === 'approved';
  return {
    outcome: isApproved ? 'approved' : outcome === 'refused' ? 'refused' : 'failed',
    ...{ status, code: isApproved ? '' : (reason ?? outcome), id: handle, rrn: undefined },
  };
}
