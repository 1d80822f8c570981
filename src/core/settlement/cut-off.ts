/** The daily cut-off of an acquirer account, on the business clock: a time of day in a time zone, which keeps its place when clocks change. */

export interface CutOff {
  /** Minutes after midnight. */
  readonly minute: number;
  /** An IANA name. */
  readonly timeZone: string;
}

/** The first cut-off after a moment; both epoch ms. What is sent before a cut-off belongs to it. */
export function firstCutOffAfter(atMs: number, { minute, timeZone }: CutOff): number {
  const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(timeZone).toPlainDate();
  const plainTime = new Temporal.PlainTime(Math.floor(minute / 60), minute % 60);
  for (let days = 0; ; days += 1) {
    const cutOffMs = today.add({ days }).toZonedDateTime({ timeZone, plainTime }).epochMilliseconds;
    if (cutOffMs > atMs) return cutOffMs;
  }
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Minutes after midnight of `hh:mm`; undefined for what is no time of day. */
export function parseTimeOfDay(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}
