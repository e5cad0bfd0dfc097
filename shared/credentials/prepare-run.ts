// What a run needs before anything can be planned: what the cluster holds, the credentials that are due, and the contents of those Secrets
// that will change. Nothing is written.
//
//   observe ─▶ which are due? ─┬─▶ issue and try them ─┐
//                              └─▶ read the Secrets ───┴─▶ plan, namespace by namespace
//
import type { Cluster } from '../cluster/cluster.ts';
import { isTransshipError, TransshipError } from '../errors.ts';
import { askProviders, withOutcome, type AskOptions } from './ask-providers.ts';
import type { CredentialChange } from './credential-change.ts';
import type { CredentialRule } from './credential-rule.ts';
import type { DesiredCredentials, DesiredRegistry } from './desired.ts';
import { neededCredentials } from './needed-credentials.ts';
import { observeCluster, type ObservedAll } from './observe-cluster.ts';
import { observeNamespace } from './observe-namespace.ts';
import type { ObservedNamespace } from './observed.ts';
import { planCredentials } from './plan.ts';
import { readEach } from './read-each.ts';
import { readContents } from './read-contents.ts';
import { readsFor } from './reads.ts';
import { readMarks } from './secret-marks.ts';
import { selectsNamespace } from './selects-namespace.ts';
import type { Available } from './verified-credentials.ts';

export type RunScope = {
  cluster: Cluster;
  instance: string;
  /** All of the configuration: what no rule wants any more is told by them. */
  rules: readonly CredentialRule[];
  /** Only what this one wants. */
  rule?: string;
  /** Only there. */
  namespace?: string;
  isForced?: boolean;
};

export type RunMeans = AskOptions & {
  /** Credentials without an end are compared with what is in place, however short ago that was done. */
  comparesEndless?: boolean;
};

export type PreparedRun = {
  /** In the order of their names; the one of the scope, or none where it is not there. */
  namespaces: ObservedNamespace[];
  /** Those that could not be read, and why. */
  unread: ReadonlyMap<string, TransshipError>;
  /** What to do in one of them, as it was observed. */
  plan(namespace: ObservedNamespace): CredentialChange[];
  /** As it is now, with all that a plan needs; undefined where it is gone. @throws TransshipError as `Cluster.send` */
  observe(name: string): Promise<ObservedNamespace | undefined>;
  /** What became of the registries that were due. */
  asked: ReadonlyMap<string, Available>;
};

/** @throws TransshipError as `Cluster.send`, interrupted */
export async function prepareRun(scope: RunScope, means: RunMeans): Promise<PreparedRun> {
  const { cluster, instance, isForced = false } = scope;
  const options = means.signal === undefined ? {} : { signal: means.signal };
  const rules = scope.rules.filter((rule) => rule.clusters.includes(cluster.name));
  const reads = readsFor(rules, instance);
  const observe = (name: string) => observeNamespace(cluster, name, reads, options);
  const { namespaces, unread } = await observeScope(scope, rules, observe, () =>
    observeCluster(cluster, { reads, isMeant: (one) => isMeant(rules, one), ...options }),
  );
  const known = knownRegistries(rules, namespaces, means);
  const desiredBy = (asked: ReadonlyMap<string, Available>): DesiredCredentials => ({
    instance,
    rules,
    registries: new Map([...known].map(([name, one]) => [name, withOutcome(one, asked.get(name), means.now())])),
    isForced,
  });

  const needed = neededCredentials(desiredBy(new Map()), { name: cluster.name, namespaces }, cluster.now());
  const only = scope.rule === undefined ? undefined : rules.find(({ name }) => name === scope.rule);
  const due = needed.registries.filter((registry) => only?.registries.includes(registry) ?? true);
  const [asked] = await Promise.all([
    askProviders(due, rules, means),
    readContents(cluster, namespaces, needed.contents, options),
  ]);
  return {
    namespaces,
    unread,
    observe,
    asked,
    plan(namespace) {
      const changes = planCredentials(desiredBy(asked), { name: cluster.name, namespaces: [namespace] }, cluster.now());
      return scope.rule === undefined ? changes : changes.filter(({ rule }) => rule === scope.rule);
    },
  };
}

function isMeant(rules: readonly CredentialRule[], namespace: Pick<ObservedNamespace, 'name' | 'labels'>): boolean {
  return rules.some((rule) => selectsNamespace(rule.namespaces, namespace));
}

/** Who may list no Namespaces works in those that rules name. */
async function observeScope(
  { namespace }: RunScope,
  rules: readonly CredentialRule[],
  observe: PreparedRun['observe'],
  observeAll: () => Promise<ObservedAll>,
): Promise<ObservedAll> {
  if (namespace !== undefined) {
    const found = await observe(namespace);
    return { namespaces: found === undefined ? [] : [found], unread: new Map() };
  }
  try {
    return await observeAll();
  } catch (error) {
    const names = namedOnly(rules);
    if (!isTransshipError(error, 'denied') || names === undefined) throw error;
    const { found, unread } = await readEach(names, observe);
    const there = [...found.values()].filter((one) => one !== undefined);
    return { namespaces: there.toSorted((one, other) => (one.name < other.name ? -1 : 1)), unread };
  }
}

/** Undefined where some rule says it otherwise than by full names. */
function namedOnly(rules: readonly CredentialRule[]): string[] | undefined {
  const names = new Set<string>();
  for (const { namespaces } of rules) {
    if (namespaces.names === undefined || namespaces.selector !== undefined) return undefined;
    for (const name of namespaces.names) {
      if (/[^a-z0-9-]/.test(name)) return undefined;
      names.add(name);
    }
  }
  return [...names];
}

/** By their names in the rules. One that nobody issues for is known, too: a plan says why. */
function knownRegistries(
  rules: readonly CredentialRule[],
  namespaces: readonly ObservedNamespace[],
  { credentials, comparesEndless = false }: RunMeans,
): Map<string, DesiredRegistry> {
  const endless = endlessRegistries(namespaces);
  const known = new Map<string, DesiredRegistry>();
  for (const name of new Set(rules.flatMap(({ registries }) => registries))) {
    const issuer = credentials.issuerOf(name);
    if (issuer instanceof TransshipError) {
      known.set(name, { id: `nobody issues for ${name}`, hosts: [] });
      continue;
    }
    const { id, hosts } = issuer;
    const mustCompare = endless.has(name) && (comparesEndless || !credentials.holds(issuer));
    known.set(name, { id, hosts, mustCompare });
  }
  return known;
}

/** Whose credential is in place somewhere, and does not end by itself. */
function endlessRegistries(namespaces: readonly ObservedNamespace[]): Set<string> {
  const marks = namespaces
    .values()
    .flatMap(({ secrets }) => secrets.values())
    .flatMap((secret) => readMarks(secret)?.credentials ?? []);
  return new Set(marks.filter(({ expiresAt }) => expiresAt === undefined).map(({ registry }) => registry));
}
