// Adds up what a run did and found, in a size that a job can keep: counts of everything, and the first few of each kind in words.
import type { TransshipError } from '../errors.ts';
import type { ChangeFailure, NamespaceOutcome } from './apply-namespace.ts';
import type { CredentialChange } from './credential-change.ts';
import type { SecretMarks } from './secret-marks.ts';
import type { Available } from './verified-credentials.ts';

export type DistributionReport = {
  /** That were looked at. */
  namespaces: number;
  /** Not there any more, or about to go. */
  gone: number;
  /** Pull Secrets of ours that are in place. */
  secrets: number;
  written: Record<WriteKind, number>;
  conflicts: Listed<Told<'conflict'>>;
  leftBehind: Listed<Told<'left-behind'>>;
  failures: Listed<ChangeFailure>;
  /** By registry: in how many namespaces it lacks a new credential, and one message of them. */
  degraded: ReadonlyMap<string, { namespaces: number; message: string; hint?: string }>;
  /** What providers and registries said no to, or took too long for. */
  providers: readonly { registry: string; error: TransshipError; retryAt: Date }[];
  /** What owners of credentials should know. */
  warnings: readonly string[];
  /** Overdue, and half of the time that was left then is over, too. */
  expiring: Listed<{ namespace: string; secret: string; expiresAt: Date }>;
  /** On the cluster's clock: when the first credential ends. */
  firstEndsAt?: Date;
  /** On the cluster's clock: when the first one that is not due yet will be. */
  nextRefreshAt?: Date;
  /** Some are due that no provider failed for. */
  overdue: number;
};

export type WriteKind = Exclude<CredentialChange['kind'], 'conflict' | 'degraded' | 'left-behind'>;
type Told<Kind> = Extract<CredentialChange, { kind: Kind }>;
/** The first few, and how many there are. */
type Listed<One> = { count: number; first: readonly One[] };

export type Tally = {
  add(outcome: NamespaceOutcome): void;
  report(): DistributionReport;
};

const MOST_LISTED = 30;

/** @param now on the cluster's clock */
export function openTally(asked: ReadonlyMap<string, Available>, now: () => Date): Tally {
  const written: Record<WriteKind, number> = {
    'attach-reference': 0,
    'detach-reference': 0,
    'create-secret': 0,
    'update-secret': 0,
    'release-secret': 0,
    'delete-secret': 0,
  };
  const conflicts = openList<Told<'conflict'>>();
  const leftBehind = openList<Told<'left-behind'>>();
  const failures = openList<ChangeFailure>();
  const expiring = openList<{ namespace: string; secret: string; expiresAt: Date }>();
  const degraded = new Map<string, { namespaces: number; message: string; hint?: string }>();
  const totals = { namespaces: 0, gone: 0, secrets: 0, overdue: 0 };
  let firstEndsAt: Date | undefined;
  let nextRefreshAt: Date | undefined;

  function addTold(change: CredentialChange): void {
    if (change.kind === 'conflict') conflicts.add(change);
    if (change.kind === 'left-behind') leftBehind.add(change);
    if (change.kind !== 'degraded') return;
    const { registry, message, hint } = change;
    const namespaces = (degraded.get(registry)?.namespaces ?? 0) + 1;
    degraded.set(registry, { namespaces, message, ...(hint === undefined ? {} : { hint }) });
  }

  function addMarks(namespace: string, secret: string, { expiresAt, refreshAt }: SecretMarks): void {
    const nowMs = now().getTime();
    firstEndsAt = earlier(firstEndsAt, expiresAt);
    if (refreshAt === undefined || refreshAt.getTime() > nowMs) {
      nextRefreshAt = earlier(nextRefreshAt, refreshAt);
      return;
    }
    totals.overdue += 1;
    if (expiresAt !== undefined && nowMs > (refreshAt.getTime() + expiresAt.getTime()) / 2) {
      expiring.add({ namespace, secret, expiresAt });
    }
  }

  return {
    add(outcome) {
      totals.namespaces += 1;
      if (outcome.state === 'gone') totals.gone += 1;
      for (const change of outcome.written) if (isWrite(change)) written[change.kind] += 1;
      for (const change of outcome.told) addTold(change);
      for (const failure of outcome.failures) failures.add(failure);
      const left = new Set(outcome.told.map((change) => (change.kind === 'left-behind' ? change.secret : undefined)));
      totals.secrets += outcome.marks.size;
      // Nobody will renew what is left behind: it is told as such, and never due.
      for (const [name, marks] of outcome.marks) if (!left.has(name)) addMarks(outcome.namespace, name, marks);
    },
    report: () => ({
      ...totals,
      written: { ...written },
      conflicts: conflicts.listed(),
      leftBehind: leftBehind.listed(),
      failures: failures.listed(),
      degraded: new Map(degraded),
      providers: providersOf(asked),
      warnings: warningsOf(asked),
      expiring: expiring.listed(),
      ...(firstEndsAt === undefined ? {} : { firstEndsAt }),
      ...(nextRefreshAt === undefined ? {} : { nextRefreshAt }),
    }),
  };
}

function isWrite(change: CredentialChange): change is Extract<CredentialChange, { kind: WriteKind }> {
  return change.kind !== 'conflict' && change.kind !== 'degraded' && change.kind !== 'left-behind';
}

function openList<One>() {
  const first: One[] = [];
  let count = 0;
  return {
    add(one: One): void {
      count += 1;
      if (first.length < MOST_LISTED) first.push(one);
    },
    listed: (): Listed<One> => ({ count, first: [...first] }),
  };
}

function providersOf(asked: ReadonlyMap<string, Available>): DistributionReport['providers'] {
  return [...asked].flatMap(([registry, { problem }]) => (problem === undefined ? [] : [{ registry, ...problem }]));
}

function warningsOf(asked: ReadonlyMap<string, Available>): string[] {
  return [...new Set([...asked.values()].flatMap(({ credential }) => credential?.warnings ?? []))];
}

function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one <= other ? one : other;
}
