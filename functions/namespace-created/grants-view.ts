// What a watch of a cluster knows just now of its Namespaces, and which of them call for a look at grants: new ones, those that go, and
// those that other selectors mean since their labels changed. No I/O.
import type { PullGrant } from '../../shared/grants/grant.ts';
import { changesGrants, concernsGrants, grantedClusters } from './concerns-grants.ts';

type SeenNamespace = { name: string; uid: string; labels: Readonly<Record<string, string>>; isTerminating: boolean };

export type GrantsView = {
  /** What a Namespace that is there calls for. */
  seeNamespace(namespace: SeenNamespace): 'created' | 'changed' | undefined;
  /** Whether it calls for a look that it is gone. */
  forgetNamespace(name: string): boolean;
  /** Some grant looks at Namespaces of this cluster. */
  isAwaited(): boolean;
};

export function grantsView(cluster: string, grants: () => readonly PullGrant[]): GrantsView {
  const namespaces = new Map<string, SeenNamespace>();
  const isConcerned = (namespace: SeenNamespace) => concernsGrants(grants(), cluster, namespace);

  return {
    seeNamespace(namespace) {
      const before = namespaces.get(namespace.name);
      namespaces.set(namespace.name, namespace);
      if (namespace.isTerminating) return undefined;
      if (before?.uid !== namespace.uid) return isConcerned(namespace) ? 'created' : undefined;
      return changesGrants(grants(), cluster, [before.labels, namespace.labels]) ? 'changed' : undefined;
    },
    forgetNamespace(name) {
      const gone = namespaces.get(name);
      namespaces.delete(name);
      return gone !== undefined && isConcerned(gone);
    },
    isAwaited: () => grantedClusters(grants()).includes(cluster),
  };
}
