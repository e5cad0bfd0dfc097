// Two rules whose patterns meet on one target: its tag belongs to the source that was there first. Rules that are sure to meet are
// refused with the configuration; these show only when both sources have the tag.
import { TransshipError } from '../../shared/errors.ts';
import type { CopyRequest } from '../../shared/mirror/copy-types.ts';
import { matchesSource } from '../../shared/mirror/source-pattern.ts';
import type { WrittenTag } from '../../shared/mirror/tag-journal.ts';
import { formatReference, parseReference, type Reference } from '../../shared/oci/reference.ts';
import type { Deps } from '../deps.ts';
import type { MirrorPayload } from '../job-kinds/mirror-job.ts';
import { registryNames } from '../registry-names.ts';
import { ruleMirror } from '../job-kinds/rule-mirror.ts';

/**
 * The targets, by index, whose tag was written from another source that a rule still wants, and whose content differs; each with the
 * error that names both. What a person asks for is not held against rules.
 * @param sourceDigest asks the source; called at most once, and only where somebody else wrote a tag
 */
export async function findRivals(
  deps: Pick<Deps, 'journal' | 'config'>,
  payload: MirrorPayload,
  { source, targets }: Pick<CopyRequest, 'source' | 'targets'>,
  sourceDigest: () => Promise<string | undefined>,
): Promise<Map<number, TransshipError>> {
  const rivals = new Map<number, TransshipError>();
  if (payload.rule === undefined) return rivals;
  let asked: Promise<string | undefined> | undefined;
  for (const [index, target] of targets.entries()) {
    const { registry, repository, tag } = target;
    const written = tag === undefined ? undefined : await deps.journal.find(registry, repository, tag);
    if (written === undefined || written.source === payload.source || !isStillWanted(written, deps.config())) continue;
    if (isSamePlace(parseReference(written.source), source, deps.config())) continue;
    // Of a rewritten index the digests tell nothing.
    const isSame = payload.platforms?.mode !== 'rewrite' && written.digest === (await (asked ??= sourceDigest()));
    if (!isSame) rivals.set(index, rivalry(target, written, payload));
  }
  return rivals;
}

/** False where the rules have changed, and the tag may have a new source. */
function isStillWanted({ source, registry, repository, tag }: WrittenTag, config: ReturnType<Deps['config']>): boolean {
  const from = parseReference(source);
  const target = formatReference({ registry, repository, tag });
  return config.rules.some(
    (rule) =>
      from.tag !== undefined &&
      matchesSource(rule.from, from) &&
      (ruleMirror(rule, { repository: from.repository, tag: from.tag }, 'push')?.targets.includes(target) ?? false),
  );
}

function isSamePlace(one: Reference, other: Reference, config: ReturnType<Deps['config']>): boolean {
  if (one.repository !== other.repository || one.tag !== other.tag) return false;
  return registryNames(one.registry, config).includes(other.registry);
}

function rivalry(target: Reference, written: WrittenTag, { source, rule }: MirrorPayload): TransshipError {
  const { registry, repository } = target;
  return new TransshipError(
    'conflict-refused',
    `${formatReference(target)} was written from ${written.source} (rule ${written.rule}); ${source} (rule ${rule}) is something else`,
    {
      hint: 'nothing was changed there; give the two rules different targets, for example with {registry} or {namespace} in the path',
      details: { registry, repository, operation: 'compare sources' },
    },
  );
}
