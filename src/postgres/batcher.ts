/**
 * Group commit for statements: whatever waits goes together in one multi-row statement, so that a round trip and a disk flush are
 * shared by all who wait. No timer: a batch leaves as soon as a slot is free, and grows only while all slots are busy.
 */
import { certaintyOf, isOutOfResources, retriable } from './connection.ts';

export interface BatcherOptions<I, O> {
  /** Runs a batch and returns one outcome per input, in the same order. */
  readonly run: (inputs: readonly I[]) => Promise<readonly O[]>;
  /** Rows per statement at most. */
  readonly maxSize: number;
  /** Statements under way at the same time. */
  readonly maxConcurrent: number;
  /**
   * Inputs of the same lane (a payment's id) are never under way together: two updates of one row in one statement silently lose one,
   * and two statements would wait for each other's lock.
   */
  readonly laneOf?: (input: I) => string | undefined;
  /** Told the size of every batch as it leaves. */
  readonly onBatch?: (rows: number) => void;
}

export interface Batcher<I, O> {
  submit(input: I): Promise<O>;
  /** Inputs waiting or under way. */
  readonly depth: number;
}

interface Waiting<I, O> {
  readonly input: I;
  readonly lane: string | undefined;
  readonly resolve: (outcome: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a batcher. On an error that rolled the statement back because of its data, the batch is halved until the guilty input is alone,
 * so that one bad row fails one caller. Every other error reaches all callers of the batch as it is, also that of a full disk; see `certaintyOf`.
 */
export function createBatcher<I, O>(options: BatcherOptions<I, O>): Batcher<I, O> {
  let queue: Waiting<I, O>[] = [];
  const busyLanes = new Set<string>();
  let running = 0;
  let underWay = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    // setImmediate, so that everything the current poll of the event loop brings is in the same batch.
    setImmediate(() => {
      scheduled = false;
      while (running < options.maxConcurrent) {
        const batch = take();
        if (batch.length === 0) return;
        void start(batch);
      }
    });
  }

  function take(): Waiting<I, O>[] {
    if (options.laneOf === undefined && queue.length <= options.maxSize) {
      const all = queue;
      queue = [];
      return all;
    }
    const batch: Waiting<I, O>[] = [];
    const rest: Waiting<I, O>[] = [];
    for (const waiting of queue) {
      const blocked = waiting.lane !== undefined && busyLanes.has(waiting.lane);
      if (blocked || batch.length >= options.maxSize) {
        rest.push(waiting);
      } else {
        if (waiting.lane !== undefined) busyLanes.add(waiting.lane);
        batch.push(waiting);
      }
    }
    queue = rest;
    return batch;
  }

  async function start(batch: readonly Waiting<I, O>[]): Promise<void> {
    running += 1;
    underWay += batch.length;
    options.onBatch?.(batch.length);
    await execute(batch);
    running -= 1;
    underWay -= batch.length;
    for (const waiting of batch) if (waiting.lane !== undefined) busyLanes.delete(waiting.lane);
    if (queue.length > 0) schedule();
  }

  async function execute(batch: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outcomes = await retriable(() => options.run(batch.map((waiting) => waiting.input)));
      if (outcomes.length !== batch.length) throw new Error(`a batch of ${batch.length} brought ${outcomes.length} outcomes`);
      for (const [index, waiting] of batch.entries()) waiting.resolve(outcomes[index] as O);
    } catch (error) {
      if (batch.length > 1 && certaintyOf(error) === 'refused' && !isOutOfResources(error)) {
        const middle = batch.length >> 1;
        await execute(batch.slice(0, middle));
        await execute(batch.slice(middle));
      } else {
        for (const waiting of batch) waiting.reject(error);
      }
    }
  }

  return {
    submit(input) {
      return new Promise<O>((resolve, reject) => {
        queue.push({ input, lane: options.laneOf?.(input), resolve, reject });
        schedule();
      });
    },
    get depth() {
      return queue.length + underWay;
    },
  };
}
