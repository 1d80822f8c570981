/**
 * Whether a database has room on its disk. One that has none goes on answering reads, so nobody would know but whoever pays. What is written anyway tells
 * that it is full; from then on it is asked, by whoever wants to know, until there is room again.
 */
import { type Database, isConnectionFailure, type Statement } from './connection.ts';

export interface Room {
  /** To be told of every statement that failed. */
  readonly noteFailure: (error: unknown) => void;
  /** Throws while there is no room. Costs nothing as long as no statement has failed for it. */
  readonly assertRoom: (database: Pick<Database, 'transaction'>) => Promise<void>;
}

export interface RoomLog {
  info?(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** What is spilled goes to the disk of the tables, whatever else is set. */
const spill: Statement = {
  name: 'spill',
  text: `select set_config('work_mem', '64kB', true), set_config('temp_tablespaces', '', true)`,
};

// Two segments of the write-ahead log: a server that cannot begin the next one goes down. A file that is gone with the statement leaves nothing behind.
const takesRoom: Statement = {
  name: 'takes_room',
  text: `with filler as materialized (select repeat('x', 1048576) as text from generate_series(1, 32)) select count(text) from filler`,
};

/** `name`: which database it is, in the log. */
export function watchRoom({ name, log }: { readonly name: string; readonly log: RoomLog }): Room {
  let isFull = false;
  return {
    noteFailure(error) {
      if (isFull || !isFullDisk(error)) return;
      isFull = true;
      log.error({}, `the disk of ${name} is full: nothing can be recorded until there is room on it`);
    },
    async assertRoom(database) {
      if (!isFull) return;
      await database
        .transaction(async (query) => {
          await query(spill);
          await query(takesRoom);
        })
        .catch((error: unknown) => {
          // Anything else says nothing about the disk (a `temp_file_limit`): the next write will tell.
          if (isFullDisk(error) || isConnectionFailure(error)) throw error;
        });
      isFull = false;
      log.info?.({}, `the disk of ${name} has room again`);
    },
  };
}

function isFullDisk(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '53100';
}
