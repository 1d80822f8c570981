/** Reads the business clock, and in the sandbox moves it forward. */
import { Type } from 'typebox';
import { type Advanced, advance, type MovableClock } from '../core/due/advance.ts';
import { fields, means, text, time } from './forms.ts';
import type { ConsoleParts } from './parts.ts';
import { ConsoleProblem } from './problem.ts';
import { act, type ConsoleRoute } from './route.ts';

/** Ten years at a time: more is a slip. */
const secondsAtMost = 315_360_000;

const reading = {
  business_time: means(time, 'What due dates and settlement days go by.'),
  wall_time: time,
  offset_seconds: means(Type.Number(), 'What business time is ahead of wall time.'),
};

export function clockRoutes({ mode, clock, works }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    act({
      ...{ name: 'readClock', group: 'Clock', method: 'get', at: '/clock', role: 'viewer', summary: 'Reads the business clock.' },
      answer: fields(reading),
      handle: async () => clockView(clock),
    }),
    act({
      ...{
        name: 'advanceClock',
        group: 'Clock',
        method: 'post',
        at: '/clock',
        role: 'admin',
        summary: 'Moves the business clock forward.',
      },
      description: 'Sandbox only. Answers when everything is done that has become due on the way.',
      body: fields({
        advance_seconds: means(
          Type.Integer({
            ...{ minimum: 1, maximum: secondsAtMost },
            'x-expected': `a whole number from 1 to ${secondsAtMost}; the clock moves forward only, and ten years at most at a time`,
          }),
          'How far.',
        ),
      }),
      sample: { advance_seconds: 86_400 },
      answer: fields({ ...reading, done: means(Type.Record(text, Type.Integer()), 'How much of each work was over with, by its name.') }),
      problems: ['live_mode', 'due_work_not_done'],
      async handle({ body: { advance_seconds: seconds } }) {
        if (mode !== 'sandbox') throw new ConsoleProblem('live_mode', 'Only a sandbox moves its clock; this gateway runs in live mode.');
        const advanced = await advance({ clock, works, advanceMs: seconds * 1_000 });
        if (advanced.kind === 'stuck') throw stuck(clock, advanced);
        return { ...clockView(clock), done: advanced.done };
      },
    }),
  ];
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

function stuck(clock: MovableClock, { work, dueAtMs }: Extract<Advanced, { readonly kind: 'stuck' }>): ConsoleProblem {
  const stands = new Date(clock.businessNow()).toISOString();
  const detail = `The clock stands at ${stands}: of "${work}" something due at ${new Date(dueAtMs).toISOString()} cannot be done, though it was tried for 30 s. Is the acquirer reachable? Then move the clock again.`;
  return new ConsoleProblem('due_work_not_done', detail);
}
