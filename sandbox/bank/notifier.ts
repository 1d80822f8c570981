/**
 * Tells gateways what has happened, at least once: each payment is told as it is now, until the gateway has taken notice of its latest version,
 * also after a restart. The body is signed, with the time, so that an old one cannot be played again for long.
 */

import { createHmac } from 'node:crypto';
import type { BankFault } from '../host/faults.ts';

export interface Notifier {
  /** Something has happened to this payment. */
  wake(reference: string): void;
  close(): void;
}

/** What the gateway is told of one payment or transfer, as it is now. */
export interface News {
  readonly report: Readonly<Record<string, unknown>>;
  readonly notificationUrl: string;
  /** Counts what there is to tell. */
  readonly version: number;
  readonly acknowledged: number;
}

export interface NotifierOptions {
  readonly subjects: {
    find(reference: string): News | undefined;
    references(): readonly string[];
  };
  readonly secret: string;
  readonly suffers: (fault: BankFault) => boolean;
  readonly acknowledge: (reference: string, version: number) => Promise<void>;
}

const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** `t` are seconds since the epoch, `v1` the HMAC-SHA256 over them, a point, and the body, in hex. */
export function signatureOf(secret: string, atSeconds: number, body: string): string {
  return `t=${atSeconds},v1=${createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex')}`;
}

export function createNotifier({ subjects, secret, suffers, acknowledge }: NotifierOptions): Notifier {
  const closing = new AbortController();
  const timers = new Map<string, NodeJS.Timeout>();
  const underWay = new Set<string>();

  const wakeIn = (reference: string, pauseMs: number, attempt: number): void => {
    clearTimeout(timers.get(reference));
    if (closing.signal.aborted) return;
    timers.set(
      reference,
      setTimeout(() => void tell(reference, attempt), pauseMs),
    );
  };

  const tell = async (reference: string, attempt: number): Promise<void> => {
    const news = subjects.find(reference);
    if (news === undefined || news.acknowledged >= news.version || underWay.has(reference) || closing.signal.aborted) return;
    underWay.add(reference);
    const isTaken = await deliver(news);
    underWay.delete(reference);
    if (isTaken) await acknowledge(reference, news.version);
    const now = subjects.find(reference);
    if (now === undefined || now.acknowledged >= now.version) return;
    const pauseMs = isTaken ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_PAUSE_MS);
    wakeIn(reference, pauseMs, isTaken ? 1 : attempt + 1);
  };

  const deliver = async (news: News): Promise<boolean> => {
    if (suffers('bank_notice_lost')) return false;
    const isTaken = await post(news);
    return isTaken && suffers('bank_notice_twice') ? post(news) : isTaken;
  };

  const post = async ({ report, notificationUrl }: News): Promise<boolean> => {
    const body = JSON.stringify(report);
    try {
      const answer = await fetch(notificationUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'bank-signature': signatureOf(secret, Math.floor(Date.now() / 1_000), body) },
        body,
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), closing.signal]),
      });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  };

  // What was not told before the last end of this process.
  for (const reference of subjects.references()) {
    const news = subjects.find(reference);
    if (news !== undefined && news.acknowledged < news.version) wakeIn(reference, 0, 1);
  }
  return {
    wake: (reference) => wakeIn(reference, 0, 1),
    close() {
      closing.abort();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
