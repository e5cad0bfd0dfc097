// Tells which bindings of a cluster let somebody pull.
import type { Cluster } from '../../cluster/cluster.ts';
import { listRoleBindings } from '../../cluster/role-bindings.ts';
import type { AuditFinding } from '../audit-finding.ts';
import type { Site } from '../site.ts';
import { grantsSelector, ownerOf } from './binding-marks.ts';
import { nameOfSubject } from './review-points.ts';

/** Those that this instance made. @throws TransshipError as `Cluster.send` does */
export async function* auditCluster(
  cluster: Cluster,
  { site, instance, ...options }: { site: Site; instance: string; signal?: AbortSignal },
): AsyncGenerator<AuditFinding> {
  for await (const page of listRoleBindings(cluster, { labelSelector: grantsSelector(instance), ...options })) {
    for (const binding of page) {
      const owner = ownerOf(binding, instance);
      yield {
        target: { backend: site.backend, host: site.host, place: binding.namespace },
        object: `RoleBinding ${binding.name}`,
        who: binding.subjects.map(nameOfSubject),
        what: binding.namespace,
        class: 'ours',
        ...(owner !== undefined && { grant: owner.grant }),
        flags: [],
      };
    }
  }
}
