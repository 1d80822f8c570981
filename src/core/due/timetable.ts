/**
 * When something is due again and again: a cron expression on the business clock, in UTC. Six or seven parts (second, minute, hour, day of
 * month, month, day of week, year) with the days of the week from 1 for Sunday, as Quartz writes them, which the platforms with schedules use.
 */
import { Cron } from 'croner';

export interface Timetable {
  readonly expression: string;
  /** Business time, epoch ms: nothing is due after it. */
  readonly endsAtMs?: number;
}

/** The first due time after a business time, in epoch ms; undefined when there is none any more. Throws for what is no expression. */
export function nextDue({ expression, endsAtMs }: Timetable, afterMs: number): number | undefined {
  const next = cronOf(expression).nextRun(new Date(afterMs));
  if (next === null) return undefined;
  const dueAtMs = next.getTime();
  return endsAtMs !== undefined && dueAtMs > endsAtMs ? undefined : dueAtMs;
}

/**
 * Whether an expression can be followed. More than one due time a minute is refused: what is due while nothing runs is caught up, so each
 * slip would be paid for many times over. So is a day that is given both as a date and as a weekday: some mean either by it, some both.
 */
export function isTimetable(expression: string): boolean {
  const [second = '', , , dayOfMonth = '', , dayOfWeek = ''] = expression.split(' ');
  if (!/^\d{1,2}$/.test(second) || (!isAny(dayOfMonth) && !isAny(dayOfWeek))) return false;
  try {
    cronOf(expression);
    return true;
  } catch {
    return false;
  }
}

function isAny(part: string): boolean {
  return part === '*' || part === '?';
}

/** The library takes `?` for the present moment, where Quartz means "any". */
function cronOf(expression: string): Cron {
  return new Cron(expression.replaceAll('?', '*'), { paused: true, timezone: 'UTC', mode: '6-or-7-parts', alternativeWeekdays: true });
}
