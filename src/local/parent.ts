/** Ends this process when the process that started it is gone, also after a kill -9 that no handler sees. */
import { Socket } from 'node:net';

/** The environment variable that names the descriptor of the parent's pipe; set by bin/polygate.js. */
const parentVariable = 'POLYGATE_PARENT_FD';

/**
 * Watches the pipe that the starting process holds open and calls `onGone` once when that process ends, however it ends.
 * Does nothing when no such pipe was given, and never keeps the process alive by itself.
 * The default sends this process a SIGTERM, so that it stops as it would for its operator.
 */
export function exitWithParent(onGone: () => void = () => process.kill(process.pid, 'SIGTERM')): void {
  const value = process.env[parentVariable];
  // Children of ours have their own descriptors: they must not take our number for theirs.
  delete process.env[parentVariable];
  if (value === undefined || !/^\d+$/.test(value)) return;
  const pipe = openPipe(Number(value));
  if (pipe === undefined) return;
  pipe.on('error', () => pipe.destroy());
  pipe.once('close', onGone);
  pipe.resume();
  pipe.unref();
}

/** The variable may have been handed on by a process in between that did not hand on the descriptor: then there is nothing to watch. */
function openPipe(fd: number): Socket | undefined {
  try {
    return new Socket({ fd, readable: true, writable: false });
  } catch {
    return undefined;
  }
}
