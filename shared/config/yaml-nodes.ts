// Reads one YAML file into a tree of nodes with their places. Everything YAML 1.2 has is understood, merge keys (`<<`) too;
// what cannot be meant in a configuration (custom tags, several documents, keys that are no text) is a problem.
import {
  type Alias,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
} from 'yaml';
import { printable } from '../telemetry/printable.ts';
import type { ConfigNode, MapEntry, MapNode, Position } from './config-node.ts';
import { configProblem, type ConfigProblem } from './problem.ts';
import { QUOTE_PATTERNS, yamlHint } from './yaml-hint.ts';

type Reading = {
  file: string;
  text: string;
  lines: LineCounter;
  document: Document;
  problems: ConfigProblem[];
  nodes: number;
};

// Aliases can make a small file stand for an endless one.
const MAX_NODES = 200_000;
const MAX_DEPTH = 60;

/** The root node (undefined for an empty file), and every problem of the file's syntax. */
export function readYamlNodes(
  text: string,
  file: string,
): { root: ConfigNode | undefined; problems: readonly ConfigProblem[] } {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, stringKeys: false });
  const [document, second] = 'empty' in documents ? [] : documents;
  if (document === undefined) return { root: undefined, problems: [] };
  const reading: Reading = { file, text, lines, document, problems: [], nodes: 0 };
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const offending = text.slice(pos[0], pos[1]).split('\n', 1)[0] ?? '';
    reading.problems.push(configProblem(positionAt(reading, pos[0]), yamlHint(code, message, offending)));
  }
  if (second !== undefined) {
    report(
      reading,
      second.range[0],
      'a second document begins here',
      'leave "---" out, or use several files: -c A -c B',
    );
  }
  if (reading.problems.length > 0) return { root: undefined, problems: reading.problems };
  const root = document.contents === null ? undefined : readNode(reading, document.contents, 0);
  return { root, problems: reading.problems };
}

function readNode(reading: Reading, node: Node | null, start: number, depth = 0): ConfigNode {
  const offset = node?.range?.[0] ?? start;
  const at = positionAt(reading, offset);
  reading.nodes += 1;
  if (reading.nodes > MAX_NODES || depth > MAX_DEPTH) {
    if (reading.nodes !== Infinity)
      report(reading, offset, 'it is nested too deeply or too large', 'use fewer aliases');
    reading.nodes = Infinity;
    return { kind: 'scalar', at, value: null, source: '' };
  }
  if (isAlias(node)) return readAlias(reading, node, offset, depth);
  if (isSeq<Node>(node))
    return { kind: 'list', at, items: node.items.map((item) => readNode(reading, item, offset, depth + 1)) };
  if (isMap<Node, Node | null>(node)) return readMap(reading, node, at, depth);
  return readScalar(reading, node, offset);
}

function readAlias(reading: Reading, alias: Alias, offset: number, depth: number): ConfigNode {
  const target = alias.resolve(reading.document);
  if (target !== undefined) return readNode(reading, target, offset, depth + 1);
  const message = `*${printable(alias.source, 60)} is an alias, and there is no anchor of that name`;
  report(reading, offset, message, QUOTE_PATTERNS, `*${alias.source}`);
  return { kind: 'scalar', at: positionAt(reading, offset), value: '', source: `*${alias.source}` };
}

function readScalar(reading: Reading, node: Node | null, offset: number): ConfigNode {
  const source = reading.text.slice(node?.range?.[0] ?? offset, node?.range?.[1] ?? offset);
  const isLoose = isScalar(node) && node.type === 'PLAIN' && source.includes('${');
  const value = isScalar(node) ? scalarOf(node.value) : null;
  return { kind: 'scalar', at: positionAt(reading, offset), value, source, ...(isLoose ? { isLoose } : {}) };
}

function readMap(reading: Reading, map: YAMLMap<Node, Node | null>, at: Position, depth: number): MapNode {
  const entries = new Map<string, MapEntry>();
  const merged: MapNode[] = [];
  for (const pair of map.items) {
    const offset = pair.key.range?.[0] ?? 0;
    const key = keyOf(pair);
    const value = readNode(reading, pair.value, pair.key.range?.[1] ?? offset, depth + 1);
    if (key === undefined || key === '__proto__') {
      report(reading, offset, 'the key is not a text', 'write the key as a word, or in quotes');
    } else if (key === '<<') {
      merged.push(...mapsOf(value));
    } else {
      entries.set(key, { keyAt: positionAt(reading, offset), value });
    }
  }
  // what stands in the map itself wins, then the earlier of several https://yaml.org/type/merge.html
  for (const other of merged) {
    for (const [key, entry] of other.entries) if (!entries.has(key)) entries.set(key, entry);
  }
  return { kind: 'map', at, entries };
}

function keyOf({ key }: Pair<Node, Node | null>): string | undefined {
  if (!isScalar(key)) return undefined;
  return key.value === null ? undefined : (key.source ?? undefined);
}

function mapsOf(node: ConfigNode): MapNode[] {
  if (node.kind === 'list') return node.items.flatMap(mapsOf);
  return node.kind === 'map' ? [node] : [];
}

function scalarOf(value: unknown): string | number | boolean | null {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return null;
}

function positionAt({ file, lines }: Reading, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function report(reading: Reading, offset: number, message: string, hint: string, text?: string): void {
  const line = reading.text.slice(offset).split('\n', 1)[0] ?? '';
  reading.problems.push(configProblem(positionAt(reading, offset), { text: text ?? line, message, hint }));
}
