// Whether somebody wrote at a target since it was asked what grants mean at its site: a run that takes long would undo what another one
// did for a Namespace that was made meanwhile.
import type { GrantStore } from '../grant-store.ts';
import { targetKey, type Target } from '../site.ts';

export type Writings = {
  /** The last line of the journal when it was asked. */
  askedAt: number;
  /** The last line that was read. */
  readTo: number;
  /** By target: the last line that tells of a write there, our own among them. */
  lines: Map<string, number>;
};

const PAGE = 500;

export function noWritings(last: number): Writings {
  return { askedAt: last, readTo: last, lines: new Map() };
}

/**
 * Undefined: nobody did.
 * @returns whether what grants mean has to be asked again
 * @throws TransshipError store-unavailable
 */
export async function writtenSince(
  store: GrantStore,
  writings: Writings,
  target: Target,
): Promise<{ isAskedSince: boolean } | undefined> {
  for (;;) {
    const page = await store.lines({ after: writings.readTo, limit: PAGE });
    for (const { seq, line } of page) {
      writings.readTo = Math.max(writings.readTo, seq);
      if (line.event === 'written') writings.lines.set(targetKey(line.target), seq);
    }
    if (page.length < PAGE) break;
  }
  const seq = writings.lines.get(targetKey(target));
  return seq === undefined ? undefined : { isAskedSince: seq <= writings.askedAt };
}
