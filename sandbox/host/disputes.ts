/**
 * Disputes: chargebacks that issuers raise through this host, and their reversals. Each is told to the gateway as an advice (0422) and repeated
 * (0423) until it is answered (0432), also after a restart: what was raised and what was answered are lines of the journal.
 */

import type { Entry } from './books.ts';
import { originalKey } from './request.ts';

export const DISPUTE_STAGES = ['chargeback', 'reversal'] as const;

/** What a message to the gateway is about. */
export type DisputeStage = (typeof DISPUTE_STAGES)[number];

/** One line of the journal about a dispute. */
export type DisputeFact =
  | {
      readonly event: 'raised';
      readonly id: string;
      /** `originalKey` of the message that took the money. */
      readonly charge: string;
      readonly amountMinor: number;
      /** The scheme's reason code. */
      readonly reason: string;
      readonly trace: DisputeTrace;
    }
  | { readonly event: 'reversed'; readonly id: string; readonly trace: DisputeTrace }
  /** `code`: DE39 of the gateway's answer. `bookedAtMs`: when it has booked it, business time, where it has said so. */
  | {
      readonly event: 'answered';
      readonly id: string;
      readonly stage: DisputeStage;
      readonly code: string;
      readonly bookedAtMs?: number;
    };

/** DE11 and DE7 of an advice; never changed in its repeats. */
export interface DisputeTrace {
  readonly stan: string;
  readonly transmittedAt: string;
}

/** An advice and what became of it. */
export interface Advice {
  readonly stage: DisputeStage;
  readonly trace: DisputeTrace;
  /** DE39 of the answer; undefined while there is none. */
  code: string | undefined;
  /** When the gateway has booked it, business time, epoch ms; undefined where it did not say. */
  bookedAtMs?: number | undefined;
}

export interface Dispute {
  readonly id: string;
  readonly charge: Entry;
  readonly amountMinor: number;
  readonly reason: string;
  readonly chargeback: Advice;
  reversal: Advice | undefined;
}

export interface Disputes {
  /** Takes a fact in; throws when it is about nothing that is known, since then the journal is damaged. */
  apply(fact: DisputeFact): void;
  find(id: string): Dispute | undefined;
  /** In the order in which they were raised. */
  readonly all: readonly Dispute[];
  /** What waits for its answer: a reversal only after its chargeback was answered. */
  unanswered(): readonly { readonly dispute: Dispute; readonly advice: Advice }[];
  /** The advice that bears this trace. */
  advice(trace: DisputeTrace): { readonly dispute: Dispute; readonly advice: Advice } | undefined;
  nextTrace(transmittedAt: string): DisputeTrace;
  nextId(): string;
}

/** `chargeOf` finds a booked entry by its key. */
export function createDisputes(chargeOf: (key: string) => Entry | undefined): Disputes {
  const byId = new Map<string, Dispute>();
  const byTrace = new Map<string, { readonly dispute: Dispute; readonly advice: Advice }>();
  const open = new Set<Dispute>();
  const all: Dispute[] = [];
  let lastStan = 0;

  const keep = (dispute: Dispute, advice: Advice): void => {
    byTrace.set(keyOf(advice.trace), { dispute, advice });
    open.add(dispute);
    lastStan = Number(advice.trace.stan);
  };
  const known = (id: string): Dispute => {
    const dispute = byId.get(id);
    if (dispute === undefined) throw new Error(`no dispute ${id}`);
    return dispute;
  };
  return {
    all,
    find: (id) => byId.get(id),
    apply(fact) {
      switch (fact.event) {
        case 'raised': {
          const { id, amountMinor, reason, trace } = fact;
          const charge = chargeOf(fact.charge);
          if (charge === undefined) throw new Error(`dispute ${id} is about a charge that is not booked`);
          const chargeback: Advice = { stage: 'chargeback', trace, code: undefined };
          const dispute: Dispute = { id, charge, amountMinor, reason, chargeback, reversal: undefined };
          byId.set(id, dispute);
          all.push(dispute);
          keep(dispute, chargeback);
          return;
        }
        case 'reversed': {
          const dispute = known(fact.id);
          dispute.reversal = { stage: 'reversal', trace: fact.trace, code: undefined };
          keep(dispute, dispute.reversal);
          return;
        }
        case 'answered': {
          const dispute = known(fact.id);
          const advice = fact.stage === 'chargeback' ? dispute.chargeback : dispute.reversal;
          if (advice !== undefined) Object.assign(advice, { code: fact.code, bookedAtMs: fact.bookedAtMs });
          if (openAdvice(dispute) === undefined) open.delete(dispute);
        }
      }
    },
    unanswered: () =>
      [...open].flatMap((dispute) => {
        const advice = openAdvice(dispute);
        return advice === undefined ? [] : [{ dispute, advice }];
      }),
    advice: (trace) => byTrace.get(keyOf(trace)),
    nextTrace: (transmittedAt) => ({ stan: String((lastStan % 999_999) + 1).padStart(6, '0'), transmittedAt }),
    // A letter in front: a number alone could look like a card's.
    nextId: () => `D${String(all.length + 1).padStart(6, '0')}`,
  };
}

function keyOf({ stan, transmittedAt }: DisputeTrace): string {
  return stan + transmittedAt;
}

function openAdvice({ chargeback, reversal }: Dispute): Advice | undefined {
  if (chargeback.code === undefined) return chargeback;
  return reversal?.code === undefined ? reversal : undefined;
}

const MARK = 'dispute';

/** The fact as a line of the journal without its end. */
export function toDisputeLine(fact: DisputeFact): string {
  return JSON.stringify([MARK, fact]);
}

/** The fact in a line; undefined when the line is not one that `toDisputeLine` wrote. */
export function fromDisputeLine(line: string): DisputeFact | undefined {
  if (!line.startsWith(`["${MARK}",`)) return undefined;
  try {
    const [, fact] = JSON.parse(line) as [string, DisputeFact | undefined];
    return fact;
  } catch {
    return undefined;
  }
}

/** The key under which a dispute names its charge. */
export function chargeKey(entry: Entry): string {
  return originalKey(entry.fact);
}
