// The day on which GitLab ends a deploy token: at its beginning, in UTC. The grant's last day is our timer's, with GitLab's end at the next
// midnight for when that does not come. https://docs.gitlab.com/api/deploy_tokens/

const DAY_MS = 24 * 3_600_000;

/**
 * Rounded down, so that GitLab ends it before the grant does, as long as that is still to come.
 * @returns a midnight
 */
export function tokenEnd(endsAt: Date, now: number): Date {
  const midnight = Math.floor(endsAt.getTime() / DAY_MS) * DAY_MS;
  return new Date(midnight > now ? midnight : midnight + DAY_MS);
}

/** Whether a token that ends then was made for a grant that ends at `endsAt`. */
export function isTokenEnd(tokenEndsAt: Date | undefined, endsAt: Date | undefined): boolean {
  if (tokenEndsAt === undefined || endsAt === undefined) return tokenEndsAt === endsAt;
  const midnight = Math.floor(endsAt.getTime() / DAY_MS) * DAY_MS;
  return tokenEndsAt.getTime() === midnight || tokenEndsAt.getTime() === midnight + DAY_MS;
}
