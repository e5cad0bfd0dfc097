// Copies many tags of one repository; copies share what they learn, so that common layers cross once and further tags of a
// digest cost one manifest PUT.
import { type TransshipError, isTransshipError } from '../errors.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { copyArtifact } from './copy.ts';
import type { CopyDeps } from './copy.ts';
import type { CopyReport, CopyRequest } from './copy-types.ts';
import { listRepositoryTags } from './list-tags.ts';
import { openRepository, openTarget } from './open-target.ts';
import { reportOf } from './report.ts';
import { createCopySession, type CopySession } from './session.ts';

export type RepositoryCopyRequest = Omit<CopyRequest, 'source' | 'targets'> & {
  source: Pick<Reference, 'registry' | 'repository'>;
  targets: readonly Pick<Reference, 'registry' | 'repository'>[];
  /** Absent: all tags that the source lists. */
  tags: readonly string[] | undefined;
};

/** Copies under way at the same time; what they transfer at once is bounded by the session. */
const COPIES_AT_ONCE = 4;

/**
 * Yields a report per tag, in order; a tag that cannot be read is a failure of its own. cosign's digest tags are tags like any other here.
 * @throws TransshipError not-found for a source without tags, interrupted, and when the tags cannot be listed
 */
export async function* copyRepository(request: RepositoryCopyRequest, deps: CopyDeps): AsyncGenerator<CopyReport> {
  const session = deps.session ?? createCopySession(deps.registries);
  const tags = request.tags ?? (await allTags(request, deps, session));
  const running: Promise<CopyReport>[] = [];
  let next = 0;
  const start = () => {
    const tag = tags[next++];
    if (tag === undefined) return;
    const one = copyTag(tag, request, { ...deps, session });
    // Its turn to be awaited comes later; a failure until then is not an unhandled one.
    one.catch(() => undefined);
    running.push(one);
  };
  while (running.length < COPIES_AT_ONCE && next < tags.length) start();
  for (let report = running.shift(); report !== undefined; report = running.shift()) {
    yield await report;
    start();
  }
}

async function copyTag(
  tag: string,
  request: RepositoryCopyRequest,
  deps: CopyDeps & { session: CopySession },
): Promise<CopyReport> {
  const source = { ...request.source, tag };
  const targets = request.targets.map((target) => ({ ...target, tag }));
  try {
    return await copyArtifact({ ...request, source, targets }, deps);
  } catch (error) {
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    return unreadable(source, targets, error, deps);
  }
}

/** The report of a tag whose source could not be read: nothing was written anywhere. */
function unreadable(
  source: Reference,
  targets: readonly Reference[],
  error: TransshipError,
  { session, signal, onEvent }: CopyDeps & { session: CopySession },
): CopyReport {
  const tell = onEvent ?? (() => undefined);
  const reports = targets.map((reference, index) => {
    const report = reportOf(
      openTarget(reference, index, session, signal, tell),
      'failed',
      undefined,
      session.now(),
      error,
    );
    tell({ type: 'target', target: index, report });
    return report;
  });
  return { source: { reference: formatReference(source), requests: 0 }, targets: reports };
}

async function allTags(request: RepositoryCopyRequest, deps: CopyDeps, session: CopySession): Promise<string[]> {
  const source = openRepository(request.source, session, { requests: 0 }, deps.signal);
  const tags = await listRepositoryTags(source, { digests: false });
  return tags.map(({ name }) => name);
}
