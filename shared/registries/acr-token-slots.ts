// Which of the two passwords of a registry token is made anew: never one that clusters hold, as far as it can be known.

export type TokenPassword = { name: string; createdAt?: Date | undefined; expiresAt?: Date | undefined };

export type SlotChoice = { slot: string } | { busyUntil: Date | undefined };

export const PASSWORD_SLOTS = ['password1', 'password2'] as const;

/** Within it a password that was just made may not have reached every cluster, or none at all: whoever made it may have died. */
const YOUNG_MS = 60 * 60_000;
/** Within it another process may just be writing a password into the first cluster: no mark tells of it yet. */
const JUST_MADE_MS = 2 * 60_000;
/** Marks on Secrets have whole seconds, and a clock that was corrected by the Date of an answer is a second off, or two. */
const SAME_MS = 60_000;

/**
 * `inUse` is when the credentials end that clusters hold; absent: nobody looked. All times are on the clock of Azure but `inUse`, which
 * was read from it before.
 */
export function chooseSlot(passwords: readonly TokenPassword[], now: Date, inUse?: readonly Date[]): SlotChoice {
  const free = PASSWORD_SLOTS.find((name) => {
    const found = passwords.find((password) => password.name === name);
    return found === undefined || isOver(found, now);
  });
  if (free !== undefined) return { slot: free };
  const [newest, oldest] = passwords.toSorted((left, right) => createdAt(right) - createdAt(left));
  if (newest === undefined || oldest === undefined) return { slot: PASSWORD_SLOTS[0] };
  if (inUse === undefined) {
    // What was there before it is what clusters hold until the new one has reached them all.
    return { slot: now.getTime() - createdAt(newest) < YOUNG_MS ? newest.name : oldest.name };
  }
  const unused = [oldest, newest].filter((password) => !isAmong(password, inUse));
  const [first] = unused;
  if (first === undefined) return { busyUntil: earliest(passwords) };
  const ripeAt = createdAt(first) + JUST_MADE_MS;
  return now.getTime() < ripeAt ? { busyUntil: new Date(ripeAt) } : { slot: first.name };
}

function isOver({ expiresAt }: TokenPassword, now: Date): boolean {
  return expiresAt !== undefined && expiresAt.getTime() <= now.getTime();
}

function createdAt(password: TokenPassword): number {
  return password.createdAt?.getTime() ?? 0;
}

function isAmong({ expiresAt }: TokenPassword, ends: readonly Date[]): boolean {
  // one that never ends might be any of them
  if (expiresAt === undefined) return ends.length > 0;
  return ends.some((end) => Math.abs(end.getTime() - expiresAt.getTime()) <= SAME_MS);
}

function earliest(passwords: readonly TokenPassword[]): Date | undefined {
  const ends = passwords.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt.getTime()]));
  return ends.length === 0 ? undefined : new Date(Math.min(...ends));
}
