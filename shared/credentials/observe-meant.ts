// Reads what rules mean of a cluster: all of it or, where Namespaces may not be listed, those that rules name.
import type { Cluster } from '../cluster/cluster.ts';
import { isTransshipError } from '../errors.ts';
import type { CredentialRule } from './credential-rule.ts';
import { observeCluster, type ObservedAll } from './observe-cluster.ts';
import { observeNamespace } from './observe-namespace.ts';
import { readEach } from './read-each.ts';
import type { Reads } from './reads.ts';
import { selectsNamespace } from './selects-namespace.ts';

/** @param rules those for this cluster @throws TransshipError as `Cluster.send` */
export async function observeMeant(
  cluster: Cluster,
  rules: readonly CredentialRule[],
  reads: Reads,
  options: { signal?: AbortSignal } = {},
): Promise<ObservedAll> {
  try {
    return await observeCluster(cluster, {
      reads,
      isMeant: (one) => rules.some((rule) => selectsNamespace(rule.namespaces, one)),
      ...options,
    });
  } catch (error) {
    const names = namedOnly(rules);
    if (!isTransshipError(error, 'denied') || names === undefined) throw error;
    const { found, unread } = await readEach(names, (name) => observeNamespace(cluster, name, reads, options));
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
