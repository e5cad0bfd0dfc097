// The worker of sweep jobs: lists what a rule selects, compares it with the targets, and asks for a mirror job for each tag that
// differs. What webhooks lose is found here. It moves no content itself.
//
//   sources ─▶ compare each ─┬─ differs ─▶ mirror job accepted
//                            └─ not wanted any more ─▶ prune
//
import { TransshipError } from '../shared/errors.ts';
import type { JobContext, JobHandler, JobOutcome } from '../shared/jobs/handler.ts';
import type { Problem } from '../shared/mirror/copy-types.ts';
import { pruneTargets, type PruneReport } from '../shared/mirror/prune/prune.ts';
import type { MirrorRule } from '../shared/mirror/rule.ts';
import { createCopySession, type CopySession } from '../shared/mirror/session.ts';
import type { Compared } from '../shared/mirror/sweep/compare.ts';
import { groupRules } from '../shared/mirror/sweep/rule-groups.ts';
import { sweep } from '../shared/mirror/sweep/sweep.ts';
import { listRepositories } from '../shared/oci/catalog.ts';
import type { Logger } from '../shared/telemetry/logger.ts';
import type { Deps } from './deps.ts';
import { askForMirrors, refuseMoved } from './sync-mirrors/ask-for-mirrors.ts';
import { lookAtDigest } from './sync-mirrors/look-at-digest.ts';
import { lastSweepAt, referrerTurn } from './sync-mirrors/referrer-turn.ts';
import { isBeingWritten } from './sync-mirrors/being-written.ts';
import { sweepCursor, type SweepCounts, type SweepCursor } from './sync-mirrors/sweep-cursor.ts';
import { sweepFailure } from './sync-mirrors/sweep-end.ts';
import { sweepPayload, type SweepPayload } from './job-kinds/sweep-job.ts';

const MOST_PROBLEMS = 20;

export function syncMirrors(deps: Deps): JobHandler {
  return async (context) => {
    const payload = payloadOf(context.job.payload);
    const { rules } = deps.config();
    const rule = rules.find(({ name }) => name === payload.rule);
    // The configuration was changed since the job was accepted.
    if (rule === undefined) return { result: { state: 'rule-gone', rule: payload.rule } };
    const { repository, digest } = payload;
    if (repository === undefined || digest === undefined) return syncRule(rule, rules, payload, deps, context);
    const session = createCopySession(deps.registries());
    return lookAtDigest(rule, { repository, digest }, { session, signal: stopOf(context), jobs: deps.jobs });
  };
}

type Run = {
  deps: Deps;
  context: JobContext;
  payload: SweepPayload;
  rule: MirrorRule;
  rules: readonly MirrorRule[];
  /** Two of its sources, or one of another rule's, may have one target. */
  mayCollide: boolean;
  session: CopySession;
  signal: AbortSignal;
  cursor: SweepCursor;
  problems: Problem[];
  logger: Logger;
};

async function syncRule(
  rule: MirrorRule,
  rules: readonly MirrorRule[],
  payload: SweepPayload,
  deps: Deps,
  context: JobContext,
): Promise<JobOutcome> {
  const registries = deps.registries();
  const group = groupRules(rules).find((one) => one.rules.includes(rule));
  const mayCollide = group?.mayCollide === true;
  const run: Run = {
    deps,
    context,
    payload,
    rule,
    rules,
    mayCollide,
    session: createCopySession(registries),
    signal: stopOf(context),
    // Where targets may meet, all is compared each time.
    cursor: sweepCursor({ rule: rule.name, job: context.job.id }, mayCollide ? undefined : context.job.checkpoint),
    problems: [],
    logger: deps.logger.with({ function: 'sync-mirrors', job_id: context.job.id, rule: rule.name }),
  };
  // Who asks for a sweep wants to have all looked at now.
  const since = payload.trigger === 'schedule' ? await lastSweepAt(deps.jobs, rule, context.job) : undefined;
  await sweep(
    // Where targets may meet, all rules that meet there are compared before anything is asked for.
    mayCollide ? group.rules : [rule],
    {
      session: run.session,
      signal: run.signal,
      listTagDigests: (registry) => registries.vendor(registry).listTagDigests,
      listRepositories: (registry) => listRepositories(registries.client(registry), run.signal),
      looksAtReferrers: since === undefined ? () => true : referrerTurn(since, deps.clock.now()),
      // A push says nothing of all the others; one of a signature names its image: see look-at-digest.ts.
      looksBelow: payload.trigger !== 'push',
      everyDigest: false,
      ...(payload.repository === undefined || mayCollide
        ? {}
        : { sources: [{ registry: rule.from.registry, repository: payload.repository }] }),
      choose: (of, all) => (of === rule && !mayCollide ? run.cursor.choose(all) : all),
    },
    (compared) => handle(compared, run),
  );
  return outcome(run);
}

/** Comparing has no effect: it may stop at once, and what was accepted stays accepted. */
function stopOf({ ending, signal }: JobContext): AbortSignal {
  return AbortSignal.any([ending, signal]);
}

async function handle(compared: Compared, run: Run): Promise<void> {
  const { rule, payload, deps, context, session, rules, signal, mayCollide, cursor, problems } = run;
  const { repository, diff } = compared;
  if (compared.rule !== rule) return;
  if (payload.repository !== undefined && payload.repository !== repository.repository && isListed(compared)) return;
  const { journal } = deps;
  const { assertHeld } = context;
  refuseMoved(compared);
  await askForMirrors(compared, deps.jobs, mayCollide);
  const isBusy = (registry: string, path: string) => isBeingWritten(deps.jobs, registry, path);
  const pruned = await pruneTargets(compared, { session, journal, rules, dryRun: false, assertHeld, isBusy, signal });
  problems.push(...diff.problems.map(({ problem }) => problem), ...pruned.flatMap(({ problem }) => problem ?? []));
  tell(compared, pruned, run.logger);
  const counts = countsOf(compared, pruned);
  const isNews = cursor.done(repository, counts, counts.failed > 0 ? 'failed' : 'done');
  if (isNews && !mayCollide) await context.checkpoint(cursor.state());
  context.progress(cursor.counts());
}

/** False where it stands for all repositories of a pattern, because they could not be listed. */
function isListed({ rule, repository }: Compared): boolean {
  return !rule.from.wildcards.includes(repository.repository);
}

function countsOf({ diff }: Compared, pruned: readonly PruneReport[]): Omit<SweepCounts, 'repositories'> {
  const of = (state: 'failed' | 'refused') => diff.problems.filter((problem) => problem.state === state).length;
  return {
    tags: diff.selected,
    unchanged: diff.unchanged,
    jobs: diff.changes.length,
    failed: of('failed') + pruned.filter(({ problem }) => problem !== undefined).length,
    refused: of('refused'),
    removed: pruned.reduce((sum, { removed, isDone }) => sum + (isDone ? removed.length : 0), 0),
  };
}

function tell({ diff }: Compared, pruned: readonly PruneReport[], logger: Logger): void {
  const { source, selected, unchanged, changes, problems } = diff;
  logger.debug('repository compared', { source, tags: selected, unchanged, changes: changes.length });
  for (const { place, state, problem } of problems) {
    if (state === 'failed') logger.warn('repository could not be compared', { source, place, err: { ...problem } });
  }
  // A rule may refuse thousands of tags, at every sweep.
  const refused = problems.filter(({ state }) => state === 'refused');
  const [first] = refused;
  if (first !== undefined) logger.warn('tags are refused', { source, tags: refused.length, err: { ...first.problem } });
  for (const { repository, removed, isDone, problem } of pruned) {
    const tags = removed.map(({ tag }) => tag);
    if (problem !== undefined) logger.warn('repository was not pruned', { target: repository, err: { ...problem } });
    else logger.info(isDone ? 'tags were removed' : 'tags would be removed', { target: repository, tags });
  }
}

/** Tried again where something failed that may pass: then only those repositories are compared. */
function outcome({ cursor, problems, rule }: Run): JobOutcome {
  const counts = cursor.counts();
  const shown = { ...counts, problems: problems.slice(0, MOST_PROBLEMS).map((one) => ({ ...one })) };
  const error = sweepFailure(rule.name, problems, counts);
  return error === undefined
    ? { result: { state: 'done', ...shown } }
    : { error, result: { state: 'failed', ...shown } };
}

/** @throws TransshipError invalid-job */
function payloadOf(json: unknown): SweepPayload {
  const parsed = sweepPayload.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new TransshipError('invalid-job', `the payload of a sweep job is wrong at "${place}": ${issue?.message}`, {
    hint: 'another version of Transship wrote it; ask for the sweep again',
  });
}
