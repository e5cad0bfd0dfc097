// Carries a copy out once it is known what the source is and what the targets name: plan, transfer, belongings, confirmation.
import { headDigest } from '../oci/manifests.ts';
import { imagesOf } from './images-of.ts';
import type { Repository } from '../oci/repository.ts';
import type { Artifact } from './artifact.ts';
import { assertStillFree, keepBackup, movedAway, otherDigest, refusal, stateFor } from './conflict.ts';
import { copyBelongings } from './copy-referrers.ts';
import type { CopyRequest, TargetState } from './copy-types.ts';
import type { Delivery } from './delivery.ts';
import { countMissingBlobs } from './dry-run.ts';
import { findBelongings } from './find-referrers.ts';
import { planTarget } from './plan.ts';
import type { TargetPlan } from './plan.ts';
import { noteParts } from './present-parts.ts';
import type { Named } from './read-source.ts';
import type { CopySession } from './session.ts';
import type { Target } from './target.ts';
import { transferArtifact } from './transfer-artifact.ts';

export type Settle = (target: Target, state: TargetState, digest: string | undefined, error?: unknown) => void;

/** @param sourceDigest what the source named when it was read */
export type BeforeTag = (target: number, sourceDigest: string) => Promise<void>;

export type MayReplace = (target: number, existing: string) => boolean;

/** One copy under way. */
export type Run = {
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
  beforeTag?: BeforeTag;
  mayReplace?: MayReplace;
};

type Planned = { target: Target; head: Named | undefined; plan: TargetPlan };

/** Brings every target to its end: `settle` is called once for each. */
export async function carryOut(run: Run, heads: ReadonlyMap<Target, Named | undefined>): Promise<void> {
  const planned = await Promise.all([...heads].map(([target, head]) => planFor(target, head, run)));
  const { digest, request } = run;
  for (const { target, plan } of planned) {
    if (run.isSettled(target)) continue;
    const asked = target.reference.digest;
    if (asked !== undefined && asked !== digest) run.settle(target, 'refused', undefined, otherDigest(target, digest));
    else if (plan.action === 'refuse') run.settle(target, 'refused', plan.existing, refusal(target, plan.existing));
  }
  const going = planned.filter(({ target }) => !run.isSettled(target));
  if (request.dryRun) return foresee(going, run);
  await transferAll(going, run);
}

async function planFor(target: Target, head: Named | undefined, run: Run): Promise<Planned> {
  const { digest, request, artifact, session } = run;
  const isOurs = head !== undefined && run.mayReplace?.(target.index, head.digest) === true;
  const onConflict = isOurs ? 'overwrite' : request.onConflict;
  const plan = planTarget({ digest, tag: target.reference.tag, onConflict }, head);
  if (plan.action !== 'none' || artifact === undefined || request.platforms?.mode !== 'sparse')
    return { target, head, plan };
  // The same index may stand there with fewer of its images.
  try {
    if (await noteParts(artifact, target, session)) return { target, head, plan };
    return { target, head, plan: { action: 'write' } };
  } catch (error) {
    run.settle(target, 'failed', digest, error);
    return { target, head, plan };
  }
}

async function foresee(going: readonly Planned[], { artifact, settle, digest }: Run): Promise<void> {
  await Promise.all(
    going.map(async ({ target, plan }) => {
      try {
        if (plan.action === 'write' && artifact !== undefined) await countMissingBlobs(artifact, target);
        settle(target, plan.action === 'write' ? 'planned' : 'unchanged', digest);
      } catch (error) {
        settle(target, 'failed', digest, error);
      }
    }),
  );
}

async function transferAll(going: readonly Planned[], run: Run): Promise<void> {
  const { artifact, source, session, request } = run;
  // Looking for signatures costs the source a few requests; they hide behind the blobs.
  const looking =
    request.referrers && going.length > 0
      ? digestsToLookAt(run, going).then((digests) => findBelongings(source, digests, session))
      : undefined;
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

/** Of an unchanged index its images are looked at only where that was asked for: it has to be read first. */
async function digestsToLookAt(run: Run, [first]: readonly Planned[]): Promise<string[]> {
  const { artifact, digest, sourceDigest, request } = run;
  if (artifact === undefined) {
    if (first === undefined || request.looksBelow !== true) return [digest];
    return [digest, ...(await imagesOf({ digest, ...first.head }, first.target.repository))];
  }
  // What refers to the source's index does not hold for one that was made from it.
  const rewritten = sourceDigest !== digest;
  return artifact.manifests.map((manifest) => manifest.digest).filter((one) => !rewritten || one !== digest);
}

function deliveryOf({ target, head, plan }: Planned, run: Run): Delivery {
  const { request, digest, sourceDigest } = run;
  return {
    target,
    tag: target.reference.tag,
    hasOlder: head !== undefined,
    async beforeTag() {
      if (plan.action === 'write' && plan.backup !== undefined) {
        await run.beforeTag?.(target.index, sourceDigest);
        await keepBackup(target, plan.backup);
      }
      if (request.onConflict === 'refuse') {
        const isFree = (existing: string) => existing === digest || run.mayReplace?.(target.index, existing) === true;
        await assertStillFree(target, isFree);
      }
      await run.beforeTag?.(target.index, sourceDigest);
    },
  };
}

/** Whatever fails here is a failure, not a refusal: the tags stand, but what belongs to them is not all there. */
async function bringBelongings(
  looking: ReturnType<typeof findBelongings>,
  arrived: readonly Planned[],
  { source, session, request, settle, digest }: Run,
): Promise<void> {
  const targets = arrived.map(({ target }) => target);
  try {
    const failures = await copyBelongings(await looking, source, targets, session, request);
    for (const [target, error] of failures) settle(target, 'failed', digest, error);
  } catch (error) {
    for (const target of targets) settle(target, 'failed', digest, error);
  }
}

/** The tag is read back: what counts is what the registry says after all is done. */
async function confirm({ target, plan }: Planned, { settle, digest }: Run): Promise<void> {
  if (plan.action === 'none') return settle(target, target.referrers > 0 ? 'copied' : 'unchanged', digest);
  try {
    const head = await headDigest(target.repository, target.reference.tag ?? digest, digest);
    if (head?.digest === digest) settle(target, 'copied', digest);
    else settle(target, 'failed', head?.digest, movedAway(target, digest, head?.digest));
  } catch (error) {
    settle(target, 'failed', undefined, error);
  }
}
