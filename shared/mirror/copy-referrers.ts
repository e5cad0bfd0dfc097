// Copies what belongs to an artifact after the artifact itself: referrers by digest, cosign's tags by tag, and theirs in turn.
import { TransshipError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { fetchManifest, headManifest } from '../oci/manifests.ts';
import { addToFallbackIndex, listReferrers, referrerDescriptor } from '../oci/referrers.ts';
import type { ReferrersList } from '../oci/referrers.ts';
import { placeOf } from '../oci/repository.ts';
import type { Repository } from '../oci/repository.ts';
import { readArtifact } from './artifact.ts';
import { findBelongings } from './find-referrers.ts';
import type { Belongings } from './find-referrers.ts';
import type { CopySession } from './session.ts';
import type { Target } from './target.ts';
import { transferArtifact } from './transfer-artifact.ts';
import type { Delivery } from './delivery.ts';

type Run = {
  source: Repository;
  session: CopySession;
  foreignLayers: boolean;
  /** Digests that were looked at; referrers can form circles. */
  visited: Set<string>;
  /** What each target lists for a subject; asked for once, and only where the source has something. */
  listed: Map<string, Promise<ReferrersList>>;
  failures: Map<Target, unknown>;
};

/** Limits against registries that invent a referrer for every referrer. */
const DEEPEST_LEVEL = 8;
const MOST_REFERRERS = 5_000;

/** @returns the targets that lack something now, with the first error of each */
export async function copyBelongings(
  belongings: Belongings,
  source: Repository,
  targets: readonly Target[],
  session: CopySession,
  options: { foreignLayers: boolean },
): Promise<Map<Target, unknown>> {
  // Not spread: the whole request may come here, whose members have the same names.
  const { foreignLayers } = options;
  const run: Run = { source, session, foreignLayers, visited: new Set(), listed: new Map(), failures: new Map() };
  await copyLevel(belongings, targets, run, 1);
  return run.failures;
}

async function copyLevel(belongings: Belongings, targets: readonly Target[], run: Run, level: number): Promise<void> {
  const below: string[] = [];
  for (const [subject, referrers] of belongings.referrers) {
    const fresh = referrers.filter(({ digest }) => !run.visited.has(digest));
    for (const { digest } of fresh) run.visited.add(digest);
    for (const referrer of fresh) await copyReferrer(subject, referrer, targets, run);
    below.push(...fresh.map(({ digest }) => digest));
  }
  for (const { tag, digest } of belongings.digestTags) {
    await copyDigestTag(tag, digest, targets, run);
    if (!run.visited.has(digest)) below.push(digest);
    run.visited.add(digest);
  }
  if (below.length === 0) return;
  if (level >= DEEPEST_LEVEL || run.visited.size > MOST_REFERRERS) throw endless(run.source);
  await copyLevel(await findBelongings(run.source, below, run.session), targets, run, level + 1);
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
  const manifest = await fetchManifest(run.source, referrer.digest);
  const results = await deliver(
    manifest,
    lacking.map((target) => ({ target, tag: undefined, hasOlder: false })),
    run,
  );
  for (const [target, indexedSubject] of results) {
    await attempt(target, run, async () => {
      const { byApi } = await listOnce(target, subject, run);
      // "OCI-Subject" is believed only from a registry that has the API: without it nobody would find the referrer.
      if (!indexedSubject || !byApi)
        await addToFallbackIndex(target.repository, subject, [referrerDescriptor(manifest)]);
      target.referrers += 1;
    });
  }
}

async function copyDigestTag(tag: string, digest: string, targets: readonly Target[], run: Run): Promise<void> {
  const lacking = await thoseThat(
    targets,
    run,
    async ({ repository }) => (await headManifest(repository, tag))?.digest !== digest,
  );
  if (lacking.length === 0) return;
  const manifest = await fetchManifest(run.source, digest);
  const results = await deliver(
    manifest,
    lacking.map((target) => ({ target, tag, hasOlder: false })),
    run,
  );
  for (const [target] of results) target.referrers += 1;
}

async function deliver(
  manifest: Awaited<ReturnType<typeof fetchManifest>>,
  deliveries: readonly Delivery[],
  run: Run,
): Promise<Map<Target, boolean>> {
  const artifact = await readArtifact(run.source, manifest, { foreignLayers: run.foreignLayers });
  const delivered = new Map<Target, boolean>();
  for (const [target, result] of await transferArtifact(artifact, run.source, deliveries, run.session)) {
    if ('error' in result) fail(target, result.error, run);
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
  for (const target of targets) {
    if (run.failures.has(target)) continue;
    await attempt(target, run, async () => {
      if (await holds(target)) chosen.push(target);
    });
  }
  return chosen;
}

async function attempt(target: Target, run: Run, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    fail(target, error, run);
  }
}

function fail(target: Target, error: unknown, run: Run): void {
  if (!run.failures.has(target)) run.failures.set(target, error);
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
