/** Disturbances on the way between gateway and host, ordered from the host's control API at random moments beside the kills. */
import { setTimeout as delay } from 'node:timers/promises';

export interface FaultsOptions {
  readonly hostUrl: string;
  readonly count: number;
  readonly durationMs: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface Faults {
  /** Orders that the host took; one that is down takes none, and a kill makes it forget those it has not carried out. */
  readonly ordered: () => number;
  readonly done: Promise<void>;
}

/** `delay_ms` is beyond the gateway's time-out of 2 s: the answer comes when the outcome is already unknown. */
const faults: readonly Readonly<Record<string, string | number>>[] = [
  { fault: 'no_answer' },
  { fault: 'answer_lost' },
  { fault: 'late_answer', delay_ms: 2_600 },
  { fault: 'duplicate_answer' },
  { fault: 'disconnect' },
  { fault: 'half_frame' },
  { fault: 'wrong_stan' },
  { fault: 'garbage' },
  { fault: 'bank_down' },
  { fault: 'bank_answer_lost' },
  { fault: 'bank_notice_lost' },
  { fault: 'bank_notice_twice' },
];
const messagesAtMost = 4;

export function startFaults({ hostUrl, count, durationMs, random, signal }: FaultsOptions): Faults {
  let ordered = 0;

  async function run(): Promise<void> {
    const startedAtMs = performance.now();
    const moments = Array.from({ length: count }, () => (0.02 + random() * 0.96) * durationMs).sort((a, b) => a - b);
    for (const moment of moments) {
      await delay(Math.max(0, startedAtMs + moment - performance.now()), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const fault = faults[Math.floor(random() * faults.length)];
      const body = JSON.stringify({ ...fault, times: 1 + Math.floor(random() * messagesAtMost) });
      const answer = await fetch(`${hostUrl}/control/faults`, { method: 'POST', body, signal }).catch(() => undefined);
      if (answer === undefined) continue;
      if (answer.status !== 201) throw new Error(`the host refused to order ${body}: ${answer.status} ${await answer.text()}`);
      ordered += 1;
    }
    // What is still waiting for a message would only disturb the rest.
    await fetch(`${hostUrl}/control/faults`, { method: 'DELETE', signal }).catch(() => undefined);
  }

  return { ordered: () => ordered, done: run() };
}
