/**
 * Answers that nobody waits for: they came after their time-out, after an answer that was none, or after a restart. An approval among them must
 * not be lost, so each is looked up until that is possible; what belongs to nothing costs one look-up, and a flood of it no more memory than this.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineLog } from '../../core/payment/engine.ts';
import type { Iso8583Message } from '../../protocols/iso8583/codec.ts';

const lookUpsAtOnce = 16;
/** Beyond any number of payments that can be under way when a host wakes up; about 30 MB. */
const waitingAtMost = 20_000;
const pauseMs = 1_000;
/** Whoever could not take an answer for so long never will. */
const keptForMs = 15 * 60_000;

export interface UnawaitedAnswers {
  take(message: Iso8583Message): void;
  /** What waits is looked up once more. */
  close(): Promise<void>;
}

/** `lookUp` resolves to whether the answer belongs to anything here, and rejects when it cannot be known now. */
export function createUnawaitedAnswers({
  lookUp,
  log,
}: {
  readonly lookUp: (message: Iso8583Message) => Promise<boolean>;
  readonly log: EngineLog;
}): UnawaitedAnswers {
  const waiting: { readonly message: Iso8583Message; readonly untilMs: number }[] = [];
  const lanes = new Set<Promise<void>>();
  let closing = false;

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { message, untilMs } = next;
      const { mti, fields } = message;
      const named = { mti, stan: fields[11], rrn: fields[37] };
      try {
        if (!(await lookUp(message))) log.warn(named, 'the acquirer answered something that was not asked');
      } catch (error) {
        const isGivenUp = closing || performance.now() >= untilMs;
        log.error(
          { ...named, error: String(error) },
          isGivenUp
            ? 'an answer that came late could not be recorded; its operation is resolved without it'
            : 'an answer that came late cannot be recorded yet',
        );
        if (isGivenUp) continue;
        waiting.push(next);
        await delay(pauseMs);
      }
    }
  }

  return {
    take(message) {
      if (waiting.length >= waitingAtMost) {
        const { mti, fields } = message;
        log.error({ mti, stan: fields[11], rrn: fields[37] }, 'too many answers come late; one is dropped');
        return;
      }
      waiting.push({ message, untilMs: performance.now() + keptForMs });
      if (lanes.size >= lookUpsAtOnce) return;
      const lane = work();
      lanes.add(lane);
      void lane.finally(() => lanes.delete(lane));
    },
    async close() {
      closing = true;
      await Promise.all(lanes);
    },
  };
}
