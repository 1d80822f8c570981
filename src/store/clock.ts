/** The clocks: wall time, on which all nodes agree, and business time with the offset that the database keeps for all of them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { MovableClock } from '../core/due/advance.ts';
import type { Database, Statement } from '../postgres/connection.ts';

const readOffset: Statement = {
  name: 'clock_offset',
  text: `select offset_ms, (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms, moving_until > clock_timestamp() as is_moving
from polygate.clock`,
  // Each second: so a server that is gone without a word is noticed also while nobody pays.
  isQuick: true,
};

const tellOffset: Statement = {
  name: 'tell_clock_offset',
  text: `insert into polygate.clock_reader (node_id, offset_ms, read_at) values ($1, $2, clock_timestamp())
on conflict (node_id) do update set offset_ms = excluded.offset_ms, read_at = excluded.read_at`,
};

const forgetNodes: Statement = {
  name: 'forget_clock_readers',
  text: `delete from polygate.clock_reader where node_id = $1 or read_at < clock_timestamp() - interval '1 hour'`,
};

// A node that has not read it for so long is gone, or will read it before it does anything else.
const behind: Statement = {
  name: 'clock_readers_behind',
  text: `select 1 from polygate.clock_reader r, polygate.clock c
where r.offset_ms < c.offset_ms and r.read_at > clock_timestamp() - interval '10 seconds' limit 1`,
};

const takeTurn: Statement = {
  name: 'begin_clock_move',
  text: `update polygate.clock set mover_id = $1, moving_until = clock_timestamp() + interval '10 seconds'
where moving_until <= clock_timestamp() or mover_id = $1 returning offset_ms`,
};

const endTurn: Statement = {
  name: 'end_clock_move',
  text: `update polygate.clock set moving_until = '-infinity' where mover_id = $1`,
};

// The pauses between deliveries run on the database's clock; they become shorter by as much as the business clock goes forward.
const move: Statement = {
  name: 'move_clock',
  text: `with before as (
  select offset_ms from polygate.clock
), moved as (
  update polygate.clock set offset_ms = greatest(offset_ms, $2::bigint), moving_until = clock_timestamp() + interval '10 seconds'
  where mover_id = $1 and moving_until > clock_timestamp() returning offset_ms
), step as (
  select (moved.offset_ms - before.offset_ms) * interval '1 millisecond' as taken from moved, before where moved.offset_ms > before.offset_ms
), due as (
  update polygate.delivery d set due_at = d.due_at - step.taken from step where d.due_at > now() and d.lease is null
), awake as (
  update polygate.endpoint ep set wake_at = ep.wake_at - step.taken from step where ep.wake_at > now()
)
select offset_ms from moved`,
};

/** Beyond it a node does not start, and says that it is not ready: certificates are judged, and lines logged, by this machine's clock. */
export const skewAtMostMs = 300_000;
/** Two clocks that are set by time servers are never so far apart. What is further away is wrong, and the database's time counts instead. */
export const agreesWithinMs = 1_000;
/** A reading that took longer says less about the time, and counts only where none was quicker. */
const quickMs = 250;
/** Well before the node would count as gone. */
const tellEveryMs = 4_000;
const keepTurnEveryMs = 2_000;
const pauseMs = 50;

export interface StoreClock extends MovableClock {
  /** Reads the offset again; nodes do so regularly, since another may have moved it. */
  refresh(): Promise<void>;
  /** How much this machine's clock is ahead of the database's, in ms; below zero: behind it. */
  aheadMs(): number;
  /** The node is about to end: nobody need wait for it. */
  close(): Promise<void>;
}

/** `canMove`: the node tells by which offset it goes, so that whoever moves the clock knows when all do. */
export async function createClock(database: Database, { canMove }: { readonly canMove: boolean }): Promise<StoreClock> {
  const nodeId = randomUUID();
  let offsetMs = 0;
  let movedAtMs = 0;
  // The database's time, which goes on by a clock that nobody sets: a node whose own clock is moved while it runs is not misled for a moment.
  let seen = { databaseMs: Number.NaN, atMs: 0, tookMs: Number.POSITIVE_INFINITY };
  let told = { offsetMs: Number.NaN, atMs: 0 };
  let isMoving = false;
  let turn: Promise<unknown> = Promise.resolve();

  const databaseNow = () => seen.databaseMs + performance.now() - seen.atMs;
  const aheadMs = () => Date.now() - databaseNow();
  const wallNow = () => (Math.abs(aheadMs()) > agreesWithinMs ? Math.round(databaseNow()) : Date.now());

  function goBy(newOffsetMs: number): void {
    // Answers may overtake one another; the clock goes forward only.
    if (newOffsetMs <= offsetMs) return;
    offsetMs = newOffsetMs;
    movedAtMs = wallNow();
  }

  async function refresh(): Promise<void> {
    const askedMs = performance.now();
    const [row] = await database.query<{ offset_ms: number; now_ms: number; is_moving: boolean }>(readOffset);
    if (row === undefined) return;
    const atMs = performance.now();
    const tookMs = atMs - askedMs;
    if (tookMs <= Math.max(quickMs, seen.tookMs)) seen = { databaseMs: row.now_ms, atMs, tookMs };
    goBy(row.offset_ms);
    isMoving = row.is_moving;
    if (!canMove || (told.offsetMs === offsetMs && atMs < told.atMs + tellEveryMs)) return;
    await database.query(tellOffset, [nodeId, offsetMs]);
    told = { offsetMs, atMs };
  }

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const [row] = await database.query<{ offset_ms: number }>(takeTurn, [nodeId]);
      if (row !== undefined) {
        goBy(row.offset_ms);
        break;
      }
      await delay(pauseMs);
    }
    const keeping = setInterval(() => void database.query(takeTurn, [nodeId]).catch(() => undefined), keepTurnEveryMs);
    try {
      isMoving = true;
      const result = await work();
      await refresh();
      while ((await database.query(behind)).length > 0) await delay(pauseMs);
      return result;
    } finally {
      clearInterval(keeping);
      isMoving = false;
      await database.query(endTurn, [nodeId]).catch(() => undefined);
    }
  }

  const clock: StoreClock = {
    wallNow,
    businessNow: () => wallNow() + offsetMs,
    aheadMs,
    movedAtMs: () => movedAtMs,
    isMoving: () => isMoving,
    offsetMs: () => offsetMs,
    refresh,
    async moveTo(newOffsetMs) {
      const [row] = await database.query<{ offset_ms: number }>(move, [nodeId, Math.ceil(newOffsetMs)]);
      if (row === undefined) throw new Error('the clock was moved by another node meanwhile');
      goBy(row.offset_ms);
    },
    exclusively(work) {
      const result = turn.then(() => inTurn(work));
      turn = result.catch(() => undefined);
      return result;
    },
    async close() {
      if (canMove) await database.query(forgetNodes, [nodeId]).catch(() => undefined);
    },
  };
  await refresh();
  if (Math.abs(aheadMs()) > skewAtMostMs) {
    const seconds = Math.round(aheadMs() / 1000);
    throw new Error(`this machine's clock and the database's are ${seconds} s apart; set both by a time server and start again`);
  }
  return clock;
}
