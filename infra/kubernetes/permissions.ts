// The rights that each way of working needs in a cluster, and nothing more.
import { ACCESS_SECRET } from '../../functions/access/access-rules.ts';
import type { Needs } from './needs.ts';

export const MODES = ['lean', 'fast', 'secret-only', 'policy-attach', 'namespaced', 'watcher', 'webhook'] as const;
export type Mode = (typeof MODES)[number];

type SecretNeeds = Pick<Needs, 'secrets' | 'attaches' | 'prunes'>;

const WATCHING = ['get', 'list', 'watch'];

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/cluster-role-v1/ */
export type PolicyRule = {
  apiGroups: readonly string[];
  resources: readonly string[];
  resourceNames?: readonly string[];
  verbs: readonly string[];
};

/** For the whole cluster; none where nothing is needed there. `isWatching`: new Namespaces are seen by a watch, too. */
export function clusterPermissions(mode: Mode, needs: SecretNeeds, { isWatching = false } = {}): PolicyRule[] {
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

/** Whatever Namespace a request for access names. Nothing of these rights reaches the Secrets of rules. */
export function accessPermissions(mode: Mode, { isWatching }: { isWatching: boolean }): PolicyRule[] {
  const needs = { secrets: [ACCESS_SECRET], attaches: true, prunes: true };
  return clusterPermissions(mode, needs, { isWatching });
}

/** In the Namespace of the ServiceAccounts whose tokens a registry inside of the cluster takes. */
export function tokenPermissions(names: readonly string[]): PolicyRule[] {
  return [{ ...core('serviceaccounts/token', ['create']), resourceNames: names }];
}

function distribution(mode: Mode, { secrets, attaches, prunes }: SecretNeeds, isWatching = false): PolicyRule[] {
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
