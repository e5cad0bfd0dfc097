// Reads kubeconfig files and merges them as kubectl does: the first file that says something wins, and paths are relative to the file in
// which they stand. (The official client knows neither `tokenFile` nor that order, and fails at names that stand twice.)
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, TransshipError } from '../errors.ts';
import type { ApiObject } from './cluster.ts';
import { fieldOf, isObject } from './json-fields.ts';

/** One entry of a list, and the folder to which its paths are relative. */
export type Entry = { value: ApiObject; folder: string };

export type Kubeconfig = {
  /** For messages: the file, or the files. */
  source: string;
  currentContext: string | undefined;
  contexts: ReadonlyMap<string, Entry>;
  clusters: ReadonlyMap<string, Entry>;
  users: ReadonlyMap<string, Entry>;
};

const LISTS = [
  ['contexts', 'context'],
  ['clusters', 'cluster'],
  ['users', 'user'],
] as const;

/** @param file in place of those of `KUBECONFIG`, or `~/.kube/config` @throws TransshipError invalid-config */
export async function readKubeconfig(file: string | undefined, env: NodeJS.ProcessEnv): Promise<Kubeconfig> {
  const listed = (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((name) => name !== '');
  const files =
    file !== undefined ? [file] : listed.length > 0 ? listed : [path.join(env['HOME'] ?? '', '.kube', 'config')];
  const source = files.join(', ');
  // of several, those that are not there are left out
  const read = await Promise.all(files.map((name) => readOne(name, files.length > 1)));
  const documents = read.filter((one) => one !== undefined);
  if (documents.length === 0) throw refused(source, 'none of these files is there', 'check KUBECONFIG');
  const merged = { contexts: new Map(), clusters: new Map(), users: new Map() } satisfies Record<
    string,
    Map<string, Entry>
  >;
  let currentContext: string | undefined;
  for (const { name, document } of documents) {
    const current = fieldOf(document, 'current-context');
    if (typeof current === 'string' && current !== '') currentContext ??= current;
    const folder = path.dirname(path.resolve(name));
    for (const [list, member] of LISTS) {
      const entries = entriesOf(document, list, member, name).filter(([key]) => !merged[list].has(key));
      for (const [key, value] of entries) merged[list].set(key, { value, folder });
    }
  }
  return { source, currentContext, ...merged };
}

async function readOne(name: string, mayMiss: boolean): Promise<{ name: string; document: ApiObject } | undefined> {
  let text: string;
  try {
    text = await readFile(name, 'utf8');
  } catch (error) {
    if (mayMiss && error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw refused(name, `it cannot be read: ${messageOf(error)}`, 'check its name and rights, and KUBECONFIG');
  }
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  // what is wrong is told without the text of the line, which may be a secret
  const parsed = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = parsed.errors;
  if (error !== undefined) {
    const { line } = lineCounter.linePos(error.pos[0]);
    throw refused(
      name,
      `line ${line} is no YAML (${error.code})`,
      'kubectl config view shows whether kubectl reads it',
    );
  }
  const document: unknown = parsed.toJS();
  if (isObject(document)) return { name, document };
  throw refused(name, 'it is no kubeconfig', 'a kubeconfig has clusters, users and contexts');
}

function entriesOf(document: ApiObject, list: string, member: string, file: string): [string, ApiObject][] {
  const values = fieldOf(document, list) ?? [];
  if (!Array.isArray(values)) throw refused(file, `${list} is not a list`, 'kubectl config view shows what is wrong');
  return values.map((entry: unknown, index): [string, ApiObject] => {
    const name = isObject(entry) ? fieldOf(entry, 'name') : undefined;
    const value = isObject(entry) ? (fieldOf(entry, member) ?? {}) : undefined;
    if (typeof name === 'string' && isObject(value)) return [name, value];
    throw refused(file, `${list}[${index}] has no name, or no ${member}`, 'kubectl config view shows what is wrong');
  });
}

export function refused(source: string, reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', `the kubeconfig ${source} cannot be used: ${reason}`, { hint });
}
