// What the importers of other tools' configurations have in common: reading their YAML, and telling what was left behind and where.
import { parseReference } from '../../oci/reference.ts';
import {
  formatPath,
  nodeAt,
  plainOf,
  positionOf,
  type ConfigNode,
  type ConfigPath,
  type MapNode,
} from '../config-node.ts';
import type { ConfigText } from '../load.ts';
import { configProblem, invalidConfig, type ConfigProblem } from '../problem.ts';
import type { configSchema } from '../schema/schema.ts';
import { readYamlNodes } from '../yaml-nodes.ts';

/** A configuration as a user writes it, without defaults. */
type ConfigInput = (typeof configSchema)['_zod']['input'];
export type MirrorInput = NonNullable<ConfigInput['mirrors']>[number];
export type RegistryInput = NonNullable<ConfigInput['registries']>[string];

export type ImportedConfig = {
  config: ConfigInput;
  /** What could not be carried over, at its place in the file that was read. */
  warnings: readonly ConfigProblem[];
};

export type Importing = { root: MapNode; warnings: ConfigProblem[]; names: Set<string> };

/** @throws TransshipError invalid-config if it is no YAML, or no map */
export function beginImport({ file, text }: ConfigText): Importing {
  const { root, problems } = readYamlNodes(text, file);
  if (problems.length > 0) throw invalidConfig(problems);
  if (root?.kind === 'map') return { root, warnings: [], names: new Set() };
  const start = root?.at ?? { file, line: 1, column: 1 };
  const hint = 'name the configuration file of the other tool';
  throw invalidConfig([configProblem(start, { message: 'expected keys with values, as in a map', hint })]);
}

export function warn({ root, warnings }: Importing, path: ConfigPath, message: string, hint: string): void {
  warnings.push(configProblem(positionOf(root, path), { path: formatPath(path), message, hint }));
}

/** Warns of every key of a map that is not among the known ones. */
export function warnOfOthers(importing: Importing, path: ConfigPath, known: readonly string[]): void {
  const node = nodeAt(importing.root, path);
  if (node?.kind !== 'map') return;
  for (const key of node.entries.keys()) {
    if (!known.includes(key))
      warn(importing, [...path, key], `${key} is left out`, 'it has no counterpart, or needs none');
  }
}

/** The value at the path, as plain data. */
export function valueAt(root: ConfigNode, path: ConfigPath): unknown {
  const node = nodeAt(root, path);
  return node === undefined ? undefined : plainOf(node);
}

/** The text at the path; numbers as they stand in the file. */
export function textAt(root: ConfigNode, path: ConfigPath): string | undefined {
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : node.source;
}

export function textsAt(root: ConfigNode, path: ConfigPath): string[] {
  const node = nodeAt(root, path);
  if (node?.kind !== 'list') return [];
  return node.items.flatMap((_, index) => textAt(root, [...path, index]) ?? []);
}

/** A name for a rule that no other has yet: the last parts of the source's path. */
export function ruleName({ names }: Importing, source: string): string {
  const path = source
    .replace(/[:@][^/]*$/, '')
    .split('/')
    .slice(-2)
    .join('-');
  const base = path.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[^A-Za-z0-9]+|-+$/g, '') || 'rule';
  let name = base;
  for (let count = 2; names.has(name); count++) name = `${base}-${count}`;
  names.add(name);
  return name;
}

/** A regular expression of Go as a pattern for whole tags; a glob where it is only a word. */
export function wholeTag(expression: string): string {
  return /^[\w-]+$/.test(expression) ? expression : `/^(?:${expression})$/`;
}

/** The variable that stands in for a secret of a registry: `HARBOR_ACME_IO_PASSWORD`. */
export function passwordVariable(host: string): string {
  return `${host.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}_PASSWORD`;
}

/** Repository and tag of a reference that both stand in the text; undefined for digests and what is no reference. */
export function splitTag(text: string): { repository: string; tag: string } | undefined {
  try {
    const { digest, tag } = parseReference(text);
    if (digest !== undefined || tag === undefined) return undefined;
    const repository = text.endsWith(`:${tag}`) ? text.slice(0, -tag.length - 1) : text;
    return { repository, tag };
  } catch {
    return undefined;
  }
}
