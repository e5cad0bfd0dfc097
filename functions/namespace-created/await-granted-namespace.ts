// The wait in front of the grants of a new Namespace: a review tells of it before it is stored, and somebody else may still refuse it.
import type { JobHandler } from '../../shared/jobs/handler.ts';
import type { Deps } from '../deps.ts';
import { grantsPayload } from '../job-kinds/grants-job.ts';
import { awaitNamespace } from './await-namespace.ts';

/** The same handler for jobs of Namespaces that were told of; others pass as they are. */
export function awaitingGrantedNamespace(deps: Pick<Deps, 'clock' | 'clusters'>, reconcile: JobHandler): JobHandler {
  return async (context) => {
    const { namespace, trigger } = grantsPayload.safeParse(context.job.payload).data ?? {};
    if (namespace === undefined || trigger !== 'namespace') return reconcile(context);
    if (!deps.clusters().names.includes(namespace.cluster)) {
      return { result: { state: 'cluster-gone', cluster: namespace.cluster } };
    }
    const cluster = await deps.clusters().get(namespace.cluster);
    const found = await awaitNamespace(deps, context, cluster, namespace.name);
    return 'labels' in found ? reconcile(context) : found.outcome;
  };
}
