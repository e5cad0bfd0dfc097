// When something is to end, as command lines say it.
import { parseDuration } from '../../shared/config/units.ts';
import { isTransshipError, TransshipError } from '../../shared/errors.ts';
import { printable } from '../../shared/telemetry/printable.ts';

/** A time from now or a point in time. @throws TransshipError invalid-usage */
export function readExpiry(text: string): Date {
  const dateMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(dateMs)) return new Date(dateMs);
  try {
    return new Date(Date.now() + parseDuration(text));
  } catch (error) {
    if (!isTransshipError(error) && !(error instanceof RangeError)) throw error;
    throw new TransshipError('invalid-usage', `--expires "${printable(text, 60)}" is neither a duration nor a date`, {
      hint: 'write it like 90d, or 2027-01-31',
    });
  }
}
