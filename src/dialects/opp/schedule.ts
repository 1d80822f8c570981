/** `job.*`: when a schedule pays, from the protocol's parts to a timetable. */
import { isTimetable, type Timetable } from '../../core/due/timetable.ts';
import type { PlanCommand } from '../../core/subscription/plan.ts';
import { Problem, parameterError, parameterProblem } from './problem.ts';
import { type RequestContext, readAmount, readCommon } from './read.ts';
import { descriptions } from './result-codes.ts';
import { parseTime } from './search.ts';
import type { Parameters } from './wire.ts';

/** What a part is when it is left out: midnight, not every hour. */
const parts = [
  ['job.second', '0'],
  ['job.minute', '0'],
  ['job.hour', '0'],
  ['job.dayOfMonth', '*'],
  ['job.month', '*'],
  ['job.dayOfWeek', '*'],
  ['job.year', '*'],
] as const;

export function readSchedule(request: RequestContext): PlanCommand {
  const { channel, parameters } = request;
  const { paymentType, registrationId } = parameters;
  if (paymentType === undefined) throw new Problem('100.250.105');
  if (paymentType === 'CD') throw new Problem('600.200.400');
  if (registrationId === undefined) throw new Problem('100.150.100');
  if (registrationId.length !== 32) throw new Problem('100.150.101');
  const money = readAmount(parameters);
  if (money === undefined) throw new Problem('100.550.300');
  const { dialectData, ...common } = readCommon(request);
  return {
    ...{ channel, token: registrationId, kind: paymentType === 'PA' ? 'preauthorization' : 'debit' },
    ...money,
    ...common,
    ...readTimetable(parameters),
    // What each of its payments says of itself: nobody but the merchant has begun it.
    dialectData: {
      ...dialectData,
      recurringType: 'REPEATED',
      'standingInstruction.source': 'MIT',
      'standingInstruction.type': 'RECURRING',
      'standingInstruction.mode': 'REPEATED',
    },
  };
}

function readTimetable(parameters: Parameters): { readonly timetable: Timetable; readonly startsAtMs?: number } {
  if (!Object.keys(parameters).some((name) => name.startsWith('job.'))) throw new Problem('100.250.100');
  const expression = readExpression(parameters);
  const startsAtMs = readDate(parameters, 'job.startDate', '00:00:00');
  const endsAtMs = readDate(parameters, 'job.endDate', '23:59:59');
  if (startsAtMs !== undefined && endsAtMs !== undefined && endsAtMs < startsAtMs)
    throw notATime('job.endDate', parameters, 'is before job.startDate');
  return {
    timetable: { expression, ...(endsAtMs === undefined ? {} : { endsAtMs }) },
    ...(startsAtMs === undefined ? {} : { startsAtMs }),
  };
}

function readExpression(parameters: Parameters): string {
  const whole = parameters['job.expression'];
  const given = parts.filter(([name]) => parameters[name] !== undefined);
  const [first] = given;
  if (whole === undefined && first === undefined) throw new Problem('100.250.110');
  if (whole !== undefined && first !== undefined) {
    throw new Problem('100.250.120', { text: `${descriptions['100.250.120']}: ${first[0]} stands beside job.expression` });
  }
  const inside = given.find(([name]) => /\s/.test(parameters[name] ?? ''));
  if (inside !== undefined) throw notATime(inside[0], parameters, 'must be one part of an expression, without spaces');
  const expression = whole ?? parts.map(([name, otherwise]) => parameters[name] ?? otherwise).join(' ');
  if (isTimetable(expression)) return expression;
  const advice = 'is no timetable: one fixed second, and a day of the month or a day of the week (1 is Sunday), not both';
  throw notATime(whole === undefined ? (first?.[0] ?? 'job.expression') : 'job.expression', parameters, advice);
}

function readDate(parameters: Parameters, name: 'job.startDate' | 'job.endDate', timeOfDay: string): number | undefined {
  const text = parameters[name];
  if (text === undefined) return undefined;
  const time = parseTime(text.length === 10 ? `${text} ${timeOfDay}` : text);
  if (time === undefined) throw parameterProblem(name, text, 'is no date, as in 2034-12-31 or 2034-12-31 23:59:59');
  return time;
}

function notATime(name: string, parameters: Parameters, message: string): Problem {
  return new Problem('100.250.120', { parameterErrors: [parameterError(name, parameters[name], message)] });
}
