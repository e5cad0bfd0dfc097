// Thirty days of the distribution of credentials on a virtual clock: the real planner, the real timing and the real cache of what was
// issued, with a provider that has outages, hosts whose clocks are wrong, and processes that die in the middle of a run.
import { TransshipError } from '../../shared/errors.ts';
import type { DesiredCredentials, IssueOutcome } from '../../shared/credentials/desired.ts';
import { credentialFor } from '../../shared/credentials/docker-config.ts';
import { issuedCredentials, type IssuedCredentials } from '../../shared/credentials/issued-credentials.ts';
import { neededCredentials } from '../../shared/credentials/needed-credentials.ts';
import { planCredentials } from '../../shared/credentials/plan.ts';
import { readMarks } from '../../shared/credentials/secret-marks.ts';
import type { Issuer } from '../../shared/registries/issuer.ts';
import { Secret } from '../../shared/telemetry/secret.ts';
import { desiredOf, ruleOf } from './credential-rules.ts';
import { seededRandom } from './jobs/seeded-random.ts';
import { plannedCluster, type PlannedCluster } from './planned-cluster.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
export const MONTH_MS = 30 * DAY_MS;
const NAMESPACES = ['a', 'b'];
const STARTED_MS = Date.parse('2026-11-01T00:00:00Z');

export type MonthOptions = {
  lifeMs: number;
  seed: number;
  /** Absent: the provider is always there. `everyMs` is the mean from the end of one to the beginning of the next. */
  outages?: { lengthMs: number; everyMs: number };
  /** One run in five that writes is cut off somewhere by the end of its process; the next one has an empty memory and another wrong clock. */
  crashes?: boolean;
  /** Of the hosts and of the cluster, each way. */
  clockErrorMs?: number;
};

export type Month = {
  /** Instants, minute by minute, at which a Secret that once had a credential held none, or one that was over. */
  dead: number;
  /** The least part of its life that a credential in a Secret had left. */
  leastLeft: number;
  /** After the end of an outage, the longest that a Secret held one that was over. */
  longestDeadAfterOutageMs: number;
  issued: number;
  writes: number;
  outages: number;
  crashes: number;
};

type Host = { errorMs: number; credentials: IssuedCredentials };

export async function simulateMonth(options: MonthOptions): Promise<Month> {
  const { lifeMs, seed, outages, crashes = false, clockErrorMs = 0 } = options;
  const random = seededRandom(seed);
  let trueMs = STARTED_MS;
  const wrong = (): number => Math.round((2 * random() - 1) * clockErrorMs);
  const clusterErrorMs = wrong();
  const away = outageTimes(random, outages);
  const isAway = (): boolean => away.some(({ from, to }) => from <= trueMs && trueMs < to);
  const endOf = new Map<string, number>();
  const month: Month = {
    dead: 0,
    leastLeft: 1,
    longestDeadAfterOutageMs: 0,
    issued: 0,
    writes: 0,
    outages: away.length,
    crashes: 0,
  };

  const startHost = (): Host => {
    const errorMs = wrong();
    const now = (): number => trueMs + errorMs;
    return { errorMs, credentials: issuedCredentials({ now, random, sleep: () => Promise.resolve() }) };
  };
  let host = startHost();
  const issuer: Issuer = {
    id: 'month',
    hosts: ['r.io'],
    issue: () => {
      if (isAway()) return Promise.reject(new TransshipError('timeout', 'away', { retryable: true }));
      month.issued += 1;
      const password = `month-${seed}-${month.issued}`;
      endOf.set(password, trueMs + lifeMs);
      const issuedAt = new Date(trueMs + host.errorMs);
      const expiresAt = new Date(issuedAt.getTime() + lifeMs);
      return Promise.resolve({ username: 'u', secret: new Secret(password), issuedAt, expiresAt, identity: 'month' });
    },
  };

  const cluster = plannedCluster(
    'prod',
    NAMESPACES.map((name) => ({ name })),
  );
  const passwordIn = passwordReader();
  const seen = new Set<string>();
  let dueMs = trueMs;
  for (; trueMs < STARTED_MS + MONTH_MS; trueMs += MINUTE_MS) {
    const clusterMs = trueMs + clusterErrorMs;
    const isDying = crashes && random() < 0.2;
    if (dueMs <= clusterMs) {
      const didWrite = await run(cluster, host, issuer, clusterMs, trueMs, isDying ? random : undefined);
      dueMs = nextDueMs(cluster);
      if (didWrite && isDying) {
        month.crashes += 1;
        host = startHost();
      }
    }
    for (const name of NAMESPACES) {
      const password = passwordIn(cluster.config(name, 'registry-pull'));
      if (password !== undefined) seen.add(name);
      if (!seen.has(name)) continue;
      const leftMs = (endOf.get(password ?? '') ?? 0) - trueMs;
      month.leastLeft = Math.min(month.leastLeft, leftMs / lifeMs);
      if (leftMs > 0) continue;
      month.dead += 1;
      const backMs = isAway() ? trueMs : (away.findLast(({ to }) => to <= trueMs)?.to ?? STARTED_MS);
      month.longestDeadAfterOutageMs = Math.max(month.longestDeadAfterOutageMs, trueMs - backMs);
    }
  }
  return { ...month, writes: cluster.writes() };
}

/** When the first of the Secrets has to be looked at again, by their marks; one that is not there, at once. */
function nextDueMs(cluster: PlannedCluster): number {
  const times = NAMESPACES.map((name) => {
    const secret = cluster.secret(name, 'registry-pull');
    return (secret === undefined ? undefined : readMarks(secret))?.refreshAt?.getTime() ?? 0;
  });
  return Math.min(...times);
}

/** Reads each text once. */
function passwordReader(): (config: string | undefined) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (config) => {
    if (config === undefined) return undefined;
    if (!known.has(config)) known.set(config, credentialFor(Buffer.from(config), 'r.io/app')?.password);
    return known.get(config);
  };
}

/** What a process does once something is due, every minute until nothing is; one that dies does only the first of what it planned. */
async function run(
  cluster: PlannedCluster,
  { credentials, errorMs }: Host,
  issuer: Issuer,
  clusterMs: number,
  trueMs: number,
  dying: (() => number) | undefined,
): Promise<boolean> {
  const now = new Date(clusterMs);
  const desiredBy = (outcome?: IssueOutcome): DesiredCredentials =>
    desiredOf([ruleOf()], {
      'r.io': { id: issuer.id, hosts: issuer.hosts, ...(outcome === undefined ? {} : { outcome }) },
    });
  const { registries } = neededCredentials(desiredBy(), cluster.whole, now);
  if (registries.length === 0) return false;
  const { credential } = await credentials.cycle().issue(issuer);
  const desired = desiredBy(
    credential?.expiresAt === undefined
      ? { kind: 'failed', message: 'away' }
      : {
          kind: 'issued',
          credential: {
            username: credential.username,
            secret: credential.secret,
            ageMs: trueMs + errorMs - credential.issuedAt.getTime(),
            lifeMs: credential.expiresAt.getTime() - credential.issuedAt.getTime(),
          },
        },
  );
  const changes = planCredentials(desired, cluster.observe(desired, now), now);
  const writes = changes.filter(({ kind }) => kind !== 'degraded');
  cluster.apply(dying === undefined ? writes : writes.slice(0, Math.floor(dying() * writes.length)));
  return writes.length > 0;
}

function outageTimes(random: () => number, outages: MonthOptions['outages']): { from: number; to: number }[] {
  const times: { from: number; to: number }[] = [];
  if (outages === undefined) return times;
  const { lengthMs, everyMs } = outages;
  for (let at = STARTED_MS + everyMs; at < STARTED_MS + MONTH_MS;) {
    times.push({ from: at, to: at + lengthMs });
    // time enough between two of them for one try to come through
    at += lengthMs + 5 * MINUTE_MS + Math.round(random() * 2 * everyMs);
  }
  return times;
}
