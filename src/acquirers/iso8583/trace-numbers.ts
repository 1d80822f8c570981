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
  const stans = new Map<string, Block | Promise<void>>();
  let rrns: Block | Promise<void> = { next: 0, end: 0 };
  let day = '';
  let dayStartMs = Number.NEGATIVE_INFINITY;
  const usedUp = new Set<string>();

  async function stanOf(terminal: string, businessDate: string): Promise<number | undefined> {
    for (;;) {
      if (usedUp.has(terminal)) return undefined;
      const block = stans.get(terminal);
      if (block instanceof Promise) {
        await block;
      } else if (block !== undefined && block.next < block.end) {
        block.next += 1;
        return block.next - 1;
      } else {
        const refill = refillStans(terminal, businessDate);
        stans.set(terminal, refill);
        await refill;
      }
    }
  }

  async function refillStans(terminal: string, businessDate: string): Promise<void> {
    try {
      const first = await numbers.takeStans({ terminal, businessDate, count: stanBlock });
      if (first === undefined) usedUp.add(terminal);
      if (businessDate === day) stans.set(terminal, { next: first ?? 0, end: first === undefined ? 0 : first + stanBlock });
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
      if (transmittedAtMs < dayStartMs || transmittedAtMs >= dayStartMs + dayMs) {
        dayStartMs = Math.floor(transmittedAtMs / dayMs) * dayMs;
        day = new Date(dayStartMs).toISOString().slice(0, 10);
        stans.clear();
        usedUp.clear();
      }
      for (const candidate of terminal === undefined ? account.terminals : [terminal]) {
        const stan = await stanOf(candidate, day);
        if (stan === undefined) continue;
        return { terminal: candidate, stan: String(stan).padStart(6, '0'), rrn: await nextRrn(scope.routingNumber), transmittedAtMs };
      }
      throw new Unavailable(
        `no STAN left on ${day} for ${terminal ?? `any terminal of account ${account.accountId}`}; give the account more terminals`,
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
