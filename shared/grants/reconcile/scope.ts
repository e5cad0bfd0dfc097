// What of the grants a run has to do with: all of them, some of them, or what is left to do for these since something happened to a
// Namespace.
import { canonicalText } from '../canonical.ts';
import type { GrantsRun } from '../grants-run.ts';
import type { EntryRecord, GrantsState } from '../grants-state.ts';
import type { MergedEntry } from '../merge-entries.ts';
import { targetKey, type Target } from '../site.ts';
import { targetsToRead, type WantedGrants } from '../wanted-grants.ts';

export function isInScope({ only }: Pick<GrantsRun, 'only'>, grants: readonly string[]): boolean {
  return only === undefined || grants.some((id) => only.includes(id));
}

/**
 * Where the run has to look.
 * @param without what would be wanted if the Namespace that something happened to were not there
 */
export function targetsInScope(
  run: GrantsRun,
  { wanted, without }: { wanted: WantedGrants; without: WantedGrants },
  state: GrantsState,
): Target[] {
  const all = targetsToRead(wanted, state);
  if (run.only === undefined) return all;
  const meant = [...wanted.entries]
    .filter(
      ([key, entry]) =>
        isInScope(run, entry.wanted.grants) &&
        isOpen(run, entry, { record: state.entries.get(key), before: without.entries.get(key) }),
    )
    .map(([, entry]) => entry.wanted.target);
  const known = [...state.entries]
    .filter(
      ([key, { target, grants }]) => isInScope(run, grants) && (!wanted.entries.has(key) || isTouched(run, target)),
    )
    .map(([, { target }]) => target);
  const keys = new Set([...meant, ...known].map(targetKey));
  return all.filter((target) => keys.has(targetKey(target)));
}

/**
 * Also where the journal knows it as applied, unless only what a Namespace has to do with is looked at: then what would be wanted without
 * it, and is not written yet, is left to the run over all.
 */
function isOpen(
  run: GrantsRun,
  { wanted }: MergedEntry,
  { record, before }: { record: EntryRecord | undefined; before: MergedEntry | undefined },
): boolean {
  if (run.touched === undefined || isTouched(run, wanted.target)) return true;
  const text = canonicalText(wanted.content);
  if (record?.content === undefined) return before === undefined || canonicalText(before.wanted.content) !== text;
  return record.state !== 'Applied' || canonicalText(record.content) !== text;
}

function isTouched({ touched }: GrantsRun, { backend, host, place }: Target): boolean {
  if (touched === undefined) return true;
  return backend === 'kubernetes' && host === touched.cluster && place === touched.namespace;
}
