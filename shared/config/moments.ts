// Moments in a configuration: a date, or a time with its zone (RFC 3339).

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const DAY_MS = 86_400_000;

/** @param edge which end of the day a date without a time is, UTC; undefined for what is no moment, as the 30th of February */
export function parseMoment(text: string, edge: 'start' | 'end'): Date | undefined {
  const day = DAY.exec(text.slice(0, 10));
  if (day === null || !isDay(Number(day[1]), Number(day[2]), Number(day[3]))) return undefined;
  if (text.length === 10) return new Date(Date.parse(`${text}T00:00:00Z`) + (edge === 'end' ? DAY_MS : 0));
  const at = TIME.test(text) ? new Date(text.toUpperCase()) : undefined;
  return at === undefined || Number.isNaN(at.getTime()) ? undefined : at;
}

/** Dates roll over in JavaScript: that of a day that is not there is another one. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
