// The worker of mirror jobs: finds out what the source names now, copies that to all targets, and says how the job goes on.
// An event's digest never counts: right before a tag is written the source is asked again, so that a late job moves no tag back.
//
//   payload ─▶ rivals ─▶ copy ─┬─ the source's tag moved meanwhile ─▶ copy what it names now
//                              ├─ all there, or refused ───────────▶ done
//                              ├─ may pass, or come yet ────────────▶ later again
//                              └─ slice over, process stops ────────▶ yield
//
import { TransshipError, isTransshipError } from '../shared/errors.ts';
import type { JobContext, JobHandler, JobOutcome } from '../shared/jobs/handler.ts';
import type { Job } from '../shared/jobs/job.ts';
import { createChunkBuffers } from '../shared/mirror/chunk-buffers.ts';
import { copyArtifact } from '../shared/mirror/copy.ts';
import type { CopyReport, CopyRequest } from '../shared/mirror/copy-types.ts';
import { openRepository } from '../shared/mirror/open-target.ts';
import { createRulePaces } from '../shared/mirror/rule-paces.ts';
import type { RulePaces } from '../shared/mirror/rule-paces.ts';
import { createSharedLedgers } from '../shared/mirror/shared-ledgers.ts';
import type { SharedLedgers } from '../shared/mirror/shared-ledgers.ts';
import type { Slices } from '../shared/mirror/slices.ts';
import { headManifest } from '../shared/oci/manifests.ts';
import type { Logger } from '../shared/telemetry/logger.ts';
import type { Deps } from './deps.ts';
import { tagMoves } from './mirror-image/late-tag.ts';
import { jobFailure, mirrorFailure } from './mirror-image/mirror-end.ts';
import { mirrorPayload } from './job-kinds/mirror-job.ts';
import type { MirrorPayload } from './job-kinds/mirror-job.ts';
import { mirrorProgress } from './mirror-image/mirror-progress.ts';
import { mirrorRequest } from './mirror-image/mirror-request.ts';
import { mirrorSlices } from './mirror-image/mirror-slices.ts';
import { recordMirror } from './mirror-image/record-mirror.ts';
import { findRivals } from './mirror-image/rival-sources.ts';
import { stopOf } from './mirror-image/stop-of.ts';

/** A source tag that moves faster than it is copied waits for the job's next try. */
const MOST_ROUNDS = 5;
/** So long after its event a tag may still name what it named before. */
const LATE_TAG_MS = 3000;
/** A pushed tag that is not there is looked for again after this time, then after twice as long, and so on, for about so long in all. */
const NOT_THERE_YET_MS = 2000;
const MAY_COME_MS = 5 * 60_000;
/** Chunks of large blobs that are held at once, by all jobs together. */
const CHUNK_MEMORY_BYTES = 64 * 1024 * 1024;

/** Concurrent jobs of one handler share what they learn about registries. */
export function mirrorImage(deps: Deps): JobHandler {
  const ledgers = createSharedLedgers(() => deps.clock.now().getTime());
  const buffers = createChunkBuffers(CHUNK_MEMORY_BYTES);
  const paces = createRulePaces();
  return (context) => {
    const onFound: Slices['onFound'] = (registry, how) =>
      deps.metrics.count('transship_blobs_total', { registry, how });
    return mirror({ deps, context, ledgers, slices: mirrorSlices(context, buffers, onFound), paces });
  };
}

type Run = { deps: Deps; context: JobContext; ledgers: SharedLedgers; slices: Slices; paces: RulePaces };

async function mirror(run: Run): Promise<JobOutcome> {
  const { deps, context } = run;
  const { job } = context;
  const payload = payloadOf(job.payload);
  const request = mirrorRequest(payload);
  const logger = deps.logger.with({
    function: 'mirror-image',
    job_id: job.id,
    attempt: job.attempts,
    fence: job.fence,
    source: payload.source,
  });
  const written = new Map<number, string>();
  for (let round = 1; ; round += 1) {
    const refused = await rivalsOf(run, payload, request);
    const { report, failures, moved } = await copyOnce(run, payload, request, { refused, written, logger });
    const mayGoOn = round < MOST_ROUNDS && !context.ending.aborted;
    if (moved && mayGoOn) {
      logger.info('the source tag moved while it was copied');
      continue;
    }
    if (report === 'source-moved') {
      if (context.ending.aborted) return 'yield';
      throw sourceMoved(payload.source);
    }
    const isGone = report === 'source-gone';
    if (mayGoOn && (await comesLate(run, payload, request, report))) continue;
    if (isGone && payload.trigger === 'push' && mayComeYet(job, deps.clock.now())) {
      throw notThereYet(payload.source, job.attempts);
    }
    if (isGone) return { result: { state: 'source-gone', source: payload.source } };
    const failure = mirrorFailure(report, failures);
    if (failure === undefined) return { result: { state: 'done', report } };
    // What was interrupted failed for no reason of its own.
    if (context.ending.aborted) return 'yield';
    return { error: failure, result: { state: 'failed', report } };
  }
}

/** Some registries tell of a push before its tag is there, and most of them without its digest. */
function mayComeYet({ acceptedAt, attempts, maxAttempts }: Job, now: Date): boolean {
  return attempts < maxAttempts && now.getTime() - acceptedAt.getTime() < MAY_COME_MS;
}

/** The tag does not name what was announced, and soon names something else than what was copied. */
async function comesLate(
  { deps, context, ledgers }: Run,
  { announced }: MirrorPayload,
  { source: { digest, ...source } }: CopyRequest,
  report: CopyReport | 'source-gone',
): Promise<boolean> {
  const isGone = report === 'source-gone';
  const found = isGone ? undefined : report.source.digest;
  if (announced === undefined || announced === found || digest !== undefined) return false;
  if (!isGone && (found === undefined || report.targets.some(({ state }) => state === 'failed'))) return false;
  const { clock, registries } = deps;
  const until = new Date(context.job.acceptedAt.getTime() + LATE_TAG_MS);
  const repository = openRepository(source, ledgers.session(registries()), { requests: 0 }, context.ending);
  const look = async () => (await headManifest(repository, source.tag ?? 'latest'))?.digest;
  // A registry that cannot be asked now says nothing new.
  return tagMoves({ look, found, until, clock, signal: context.ending }).catch(() => false);
}

/** The targets that belong to another source. */
function rivalsOf(
  { deps, context, ledgers }: Run,
  payload: MirrorPayload,
  request: CopyRequest,
): Promise<ReadonlyMap<number, TransshipError>> {
  return findRivals(deps, payload, request, async () => {
    const session = ledgers.session(deps.registries());
    const source = openRepository(request.source, session, { requests: 0 }, context.signal);
    return (await headManifest(source, request.source.digest ?? request.source.tag ?? 'latest'))?.digest;
  });
}

type Round = {
  refused: ReadonlyMap<number, TransshipError>;
  /** The tags that this job wrote in earlier rounds, by target; this one adds to them. */
  written: Map<number, string>;
  logger: Logger;
};

type Copied = {
  report: CopyReport | 'source-gone' | 'source-moved';
  failures: Map<number, unknown>;
  moved: boolean;
};

async function copyOnce(
  { deps, context, ledgers, slices, paces }: Run,
  payload: MirrorPayload,
  request: CopyRequest,
  { refused, written, logger }: Round,
): Promise<Copied> {
  const pace = paces(payload.rule, payload.bandwidthBytesPerSecond);
  const session = { ...ledgers.session(deps.registries()), ...pace };
  using stop = stopOf(context, deps.clock);
  const failures = new Map<number, unknown>();
  const source = openRepository(request.source, session, { requests: 0 }, stop.signal);
  const named = request.source.digest ?? request.source.tag ?? 'latest';
  const record = recordMirror(deps, payload, request, logger);
  const progress = mirrorProgress(request.targets.length, context.progress);
  let moved = false;
  let resolved: string | undefined;

  async function assertNewest(_target: number, copiedDigest: string): Promise<void> {
    if (request.source.digest === undefined && (await headManifest(source, named))?.digest !== copiedDigest) {
      moved = true;
      throw sourceMoved(payload.source);
    }
    await context.assertHeld();
  }

  /** What the copied image lacked may have been cleaned up because its tag has another one now. */
  async function ending(report: CopyReport): Promise<Copied> {
    const isLacking = [...failures.values()].some((error) => isTransshipError(error, 'not-found', 'blob-unknown'));
    if (!isLacking || moved || stop.signal.aborted) return { report, failures, moved };
    const now = await headManifest(source, named).catch(() => undefined);
    return { report, failures, moved: now !== undefined && now.digest !== report.source.digest };
  }

  try {
    const copying = copyArtifact(request, {
      registries: session.registries,
      session,
      signal: stop.signal,
      slices,
      refused,
      mayReplace: (target, existing) => written.get(target) === existing,
      beforeTag: assertNewest,
      onFailure: (target, error) => void failures.set(target, error),
      onEvent: (event) => {
        if (event.type === 'resolved') resolved = event.digest;
        if (event.type === 'manifest' && event.tag !== undefined && event.tag === request.targets[event.target]?.tag)
          written.set(event.target, event.digest);
        record.hear(event);
        progress(event);
      },
    });
    const report = await stop.orAbandoned(copying);
    record.source(report.source.requests);
    return await ending(report);
  } catch (error) {
    if (isTransshipError(error, 'interrupted', 'fence-lost')) throw error;
    const isMissing = isTransshipError(error, 'not-found', 'blob-unknown');
    const now = isMissing ? await headManifest(source, named) : undefined;
    if (now !== undefined && now.digest !== resolved) return { report: 'source-moved', failures, moved: true };
    // Who asks for one image wants to hear that there is none; a rule has nothing to mirror then.
    if (!isMissing || now !== undefined || payload.trigger === 'api') throw jobFailure([error]);
    logger.info('the source is gone');
    return { report: 'source-gone', failures, moved };
  } finally {
    await record.save();
  }
}

/** @throws TransshipError invalid-job */
function payloadOf(json: unknown): MirrorPayload {
  const parsed = mirrorPayload.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TransshipError(
    'invalid-job',
    `the payload of a mirror job is wrong at "${issue?.path.join('.')}": ${issue?.message}`,
    {
      hint: 'another version of Transship wrote it; ask for the mirror again',
    },
  );
}

function notThereYet(source: string, attempts: number): TransshipError {
  return new TransshipError('not-found', `${source} was pushed and is not there yet`, {
    retryable: true,
    retryAfterMs: NOT_THERE_YET_MS * 2 ** (attempts - 1),
    hint: 'it is looked for again for about five minutes',
  });
}

function sourceMoved(source: string): TransshipError {
  return new TransshipError('copy-failed', `${source} names something else than when the copy began`, {
    retryable: true,
    hint: 'the tag moves faster than it can be copied; it is tried again',
  });
}
