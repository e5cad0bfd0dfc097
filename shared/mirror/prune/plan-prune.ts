// Decides, without any I/O, which tags of a target repository may be removed. Only what the journal says that we wrote for the rule
// and its source, that still names what we wrote, and that the rule does not want any more; and never a large part of a repository.
import type { WrittenTag } from '../tag-journal.ts';

export type PruneFacts = {
  rule: string;
  /** registry/repository of the source, whose list of tags was read to its end. */
  source: string;
  /** What the journal has for the target repository. */
  written: readonly WrittenTag[];
  /** Tags of the target repository that the rule wants. */
  wanted: ReadonlySet<string>;
  /** What the tags in question name now; those that are gone are absent. */
  present: ReadonlyMap<string, string>;
  /** How many tags the target repository has. */
  total: number;
  /** Other rules that may want tags there. */
  otherRules: readonly string[];
};

export type KeptTag = { tag: string; reason: string };

export type PrunePlan = {
  remove: WrittenTag[];
  /** Not wanted any more, and still left alone. */
  keep: KeptTag[];
  /** Gone already: the journal may forget them. */
  gone: WrittenTag[];
  /** Set where it would be too many; then `remove` is what would have been removed, and nothing is. */
  refused?: string;
};

/** At most so many tags at once, or that share of the repository, whichever is more. */
export const MOST_TAGS = 10;
export const LARGEST_SHARE = 0.2;

export function planPrune(facts: PruneFacts): PrunePlan {
  const { rule, wanted, present, total, otherRules } = facts;
  const plan: PrunePlan = { remove: [], keep: [], gone: [] };
  for (const entry of candidatesOf(facts)) {
    const now = present.get(entry.tag);
    if (now === undefined) plan.gone.push(entry);
    else if (now !== entry.digest) plan.keep.push({ tag: entry.tag, reason: 'somebody else moved it since' });
    else if (otherRules.length > 0) plan.keep.push({ tag: entry.tag, reason: `rule ${otherRules[0]} may want it` });
    else plan.remove.push(entry);
  }
  const most = Math.max(MOST_TAGS, Math.floor(total * LARGEST_SHARE));
  if (plan.remove.length <= most) return plan;
  const share = Math.round((plan.remove.length / Math.max(total, 1)) * 100);
  const refused =
    `rule ${rule} does not want ${plan.remove.length} of ${total} tags (${share} %) any more, ` +
    `more than the ${most} that are removed at once; ${wanted.size} are wanted`;
  return { ...plan, refused };
}

/** What we wrote for that rule from that source, and is not wanted any more. */
export function candidatesOf({
  rule,
  source,
  written,
  wanted,
}: Pick<PruneFacts, 'rule' | 'source' | 'written' | 'wanted'>): WrittenTag[] {
  return written.filter(
    (entry) => entry.rule === rule && repositoryOf(entry.source) === source && !wanted.has(entry.tag),
  );
}

/** A canonical reference without its tag and digest. */
function repositoryOf(reference: string): string {
  const name = reference.split('@', 1)[0] ?? '';
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
