// The worker of mirror jobs: finds out what the source names now, copies that to all targets, and says how the job goes on.
// An event's digest never counts: right before a tag is written the source is asked again, so that a late job moves no tag back.
//
//   payload ─▶ copy ─┬─ the source's tag moved meanwhile ─▶ copy what it names now
//                    ├─ all there, or refused by policy ──▶ done
//                    ├─ may pass ────────────────────────▶ later again
//                    └─ slice over, process stops ────────▶ yield
//
import { TransshipError, isTransshipError } from '../shared/errors.ts';
import type { JobContext, JobHandler, JobOutcome } from '../shared/jobs/handler.ts';
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
import { findRival } from './mirror-image/rival-sources.ts';
import { stopOf } from './mirror-image/stop-of.ts';

/** A source tag that moves faster than it is copied waits for the job's next try. */
const MOST_ROUNDS = 5;
/** So long after its event a tag may still name what it named before. */
const LATE_TAG_MS = 3000;
const NOT_THERE_YET_MS = 10_000;
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
  for (let round = 1; ; round += 1) {
    await assertNoRival(run, payload, request);
    const { report, failures, moved } = await copyOnce(run, payload, request, logger);
    if (moved && round < MOST_ROUNDS && !context.ending.aborted) {
      logger.info('the source tag moved while it was copied');
      continue;
    }
    const isGone = report === 'source-gone';
    const found = isGone ? undefined : report.source.digest;
    if (round < MOST_ROUNDS && failures.size === 0 && (await comesLate(run, payload, request, found))) continue;
    if (isGone && payload.announced !== undefined && job.attempts === 1) throw notThereYet(payload.source);
    if (isGone) return { result: { state: 'source-gone', source: payload.source } };
    const failure = mirrorFailure(report, failures);
    if (failure === undefined) return { result: { state: 'done', report } };
    // What was interrupted failed for no reason of its own.
    if (context.ending.aborted) return 'yield';
    return { error: failure, result: { state: 'failed', report } };
  }
}

/** The tag does not name what was announced, and soon names something else than what was copied. */
async function comesLate(
  { deps, context, ledgers }: Run,
  { announced }: MirrorPayload,
  { source: { digest, ...source } }: CopyRequest,
  found: string | undefined,
): Promise<boolean> {
  if (announced === undefined || announced === found || digest !== undefined) return false;
  const { clock, registries } = deps;
  const until = new Date(context.job.acceptedAt.getTime() + LATE_TAG_MS);
  const repository = openRepository(source, ledgers.session(registries()), { requests: 0 }, context.ending);
  const look = async () => (await headManifest(repository, source.tag ?? 'latest'))?.digest;
  // A registry that cannot be asked now says nothing new.
  return tagMoves({ look, found, until, clock, signal: context.ending }).catch(() => false);
}

/** @throws TransshipError conflict-refused */
async function assertNoRival(
  { deps, context, ledgers }: Run,
  payload: MirrorPayload,
  request: CopyRequest,
): Promise<void> {
  const rival = await findRival(deps, payload, request, async () => {
    const session = ledgers.session(deps.registries());
    const source = openRepository(request.source, session, { requests: 0 }, context.signal);
    return (await headManifest(source, request.source.digest ?? request.source.tag ?? 'latest'))?.digest;
  });
  if (rival !== undefined) throw rival;
}

type Copied = { report: CopyReport | 'source-gone'; failures: Map<number, unknown>; moved: boolean };

async function copyOnce(
  { deps, context, ledgers, slices, paces }: Run,
  payload: MirrorPayload,
  request: CopyRequest,
  logger: Logger,
): Promise<Copied> {
  const pace = paces(payload.rule, payload.bandwidthBytesPerSecond);
  const session = { ...ledgers.session(deps.registries()), ...pace };
  using stop = stopOf(context, deps.clock);
  const failures = new Map<number, unknown>();
  const source = openRepository(request.source, session, { requests: 0 }, stop.signal);
  const record = recordMirror(deps, payload, request, logger);
  const progress = mirrorProgress(request.targets.length, context.progress);
  let moved = false;
  let isResolved = false;

  async function assertNewest(_target: number, copiedDigest: string): Promise<void> {
    const { tag, digest } = request.source;
    if (digest === undefined && (await headManifest(source, tag ?? 'latest'))?.digest !== copiedDigest) {
      moved = true;
      throw sourceMoved(payload.source);
    }
    await context.assertHeld();
  }

  try {
    const copying = copyArtifact(request, {
      registries: session.registries,
      session,
      signal: stop.signal,
      slices,
      beforeTag: assertNewest,
      onFailure: (target, error) => void failures.set(target, error),
      onEvent: (event) => {
        isResolved ||= event.type === 'resolved';
        record.hear(event);
        progress(event);
      },
    });
    const report = await stop.orAbandoned(copying);
    record.source(report.source.requests);
    return { report, failures, moved };
  } catch (error) {
    if (isTransshipError(error, 'interrupted', 'fence-lost')) throw error;
    const named = request.source.digest ?? request.source.tag ?? 'latest';
    const isMissing = isTransshipError(error, 'not-found');
    const gone = isMissing && (await headManifest(source, named)) === undefined;
    if (isMissing && !gone && !isResolved) return { report: 'source-gone', failures, moved: true };
    // Who asks for one image wants to hear that there is none; a rule has nothing to mirror then.
    if (!gone || payload.trigger === 'api') throw jobFailure([error]);
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

function notThereYet(source: string): TransshipError {
  return new TransshipError('not-found', `${source} was announced and is not there yet`, {
    retryable: true,
    retryAfterMs: NOT_THERE_YET_MS,
    hint: 'it is looked for once more',
  });
}

function sourceMoved(source: string): TransshipError {
  return new TransshipError('copy-failed', `${source} names something else than when the copy began`, {
    retryable: true,
    hint: 'the tag moves faster than it can be copied; it is tried again',
  });
}
