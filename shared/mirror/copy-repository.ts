// Copies many tags of one repository; copies share what they learn, so that common layers cross once and further tags of a
// digest cost one manifest PUT.
import { type TransshipError, isTransshipError } from '../errors.ts';
import { isCosignTag, isFallbackTag } from '../oci/fallback-tag.ts';
import { headManifest } from '../oci/manifests.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import type { Repository } from '../oci/repository.ts';
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
  /** Absent: all tags that the source lists, but for lists of referrers, and for signatures where they are not wanted. */
  tags: readonly string[] | undefined;
};

/** Copies under way at the same time; what they transfer at once is bounded by the session. */
const COPIES_AT_ONCE = 4;
/** HEADs that tell lists of referrers from images; they wait for the client's own limits. */
const LOOKS_AT_ONCE = 16;

/**
 * Yields a report per tag, in order; a tag that cannot be read is a failure of its own.
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
  const listed = await listRepositoryTags(source, { digests: false });
  const wanted = listed.map(({ name }) => name).filter((name) => request.referrers || !isCosignTag(name));
  return withoutLists(wanted, source);
}

/**
 * Leaves out the fallback tags: the target has a list of its own for each digest, to which the copy of an image adds.
 * An image of that name is a tag like any other, and so is what cannot be read: that is told when it is copied.
 */
async function withoutLists(tags: readonly string[], source: Repository): Promise<string[]> {
  const lists = new Set<string>();
  const asked = tags.filter(isFallbackTag).values();
  const askRest = async () => {
    for (const tag of asked) if (await namesIndex(tag, source)) lists.add(tag);
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, askRest));
  return tags.filter((tag) => !lists.has(tag));
}

async function namesIndex(tag: string, source: Repository): Promise<boolean> {
  try {
    return (await headManifest(source, tag))?.mediaType === OCI_INDEX;
  } catch (error) {
    source.signal?.throwIfAborted();
    if (!isTransshipError(error)) throw error;
    return false;
  }
}
