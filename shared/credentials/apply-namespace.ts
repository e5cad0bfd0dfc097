// Brings one namespace to what its plan says. Where others were faster it is read and planned anew, so that nothing of theirs is lost; what
// cannot be done there is told, and keeps nothing else from being done.
//
//   plan ─▶ write each ──▶ all as seen? ── yes ─▶ done
//             ▲                  └─ no: 409, 422, no answer ─▶ read again ─┐   (5 times at most)
//             └─────────────────────────── plan ◀──────────────────────────┘
//
import { isNamespaceTerminating } from '../cluster/api-status.ts';
import { isTransshipError, type ErrorCode, type TransshipError } from '../errors.ts';
import { applyChange, type ApplyOptions } from './apply-change.ts';
import type { CredentialChange } from './credential-change.ts';
import type { ObservedNamespace } from './observed.ts';
import type { PreparedRun } from './prepare-run.ts';
import { isOfInstance, readMarks, type SecretMarks } from './secret-marks.ts';

export type NamespaceOutcome = {
  namespace: string;
  /** `gone`: it is not there any more, or about to go. `unread`: it could not be looked at again, though it had to be. */
  state: 'done' | 'gone' | 'unread';
  written: readonly CredentialChange[];
  /** Conflicts, degraded registries and what is left behind, as of the last plan. */
  told: readonly CredentialChange[];
  failures: readonly ChangeFailure[];
  /** Ours, by name, as they are now. */
  marks: ReadonlyMap<string, SecretMarks>;
};

export type ChangeFailure = { namespace: string; object: string; error: TransshipError };

export type ApplyNamespaceOptions = ApplyOptions & {
  run: Pick<PreparedRun, 'plan' | 'observe'>;
  random: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Where one namespace after the other failed, patience helps none of them. */
  isHasty?: boolean;
};

const MOST_TRIES = 5;
/** Who refuses the same thing twice does so for good. */
const MOST_REFUSALS = 2;
const LONGEST_PAUSE_MS = 100;

/** What was seen is outdated, or nobody knows whether it was done. */
const OUTDATED: readonly ErrorCode[] = ['object-conflict', 'connection-failed', 'timeout', 'cluster-unavailable'];

type Attempt = { failures: ChangeFailure[]; isOutdated: boolean; isGone: boolean };

/** @throws TransshipError interrupted, fence-lost; everything else is in the outcome */
export async function applyNamespace(
  observed: ObservedNamespace,
  options: ApplyNamespaceOptions,
): Promise<NamespaceOutcome> {
  const { run, signal, random, sleep, isHasty = false } = options;
  const written: CredentialChange[] = [];
  const namespace = observed.name;
  let current = observed;
  for (let tried = 1; ; tried += 1) {
    const changes = run.plan(current);
    const attempt = await applyAll(changes, current, written, options);
    const told = changes.filter(isTold);
    const { failures } = attempt;
    if (attempt.isGone) return { namespace, state: 'gone', written, told: [], failures: [], marks: new Map() };
    const isOver = !attempt.isOutdated || tried >= (mayPass(failures) && !isHasty ? MOST_TRIES : MOST_REFUSALS);
    if (isOver)
      return { namespace, state: 'done', written, told, failures, marks: marksAfter(current, written, options) };
    await sleep(Math.round(random() * LONGEST_PAUSE_MS * tried), signal);
    try {
      const next = await run.observe(namespace);
      if (next === undefined) return { namespace, state: 'gone', written, told: [], failures: [], marks: new Map() };
      current = next;
    } catch (error) {
      const failure = { namespace, object: 'the namespace', error: passedOn(error, signal) };
      const marks = marksAfter(current, written, options);
      return { namespace, state: 'unread', written, told, failures: [failure], marks };
    }
  }
}

/** Of a namespace in which nothing is done now. */
export function asItStands(
  observed: ObservedNamespace,
  options: Pick<ApplyNamespaceOptions, 'run' | 'instance'>,
): NamespaceOutcome {
  const told = options.run.plan(observed).filter(isTold);
  const marks = marksAfter(observed, [], options);
  return { namespace: observed.name, state: 'done', written: [], told, failures: [], marks };
}

function isTold({ kind }: CredentialChange): boolean {
  return kind === 'conflict' || kind === 'degraded' || kind === 'left-behind';
}

async function applyAll(
  changes: readonly CredentialChange[],
  current: ObservedNamespace,
  written: CredentialChange[],
  options: ApplyNamespaceOptions,
): Promise<Attempt> {
  const attempt: Attempt = { failures: [], isOutdated: false, isGone: false };
  for (const change of changes) {
    if (change.kind === 'delete-secret' && isStillNamed(change.secret, attempt.failures, changes)) continue;
    try {
      const outcome = await applyChange(change, current, options);
      if (outcome === 'written') written.push(change);
    } catch (error) {
      const known = passedOn(error, options.signal);
      if (isNamespaceTerminating(known)) return { ...attempt, isGone: true };
      // Somebody removed it: the next run sees what is to be done about that.
      if (known.code === 'not-found' && change.kind !== 'create-secret') continue;
      attempt.failures.push({ namespace: current.name, object: objectOf(change), error: known });
      if (known.code === 'not-found') attempt.isOutdated = true;
      if (known.code === 'object-refused' || OUTDATED.includes(known.code)) attempt.isOutdated = true;
    }
  }
  return attempt;
}

/** A reference to it could not be taken away. */
function isStillNamed(
  secret: string,
  failures: readonly ChangeFailure[],
  changes: readonly CredentialChange[],
): boolean {
  return changes.some(
    (change) =>
      change.kind === 'detach-reference' &&
      change.secrets.includes(secret) &&
      failures.some(({ object }) => object === objectOf(change)),
  );
}

function mayPass(failures: readonly ChangeFailure[]): boolean {
  return failures.some(({ error }) => OUTDATED.includes(error.code));
}

/** What ends the run is thrown. */
function passedOn(error: unknown, signal: AbortSignal | undefined): TransshipError {
  signal?.throwIfAborted();
  if (isTransshipError(error) && !isTransshipError(error, 'interrupted', 'fence-lost')) return error;
  throw error;
}

function objectOf(change: CredentialChange): string {
  switch (change.kind) {
    case 'attach-reference':
    case 'detach-reference':
      return `ServiceAccount ${change.serviceAccount}`;
    case 'conflict':
      return `Secret ${change.object}`;
    case 'degraded':
      return change.registry;
    default:
      return `Secret ${change.secret}`;
  }
}

/** As far as they are ours: from what was seen and what was written since. */
function marksAfter(
  { secrets }: ObservedNamespace,
  written: readonly CredentialChange[],
  { instance }: Pick<ApplyOptions, 'instance'>,
): Map<string, SecretMarks> {
  const marks = new Map<string, SecretMarks>();
  for (const secret of secrets.values()) {
    const known = isOfInstance(secret, instance) ? readMarks(secret) : undefined;
    if (known !== undefined) marks.set(secret.name, known);
  }
  for (const change of written) {
    if (change.kind === 'create-secret' || change.kind === 'update-secret') marks.set(change.secret, change.marks);
    if (change.kind === 'delete-secret' || change.kind === 'release-secret') marks.delete(change.secret);
  }
  return marks;
}
