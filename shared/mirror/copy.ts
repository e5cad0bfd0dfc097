// Copies one artifact to its targets: observe, plan, transfer, tag, then what belongs to it, then look again.
//
//   HEAD targets ─▶ HEAD or GET source ─▶ plan ─▶ blobs ─▶ manifests ─▶ tag ─▶ referrers ─▶ HEAD targets
//                                          └─ unchanged, refused or dry run: report
//
import { headManifest } from '../oci/manifests.ts';
import type { ManifestHead } from '../oci/manifests.ts';
import { formatReference } from '../oci/reference.ts';
import type { Repository } from '../oci/repository.ts';
import { readArtifact } from './artifact.ts';
import type { Artifact } from './artifact.ts';
import { assertImagePlatform } from './assert-platform.ts';
import { carryOut } from './carry-out.ts';
import type { Settle } from './carry-out.ts';
import type { CopyEvent, CopyReport, CopyRequest, TargetReport } from './copy-types.ts';
import { endsWithin } from './ends-within.ts';
import { openRepository, openTarget } from './open-target.ts';
import { reportOf } from './report.ts';
import { resolveSource } from './resolve-source.ts';
import type { ResolvedSource } from './resolve-source.ts';
import { createCopySession } from './session.ts';
import type { CopySession, RegistryDirectory } from './session.ts';
import type { Target } from './target.ts';

export type CopyDeps = {
  registries: RegistryDirectory;
  onEvent?: (event: CopyEvent) => void;
  signal?: AbortSignal;
  /** Shared by copies that belong together, so that each blob crosses to a registry once. */
  session?: CopySession;
};

/**
 * Copies; a target that fails, or refuses, stands in the report with its error.
 * @throws TransshipError when the source cannot be read; nothing was written then
 */
export async function copyArtifact(request: CopyRequest, deps: CopyDeps): Promise<CopyReport> {
  const session = deps.session ?? createCopySession(deps.registries);
  const tell = deps.onEvent ?? (() => undefined);
  const meter = { requests: 0 };
  const source = openRepository(request.source, session, meter, deps.signal);
  const targets = request.targets.map((reference, index) => openTarget(reference, index, session, deps.signal, tell));
  const reports = new Map<Target, TargetReport>();
  const settle: Settle = (target, state, digest, error) => {
    const report = reportOf(target, state, digest, session.now(), error);
    reports.set(target, report);
    tell({ type: 'target', target: target.index, report });
  };

  let digest: string | undefined;
  const copyTo = async (heads: Heads) => {
    if (heads.size === 0) return;
    const resolved = await resolveSource(request, source, [...heads.values()]);
    if (digest === undefined && resolved.root !== undefined) {
      tell({ type: 'resolved', digest: resolved.digest, mediaType: resolved.root.mediaType });
    }
    digest ??= resolved.digest;
    const artifact = await artifactOf(resolved, source, request);
    const written = artifact?.root.digest ?? resolved.digest;
    const run = { request, session, source, digest: written, sourceDigest: resolved.digest, artifact, settle };
    await carryOut({ ...run, isSettled: (target) => reports.has(target) }, heads);
  };

  try {
    const { prompt, late } = await observe(targets, settle, session.patienceMs);
    const ends = await Promise.allSettled([copyTo(prompt), ...late.map(async (heads) => copyTo(await heads))]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    await Promise.all(session.loose);
  }
  return {
    source: {
      reference: formatReference(request.source),
      ...(digest === undefined ? {} : { digest }),
      requests: meter.requests,
    },
    targets: targets.flatMap((target) => reports.get(target) ?? []),
  };
}

/** What reachable targets name now. */
type Heads = ReadonlyMap<Target, ManifestHead | undefined>;

/** Asks all targets; those that have not answered when others have long done so come later, each by itself. */
async function observe(
  targets: readonly Target[],
  settle: Settle,
  patienceMs: number,
): Promise<{ prompt: Heads; late: Promise<Heads>[] }> {
  const prompt = new Map<Target, ManifestHead | undefined>();
  let departed = false;
  const asked = targets.map(async (target): Promise<Heads> => {
    try {
      const { tag, digest } = target.reference;
      const head = await headManifest(target.repository, tag ?? digest ?? 'latest');
      if (departed) return new Map([[target, head]]);
      prompt.set(target, head);
    } catch (error) {
      settle(target, 'failed', undefined, error);
    }
    return new Map();
  });
  const all = Promise.all(asked);
  while (!(await endsWithin(all, patienceMs)) && prompt.size === 0);
  departed = true;
  return { prompt, late: asked };
}

async function artifactOf(
  { root }: ResolvedSource,
  source: Repository,
  request: CopyRequest,
): Promise<Artifact | undefined> {
  if (root === undefined) return undefined;
  if (request.platforms !== undefined) await assertImagePlatform(source, root, request.platforms.include);
  return readArtifact(source, root, request);
}
