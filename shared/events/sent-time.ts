// Reads the times that senders write. By hand, because `new Date` turns 29 February 2023 into 1 March and reads a time
// without a zone in that of this process.
import type { SentTime } from './push-source.ts';

const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const DATE_TIME =
  /^(?<day>\d{4}-\d\d-\d\d)[Tt ](?<clock>\d\d:\d\d:\d\d)(?:\.(?<fraction>\d+))?(?:[Zz]|(?<sign>[+-])(?<hours>\d\d):?(?<minutes>\d\d))$/;

/** RFC 3339 in UTC, cut to milliseconds; null for a time without zone, before 1970 or on no calendar. */
export function parseSentTime(sent: SentTime): string | null {
  const timeMs = typeof sent === 'number' ? epochMs(sent) : dateTimeMs(sent ?? '');
  if (timeMs === undefined || !(timeMs >= 0 && timeMs <= MAX_TIME_MS)) return null;
  return new Date(timeMs).toISOString();
}

/** Seconds with a fraction; rounded to 10 µs first: 1088104914.745 times 1000 is a little less than 1088104914745. */
function epochMs(seconds: number): number {
  return Math.trunc(Math.round(seconds * 100_000) / 100);
}

function dateTimeMs(text: string): number | undefined {
  const groups = DATE_TIME.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { day = '', clock = '', fraction = '', sign = '+', hours = '0', minutes = '0' } = groups;
  const canonical = `${day}T${clock}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  const localMs = Date.parse(canonical);
  const isOnCalendar = !Number.isNaN(localMs) && new Date(localMs).toISOString() === canonical;
  if (!isOnCalendar || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? localMs + offsetMs : localMs - offsetMs;
}
