// Puts several files together: of what stands in two of them the later one wins, key by key within an entry. An entry is a
// registry by its host, a receiver by its id, a rule or a cluster by its name, and `api`.
import type { ConfigNode, ListNode, MapEntry, MapNode } from './config-node.ts';

/** By which member the entries of a list are told apart. */
const IDENTITIES: Readonly<Record<string, string>> = {
  mirrors: 'name',
  receivers: 'id',
  clusters: 'name',
  credentials: 'name',
  grants: 'name',
};

/** One tree of at least one map; the nodes keep their places in their files. */
export function mergeFiles(first: MapNode, others: readonly MapNode[]): MapNode {
  return others.reduce(mergeTwo, first);
}

function mergeTwo(earlier: MapNode, later: MapNode): MapNode {
  return mergeEntries(earlier, later, (key, left, right) => {
    const identity = IDENTITIES[key];
    if (left.kind === 'list' && right.kind === 'list' && identity !== undefined)
      return mergeLists(left, right, identity);
    if (left.kind !== 'map' || right.kind !== 'map') return right;
    return mergeEntries(left, right, (_, one, other) => (key === 'registries' ? mergeKeys(one, other) : other));
  });
}

function mergeKeys(earlier: ConfigNode, later: ConfigNode): ConfigNode {
  if (earlier.kind !== 'map' || later.kind !== 'map') return later;
  return { ...later, entries: new Map([...earlier.entries, ...later.entries]) };
}

function mergeEntries(
  earlier: MapNode,
  later: MapNode,
  merge: (key: string, left: ConfigNode, right: ConfigNode) => ConfigNode,
): MapNode {
  const entries = new Map<string, MapEntry>(earlier.entries);
  for (const [key, entry] of later.entries) {
    const before = entries.get(key);
    entries.set(key, before === undefined ? entry : { ...entry, value: merge(key, before.value, entry.value) });
  }
  return { ...earlier, entries };
}

function mergeLists(earlier: ListNode, later: ListNode, identity: string): ListNode {
  const items = [...earlier.items];
  for (const item of later.items) {
    const name = nameOf(item, identity);
    const index = name === undefined ? -1 : items.findIndex((one) => nameOf(one, identity) === name);
    const before = items[index];
    // two of one name within a file are a mistake that is told later, not an entry in two parts
    if (before === undefined || later.items.includes(before)) items.push(item);
    else items[index] = mergeKeys(before, item);
  }
  return { ...later, items };
}

function nameOf(node: ConfigNode, identity: string): unknown {
  const value = node.kind === 'map' ? node.entries.get(identity)?.value : undefined;
  return value?.kind === 'scalar' ? value.value : undefined;
}
