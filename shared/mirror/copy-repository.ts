// Copies many tags of one repository; copies share what they learn, so that common layers cross once and further tags of a
// digest cost one manifest PUT.
import type { Reference } from '../oci/reference.ts';
import { listTags } from '../oci/tags.ts';
import { copyArtifact } from './copy.ts';
import type { CopyDeps } from './copy.ts';
import type { CopyReport, CopyRequest } from './copy-types.ts';
import { openRepository } from './open-target.ts';
import { createCopySession } from './session.ts';

export type RepositoryCopyRequest = Omit<CopyRequest, 'source' | 'targets'> & {
  source: Pick<Reference, 'registry' | 'repository'>;
  targets: readonly Pick<Reference, 'registry' | 'repository'>[];
  /** Absent: all tags that the source lists. */
  tags: readonly string[] | undefined;
};

/** Copies under way at the same time; what they transfer at once is bounded by the session. */
const COPIES_AT_ONCE = 4;

/**
 * Yields a report per tag, in order. cosign's digest tags are tags like any other here.
 * @throws TransshipError when the source's tags cannot be listed, or one of them cannot be read
 */
export async function* copyRepository(request: RepositoryCopyRequest, deps: CopyDeps): AsyncGenerator<CopyReport> {
  const session = deps.session ?? createCopySession(deps.registries);
  const tags = request.tags ?? (await allTags(request, deps, session));
  const running: Promise<CopyReport>[] = [];
  let next = 0;
  const start = () => {
    const tag = tags[next++];
    if (tag === undefined) return;
    const one = copyArtifact(
      {
        ...request,
        source: { ...request.source, tag },
        targets: request.targets.map((target) => ({ ...target, tag })),
      },
      { ...deps, session },
    );
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

async function allTags(
  request: RepositoryCopyRequest,
  deps: CopyDeps,
  session: ReturnType<typeof createCopySession>,
): Promise<string[]> {
  const tags: string[] = [];
  const source = openRepository(request.source, session, { requests: 0 }, deps.signal);
  for await (const page of listTags(source)) tags.push(...page);
  return tags;
}
