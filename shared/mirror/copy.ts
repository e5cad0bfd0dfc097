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
import { assertStillFree, keepBackup, movedAway, otherDigest, refusal, stateFor } from './conflict.ts';
import { copyBelongings } from './copy-referrers.ts';
import type { CopyEvent, CopyReport, CopyRequest, TargetReport, TargetState } from './copy-types.ts';
import { countMissingBlobs } from './dry-run.ts';
import { findBelongings } from './find-referrers.ts';
import { assertImagePlatform } from './assert-platform.ts';
import { openRepository, openTarget } from './open-target.ts';
import { planTarget } from './plan.ts';
import type { TargetPlan } from './plan.ts';
import { reportOf } from './report.ts';
import { resolveSource } from './resolve-source.ts';
import type { ResolvedSource } from './resolve-source.ts';
import { createCopySession } from './session.ts';
import type { CopySession, RegistryDirectory } from './session.ts';
import type { Target } from './target.ts';
import { transferArtifact } from './transfer-artifact.ts';
import type { Delivery } from './transfer-artifact.ts';

export type CopyDeps = {
  registries: RegistryDirectory;
  onEvent?: (event: CopyEvent) => void;
  signal?: AbortSignal;
  /** Shared by copies that belong together, so that each blob crosses to a registry once. */
  session?: CopySession;
};

type Planned = { target: Target; head: ManifestHead | undefined; plan: TargetPlan };

/** One copy under way; `reports` grows as targets end. */
type Run = {
  request: CopyRequest;
  session: CopySession;
  source: Repository;
  /** The digest that the targets' tags shall name; another one than the source's where the index was rewritten. */
  digest: string;
  sourceDigest: string;
  /** Absent where no target needs anything of it. */
  artifact: Artifact | undefined;
  settle: Settle;
  isSettled: (target: Target) => boolean;
};

type Settle = (target: Target, state: TargetState, digest: string | undefined, error?: unknown) => void;

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

  const heads = await observe(targets, settle);
  const resolved = heads.size === 0 ? undefined : await resolveSource(request, source, [...heads.values()]);
  if (resolved !== undefined) {
    const artifact = await artifactOf(resolved, source, request);
    if (resolved.root !== undefined)
      tell({ type: 'resolved', digest: resolved.digest, mediaType: resolved.root.mediaType });
    const sourceDigest = resolved.digest;
    const digest = artifact?.root.digest ?? sourceDigest;
    const isSettled = (target: Target) => reports.has(target);
    try {
      await carryOut({ request, session, source, digest, sourceDigest, artifact, settle, isSettled }, heads);
    } finally {
      await Promise.all(session.loose);
    }
  }
  const named = resolved === undefined ? {} : { digest: resolved.digest };
  return {
    source: { reference: formatReference(request.source), ...named, requests: meter.requests },
    targets: targets.flatMap((target) => reports.get(target) ?? []),
  };
}

/** What each reachable target names now. */
async function observe(targets: readonly Target[], settle: Settle): Promise<Map<Target, ManifestHead | undefined>> {
  const heads = new Map<Target, ManifestHead | undefined>();
  await Promise.all(
    targets.map(async (target) => {
      try {
        const { tag, digest } = target.reference;
        heads.set(target, await headManifest(target.repository, tag ?? digest ?? 'latest'));
      } catch (error) {
        settle(target, 'failed', undefined, error);
      }
    }),
  );
  return heads;
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

async function carryOut(run: Run, heads: ReadonlyMap<Target, ManifestHead | undefined>): Promise<void> {
  const { digest, request } = run;
  const planned = [...heads].map(([target, head]): Planned => {
    const wish = { digest, tag: target.reference.tag, onConflict: request.onConflict };
    return { target, head, plan: planTarget(wish, head) };
  });
  for (const { target, plan } of planned) {
    const asked = target.reference.digest;
    if (asked !== undefined && asked !== digest) run.settle(target, 'refused', undefined, otherDigest(target, digest));
    else if (plan.action === 'refuse') run.settle(target, 'refused', plan.existing, refusal(target, plan.existing));
  }
  const going = planned.filter(({ target }) => !run.isSettled(target));
  if (request.dryRun) return foresee(going, run);
  await transferAll(going, run);
}

async function foresee(going: readonly Planned[], run: Run): Promise<void> {
  for (const { target, plan } of going) {
    if (plan.action === 'write' && run.artifact !== undefined) await countMissingBlobs(run.artifact, target);
    run.settle(target, plan.action === 'write' ? 'planned' : 'unchanged', run.digest);
  }
}

async function transferAll(going: readonly Planned[], run: Run): Promise<void> {
  const { artifact, source, session, request } = run;
  // Looking for signatures costs the source a few requests; they hide behind the blobs.
  const looking =
    request.referrers && going.length > 0 ? findBelongings(source, digestsToLookAt(run), session) : undefined;
  looking?.catch(() => undefined);
  const deliveries = going.filter(({ plan }) => plan.action === 'write').map((one) => deliveryOf(one, run));
  if (artifact !== undefined && deliveries.length > 0) {
    for (const [target, result] of await transferArtifact(artifact, source, deliveries, session)) {
      if ('error' in result) run.settle(target, stateFor(result.error), undefined, result.error);
    }
  }
  const arrived = going.filter(({ target }) => !run.isSettled(target));
  if (looking !== undefined) await bringBelongings(looking, arrived, run);
  await Promise.all(arrived.filter(({ target }) => !run.isSettled(target)).map((one) => confirm(one, run)));
}

/** Of an unchanged index only its own digest is asked for: its children would have to be read first. */
function digestsToLookAt({ artifact, digest, sourceDigest }: Run): string[] {
  if (artifact === undefined) return [digest];
  // What refers to the source's index does not hold for one that was made from it.
  const rewritten = sourceDigest !== digest;
  return artifact.manifests.map((manifest) => manifest.digest).filter((one) => !rewritten || one !== digest);
}

function deliveryOf({ target, head, plan }: Planned, { request, digest }: Run): Delivery {
  return {
    target,
    tag: target.reference.tag,
    hasOlder: head !== undefined,
    async beforeTag() {
      if (plan.action === 'write' && plan.backup !== undefined) await keepBackup(target, plan.backup);
      if (request.onConflict === 'refuse') await assertStillFree(target, digest);
    },
  };
}

/** A source that fails here fails all targets that got this far: their tags stand, but what belongs to them is not all there. */
async function bringBelongings(
  looking: ReturnType<typeof findBelongings>,
  arrived: readonly Planned[],
  { source, session, request, settle, digest }: Run,
): Promise<void> {
  const targets = arrived.map(({ target }) => target);
  try {
    const failures = await copyBelongings(await looking, source, targets, session, request);
    for (const [target, error] of failures) settle(target, stateFor(error), digest, error);
  } catch (error) {
    for (const target of targets) settle(target, 'failed', digest, error);
  }
}

/** The tag is read back: what counts is what the registry says after all is done. */
async function confirm({ target, plan }: Planned, { settle, digest }: Run): Promise<void> {
  if (plan.action === 'none') return settle(target, target.referrers > 0 ? 'copied' : 'unchanged', digest);
  try {
    const head = await headManifest(target.repository, target.reference.tag ?? digest);
    if (head?.digest === digest) settle(target, 'copied', digest);
    else settle(target, 'failed', head?.digest, movedAway(target, digest, head?.digest));
  } catch (error) {
    settle(target, 'failed', undefined, error);
  }
}
