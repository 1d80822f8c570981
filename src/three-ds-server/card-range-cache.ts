/**
 * Which cards take part: the directory server's list, asked for at the start and once a day, in between only after a failure. A list that cannot be used
 * leaves the old one in place, and the whole list is asked for next (EMV 3-D Secure, Req 246, 303, 385).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineLog } from '../core/payment/engine.ts';
import { build } from '../protocols/emv-3ds/build.ts';
import { applyPRes, type CardRange, type CardRanges, findRange, NO_CARD_RANGES } from '../protocols/emv-3ds/card-ranges.ts';
import { parse } from '../protocols/emv-3ds/parse.ts';
import { NoAnswer, nameOf, type Post } from './post.ts';

export interface CardRangeCache {
  /** `unknown` while no list has come yet. */
  find(pan: string): CardRange | 'not enrolled' | 'unknown';
  stop(): Promise<void>;
}

export interface CardRangeOptions {
  readonly post: Post;
  readonly url: string;
  readonly timeoutMs: number;
  readonly serverReference: string;
  readonly requestorUrl: string;
  readonly allowsPlainHttp: boolean;
  readonly log: EngineLog;
  /** How long a list is good; absent: as long as the directory servers want to be left in peace. */
  readonly freshForMs?: number;
}

const usuallyFreshForMs = 23 * 3_600_000;
const firstPauseMs = 250;
const longestPauseMs = 60_000;
const bytesAtMost = 64 * 1_048_576;

/** Asks at once; resolves when the first list is there, or when it took too long: it goes on behind. */
export async function startCardRangeCache(options: CardRangeOptions): Promise<CardRangeCache> {
  const { freshForMs = usuallyFreshForMs } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const { promise: tried, resolve: triedOnce } = Promise.withResolvers<void>();
  let known: CardRanges | undefined;
  const run = async (): Promise<void> => {
    for (let pauseMs = firstPauseMs; !signal.aborted; ) {
      const outcome = await refresh(options, known);
      if ('ranges' in outcome) known = outcome.ranges;
      // What is wrong with a change does not mend itself: the whole list comes next.
      else if (known !== undefined) known = { ...known, serialNum: undefined };
      triedOnce();
      if ('problem' in outcome) {
        const told = { server: nameOf(options.url), problem: outcome.problem };
        options.log.warn(told, 'the list of cards with 3-D Secure could not be refreshed; it is tried again within a minute');
      }
      pauseMs = 'ranges' in outcome ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      await delay('ranges' in outcome ? freshForMs : pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  const running = run();
  await tried;
  return {
    find(pan) {
      if (known === undefined) return 'unknown';
      return findRange(known, pan) ?? 'not enrolled';
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

type Refreshed = { readonly ranges: CardRanges } | { readonly problem: string };

async function refresh(options: CardRangeOptions, known: CardRanges = NO_CARD_RANGES): Promise<Refreshed> {
  const { post, url, timeoutMs, serverReference, requestorUrl, allowsPlainHttp } = options;
  const { serialNum } = known;
  const preq = {
    ...({ messageType: 'PReq', messageVersion: '2.2.0', threeDSServerTransID: randomUUID() } as const),
    ...{ threeDSServerRefNumber: serverReference, threeDSRequestorURL: requestorUrl },
    ...(serialNum === undefined ? {} : { serialNum }),
  };
  const built = build(preq, { allowsPlainHttp });
  if (!built.ok) return { problem: `a PReq cannot be made: ${built.findings.map(({ path, says }) => `${path} ${says}`).join('; ')}` };
  try {
    const bytes = await post({ url, text: built.text, timeoutMs: timeoutMs * 4, bytesAtMost });
    const parsed = parse(bytes, { expected: ['PRes', 'Erro'], inReplyTo: preq, allowsPlainHttp });
    if (!parsed.ok) return { problem: `${parsed.problem.errorCode} ${parsed.problem.errorDetail}` };
    if (parsed.message.messageType === 'Erro') return { problem: `Erro ${parsed.message.errorCode}` };
    const updated = applyPRes(known, parsed.message, { isWholeList: serialNum === undefined });
    return updated.ok ? { ranges: updated.ranges } : { problem: `${updated.problem.errorCode} ${updated.problem.errorDetail}` };
  } catch (error) {
    if (error instanceof NoAnswer) return { problem: error.detail };
    throw error;
  }
}
