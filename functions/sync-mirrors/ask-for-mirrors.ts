// Asks for a mirror job for each difference that a sweep found, but for none that the rule's policy would refuse: such a job would
// be asked for by every sweep, and change nothing.
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { refusal } from '../../shared/mirror/conflict.ts';
import { problemOf } from '../../shared/mirror/report.ts';
import type { Compared } from '../../shared/mirror/sweep/compare.ts';
import { inParallel } from '../../shared/mirror/sweep/in-parallel.ts';
import { parseReference } from '../../shared/oci/reference.ts';
import { mirrorJob } from '../job-kinds/mirror-job.ts';
import { ruleMirror } from '../job-kinds/rule-mirror.ts';

/** The store commits what is accepted at the same time together. */
const JOBS_AT_ONCE = 64;

/** Takes what the policy refuses out of the diff, and notes it there as refused; what is given is changed in place. */
export function refuseMoved({ rule, diff }: Pick<Compared, 'rule' | 'diff'>): void {
  if (rule.onConflict !== 'refuse') return;
  diff.changes = diff.changes.flatMap((change) => {
    const targets = change.targets.filter(({ reference, state, digest }) => {
      if (state !== 'moved' || digest === undefined) return true;
      const problem = problemOf(refusal({ reference: parseReference(reference) }, digest));
      diff.problems.push({ place: reference, state: 'refused', tags: 1, problem });
      return false;
    });
    return targets.length === 0 ? [] : [{ ...change, targets }];
  });
}

/**
 * With all targets of the rule: so a push of the same tag and this are one job.
 * @param onlyThose where what was refused because two sources want it must not come in again by the side
 * @throws TransshipError store-unavailable
 */
export async function askForMirrors(
  { rule, repository, diff }: Compared,
  jobs: Pick<JobStore, 'accept'>,
  onlyThose: boolean,
): Promise<void> {
  await inParallel(diff.changes, JOBS_AT_ONCE, async ({ source, targets }) => {
    const { tag = 'latest' } = parseReference(source);
    const payload = ruleMirror(rule, { repository: repository.repository, tag }, 'sweep');
    if (payload === undefined) return;
    const wanted = onlyThose ? { targets: targets.map(({ reference }) => reference) } : {};
    await jobs.accept(mirrorJob({ ...payload, ...wanted }, { priority: rule.priority }));
  });
}
