// All RoleBindings of a cluster as one list showed them, where grants are about so many namespaces that looking into each would take minutes.
// Each namespace is told from it once, soon after: whoever looks again, or writes, reads what is there by then.
import type { Cluster } from '../../cluster/cluster.ts';
import type { RoleBinding } from '../../cluster/rbac-objects.ts';
import { listRoleBindings } from '../../cluster/role-bindings.ts';
import { isTransshipError } from '../../errors.ts';
import type { SurveyedNamespace } from '../site.ts';

const FRESH_MS = 30_000;

type SnapshotNamespace = { namespace: SurveyedNamespace; bindings: readonly RoleBinding[] };

export type ClusterSnapshot = {
  /** Nothing is filled in where we may look into named namespaces only. @throws TransshipError as `Cluster.send` does */
  fill(
    cluster: Cluster,
    namespaces: ReadonlyMap<string, SurveyedNamespace>,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
  /** Undefined: look yourself. */
  take(namespace: string): SnapshotNamespace | undefined;
  drop(namespace: string): void;
};

export function clusterSnapshot(): ClusterSnapshot {
  let filled = new Map<string, SnapshotNamespace>();
  let filledAtMs = 0;
  return {
    async fill(cluster, namespaces, options) {
      filled = new Map();
      // how old it is counts from the beginning of the list
      const startedAtMs = performance.now();
      try {
        const pages = await Array.fromAsync(listRoleBindings(cluster, options));
        const byNamespace = Map.groupBy(pages.flat(), ({ namespace }) => namespace);
        const all = [...namespaces].map(
          ([name, namespace]) => [name, { namespace, bindings: byNamespace.get(name) ?? [] }] as const,
        );
        [filled, filledAtMs] = [new Map(all), startedAtMs];
      } catch (error) {
        if (!isTransshipError(error, 'denied')) throw error;
      }
    },
    take(namespace) {
      if (performance.now() - filledAtMs > FRESH_MS) filled = new Map();
      const taken = filled.get(namespace);
      filled.delete(namespace);
      return taken;
    },
    drop(namespace) {
      filled.delete(namespace);
    },
  };
}
