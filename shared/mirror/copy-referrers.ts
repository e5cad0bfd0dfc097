// Copies what belongs to an artifact after the artifact itself: referrers by digest, cosign's tags by tag, and theirs in turn.
import { TransshipError, isTransshipError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Manifest } from '../oci/manifest.ts';
import { fetchManifest, findManifest, headManifest } from '../oci/manifests.ts';
import { addToFallbackIndex, listReferrers, referrerDescriptor } from '../oci/referrers.ts';
import type { ReferrersList } from '../oci/referrers.ts';
import { placeOf } from '../oci/repository.ts';
import type { Repository } from '../oci/repository.ts';
import { readArtifact } from './artifact.ts';
import { assertStillFree, keepBackup, refusal } from './conflict.ts';
import type { ConflictPolicy } from './copy-types.ts';
import { findBelongings } from './find-referrers.ts';
import type { Belongings } from './find-referrers.ts';
import { planTarget } from './plan.ts';
import type { CopySession } from './session.ts';
import type { Target } from './target.ts';
import { transferArtifact } from './transfer-artifact.ts';
import type { Delivery } from './delivery.ts';

type Run = {
  source: Repository;
  session: CopySession;
  foreignLayers: boolean;
  onConflict: ConflictPolicy;
  /** Digests that were looked at; referrers can form circles. */
  visited: Set<string>;
  /** What each target lists for a subject; asked for once, and only where the source has something. */
  listed: Map<string, Promise<ReferrersList>>;
  /** The first error of each target that lacks something now. */
  failures: Map<Target, unknown>;
  failureCounts: Map<Target, number>;
  /** Targets that nothing more is tried for. */
  givenUp: Set<Target>;
};

/** Limits against registries that invent a referrer for every referrer. */
const DEEPEST_LEVEL = 8;
const MOST_REFERRERS = 5_000;
/** One referrer that fails does not hold up the others, but where all fail, thousands are not tried. */
const MOST_FAILURES = 10;
/** What concerns a registry as a whole: the next referrer would only wait for it again. */
const HOPELESS: readonly ErrorCode[] = [
  'interrupted',
  'connection-failed',
  'tls-failed',
  'egress-denied',
  'unauthorized',
  'too-many-requests',
];

/** @returns the targets that lack something now, with the first error of each */
export async function copyBelongings(
  belongings: Belongings,
  source: Repository,
  targets: readonly Target[],
  session: CopySession,
  options: { foreignLayers: boolean; onConflict: ConflictPolicy },
): Promise<Map<Target, unknown>> {
  // Not spread: the whole request may come here, whose members have the same names.
  const { foreignLayers, onConflict } = options;
  const run: Run = {
    source,
    session,
    foreignLayers,
    onConflict,
    visited: new Set(),
    listed: new Map(),
    failures: new Map(),
    failureCounts: new Map(),
    givenUp: new Set(),
  };
  await copyLevel(belongings, targets, run, 1);
  return run.failures;
}

async function copyLevel(belongings: Belongings, targets: readonly Target[], run: Run, level: number): Promise<void> {
  const below: string[] = [];
  const fresh = [...belongings.referrers].flatMap(([subject, referrers]) =>
    referrers.filter(({ digest }) => isFirstVisit(digest, run)).map((referrer) => ({ subject, referrer })),
  );
  for (const { subject, referrer } of fresh) {
    await copyReferrer(subject, referrer, targets, run);
    below.push(referrer.digest);
  }
  for (const { tag, digest } of belongings.digestTags) {
    await copyDigestTag(tag, digest, targets, run);
    if (isFirstVisit(digest, run)) below.push(digest);
  }
  if (below.length === 0 || targets.every((target) => run.givenUp.has(target))) return;
  if (level >= DEEPEST_LEVEL) throw endless(run.source);
  await copyLevel(await findBelongings(run.source, below, run.session), targets, run, level + 1);
}

/** Counts while it goes through a level, so that one without an end is refused before anything of it is copied. */
function isFirstVisit(digest: string, { visited, source }: Run): boolean {
  if (visited.has(digest)) return false;
  visited.add(digest);
  if (visited.size > MOST_REFERRERS) throw endless(source);
  return true;
}

async function copyReferrer(
  subject: string,
  referrer: Descriptor,
  targets: readonly Target[],
  run: Run,
): Promise<void> {
  const lacking = await thoseThat(targets, run, async (target) => {
    const list = await listOnce(target, subject, run);
    return !list.referrers.some(({ digest }) => digest === referrer.digest);
  });
  if (lacking.length === 0) return;
  await attempt(lacking, run, async () => {
    const manifest = await findManifest(run.source, referrer.digest);
    if (manifest === undefined) return warnOfStale(subject, referrer, lacking, run);
    const deliveries = lacking.map((target) => ({ target, tag: undefined, hasOlder: false }));
    for (const [target, indexedSubject] of await deliver(manifest, deliveries, run)) {
      await attempt([target], run, async () => {
        const { byApi } = await listOnce(target, subject, run);
        // "OCI-Subject" is believed only from a registry that has the API: without it nobody would find the referrer.
        if (!indexedSubject || !byApi)
          await addToFallbackIndex(target.repository, subject, [referrerDescriptor(manifest)]);
        target.referrers += 1;
      });
    }
  });
}

/** Lists outlive what they name: an entry without its manifest says nothing of the image, and stops nothing. */
function warnOfStale(subject: string, { digest }: Descriptor, [first]: readonly Target[], { source }: Run): void {
  const { host } = source.registry;
  const message = `${host}/${source.name} lists ${digest} as a referrer of ${subject}, but does not have it; it was left out`;
  // Once, and not for every target: it is the source's.
  first?.tell({ type: 'warning', registry: host, message });
}

async function copyDigestTag(tag: string, digest: string, targets: readonly Target[], run: Run): Promise<void> {
  const deliveries: Delivery[] = [];
  for (const target of stillTried(targets, run)) {
    await attempt([target], run, async () => {
      const delivery = await planDigestTag(tag, digest, target, run);
      if (delivery !== undefined) deliveries.push(delivery);
    });
  }
  if (deliveries.length === 0) return;
  const lacking = deliveries.map(({ target }) => target);
  await attempt(lacking, run, async () => {
    const results = await deliver(await fetchManifest(run.source, digest), deliveries, run);
    for (const [target] of results) target.referrers += 1;
  });
}

/**
 * Signatures grow under their tag, and the target may have some of its own: the policy for conflicts holds for them, too.
 * @returns undefined where nothing is to be done @throws TransshipError conflict-refused
 */
async function planDigestTag(tag: string, digest: string, target: Target, run: Run): Promise<Delivery | undefined> {
  const { onConflict } = run;
  const plan = planTarget({ digest, tag, onConflict }, await headManifest(target.repository, tag));
  const { registry, repository } = target.reference;
  const named: Target = { ...target, reference: { registry, repository, tag } };
  if (plan.action === 'none') return undefined;
  if (plan.action === 'refuse') throw refusal(named, plan.existing);
  return {
    target,
    tag,
    hasOlder: false,
    async beforeTag() {
      if (plan.backup !== undefined) await keepBackup(named, plan.backup);
      if (onConflict === 'refuse') await assertStillFree(named, (existing) => existing === digest);
    },
  };
}

async function deliver(manifest: Manifest, deliveries: readonly Delivery[], run: Run): Promise<Map<Target, boolean>> {
  const artifact = await readArtifact(run.source, manifest, { foreignLayers: run.foreignLayers });
  const delivered = new Map<Target, boolean>();
  for (const [target, result] of await transferArtifact(artifact, run.source, deliveries, run.session)) {
    if ('error' in result) fail([target], result.error, run);
    else delivered.set(target, result.indexedSubject);
  }
  return delivered;
}

async function thoseThat(
  targets: readonly Target[],
  run: Run,
  holds: (target: Target) => Promise<boolean>,
): Promise<Target[]> {
  const chosen: Target[] = [];
  for (const target of stillTried(targets, run)) {
    await attempt([target], run, async () => {
      if (await holds(target)) chosen.push(target);
    });
  }
  return chosen;
}

function stillTried(targets: readonly Target[], { givenUp }: Run): Target[] {
  return targets.filter((target) => !givenUp.has(target));
}

/** What fails here is missing at all these targets; the work goes on with the next. */
async function attempt(targets: readonly Target[], run: Run, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    fail(targets, error, run);
  }
}

function fail(targets: readonly Target[], error: unknown, { failures, failureCounts, givenUp }: Run): void {
  for (const target of targets) {
    const count = (failureCounts.get(target) ?? 0) + 1;
    failureCounts.set(target, count);
    if (!failures.has(target)) failures.set(target, error);
    if (count >= MOST_FAILURES || isTransshipError(error, ...HOPELESS)) givenUp.add(target);
  }
}

function listOnce(target: Target, subject: string, run: Run): Promise<ReferrersList> {
  const key = `${target.index} ${subject}`;
  let list = run.listed.get(key);
  if (list === undefined) {
    list = listReferrers(target.repository, subject);
    run.listed.set(key, list);
  }
  return list;
}

function endless(source: Repository): TransshipError {
  return new TransshipError(
    'invalid-response',
    `${source.registry.host}/${source.name}: more than ${DEEPEST_LEVEL} levels or ${MOST_REFERRERS} referrers`,
    {
      hint: 'copy without them (--no-referrers): no signature needs a signature of that depth',
      details: placeOf(source, 'list referrers'),
    },
  );
}
