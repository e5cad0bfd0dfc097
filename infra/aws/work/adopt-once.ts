// Takes over what a configuration says of something, by whichever process comes first, once per change. Nothing but the mark of what was
// taken over is relied on: whoever dies in between leaves it to the next, who asks for the same jobs by the same keys.
//
//   mark is what is wanted ─▶ keep in line
//   mark is another one ─▶ keep in line ─▶ ask for what the change calls for ─▶ set the mark, if nobody did since
//   what is wanted was just replaced ─▶ nothing: this process has not heard of the change yet
//
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { Mark, Marks } from '../records/marks.ts';

export type Adoption = {
  name: string;
  /** The same text for the same wishes. */
  wanted: string;
  /** Brings what is stored in line; done every time, and by several at once. */
  keep: () => Promise<void>;
  /** Asks for what a change calls for. @param key of this change: jobs that have it in theirs are accepted once */
  changed?: (key: string) => Promise<void>;
};

/** Processes know of another configuration within a minute; one that is brought back so soon waits for the next look. */
const LATE_MS = 120_000;

/** @throws TransshipError store-unavailable: it is to be called again */
export async function adoptOnce(
  { marks, clock }: { marks: Marks; clock: Pick<Clock, 'now'> },
  { name, wanted, keep, changed }: Adoption,
): Promise<void> {
  const seen = await marks.get(name);
  const now = clock.now();
  if (isLate(seen, wanted, now)) return;
  await keep();
  if (seen?.value === wanted) return;
  const generation = (seen?.generation ?? 0) + 1;
  await changed?.(`adopt:${name}:${generation}:${wanted}`);
  await marks.set(name, { value: wanted, before: seen?.value, since: now, generation }, seen);
}

function isLate(seen: Mark | undefined, wanted: string, now: Date): boolean {
  if (seen === undefined || seen.value === wanted) return false;
  return seen.before === wanted && now.getTime() - seen.since.getTime() < LATE_MS;
}
