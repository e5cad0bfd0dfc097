// Reads the Retry-After header; how long to wait in the end is the caller's decision, up to a day.
// https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3

const CLOCK = '\\d{2}:\\d{2}:\\d{2}';
// The three date forms that HTTP knows. Date.parse alone would take almost any text with a digit for a date.
const IMF_DATE = new RegExp(`^[A-Z][a-z]{2}, \\d{2} [A-Z][a-z]{2} \\d{4} ${CLOCK} GMT$`);
const RFC850_DATE = new RegExp(`^[A-Z][a-z]+day, \\d{2}-[A-Z][a-z]{2}-\\d{2} ${CLOCK} GMT$`);
const ASCTIME_DATE = new RegExp(`^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d ${CLOCK} \\d{4}$`);

/** Who asks for more is asked again after a day: nobody means it, and a date so far away may not exist. */
const LONGEST_MS = 24 * 3_600_000;

/** Milliseconds to wait from `now` on, 0 for a date in the past; undefined where the header is missing or makes no sense. */
export function parseRetryAfter(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_MS);
  const date = readDate(text);
  return date === undefined ? undefined : Math.min(Math.max(0, date - now.getTime()), LONGEST_MS);
}

function readDate(text: string): number | undefined {
  if (!IMF_DATE.test(text) && !RFC850_DATE.test(text) && !ASCTIME_DATE.test(text)) return undefined;
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
