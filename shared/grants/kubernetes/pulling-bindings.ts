// Reads the bindings of a cluster by whose roles somebody may pull: each list once, page by page, and whatever the role is called.
import type { Cluster } from '../../cluster/cluster.ts';
import type { Binding, RoleRef, RoleRule } from '../../cluster/rbac-objects.ts';
import { listClusterRoleBindings, listRoleBindings } from '../../cluster/role-bindings.ts';
import { listClusterRoles, listRoles } from '../../cluster/roles.ts';
import { isTransshipError, type TransshipError } from '../../errors.ts';
import type { PullProfile } from '../pull-profile.ts';
import type { Site } from '../site.ts';
import { joinedReach, pullReach, type PullReach } from './pull-reach.ts';

export type PullingBinding = {
  binding: Binding;
  kind: 'RoleBinding' | 'ClusterRoleBinding';
  /** The registries from which it lets one pull, by host. */
  registries: readonly string[];
  reach: PullReach;
  rules: readonly RoleRule[];
  /** Labels select further roles whose rules become its own. */
  isAggregated: boolean;
};

export type ReadBindings = {
  pulling: readonly PullingBinding[];
  /** All others: their roles let nobody pull, or are not there. */
  others: readonly { binding: Binding; hasRole: boolean }[];
  /** What we may not read, so that there may be more. */
  unread: readonly TransshipError[];
};

type KnownRole = { rules: readonly RoleRule[]; isAggregated: boolean };

/** @param options.namespaces only what holds there: their own, and those of the whole cluster; absent: all. @throws TransshipError as `Cluster.send` */
export async function readPullingBindings(
  cluster: Cluster,
  { profiles }: Site,
  { namespaces, ...options }: { namespaces?: readonly string[]; signal?: AbortSignal } = {},
): Promise<ReadBindings> {
  const unread: TransshipError[] = [];
  const readAll = async <Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> => {
    try {
      return (await Array.fromAsync(pages)).flat();
    } catch (error) {
      if (!isTransshipError(error, 'denied')) throw error;
      unread.push(error);
      return [];
    }
  };
  const places = namespaces === undefined ? [{}] : namespaces.map((namespace) => ({ namespace }));
  const inEach = async <Item>(list: (place: { namespace?: string }) => AsyncIterable<readonly Item[]>) =>
    (await Promise.all(places.map((place) => readAll(list({ ...place, ...options }))))).flat();
  const [clusterRoles, roles, clusterBindings, bindings] = await Promise.all([
    readAll(listClusterRoles(cluster, options)),
    inEach((place) => listRoles(cluster, place)),
    readAll(listClusterRoleBindings(cluster, options)),
    inEach((place) => listRoleBindings(cluster, place)),
  ]);
  const known = new Map<string, KnownRole>([
    ...clusterRoles.map(({ name, rules, aggregates }) => {
      return [roleKey({ kind: 'ClusterRole', name }), { rules, isAggregated: aggregates.length > 0 }] as const;
    }),
    ...roles.map(({ namespace, name, rules }) => {
      return [roleKey({ kind: 'Role', name }, namespace), { rules, isAggregated: false }] as const;
    }),
  ]);
  const pullingOf = pullingRoles(known, profiles);
  const all = [
    ...clusterBindings.map((binding) => ({ binding, kind: 'ClusterRoleBinding' as const })),
    ...bindings.map((binding) => ({ binding, kind: 'RoleBinding' as const })),
  ].map((one) => ({ ...one, key: roleKey(one.binding.roleRef, one.binding.namespace) }));
  return {
    pulling: all.flatMap(({ binding, kind, key }) => {
      const role = pullingOf(key);
      // a binding without subjects binds nobody
      return role === undefined || binding.subjects.length === 0 ? [] : [{ binding, kind, ...role }];
    }),
    others: all.flatMap(({ binding, key }) =>
      pullingOf(key) === undefined ? [{ binding, hasRole: known.has(key) }] : [],
    ),
    unread,
  };
}

type PullingRole = Omit<PullingBinding, 'binding' | 'kind'>;

/** Each role is looked at once. */
function pullingRoles(known: ReadonlyMap<string, KnownRole>, profiles: ReadonlyMap<string, PullProfile>) {
  const found = new Map<string, PullingRole | undefined>();
  return (key: string): PullingRole | undefined => {
    if (!found.has(key)) {
      const role = known.get(key);
      found.set(key, role === undefined ? undefined : pullingRole(role, profiles));
    }
    return found.get(key);
  };
}

function pullingRole(role: KnownRole, profiles: ReadonlyMap<string, PullProfile>): PullingRole | undefined {
  const reached = [...profiles].flatMap(([registry, profile]) => {
    const reach = pullReach(role.rules, profile);
    return reach === undefined ? [] : [{ registry, reach }];
  });
  if (reached.length === 0) return undefined;
  const registries = reached.map(({ registry }) => registry);
  return { ...role, registries, reach: joinedReach(reached.map(({ reach }) => reach)) };
}

function roleKey({ kind, name }: RoleRef, namespace = ''): string {
  return kind === 'Role' ? `${namespace}/${name}` : name;
}
