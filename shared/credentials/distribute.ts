// One run of the distribution: it brings the namespaces of a cluster to what the rules want, in the order of their names, several at a
// time. All it knows stands on the objects of the cluster: a run that was cut off goes on where it was, on whatever host, and runs that
// overlap do no harm.
//
//   prepare ─▶ a ─▶ b ─▶ c ─▶ … ─▶ report        ending: what is under way is finished, and the cursor stands behind it
//
import type { Cluster } from '../cluster/cluster.ts';
import { isTransshipError, type ErrorCode, type TransshipError } from '../errors.ts';
import { applyNamespace, asItStands, type NamespaceOutcome } from './apply-namespace.ts';
import { openTally, type DistributionReport } from './distribution-report.ts';
import { inFlight } from '../cluster/in-flight.ts';
import type { ObservedNamespace } from './observed.ts';
import type { PreparedRun } from './prepare-run.ts';

export type DistributeOptions = {
  cluster: Cluster;
  instance: string;
  run: PreparedRun;
  /** Goes on behind the namespace of this name. */
  after?: string;
  /** Nothing new is begun from then on. */
  ending?: AbortSignal;
  /** No further effect is allowed. */
  signal?: AbortSignal;
  random: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** All namespaces up to this one are done. */
  onPlace?: (lastNamespace: string) => void;
  onOutcome?: (outcome: NamespaceOutcome) => void;
};

export type Distribution = {
  report: DistributionReport;
  /** False: it was asked to end before. */
  isComplete: boolean;
  /** All up to this one are done. */
  lastNamespace: string | undefined;
};

const IN_FLIGHT = 12;
/** So many namespaces in a row for which the API server was not to be had: then it is not there. Where it only lets nothing be written, each gets fewer tries. */
const MOST_UNREACHED = 10;
const UNREACHED: readonly ErrorCode[] = [
  'connection-failed',
  'timeout',
  'tls-failed',
  'cluster-unavailable',
  'unauthorized',
];

/**
 * What goes wrong in a namespace stands in the report.
 * @throws TransshipError interrupted, fence-lost, and that of the API server where it cannot be reached at all
 */
export async function distribute(options: DistributeOptions): Promise<Distribution> {
  const { cluster, run, after = '', ending, onPlace, onOutcome } = options;
  const tally = openTally(run.asked, () => cluster.now());
  let unreached = 0;
  let failing = 0;

  for (const [namespace, error] of run.unread) {
    const failures = [{ namespace, object: 'the namespace', error }];
    tally.add({ namespace, state: 'done', written: [], told: [], failures, marks: new Map() });
  }
  const isBefore = ({ name }: ObservedNamespace): boolean => name <= after;
  // What an earlier slice did is told as it stands now.
  for (const namespace of run.namespaces.filter(isBefore)) tally.add(asItStands(namespace, options));

  const left = run.namespaces.filter((namespace) => !isBefore(namespace));
  const place = openPlace(left.map(({ name }) => name));
  await inFlight(IN_FLIGHT, left, async (namespace) => {
    if (ending?.aborted === true) return;
    const outcome = await applyNamespace(namespace, { ...options, isHasty: failing >= MOST_UNREACHED });
    failing = outcome.failures.length > 0 && outcome.written.length === 0 ? failing + 1 : 0;
    const lost = unreachedBy(outcome);
    unreached = lost === undefined ? 0 : unreached + 1;
    if (lost !== undefined && unreached >= MOST_UNREACHED) throw lost;
    tally.add(outcome);
    onOutcome?.(outcome);
    if (place.done(namespace.name)) onPlace?.(place.last() ?? '');
  });
  return { report: tally.report(), isComplete: place.isAtEnd(), lastNamespace: place.last() ?? options.after };
}

/** Who lets a namespace be read is there: what then fails in it (a webhook of somebody's) is that namespace's alone. */
function unreachedBy({ state, written, failures }: NamespaceOutcome): TransshipError | undefined {
  if (written.length > 0) return undefined;
  const codes: readonly ErrorCode[] = state === 'unread' ? UNREACHED : ['unauthorized'];
  return failures.map(({ error }) => error).find((error) => isTransshipError(error, ...codes));
}

/** How far it came without a gap. */
function openPlace(names: readonly string[]) {
  const done = new Set<string>();
  let next = 0;
  return {
    /** True where the place moved. */
    done(name: string): boolean {
      done.add(name);
      const before = next;
      for (let first = names[next]; first !== undefined && done.delete(first); first = names[next]) next += 1;
      return next > before;
    },
    last: (): string | undefined => names[next - 1],
    isAtEnd: (): boolean => next === names.length,
  };
}
