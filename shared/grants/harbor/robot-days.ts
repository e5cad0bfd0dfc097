// How many days Harbor gives a robot account: it knows whole days from when it was made, and the grant ends when it ends. What is left of the
// last day is our timer's: until that comes, the end that Harbor keeps is never more than a day away.
// https://goharbor.io/docs/2.13.0/working-with-projects/project-configuration/create-robot-accounts/

const DAY_MS = 24 * 3_600_000;
const NEVER = -1;

/**
 * Rounded down, so that Harbor ends it before the grant does, as long as that is still to come.
 * @param now by the same clock as the others
 */
export function robotDays(madeAt: Date, endsAt: Date | undefined, now: number): number {
  if (endsAt === undefined) return NEVER;
  const days = Math.floor((endsAt.getTime() - madeAt.getTime()) / DAY_MS);
  const isToCome = madeAt.getTime() + days * DAY_MS > now;
  return Math.max(1, isToCome ? days : days + 1);
}
