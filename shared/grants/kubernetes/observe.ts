// The entries of a namespace, as planning wants to see them: ours by their marks, and those of others that give what grants give, or hold
// all the names that a grant's binding could have.
import type { Cluster } from '../../cluster/cluster.ts';
import { getNamespace } from '../../cluster/namespaces.ts';
import { hash16 } from '../canonical.ts';
import type { ObservedEntry, ObservedTarget } from '../entry.ts';
import type { Site, Target } from '../site.ts';
import { isMarked } from './binding-marks.ts';
import { bindingNames } from './binding-names.ts';
import type { ClusterSnapshot } from './cluster-snapshot.ts';
import { readSeen, toSeen, type SeenBinding, type SeenNamespace } from './seen-namespace.ts';

type ObserveOptions = { site: Site; instance: string; snapshot: ClusterSnapshot; signal?: AbortSignal };

/** @throws TransshipError as `Cluster.send` does */
export async function observeNamespace(
  cluster: Cluster,
  target: Target,
  { site, instance, snapshot, ...options }: ObserveOptions,
): Promise<ObservedTarget> {
  const own = { instance, ...options };
  const taken = snapshot.take(target.place);
  const [namespace, seen] = await Promise.all([
    taken === undefined ? getNamespace(cluster, target.place, options) : taken.namespace,
    taken === undefined ? readSeen(cluster, target.place, own) : toSeen(cluster, target.place, taken.bindings, own),
  ]);
  if (namespace === undefined) return { target, state: 'missing', revision: '', entries: [] };
  if (namespace.isTerminating) return { target, state: 'ending', revision: namespace.uid, entries: [] };
  const concerning = concerningGrants(seen, site, instance);
  const versions = [...concerning.map(({ binding }) => binding), ...seen.roles].map(
    ({ name, uid, resourceVersion }) => `${name} ${uid} ${resourceVersion}`,
  );
  return {
    target,
    state: 'there',
    revision: hash16([namespace.uid, ...versions].join('\n')),
    entries: concerning.map(({ binding, key }) => toEntry(binding, key)),
  };
}

type Concerning = { binding: SeenBinding; key: string };

function concerningGrants({ bindings }: SeenNamespace, site: Site, instance: string): Concerning[] {
  const pullers = new Set([...site.profiles.values()].map(({ clusterRole }) => clusterRole));
  const foreign = new Map(bindings.filter(({ ours }) => ours === undefined).map((one) => [one.name, one]));
  const known = new Set(bindings.flatMap(({ ours }) => ours?.key ?? []));
  return bindings.flatMap((binding): Concerning[] => {
    if (binding.ours !== undefined) return [{ binding, key: binding.ours.key }];
    const grant = /^pull-grant-(.+)$/.exec(binding.name)?.[1];
    if (grant !== undefined && !known.has(grant) && isFull(bindingNames(instance, grant, ''), foreign)) {
      return [{ binding, key: grant }];
    }
    const givesPulls = binding.roleRef.kind === 'ClusterRole' && pullers.has(binding.roleRef.name);
    // no grant has a space in its name
    return givesPulls || grant !== undefined ? [{ binding, key: `RoleBinding ${binding.name}` }] : [];
  });
}

function isFull(names: readonly string[], foreign: ReadonlyMap<string, SeenBinding>): boolean {
  return names.every((name) => foreign.has(name));
}

function toEntry(binding: SeenBinding, key: string): ObservedEntry {
  const { name, content, ours } = binding;
  const label = `RoleBinding ${name}`;
  if (ours === undefined) {
    return { key, content, owner: 'foreign', label, ...(isMarked(binding) && { isOtherInstance: true }) };
  }
  // the mark of one that somebody damaged names no grant in full
  const named = ours.grant.startsWith('?') ? { grantHash: ours.grant.slice(1) } : { grant: ours.grant };
  return { key, content, owner: 'ours', label, ...named };
}
