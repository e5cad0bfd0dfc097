// Which jobs a push asks for, without any I/O: a mirror of its tag by each rule that takes it, or a sweep of its repository where
// the tag alone does not tell.
import type { Config } from '../../shared/config/config.ts';
import { isTransshipError, type TransshipError } from '../../shared/errors.ts';
import type { PushEvent } from '../../shared/events/push-event.ts';
import type { NewJob } from '../../shared/jobs/job.ts';
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { judgeTag } from '../../shared/mirror/selection.ts';
import { matchesSource } from '../../shared/mirror/source-pattern.ts';
import { isCosignTag, isFallbackTag, subjectOfTag } from '../../shared/oci/fallback-tag.ts';
import { mirrorJob } from '../job-kinds/mirror-job.ts';
import { registryNames } from '../registry-names.ts';
import { ruleMirror } from '../job-kinds/rule-mirror.ts';
import { ruleSweep } from '../job-kinds/sweep-job.ts';

export type PushJob = { rule: string; job: NewJob };

export type PushPlan = {
  /** None where no rule with `onPush` takes the tag. */
  jobs: PushJob[];
  /** Of rules whose target cannot hold the tag; the others go on. */
  errors: TransshipError[];
};

export function planPush(event: PushEvent, config: Pick<Config, 'rules' | 'registries'>): PushPlan {
  const plan: PushPlan = { jobs: [], errors: [] };
  const { repository, tag, digest } = event;
  if (!event.relevant || repository === null) return plan;
  const hosts = registryNames(event.registry, config);
  for (const rule of config.rules) {
    if (!rule.onPush || !hosts.includes(rule.from.registry)) continue;
    if (!matchesSource(rule.from, { registry: rule.from.registry, repository })) continue;
    try {
      const job = jobFor(rule, { repository, tag, digest }, hosts);
      if (job !== undefined) plan.jobs.push({ rule: rule.name, job });
    } catch (error) {
      if (!isTransshipError(error)) throw error;
      plan.errors.push(error);
    }
  }
  return plan;
}

/** @throws TransshipError invalid-config */
function jobFor(
  rule: MirrorRule,
  { repository, tag, digest }: { repository: string; tag: string | null; digest: string | null },
  hosts: readonly string[],
): NewJob | undefined {
  const sweep = (about: { digest?: string } = {}) => ruleSweep(rule, { repository, ...about, trigger: 'push' });
  if (tag === null) return sweep();
  // A signature or a list of referrers is no image: it belongs to one, which its tag mostly names.
  if (isCosignTag(tag) || isFallbackTag(tag)) {
    const subject = subjectOfTag(tag);
    return rule.referrers ? sweep(subject === undefined ? {} : { digest: subject }) : undefined;
  }
  const judgement = judgeTag(tag, rule.tags);
  if (judgement === 'depends') return sweep();
  const payload = judgement === 'selected' ? ruleMirror(rule, { repository, tag }, 'push', hosts) : undefined;
  if (payload === undefined) return undefined;
  return mirrorJob({ ...payload, ...(digest === null ? {} : { announced: digest }) }, { priority: rule.priority });
}
