// What a run needs before anything can be planned: what the cluster holds, the credentials that are due, and the contents of those Secrets
// that will change. Nothing is written.
//
//   observe ─▶ which are due? ─┬─▶ issue and try them ─┐
//                              └─▶ read the Secrets ───┴─▶ plan, namespace by namespace
//
import type { Cluster } from '../cluster/cluster.ts';
import { TransshipError } from '../errors.ts';
import { askProviders, withOutcome, type AskOptions } from './ask-providers.ts';
import type { CredentialChange } from './credential-change.ts';
import type { CredentialRule } from './credential-rule.ts';
import type { DesiredCredentials, DesiredRegistry } from './desired.ts';
import { neededCredentials } from './needed-credentials.ts';
import type { ObservedAll } from './observe-cluster.ts';
import { observeMeant } from './observe-meant.ts';
import { observeNamespace } from './observe-namespace.ts';
import type { ObservedNamespace } from './observed.ts';
import { planCredentials } from './plan.ts';
import { readContents } from './read-contents.ts';
import { readsFor } from './reads.ts';
import { readMarks } from './secret-marks.ts';
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
  const reads = readsFor(rules, instance, scope.rules);
  const observe = (name: string) => observeNamespace(cluster, name, reads, options);
  const { namespaces: seen, unread } =
    scope.namespace === undefined
      ? await observeMeant(cluster, rules, reads, options)
      : await observeOne(scope.namespace, observe);
  const known = knownRegistries(rules, seen, means);
  const desiredBy = (asked: ReadonlyMap<string, Available>): DesiredCredentials => ({
    instance,
    // A rule that moved to other clusters still says what becomes of what it left here.
    rules: scope.rules,
    registries: new Map([...known].map(([name, one]) => [name, withOutcome(one, asked.get(name), means.now())])),
    isForced,
  });

  const needed = neededCredentials(desiredBy(new Map()), { name: cluster.name, namespaces: seen }, cluster.now());
  const only = scope.rule === undefined ? undefined : rules.find(({ name }) => name === scope.rule);
  const due = needed.registries.filter((registry) => only?.registries.includes(registry) ?? true);
  const [asked, unreadable] = await Promise.all([
    askProviders(due, rules, means),
    readContents(cluster, seen, needed.contents, options),
  ]);
  return {
    namespaces: seen.filter(({ name }) => !unreadable.has(name)),
    unread: new Map([...unread, ...unreadable]),
    observe,
    asked,
    plan(namespace) {
      const changes = planCredentials(desiredBy(asked), { name: cluster.name, namespaces: [namespace] }, cluster.now());
      return scope.rule === undefined ? changes : changes.filter(({ rule }) => rule === scope.rule);
    },
  };
}

async function observeOne(namespace: string, observe: PreparedRun['observe']): Promise<ObservedAll> {
  const found = await observe(namespace);
  return { namespaces: found === undefined ? [] : [found], unread: new Map() };
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
