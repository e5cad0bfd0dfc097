// The rights that each way of working needs in a cluster, and nothing more.
import type { Needs } from './needs.ts';

export const MODES = ['lean', 'fast', 'secret-only', 'policy-attach', 'namespaced', 'watcher', 'webhook'] as const;
export type Mode = (typeof MODES)[number];

const WATCHING = ['get', 'list', 'watch'];

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/cluster-role-v1/ */
export type PolicyRule = {
  apiGroups: readonly string[];
  resources: readonly string[];
  resourceNames?: readonly string[];
  verbs: readonly string[];
};

/** For the whole cluster; none where nothing is needed there. `isWatching`: new Namespaces are seen by a watch, too. */
export function clusterPermissions(mode: Mode, needs: Needs, { isWatching = false } = {}): PolicyRule[] {
  const watch = isWatching ? ['watch'] : [];
  if (mode === 'webhook') return [];
  if (mode === 'watcher') return [core('namespaces', WATCHING)];
  if (mode === 'namespaced') return isWatching ? [core('namespaces', WATCHING)] : [];
  return [
    core('namespaces', ['get', 'list', ...watch]),
    ...distribution(mode, needs, isWatching),
    ...(mode === 'fast' ? [core('secrets', ['list'])] : []),
  ];
}

/** In each Namespace that the rules name, for the mode that has rights nowhere else. */
export function namespacePermissions(needs: Needs): PolicyRule[] {
  return [core('namespaces', ['get']), ...distribution('namespaced', needs)];
}

/** In the Namespace of the ServiceAccounts whose tokens a registry inside of the cluster takes. */
export function tokenPermissions(names: readonly string[]): PolicyRule[] {
  return [{ ...core('serviceaccounts/token', ['create']), resourceNames: names }];
}

function distribution(mode: Mode, { secrets, attaches, prunes }: Needs, isWatching = false): PolicyRule[] {
  // what is removed is taken out of the ServiceAccounts first
  const looks = attaches || prunes;
  const patches = looks && mode !== 'secret-only' && mode !== 'policy-attach';
  // those that are made later
  const watch = isWatching && attaches ? ['watch'] : [];
  return [
    ...(looks ? [core('serviceaccounts', ['get', 'list', ...watch, ...(patches ? ['patch'] : [])])] : []),
    // made by a PATCH that names them, so that "create" can be limited to names, too
    { ...core('secrets', ['get', 'create', 'patch', ...(prunes ? ['delete'] : [])]), resourceNames: secrets },
    core('events', ['create', 'patch']),
  ];
}

function core(resource: string, verbs: readonly string[]): PolicyRule {
  return { apiGroups: [''], resources: [resource], verbs };
}
