// Copies one artifact to its targets: observe, plan, transfer, tag, then what belongs to it, then look again.
//
//   HEAD targets ─▶ HEAD or GET source ─▶ plan ─▶ blobs ─▶ manifests ─▶ tag ─▶ referrers ─▶ HEAD targets
//                                          └─ unchanged, refused or dry run: report
//
import { headManifest } from '../oci/manifests.ts';
import { formatReference } from '../oci/reference.ts';
import { carryOut } from './carry-out.ts';
import type { BeforeTag, MayReplace, Settle } from './carry-out.ts';
import type { CopyEvent, CopyReport, CopyRequest, TargetReport } from './copy-types.ts';
import { endsWithin } from './ends-within.ts';
import { openRepository, openTarget } from './open-target.ts';
import { readSource } from './read-source.ts';
import type { KnownBefore, Named } from './read-source.ts';
import { reportOf } from './report.ts';
import { createCopySession } from './session.ts';
import type { CopySession, RegistryDirectory } from './session.ts';
import type { Slices } from './slices.ts';
import type { Target } from './target.ts';

export type CopyDeps = {
  registries: RegistryDirectory;
  onEvent?: (event: CopyEvent) => void;
  signal?: AbortSignal;
  /** Shared by copies that belong together, so that each blob crosses to a registry once. */
  session?: CopySession;
  known?: KnownBefore;
  /** Asked right before each effect on a tag; what it throws keeps the target from being changed, and is its error. */
  beforeTag?: BeforeTag;
  /** Targets, by index, that are refused for a reason of the caller's: they are settled with it, and not even asked. */
  refused?: ReadonlyMap<number, unknown>;
  /** Whether a target's tag may be replaced whatever the conflict policy says, as what it names comes from the same work. */
  mayReplace?: MayReplace;
  /** Keeps how far large blobs are, for a copy that may be cut off at any time. */
  slices?: Slices;
  /** Hears what stands in a target's report, as it was thrown. */
  onFailure?: (target: number, error: unknown) => void;
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
  const sliced = deps.slices === undefined ? {} : { slices: deps.slices };
  const targets = request.targets.map((reference, index) => ({
    ...openTarget(reference, index, session, deps.signal, tell),
    ...sliced,
  }));
  const reports = new Map<Target, TargetReport>();
  const settle: Settle = (target, state, digest, error) => {
    const report = reportOf(target, state, digest, session.now(), error);
    reports.set(target, report);
    if (error !== undefined) deps.onFailure?.(target.index, error);
    tell({ type: 'target', target: target.index, report });
  };

  for (const target of targets) {
    if (deps.refused?.has(target.index)) settle(target, 'refused', undefined, deps.refused.get(target.index));
  }
  const asked = targets.filter((target) => !reports.has(target));

  let digest: string | undefined;
  const copyTo = async (heads: Heads) => {
    if (heads.size === 0) return;
    const content = await readSource(request, source, [...heads.values()], deps.known ?? {}, (root) => {
      if (digest === undefined) tell({ type: 'resolved', digest: root.digest, mediaType: root.mediaType });
      digest ??= root.digest;
    });
    digest ??= content.digest;
    const { artifact } = content;
    const written = artifact?.root.digest ?? content.digest;
    const run = { request, session, source, digest: written, sourceDigest: content.digest, artifact, settle };
    const hooks = {
      ...(deps.beforeTag === undefined ? {} : { beforeTag: deps.beforeTag }),
      ...(deps.mayReplace === undefined ? {} : { mayReplace: deps.mayReplace }),
    };
    await carryOut({ ...run, ...hooks, isSettled: (target) => reports.has(target) }, heads);
  };

  try {
    const { prompt, late } =
      deps.known?.heads === undefined
        ? await observe(asked, settle, session.patienceMs)
        : { prompt: asKnown(asked, deps.known.heads), late: [] };
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
type Heads = ReadonlyMap<Target, Named | undefined>;

function asKnown(targets: readonly Target[], heads: readonly (Named | undefined)[]): Heads {
  return new Map(targets.map((target) => [target, heads[target.index]]));
}

/** Asks all targets; those that have not answered when others have long done so come later, each by itself. */
async function observe(
  targets: readonly Target[],
  settle: Settle,
  patienceMs: number,
): Promise<{ prompt: Heads; late: Promise<Heads>[] }> {
  const prompt = new Map<Target, Named | undefined>();
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
