/**
 * Traces: STAN and RRN from blocks that the database hands out. (terminal, business day, STAN) is unique; when a terminal's day is used up,
 * the account's next terminal takes over. A block that a crash loses is lost: numbers are skipped, never used twice.
 */

import type { AcquirerAccount, TraceNumbers } from '../../core/acquirer/account.ts';
import type { TraceScope } from '../../core/ports/acquirer.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { Unavailable } from '../../core/unavailable.ts';

const stanBlock = 1_000;
const rrnBlock = 20_000;
const dayMs = 86_400_000;

interface Block {
  next: number;
  end: number;
}

/** What is left of a business day: whoever began on it goes on with it, so that a STAN is always of the day that its message bears. */
interface Day {
  readonly date: string;
  readonly startMs: number;
  readonly stans: Map<string, Block | Promise<void>>;
  readonly usedUp: Set<string>;
}

function dayAt(epochMs: number): Day {
  const startMs = Math.floor(epochMs / dayMs) * dayMs;
  return { date: new Date(startMs).toISOString().slice(0, 10), startMs, stans: new Map(), usedUp: new Set() };
}

export interface TraceNumber {
  readonly terminal: string;
  readonly stan: string;
  readonly rrn: string;
  readonly transmittedAtMs: number;
}

export interface TraceSource {
  /** The next trace of an account, on `terminal` when the original's terminal must be kept. Rejects when all terminals' days are used up. */
  next(request: { readonly scope: TraceScope; readonly account: AcquirerAccount; readonly terminal?: string }): Promise<TraceNumber>;
}

export function createTraceSource({ numbers, clock }: { readonly numbers: TraceNumbers; readonly clock: Clock }): TraceSource {
  let rrns: Block | Promise<void> = { next: 0, end: 0 };
  let today: Day | undefined;

  async function stanOf(day: Day, terminal: string): Promise<number | undefined> {
    for (;;) {
      if (day.usedUp.has(terminal)) return undefined;
      const block = day.stans.get(terminal);
      if (block instanceof Promise) {
        await block;
      } else if (block !== undefined && block.next < block.end) {
        block.next += 1;
        return block.next - 1;
      } else {
        const refill = refillStans(day, terminal);
        day.stans.set(terminal, refill);
        await refill;
      }
    }
  }

  async function refillStans({ date, stans, usedUp }: Day, terminal: string): Promise<void> {
    try {
      const first = await numbers.takeStans({ terminal, businessDate: date, count: stanBlock });
      if (first === undefined) usedUp.add(terminal);
      stans.set(terminal, { next: first ?? 0, end: first === undefined ? 0 : first + stanBlock });
    } catch (error) {
      stans.delete(terminal);
      throw error;
    }
  }

  async function nextRrn(routingNumber: number): Promise<string> {
    for (;;) {
      if (rrns instanceof Promise) {
        await rrns;
      } else if (rrns.next < rrns.end) {
        rrns.next += 1;
        return base36(rrns.next - 1, 8) + base36(routingNumber, 4);
      } else {
        rrns = refillRrns();
        await rrns;
      }
    }
  }

  async function refillRrns(): Promise<void> {
    try {
      const first = await numbers.takeRrns(rrnBlock);
      rrns = { next: first, end: first + rrnBlock };
    } catch (error) {
      rrns = { next: 0, end: 0 };
      throw error;
    }
  }

  return {
    async next({ scope, account, terminal }) {
      const transmittedAtMs = clock.businessNow();
      if (today === undefined || transmittedAtMs < today.startMs || transmittedAtMs >= today.startMs + dayMs)
        today = dayAt(transmittedAtMs);
      const day = today;
      for (const candidate of terminal === undefined ? account.terminals : [terminal]) {
        const stan = await stanOf(day, candidate);
        if (stan === undefined) continue;
        return { terminal: candidate, stan: String(stan).padStart(6, '0'), rrn: await nextRrn(scope.routingNumber), transmittedAtMs };
      }
      throw new Unavailable(
        `no STAN left on ${day.date} for ${terminal ?? `any terminal of account ${account.accountId}`}; give the account more terminals`,
      );
    },
  };
}

/** The routing number of the merchant inside an RRN of ours; undefined for one that is not. */
export function routingNumberOf(rrn: string): number | undefined {
  return /^[0-9A-Z]{12}$/.test(rrn) ? Number.parseInt(rrn.slice(8), 36) : undefined;
}

function base36(value: number, width: number): string {
  return value.toString(36).toUpperCase().padStart(width, '0');
}
