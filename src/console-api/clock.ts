/** `GET` and `POST /console-api/clock`: read the business clock, and in the sandbox move it forward. */
import type { FastifyInstance } from 'fastify';
import { type Advanced, advance, type MovableClock } from '../core/due/advance.ts';
import type { DueWork } from '../core/due/work.ts';
import { type ConsoleKeys, requireRole } from './access.ts';
import { ConsoleProblem } from './problem.ts';

export interface ClockParts {
  readonly keys: ConsoleKeys;
  /** Only a sandbox moves its clock. */
  readonly isSandbox: boolean;
  readonly clock: MovableClock;
  /** In the order in which they are done when they are due at the same time. */
  readonly works: readonly DueWork[];
}

/** Ten years at a time: more is a slip. */
const secondsAtMost = 315_360_000;

export function addClockRoutes(app: FastifyInstance, { keys, isSandbox, clock, works }: ClockParts): void {
  app.get('/console-api/clock', async (request) => {
    requireRole(keys, request, 'viewer');
    return clockView(clock);
  });
  app.post('/console-api/clock', async (request) => {
    requireRole(keys, request, 'admin');
    if (!isSandbox) {
      throw new ConsoleProblem(403, { error: 'live_mode', message: 'Only a sandbox moves its clock; this gateway runs in live mode.' });
    }
    const seconds = readAdvance(request.body);
    const advanced = await advance({ clock, works, advanceMs: seconds * 1_000 });
    if (advanced.kind === 'stuck') throw stuck(clock, advanced);
    return { ...clockView(clock), done: advanced.done };
  });
}

/** Times as ISO 8601 in UTC. */
function clockView(clock: MovableClock): object {
  const wallMs = clock.wallNow();
  return {
    business_time: new Date(wallMs + clock.offsetMs()).toISOString(),
    wall_time: new Date(wallMs).toISOString(),
    offset_seconds: clock.offsetMs() / 1_000,
  };
}

function readAdvance(body: unknown): number {
  const problem = (message: string) => new ConsoleProblem(400, { error: 'bad_request', message });
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw problem('Send {"advance_seconds": 86400} to move the clock by a day.');
  const unknown = Object.keys(body).find((name) => name !== 'advance_seconds');
  if (unknown !== undefined) throw problem('There is an unknown field; advance_seconds is the only one.');
  const seconds: unknown = (body as { readonly advance_seconds?: unknown }).advance_seconds;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1 || seconds > secondsAtMost) {
    throw problem(
      `advance_seconds must be a whole number from 1 to ${secondsAtMost}; the clock moves forward only, and ten years at most at a time.`,
    );
  }
  return seconds;
}

function stuck(clock: MovableClock, { work, dueAtMs }: Extract<Advanced, { readonly kind: 'stuck' }>): ConsoleProblem {
  const stands = new Date(clock.businessNow()).toISOString();
  const message = `The clock stands at ${stands}: of "${work}" something due at ${new Date(dueAtMs).toISOString()} cannot be done, though it was tried for 30 s. Is the acquirer reachable? Then move the clock again.`;
  return new ConsoleProblem(503, { error: 'due_work_not_done', message });
}
