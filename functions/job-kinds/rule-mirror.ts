// The mirror job of one tag by a rule: where the tag goes, and how. Pure.
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { renderTarget } from '../../shared/mirror/target-template.ts';
import { formatReference } from '../../shared/oci/reference.ts';
import type { MirrorPayload } from './mirror-job.ts';

/** One tag of a source of the rule. */
type SourceTag = { repository: string; tag: string };

/**
 * The payload; undefined where the tag goes nowhere but onto itself.
 * @param sourceHosts every name of the source's registry, as references have it
 * @throws TransshipError invalid-config where a target cannot hold the tag
 */
export function ruleMirror(
  rule: MirrorRule,
  { repository, tag }: SourceTag,
  trigger: MirrorPayload['trigger'],
  sourceHosts: readonly string[] = [rule.from.registry],
): MirrorPayload | undefined {
  const source = { registry: rule.from.registry, repository, tag };
  const targets = rule.to
    .map((template) => renderTarget(template, source))
    .filter(
      (target) => !(sourceHosts.includes(target.registry) && target.repository === repository && target.tag === tag),
    );
  if (targets.length === 0) return undefined;
  const { platforms, bandwidthBytesPerSecond } = rule;
  return {
    source: formatReference(source),
    targets: targets.map(formatReference),
    rule: rule.name,
    trigger,
    ...(platforms === undefined ? {} : { platforms: { include: [...platforms.include], mode: platforms.mode } }),
    referrers: rule.referrers,
    onConflict: rule.onConflict,
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
  };
}
