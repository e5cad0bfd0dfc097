// When a credential is renewed: at half of its life, a little later or sooner so that not all are renewed at once, and early enough that
// the provider may be away for half an hour, as far as the life allows that.
//
//   life                  renewed after          a provider that is away for 30 min
//   from 3 h 47 min on    0.50 to 0.60 of it     leaves 25 % of the life
//   from 2 h 16 min on    0.45 to 0.60           leaves 25 %
//   from 58 min 20 s on   0.40 to 0.50           is survived: the old one still lives when the new one comes
//   less                  0.50 to 0.60           only what is shorter than 0.40 of the life, less TRY_AGAIN, is survived
import { createHash } from 'node:crypto';
import type { FreshCredential } from './desired.ts';

const MINUTE_MS = 60_000;
const OUTAGE_MS = 30 * MINUTE_MS;
/** From the end of an outage until a try that succeeds has reached the Secrets: whoever schedules keeps to it. */
const TRY_AGAIN_MS = 4 * MINUTE_MS;
const SPARE_MS = MINUTE_MS;

/** Between these parts of its life a credential is renewed. */
export function renewalWindow(lifeMs: number): { from: number; to: number } {
  const stillLives = 1 - (OUTAGE_MS + TRY_AGAIN_MS + SPARE_MS) / lifeMs;
  if (stillLives < 0.4) return { from: 0.5, to: 0.6 };
  const leavesQuarter = 0.75 - (OUTAGE_MS + TRY_AGAIN_MS) / lifeMs;
  const to = Math.min(0.6, stillLives, Math.max(leavesQuarter, 0.5));
  return { from: Math.max(0.4, Math.min(0.5, to - 0.05)), to };
}

/** After its issue; the same for the same binding, so that what belongs together is renewed together. */
export function renewAfterMs(lifeMs: number, binding: string): number {
  const { from, to } = renewalWindow(lifeMs);
  const spread = createHash('sha256').update(binding).digest().readUIntBE(0, 6) / 2 ** 48;
  return Math.round(lifeMs * (from + (to - from) * spread));
}

/** On the clock of `now`, in whole seconds as marks have them; none for what does not end by itself. */
export function timesOf(
  { ageMs, lifeMs }: Pick<FreshCredential, 'ageMs' | 'lifeMs'>,
  now: Date,
  binding: string,
): { expiresAt?: Date; refreshAt?: Date } {
  if (lifeMs === undefined) return {};
  const issuedMs = now.getTime() - ageMs;
  return {
    expiresAt: inWholeSeconds(issuedMs + lifeMs),
    refreshAt: inWholeSeconds(issuedMs + renewAfterMs(lifeMs, binding)),
  };
}

function inWholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
