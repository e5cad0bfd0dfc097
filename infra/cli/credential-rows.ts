// What clusters hold of pull credentials, from the marks on their Secrets alone: for each registry of each Secret its state and its end.
import type { Cluster } from '../../shared/cluster/cluster.ts';
import type { Config, CredentialRuleConfig } from '../../shared/config/config.ts';
import { claimsIn, type Claim } from '../../shared/credentials/claim.ts';
import type { DesiredCredentials } from '../../shared/credentials/desired.ts';
import { leftovers } from '../../shared/credentials/leftovers.ts';
import { observeCluster, type ObservedAll } from '../../shared/credentials/observe-cluster.ts';
import { observeNamespace } from '../../shared/credentials/observe-namespace.ts';
import type { ObservedNamespace } from '../../shared/credentials/observed.ts';
import { readsFor } from '../../shared/credentials/reads.ts';
import type { CredentialMark } from '../../shared/credentials/secret-marks.ts';
import { selectsNamespace } from '../../shared/credentials/selects-namespace.ts';
import { isTransshipError, type TransshipError } from '../../shared/errors.ts';

export type CredentialState = 'ok' | 'due' | 'expiring' | 'expired' | 'missing' | 'conflict' | 'left-behind';

export type CredentialRow = {
  cluster: string;
  namespace: string;
  rule: string;
  secret: string;
  /** Absent: the Secret as a whole. */
  registry?: string;
  hosts: readonly string[];
  state: CredentialState;
  expiresAt?: Date;
  refreshAt?: Date;
  message?: string;
};

/** What was read, and why something was not. */
export type ClusterRows = { rows: CredentialRow[]; failures: readonly TransshipError[] };

/** @throws TransshipError as `Cluster.send` */
export async function credentialRows(
  cluster: Cluster,
  { credentials, instance }: Config,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<ClusterRows> {
  const rules = credentials.filter(({ clusters }) => clusters.includes(cluster.name));
  const desired: DesiredCredentials = { instance, rules, registries: new Map() };
  const { namespaces, unread } = await observe(cluster, rules, instance, { namespace, signal });
  const rows = namespaces
    .filter(({ name, isTerminating }) => !isTerminating && !unread.has(name))
    .flatMap((one) => rowsOf(cluster.name, one, desired, cluster.now()));
  return { rows, failures: [...unread.values()] };
}

async function observe(
  cluster: Cluster,
  rules: readonly CredentialRuleConfig[],
  instance: string,
  { namespace, signal }: { namespace: string | undefined; signal: AbortSignal },
): Promise<ObservedAll> {
  // of ServiceAccounts nothing is told
  const reads = { ...readsFor(rules, instance), serviceAccounts: 'none' as const, mayPrune: false };
  const one = (name: string) => observeNamespace(cluster, name, reads, { signal });
  if (namespace !== undefined) return allRead([await one(namespace)]);
  const isMeant = (head: Pick<ObservedNamespace, 'name' | 'labels'>) =>
    rules.some((rule) => selectsNamespace(rule.namespaces, head));
  try {
    return await observeCluster(cluster, { reads, isMeant, signal });
  } catch (error) {
    if (!isTransshipError(error, 'denied')) throw error;
    const names = rules.flatMap((rule) => rule.namespaces.names ?? []).filter((name) => !name.includes('*'));
    if (names.length === 0) throw error;
    return allRead(await Promise.all([...new Set(names)].toSorted().map(one)));
  }
}

function allRead(found: readonly (ObservedNamespace | undefined)[]): ObservedAll {
  return { namespaces: found.filter((each) => each !== undefined), unread: new Map() };
}

function rowsOf(
  cluster: string,
  namespace: ObservedNamespace,
  desired: DesiredCredentials,
  now: Date,
): CredentialRow[] {
  const place = { cluster, namespace: namespace.name };
  const claims = claimsIn(desired, cluster, namespace);
  const left = leftovers(desired, namespace, claims).flatMap(({ secret, marks, rule }) =>
    marks.credentials.map((mark): CredentialRow => ({
      ...place,
      rule,
      secret: secret.name,
      ...endOf(mark),
      state: isOver(mark, now) ? 'expired' : 'left-behind',
    })),
  );
  return [...claims.flatMap((claim) => rowsOfClaim(claim, place, now)), ...left];
}

function rowsOfClaim(claim: Claim, place: { cluster: string; namespace: string }, now: Date): CredentialRow[] {
  const { rule, secret, registries } = claim.target;
  const head = { ...place, rule: rule.name, secret };
  if (claim.kind === 'refused') return [{ ...head, hosts: [], state: 'conflict', message: claim.conflict.message }];
  const marks = claim.kind === 'ours' ? claim.marks.credentials : [];
  return registries.map((registry): CredentialRow => {
    const mark = marks.find((one) => one.registry === registry);
    if (mark === undefined) return { ...head, registry, hosts: [], state: 'missing' };
    return { ...head, ...endOf(mark), state: stateOf(mark, now) };
  });
}

function endOf({ registry, hosts, expiresAt, refreshAt }: CredentialMark) {
  return {
    registry,
    hosts,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(refreshAt === undefined ? {} : { refreshAt }),
  };
}

/** `expiring`: overdue for half of the time that it then had left. */
function stateOf(mark: CredentialMark, now: Date): CredentialState {
  const { expiresAt, refreshAt } = mark;
  if (isOver(mark, now)) return 'expired';
  if (refreshAt === undefined || refreshAt > now) return 'ok';
  if (expiresAt === undefined) return 'due';
  return now.getTime() > (refreshAt.getTime() + expiresAt.getTime()) / 2 ? 'expiring' : 'due';
}

function isOver({ expiresAt }: CredentialMark, now: Date): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}
