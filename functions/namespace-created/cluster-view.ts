// What a watch of a cluster knows just now, and which Namespaces that calls for a job in: new ones, those that rules select since their
// labels changed, and those with a ServiceAccount that lacks a reference. No I/O.
import type { Config } from '../../shared/config/config.ts';
import { secretTargets } from '../../shared/credentials/secret-target.ts';
import { selectsNamespace, selectsServiceAccount } from '../../shared/credentials/selects-namespace.ts';

type Labels = Readonly<Record<string, string>>;

type SeenNamespace = { name: string; uid: string; labels: Labels; isTerminating: boolean };

type SeenServiceAccount = {
  namespace: string;
  name: string;
  labels: Labels;
  imagePullSecrets: readonly string[];
};

export type ClusterView = {
  /** What a Namespace that is there calls for. */
  seeNamespace(namespace: SeenNamespace): 'created' | 'changed' | undefined;
  forgetNamespace(name: string): void;
  /** A ServiceAccount that is there; whether its Namespace calls for a job shows in `incomplete`. */
  seeServiceAccount(account: SeenServiceAccount): void;
  forgetServiceAccount(namespace: string, name: string): void;
  /** The Namespaces with a ServiceAccount that lacked a reference when it was seen last, each told once; `later` ones stay for another time. */
  takeIncomplete(later?: { has(namespace: string): boolean }): string[];
  labelsOf(namespace: string): Labels | undefined;
};

/** Namespaces. */
const MOST_EARLY = 1000;

export function clusterView(cluster: string, config: () => Pick<Config, 'credentials'>): ClusterView {
  const namespaces = new Map<string, SeenNamespace>();
  /** By Namespace, the names of ServiceAccounts. */
  const incomplete = new Map<string, Set<string>>();
  /** Of Namespaces that are not known yet: another watch tells of them. */
  const early = new Map<string, SeenServiceAccount[]>();

  const rulesFor = (namespace: { name: string; labels: Labels }) =>
    config().credentials.filter(
      (rule) => rule.clusters.includes(cluster) && selectsNamespace(rule.namespaces, namespace),
    );

  function isComplete({ namespace, name, labels, imagePullSecrets }: SeenServiceAccount): boolean {
    const known = namespaces.get(namespace);
    if (known === undefined || known.isTerminating) return true;
    return rulesFor(known)
      .filter((rule) => selectsServiceAccount(rule.serviceAccounts, { name, labels }))
      .every((rule) => secretTargets(rule).every(({ secret }) => imagePullSecrets.includes(secret)));
  }

  function seeServiceAccount(account: SeenServiceAccount): void {
    const { namespace, name } = account;
    if (!namespaces.has(namespace)) return keepForLater(account);
    if (isComplete(account)) forgetServiceAccount(namespace, name);
    else incomplete.set(namespace, (incomplete.get(namespace) ?? new Set()).add(name));
  }

  function keepForLater(account: SeenServiceAccount): void {
    const [oldest] = early.keys();
    if (early.size >= MOST_EARLY && oldest !== undefined) early.delete(oldest);
    early.set(account.namespace, [...(early.get(account.namespace) ?? []), account]);
  }

  function forgetServiceAccount(namespace: string, name: string): void {
    const names = incomplete.get(namespace);
    names?.delete(name);
    if (names?.size === 0) incomplete.delete(namespace);
  }

  return {
    seeNamespace(namespace) {
      const before = namespaces.get(namespace.name);
      namespaces.set(namespace.name, namespace);
      for (const account of early.get(namespace.name) ?? []) seeServiceAccount(account);
      early.delete(namespace.name);
      if (namespace.isTerminating) return undefined;
      const rules = rulesFor(namespace);
      if (before?.uid !== namespace.uid) return rules.length > 0 ? 'created' : undefined;
      const rulesBefore = new Set(rulesFor(before));
      const isSame = rules.length === rulesBefore.size && rules.every((rule) => rulesBefore.has(rule));
      return isSame ? undefined : 'changed';
    },
    forgetNamespace(name) {
      namespaces.delete(name);
      incomplete.delete(name);
      early.delete(name);
    },
    seeServiceAccount,
    forgetServiceAccount,
    takeIncomplete(later) {
      const names = [...incomplete.keys()].filter((name) => later?.has(name) !== true);
      for (const name of names) incomplete.delete(name);
      return names;
    },
    labelsOf: (namespace) => namespaces.get(namespace)?.labels,
  };
}
