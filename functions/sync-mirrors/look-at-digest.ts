// After a signature, or a list of referrers, was pushed: brings what belongs to its digest to the targets that have the digest. It may
// be an image of an index, which no tag names. Where it is not everywhere yet, the copies that are to bring it are asked for.
import { isTransshipError } from '../../shared/errors.ts';
import type { JobOutcome } from '../../shared/jobs/handler.ts';
import type { Problem } from '../../shared/mirror/copy-types.ts';
import { openRepository } from '../../shared/mirror/open-target.ts';
import { problemOf } from '../../shared/mirror/report.ts';
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import type { CopySession } from '../../shared/mirror/session.ts';
import { thoseLackingBelongings } from '../../shared/mirror/sweep/lacking-belongings.ts';
import { readTargetTags } from '../../shared/mirror/sweep/target-tags.ts';
import { headDigest } from '../../shared/oci/manifests.ts';
import { formatReference, parseReference, type Reference } from '../../shared/oci/reference.ts';
import type { Deps } from '../deps.ts';
import { mirrorJob } from '../job-kinds/mirror-job.ts';
import { ruleMirror } from '../job-kinds/rule-mirror.ts';
import { ruleSweep } from '../job-kinds/sweep-job.ts';
import { sweepFailure } from './sweep-end.ts';

type Look = { session: CopySession; signal: AbortSignal; jobs: Deps['jobs'] };
type Place = Pick<Reference, 'registry' | 'repository'>;

/** @throws TransshipError interrupted, store-unavailable */
export async function lookAtDigest(
  rule: MirrorRule,
  { repository, digest }: { repository: string; digest: string },
  { session, signal, jobs }: Look,
): Promise<JobOutcome> {
  const from = { registry: rule.from.registry, repository };
  const found = { lacking: [] as Place[], absent: 0, problems: [] as Problem[] };
  const places = targetsOf(rule, repository);
  await Promise.all(
    places.map(async (place) => {
      try {
        const state = await lookAtPlace(place, digest, from, { session, signal });
        if (state === 'absent') found.absent += 1;
        if (state === 'lacking') found.lacking.push(place);
      } catch (error) {
        signal.throwIfAborted();
        if (!isTransshipError(error)) throw error;
        found.problems.push(problemOf(error));
      }
    }),
  );
  const { lacking, absent, problems } = found;
  if (lacking.length > 0) await jobs.accept(belongingsJob(rule, repository, digest, lacking));
  // Its image may be on the way, or not be selected at all: only the whole repository tells.
  if (absent > 0 || places.length === 0) await jobs.accept(ruleSweep(rule, { repository, trigger: 'push' }));
  const compared = places.length - problems.length;
  const error = sweepFailure(rule.name, problems, { repositories: 1, tags: compared, failed: problems.length });
  const result = { digest, targets: places.length, lacking: lacking.length, absent, problems };
  const shown = { ...result, problems: problems.map((one) => ({ ...one })) };
  return error === undefined
    ? { result: { state: 'done', ...shown } }
    : { error, result: { state: 'failed', ...shown } };
}

async function lookAtPlace(
  place: Place,
  digest: string,
  from: Place,
  { session, signal }: Omit<Look, 'jobs'>,
): Promise<'absent' | 'lacking' | 'complete'> {
  const open = (where: Place) => openRepository(where, session, { requests: 0 }, signal);
  const target = open(place);
  if ((await headDigest(target, digest, undefined)) === undefined) return 'absent';
  const tags = await readTargetTags(target, 0, undefined);
  const lacking = await thoseLackingBelongings([digest], open(from), [tags], session);
  return lacking.length > 0 ? 'lacking' : 'complete';
}

/** The target repositories, as far as they do not depend on the tag: that is not known. */
function targetsOf(rule: MirrorRule, repository: string): Place[] {
  const payload = rule.to.every(({ path }) => !path.includes('{tag}'))
    ? ruleMirror(rule, { repository, tag: 'latest' }, 'sweep')
    : undefined;
  const places = (payload?.targets ?? []).map((text) => {
    const { registry, repository: path } = parseReference(text);
    return { registry, repository: path };
  });
  return [...new Map(places.map((place) => [formatReference(place), place])).values()];
}

/** A mirror of the digest by itself: it is in place, and what belongs to it comes along. */
function belongingsJob(rule: MirrorRule, repository: string, digest: string, places: readonly Place[]) {
  const source = formatReference({ registry: rule.from.registry, repository, digest });
  const targets = places.map((place) => formatReference({ ...place, digest }));
  const { onConflict, bandwidthBytesPerSecond } = rule;
  return mirrorJob(
    {
      source,
      targets,
      rule: rule.name,
      trigger: 'sweep',
      referrers: true,
      onConflict,
      ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
    },
    { priority: rule.priority },
  );
}
