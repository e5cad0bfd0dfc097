// Copies what a sweep found to differ in one source repository. Tags are taken by digest: the first one brings the content and what
// belongs to it, every further one costs a PUT and a look.
import { isTransshipError, type TransshipError } from '../../errors.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import type { Artifact } from '../artifact.ts';
import { copyArtifact } from '../copy.ts';
import type { CopyEvent, CopyReport, CopyRequest } from '../copy-types.ts';
import { openTarget } from '../open-target.ts';
import { reportOf } from '../report.ts';
import type { MirrorRule } from '../rule.ts';
import type { CopySession } from '../session.ts';
import type { Slots } from '../slots.ts';
import type { WrittenTag } from '../tag-journal.ts';
import { writtenTag } from '../written-tag.ts';
import type { TagChange } from './diff.ts';

export type CopyChangesDeps = {
  session: CopySession;
  /** How many copies run at once. */
  copies: Slots;
  onEvent: (event: CopyEvent, target: string) => void;
  /** A tag has come to its end; `written` are the tags that were written for it. */
  onReport: (report: CopyReport, written: readonly WrittenTag[]) => Promise<void>;
  signal?: AbortSignal;
};

type Run = {
  rule: MirrorRule;
  deps: CopyChangesDeps;
  artifacts: Map<string, Promise<Artifact>>;
  /** Target repositories that have a digest with all that belongs to it. */
  complete: Map<string, Set<string>>;
};

/** What fails stands in the reports. @throws TransshipError interrupted */
export async function copyChanges(
  rule: MirrorRule,
  changes: readonly TagChange[],
  deps: CopyChangesDeps,
): Promise<void> {
  const run: Run = { rule, deps, artifacts: new Map(), complete: new Map() };
  const byDigest = Map.groupBy(changes, ({ digest, source }) => digest ?? source);
  await Promise.all(
    [...byDigest].map(async ([digest, [first, ...others]]) => {
      if (first !== undefined) await copyTag(first, run);
      await Promise.all(others.map((change) => copyTag(change, run)));
      // Thousands of digests are not kept until the last one is done.
      run.artifacts.delete(digest);
    }),
  );
}

async function copyTag(change: TagChange, run: Run): Promise<void> {
  const { deps, rule } = run;
  await deps.copies.run(1, async () => {
    deps.signal?.throwIfAborted();
    const request = requestFor(change, run);
    const written: WrittenTag[] = [];
    const onEvent = (event: CopyEvent) => {
      const origin = { rule: rule.name, source: change.source };
      const tag = writtenTag(event, request, origin, new Date(deps.session.now()));
      if (tag !== undefined) written.push(tag);
      deps.onEvent(event, 'target' in event ? (request.targets[event.target]?.registry ?? '') : '');
    };
    const report = await copyOrTell(change, request, run, onEvent);
    noteComplete(change, report, run);
    await deps.onReport(report, written);
  });
}

function requestFor({ source, digest, targets }: TagChange, { rule, complete }: Run): CopyRequest {
  const references = targets.map(({ reference }) => parseReference(reference));
  const there = digest === undefined ? undefined : complete.get(digest);
  const isFollower = references.every((reference) => there?.has(repositoryOf(reference)) === true);
  return {
    source: parseReference(source),
    targets: references,
    ...(rule.platforms === undefined ? {} : { platforms: rule.platforms }),
    referrers: rule.referrers && !isFollower,
    looksBelow: true,
    onConflict: rule.onConflict,
    foreignLayers: false,
    dryRun: false,
  };
}

async function copyOrTell(
  { digest, targets }: TagChange,
  request: CopyRequest,
  { deps, artifacts }: Run,
  onEvent: (event: CopyEvent) => void,
): Promise<CopyReport> {
  const { session, signal } = deps;
  const heads = targets.map(({ digest: found }) => (found === undefined ? undefined : { digest: found }));
  try {
    return await copyArtifact(request, {
      registries: session.registries,
      session,
      known: { heads, artifacts, ...(digest === undefined ? {} : { digest }) },
      onEvent,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!isTransshipError(error)) throw error;
    return unreadable(request, error, session, onEvent);
  }
}

/** The report of a tag whose source could not be read: nothing was written anywhere. */
function unreadable(
  { source, targets }: CopyRequest,
  error: TransshipError,
  session: CopySession,
  tell: (event: CopyEvent) => void,
): CopyReport {
  const reports = targets.map((reference, index) => {
    const target = openTarget(reference, index, session, undefined, tell);
    const report = reportOf(target, 'failed', undefined, session.now(), error);
    tell({ type: 'target', target: index, report });
    return report;
  });
  return { source: { reference: formatReference(source), requests: 0 }, targets: reports };
}

function noteComplete({ digest, targets }: TagChange, report: CopyReport, { complete }: Run): void {
  if (digest === undefined) return;
  const there = complete.get(digest) ?? new Set();
  complete.set(digest, there);
  for (const [index, { state }] of report.targets.entries()) {
    const target = targets[index];
    if (target !== undefined && (state === 'copied' || state === 'unchanged')) {
      there.add(repositoryOf(parseReference(target.reference)));
    }
  }
}

function repositoryOf({ registry, repository }: { registry: string; repository: string }): string {
  return `${registry}/${repository}`;
}
