// Loads the configuration of a process: finds the files, reads and merges them, replaces variables, checks everything, and gives
// back both what the program works with and the effective configuration in the form of the file.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import type { ConfigNode, MapNode, Position } from './config-node.ts';
import type { Config } from './config.ts';
import { findConfigFile, usualConfigFile } from './find-config.ts';
import { interpolate } from './interpolate.ts';
import { mergeFiles } from './merge.ts';
import { configProblem, invalidConfig, type ConfigProblem } from './problem.ts';
import type { ConfigFile } from './schema/schema.ts';
import type { ConfigSurroundings } from './surroundings.ts';
import { toConfig } from './to-config.ts';
import { validate } from './validate.ts';
import { readYamlNodes } from './yaml-nodes.ts';

export type ConfigText = { file: string; text: string };

export type LoadedConfig = {
  config: Config;
  /** The files it was read from, as they were named. */
  files: readonly string[];
  /** All files, variables and defaults in one, in the form of the file; secrets are references. */
  effective: ConfigFile;
  /** What is allowed and may still not be meant. */
  warnings: readonly ConfigProblem[];
};

/** Loads the files that are named, or the one in its usual place. @throws TransshipError invalid-config */
export async function loadConfig(
  files: readonly string[] | undefined,
  surroundings: ConfigSurroundings,
): Promise<LoadedConfig> {
  const names = files ?? [await findConfig(surroundings)];
  const texts = await Promise.all(names.map((file) => readConfigFile(file, surroundings.cwd)));
  return readConfig(texts, surroundings);
}

/** The same for texts that were read already. @throws TransshipError invalid-config */
export function readConfig(texts: readonly ConfigText[], surroundings: ConfigSurroundings): LoadedConfig {
  const read = texts.map((one) => readTree(one, surroundings));
  const problems = read.flatMap((one) => one.problems);
  const [first, ...others] = read.flatMap(({ root }) => (root === undefined ? [] : [root]));
  if (first === undefined || read.length > others.length + 1) throw invalidConfig(problems);
  const root = mergeFiles(first, others);
  resolvePaths(root, surroundings);
  const { file, problems: found, warnings } = validate(root);
  // what is wrong with a text whose variable is not set is not known yet
  const more = found.filter((one) => !problems.some((other) => isSamePlace(one, other)));
  if (file === undefined || problems.length + more.length > 0) throw invalidConfig([...problems, ...more]);
  return {
    config: toConfig(file, { dataDir: defaultDataDir(surroundings) }),
    files: texts.map((one) => one.file),
    effective: { ...file, dataDir: file.dataDir ?? defaultDataDir(surroundings) },
    warnings,
  };
}

function isSamePlace(one: Position, other: Position): boolean {
  return one.file === other.file && one.line === other.line && one.column === other.column;
}

function readTree(
  { file, text }: ConfigText,
  { env }: ConfigSurroundings,
): { root?: MapNode; problems: readonly ConfigProblem[] } {
  const start = { file, line: 1, column: 1 };
  const { root, problems } = readYamlNodes(text, file);
  if (problems.length > 0) return { problems };
  if (root === undefined || (root.kind === 'scalar' && root.value === null)) {
    const hint = 'begin with: version: 1 (transship config example shows a whole file)';
    return { problems: [configProblem(start, { message: 'the file is empty', hint })] };
  }
  if (root.kind !== 'map') {
    const hint = 'begin with: version: 1';
    return { problems: [configProblem(root.at, { message: 'expected keys with values, as in a map', hint })] };
  }
  const replaced = interpolate(withoutEmptySections(root), env);
  return replaced.root.kind === 'map' ? { root: replaced.root, problems: replaced.problems } : { problems };
}

/** A section whose entries were all commented out is as good as none. */
function withoutEmptySections(root: MapNode): MapNode {
  const filled = [...root.entries].filter(([, { value }]) => value.kind !== 'scalar' || value.value !== null);
  return { ...root, entries: new Map(filled) };
}

// What users name there is theirs, and no file of ours.
const FREE_KEYS = new Set(['createRepository', 'oidc', 'selector', 'namespaceSelector']);

// Members that name a file or a folder.
const FILE_KEYS = new Set(['file', 'dataDir', 'path', 'federatedTokenFile']);

/** Files are relative to the file that names them; `~/` is the user's home. */
function resolvePaths(node: ConfigNode, surroundings: ConfigSurroundings): void {
  if (node.kind === 'list') for (const item of node.items) resolvePaths(item, surroundings);
  if (node.kind !== 'map') return;
  for (const [key, { value }] of node.entries) {
    if (FREE_KEYS.has(key)) continue;
    if (value.kind !== 'scalar') resolvePaths(value, surroundings);
    else if (FILE_KEYS.has(key) && typeof value.value === 'string' && value.value !== '') {
      const folder = path.resolve(surroundings.cwd, path.dirname(value.at.file));
      value.value = path.resolve(folder, value.value.replace(/^~(?=\/)/, surroundings.homeDir));
    }
  }
}

/** @throws TransshipError invalid-config */
async function findConfig(surroundings: ConfigSurroundings): Promise<string> {
  const file = await findConfigFile(surroundings);
  if (file !== undefined) return file;
  const usual = usualConfigFile(surroundings);
  throw new TransshipError('invalid-config', `there is no configuration: neither transship.yaml nor ${usual}`, {
    hint: 'name one with -c FILE, or begin with: transship config example > transship.yaml',
  });
}

/** Reads a file that a user named. @throws TransshipError invalid-config */
export async function readConfigFile(file: string, cwd: string): Promise<ConfigText> {
  try {
    return { file, text: await readFile(path.resolve(cwd, file), 'utf8') };
  } catch (error) {
    throw new TransshipError('invalid-config', `${printable(file)}: ${reasonOf(error)}`, {
      hint: 'check the name and the rights of the file',
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'not readable for this user' : messageOf(error);
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function defaultDataDir({ env, homeDir }: ConfigSurroundings): string {
  return path.join(env['XDG_STATE_HOME'] || path.join(homeDir, '.local', 'state'), 'transship');
}
