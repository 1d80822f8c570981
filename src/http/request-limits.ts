/**
 * How often something may be asked. The limit that protocols document (a payment's status) is exact and holds over all nodes; the one against
 * floods is counted in the memory of each node, since nobody needs it exact: with n nodes up to n times as much gets through.
 */
import type { RequestWindow } from '../core/ports/request-window.ts';
import type { Counted, LoginLimits, RequestLimits } from '../dialects/dialect.ts';

const minuteMs = 60_000;
/** Subjects counted in one minute; beyond it new ones are let through uncounted. */
const subjectsAtMost = 200_000;

export interface RequestLimitsOptions {
  readonly window: RequestWindow;
  /** 0: no limit. */
  readonly statusPerMinute: number;
  /** 0: no limit. */
  readonly requestsPerMinute: number;
  /** Wall time, epoch ms. */
  readonly wallNow: () => number;
}

/** What all dialects share; who asks is counted for each of them ({@link ./limits/door.ts}). */
export function createRequestLimits({
  window,
  statusPerMinute,
  requestsPerMinute,
  wallNow,
}: RequestLimitsOptions): Omit<RequestLimits, keyof LoginLimits> {
  const flood = createCounter(requestsPerMinute, wallNow);
  return {
    async countStatus({ merchantId, subject, perMinute = 0 }) {
      if (statusPerMinute === 0) return { allowed: true };
      const limit = Math.max(statusPerMinute, perMinute);
      const counted = await window.count({ merchantId, subject: `status ${subject}`, limit, windowMs: minuteMs });
      return { ...counted, limit };
    },
    countRequest: ({ merchantId, subject }) => (requestsPerMinute === 0 ? { allowed: true } : flood(`${merchantId} ${subject}`)),
    async isFirst({ merchantId, subject, withinMs }) {
      return (await window.count({ merchantId, subject: `once ${subject}`, limit: 1, windowMs: withinMs })).allowed;
    },
  };
}

/** A sliding minute from two counters: what is left of the last minute counts by the share of it that is still in sight. */
function createCounter(limit: number, wallNow: () => number): (subject: string) => Counted {
  let minute = 0;
  let current = new Map<string, number>();
  let previous = new Map<string, number>();
  return (subject) => {
    const nowMs = wallNow();
    const thisMinute = Math.floor(nowMs / minuteMs);
    if (thisMinute !== minute) {
      previous = thisMinute === minute + 1 ? current : new Map();
      current = new Map();
      minute = thisMinute;
    }
    const leftMs = minuteMs - (nowMs % minuteMs);
    const count = current.get(subject) ?? 0;
    if (count + ((previous.get(subject) ?? 0) * leftMs) / minuteMs >= limit) return { allowed: false, retryAfterMs: leftMs, limit };
    if (count > 0 || current.size < subjectsAtMost) current.set(subject, count + 1);
    return { allowed: true };
  };
}
