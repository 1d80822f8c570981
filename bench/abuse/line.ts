/** The line of the attacker, which carries so much and no more: on one machine the network is as fast as its memory. */
import type { Socket } from 'node:net';

/** One gigabit. */
const bytesPerSecond = 125_000_000;
const turnMs = 5;

export interface Line {
  /** Sends it again and again, as long as the socket is open: one piece of each socket after the other. */
  pour(socket: Socket, what: string | Buffer): void;
}

export function openLine(): Line {
  const pouring: { readonly socket: Socket; readonly what: string | Buffer }[] = [];
  let left = 0;
  let beforeMs = performance.now();
  setInterval(() => {
    const nowMs = performance.now();
    left = Math.min(left + ((nowMs - beforeMs) * bytesPerSecond) / 1_000, bytesPerSecond / 10);
    beforeMs = nowMs;
    for (let untried = pouring.length; left > 0 && untried > 0; untried -= 1) {
      const next = pouring.shift();
      if (next === undefined || next.socket.destroyed) continue;
      pouring.push(next);
      if (next.socket.writableNeedDrain) continue;
      next.socket.write(next.what);
      left -= next.what.length;
    }
  }, turnMs);
  return { pour: (socket, what) => void pouring.push({ socket, what }) };
}
