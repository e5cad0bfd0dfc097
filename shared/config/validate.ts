// Checks a tree against the schema and against itself, and reports everything that is wrong in one go: entries that the schema
// refuses are left out, and what remains is looked at for names that lead nowhere and rules that contradict each other.
import type * as z from 'zod';
import { checkCredentials } from './check-credentials.ts';
import { checkGrants } from './check-grants.ts';
import { checkNames } from './check-names.ts';
import { checkNetwork } from './check-network.ts';
import { checkOffers } from './check-offers.ts';
import { checkRules } from './check-rules.ts';
import { nodeAt, plainOf, type ConfigNode, type ListNode, type MapNode, type Position } from './config-node.ts';
import { explainIssues } from './explain-issue.ts';
import type { ConfigProblem } from './problem.ts';
import { labelName } from './schema/kubernetes-text.ts';
import { configSchema, type ConfigFile } from './schema/schema.ts';

export type Validation = {
  file: ConfigFile | undefined;
  problems: readonly ConfigProblem[];
  warnings: readonly ConfigProblem[];
};

type Issue = z.core.$ZodIssue;

/** A list whose entries are referred to by name; others are just left out. */
const NAMED_SECTION = 'clusters';

/** The configuration with its defaults (undefined if it cannot be used), its problems, and what may be meant otherwise. */
export function validate(root: MapNode): Validation {
  const first = configSchema.safeParse(plainOf(root));
  const isChanged = !first.success && readNumbers(root, first.error.issues);
  const parsed = isChanged ? configSchema.safeParse(plainOf(root)) : first;
  if (parsed.success) return look(root, parsed.data);
  const problems = explainIssues({ root, schema: configSchema }, parsed.error.issues);
  const rest = without(root, parsed.error.issues);
  const salvaged = configSchema.safeParse(plainOf(rest));
  if (!salvaged.success) return { file: undefined, problems, warnings: [] };
  const found = look(rest, salvaged.data);
  const renumber = renumbering(parsed.error.issues);
  return {
    file: undefined,
    problems: [...problems, ...found.problems.map(renumber)],
    warnings: found.warnings.map(renumber),
  };
}

function look(root: MapNode, file: ConfigFile): Validation {
  const rules = checkRules(root, file);
  const credentials = checkCredentials(root, file);
  const grants = checkGrants(root, file);
  const problems = [
    ...checkNames(root, file),
    ...checkNetwork(root, file),
    ...rules.problems,
    ...credentials.problems,
    ...grants.problems,
  ];
  const warnings = [...rules.warnings, ...credentials.warnings, ...grants.warnings, ...checkOffers(root, file)];
  return { file, problems, warnings };
}

/**
 * An unquoted `${RETRIES}` is a number where a number is wanted, as it would be if it were written out. True if there was one.
 */
function readNumbers(root: MapNode, issues: readonly Issue[]): boolean {
  let isChanged = false;
  for (const issue of issues.flatMap(innermost)) {
    const node = nodeAt(root, issue.path);
    if (issue.code !== 'invalid_type' || node?.kind !== 'scalar' || !node.isLoose) continue;
    const value = readAs(issue.expected, String(node.value));
    if (value === undefined) continue;
    node.value = value;
    isChanged = true;
  }
  return isChanged;
}

function readAs(expected: string, text: string): number | boolean | undefined {
  if (/^(?:number|int)$/.test(expected) && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  return expected === 'boolean' && /^(?:true|false)$/.test(text) ? text === 'true' : undefined;
}

function innermost(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  return issue.errors.flat().map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** A copy without the entries that have issues; a registry and a cluster keep their names, so that others may still refer to them. */
function without(root: MapNode, issues: readonly Issue[]): MapNode {
  const entries = new Map(root.entries);
  const broken = Map.groupBy(issues, ({ path }) => String(path[0] ?? ''));
  for (const [key, entry] of root.entries) {
    const inSection = broken.get(key) ?? [];
    const wholeSection = inSection.some(({ path }) => path.length < 2);
    if (wholeSection || (inSection.length > 0 && key === 'api')) entries.delete(key);
    else if (inSection.length > 0) entries.set(key, { ...entry, value: withoutParts(key, entry.value, inSection) });
  }
  for (const issue of broken.get('') ?? []) {
    for (const key of issue.code === 'unrecognized_keys' ? issue.keys : []) entries.delete(key);
  }
  if (!entries.has('version') || broken.has('version')) {
    entries.set('version', { keyAt: root.at, value: { kind: 'scalar', at: root.at, value: 1, source: '' } });
  }
  return { ...root, entries };
}

function withoutParts(section: string, node: ConfigNode, issues: readonly Issue[]): ConfigNode {
  const parts = new Set(issues.map(({ path }) => String(path[1])));
  if (node.kind === 'list') return withoutItems(section, node, parts);
  if (node.kind !== 'map') return node;
  const entries = new Map(node.entries);
  for (const [key, entry] of node.entries) {
    if (parts.has(key)) entries.set(key, { ...entry, value: nodeOf({ credential: { docker: {} } }, entry.value.at) });
  }
  return { ...node, entries };
}

function withoutItems(section: string, node: ListNode, parts: ReadonlySet<string>): ListNode {
  if (section !== NAMED_SECTION) return { ...node, items: node.items.filter((_, index) => !parts.has(String(index))) };
  const items = node.items.map((item, index) => {
    const name = item.kind === 'map' ? item.entries.get('name')?.value : undefined;
    const isUsable = name?.kind === 'scalar' && labelName.safeParse(name.value).success;
    const stand = nodeOf({ name: isUsable ? name.value : `left-out-${index}`, inCluster: {} }, item.at);
    return parts.has(String(index)) ? stand : item;
  });
  return { ...node, items };
}

/** Something simple and right that stands for what was left out. */
function nodeOf(value: unknown, at: Position): ConfigNode {
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', at, value: String(value), source: '' };
  const entries = Object.entries(value).map(
    ([key, member]) => [key, { keyAt: at, value: nodeOf(member, at) }] as const,
  );
  return { kind: 'map', at, entries: new Map(entries) };
}

/** Gives entries of lists the index back that they had before others were left out. */
function renumbering(issues: readonly Issue[]): (problem: ConfigProblem) => ConfigProblem {
  return (problem) => {
    const [whole, section = '', index = ''] = /^(\w+)\[(\d+)\]/.exec(problem.path) ?? [];
    if (whole === undefined || section === NAMED_SECTION) return problem;
    const left = issues.filter(({ path }) => path[0] === section).map(({ path }) => Number(path[1]));
    let original = Number(index);
    for (const one of [...new Set(left)].toSorted((a, b) => a - b)) if (one <= original) original += 1;
    return { ...problem, path: `${section}[${original}]${problem.path.slice(whole.length)}` };
  };
}
