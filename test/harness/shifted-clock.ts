/**
 * To be imported before a program: moves what it takes for the time by CLOCK_AHEAD_MS, from its start or, with CLOCK_WAITS, once it is sent SIGUSR2;
 * the next SIGUSR2 takes it back.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const aheadMs = Number(process.env.CLOCK_AHEAD_MS);
let isAhead = process.env.CLOCK_WAITS === undefined;
process.on('SIGUSR2', () => {
  isAhead = !isAhead;
});
const trueNow = Date.now;
Date.now = () => trueNow() + (isAhead ? aheadMs : 0);
// Node makes these by the machine's clock.
const trueId = crypto.randomUUIDv7;
crypto.randomUUIDv7 = (options) => {
  const hex = Date.now().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${trueId(options).slice(13)}` as ReturnType<typeof trueId>;
};
syncBuiltinESMExports();
