/**
 * Periods of a subscription, on the business clock in UTC. Each is counted from the first, so that what begins on the 31st is billed on the last
 * day of a shorter month and on the 31st again after it.
 */

export type PeriodUnit = 'days' | 'weeks' | 'months';

export interface Period {
  /** 1 or more. */
  readonly count: number;
  readonly unit: PeriodUnit;
}

const dayMs = 86_400_000;

/** The time `times` periods after a time; both in epoch ms. */
export function afterPeriods(startMs: number, { count, unit }: Period, times: number): number {
  switch (unit) {
    case 'days':
      return startMs + count * times * dayMs;
    case 'weeks':
      return startMs + count * times * 7 * dayMs;
    case 'months':
      return afterMonths(startMs, count * times);
  }
}

function afterMonths(startMs: number, months: number): number {
  const start = new Date(startMs);
  const [year, month] = [start.getUTCFullYear(), start.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(start.getUTCDate(), lastDay);
  return Date.UTC(year, month, day) + (startMs % dayMs);
}
