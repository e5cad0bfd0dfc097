// A configuration as a tree that remembers where each part stands, so that every later error can point at it.

/** Where something stands; line and column count from 1. */
export type Position = { file: string; line: number; column: number };

type ScalarNode = {
  kind: 'scalar';
  at: Position;
  value: string | number | boolean | null;
  /** As it stands in the file. */
  source: string;
  /** Not in quotes, and made of variables: it may become a number where one is wanted. */
  isLoose?: boolean;
};
export type ListNode = { kind: 'list'; at: Position; items: ConfigNode[] };
export type MapNode = { kind: 'map'; at: Position; entries: Map<string, MapEntry> };
export type MapEntry = { keyAt: Position; value: ConfigNode };
export type ConfigNode = ScalarNode | ListNode | MapNode;

/** Keys and indexes from the root. */
export type ConfigPath = readonly PropertyKey[];

/** The node at the path; undefined where there is none. */
export function nodeAt(root: ConfigNode, path: ConfigPath): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const part of path) {
    if (node?.kind === 'map') node = node.entries.get(String(part))?.value;
    else if (node?.kind === 'list') node = node.items[Number(part)];
    else return undefined;
  }
  return node;
}

/** Where the value at the path stands, or the nearest part around it. */
export function positionOf(root: ConfigNode, path: ConfigPath): Position {
  const node = nodeAt(root, path);
  return node === undefined && path.length > 0 ? positionOf(root, path.slice(0, -1)) : (node ?? root).at;
}

/** Where the key at the end of the path stands, or the value where that is no key. */
export function keyPositionOf(root: ConfigNode, path: ConfigPath): Position {
  const parent = nodeAt(root, path.slice(0, -1));
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined;
  return entry?.keyAt ?? positionOf(root, path);
}

/** The same as plain data. */
export function plainOf(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plainOf(value)]));
}

/** `mirrors[0].tags.latest`, as people write it. */
export function formatPath(path: ConfigPath): string {
  let text = '';
  for (const part of path) {
    const name = String(part);
    if (typeof part === 'number') text += `[${name}]`;
    else if (/^[\w-]+$/.test(name)) text += text === '' ? name : `.${name}`;
    else text += `[${JSON.stringify(name)}]`;
  }
  return text;
}
