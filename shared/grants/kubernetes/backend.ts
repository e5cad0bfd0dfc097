// The back end for registries that obey Kubernetes: grants are RoleBindings in the namespaces of the images, proven by access reviews.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/
import type { Cluster } from '../../cluster/cluster.ts';
import { listRoleBindings } from '../../cluster/role-bindings.ts';
import { isTransshipError } from '../../errors.ts';
import type { GrantBackend } from '../backend.ts';
import type { Site, Target } from '../site.ts';
import { auditCluster } from './audit.ts';
import { grantsSelector } from './binding-marks.ts';
import { clusterSnapshot } from './cluster-snapshot.ts';
import { observeNamespace } from './observe.ts';
import { surveyCluster } from './survey.ts';
import { verifyBinding } from './verify.ts';
import { writeNamespace } from './write.ts';

export type KubernetesBackendOptions = {
  site: Site;
  instance: string;
  /** It is not closed with the back end. */
  cluster: Cluster;
};

export function kubernetesBackend({ site, instance, cluster }: KubernetesBackendOptions): GrantBackend {
  const own = { site, instance };
  const snapshot = clusterSnapshot();
  return {
    kind: 'kubernetes',
    survey: (parts, options) => surveyCluster(cluster, parts, { snapshot, ...options }),
    observe: (target, options) => observeNamespace(cluster, target, { ...own, snapshot, ...options }),
    marked: (options) => markedNamespaces(cluster, { ...own, ...options }),
    async write({ target }, changes, options) {
      snapshot.drop(target.place);
      try {
        return await writeNamespace(cluster, target, changes, { instance, ...options });
      } finally {
        // another run may have looked in between
        snapshot.drop(target.place);
      }
    },
    verify: (entry, expected, options) => verifyBinding(cluster, entry, expected, { ...own, ...options }),
    audit: (options) => auditCluster(cluster, { ...own, ...options }),
  };
}

async function markedNamespaces(
  cluster: Cluster,
  { site, instance, ...options }: { site: Site; instance: string; signal?: AbortSignal },
): Promise<Target[]> {
  const selector = { labelSelector: grantsSelector(instance), ...options };
  const pages = await Array.fromAsync(listRoleBindings(cluster, selector)).catch((error: unknown) => {
    // who has rights in named namespaces only is told of those by the grants and the journal
    if (isTransshipError(error, 'denied')) return [];
    throw error;
  });
  const namespaces = new Set(pages.flat().map(({ namespace }) => namespace));
  return [...namespaces].map((place) => ({ backend: site.backend, host: site.host, place }));
}
