// The pull Secrets that somebody wants to have checked: in a manifest, in a cluster, or as the config.json that is to become one.
import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from '../../shared/cluster/cluster.ts';
import { getSecret } from '../../shared/cluster/secrets.ts';
import type { CheckedSecret } from '../../shared/credentials/check-docker-config.ts';
import { messageOf, TransshipError } from '../../shared/errors.ts';
import { printable } from '../../shared/telemetry/printable.ts';

/** `config`: the text of a config.json. */
export type Checked = { name: string } & ({ kind: 'secret'; secret: CheckedSecret } | { kind: 'config'; text: string });

/** Of a manifest all its Secrets; a file without any is taken for a config.json. `-` is stdin. @throws TransshipError invalid-usage */
export async function secretsOfFile(file: string): Promise<Checked[]> {
  const text = file === '-' ? await readAll(process.stdin) : await readText(file);
  const found = documentsOf(text).flatMap(secretsIn);
  if (found.length > 0) return found;
  return [{ name: file === '-' ? 'stdin' : file, kind: 'config', text }];
}

/** @throws TransshipError invalid-usage where there is none; as `Cluster.send` */
export async function secretOfCluster(
  cluster: Cluster,
  place: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<Checked> {
  const found = await getSecret(cluster, place, { signal });
  const shown = `${place.namespace}/${place.name}`;
  if (found === undefined) {
    throw new TransshipError('not-found', `${cluster.name} has no Secret ${shown}`, {
      hint: 'a Pod looks for it in its own Namespace: kubectl get secrets -A shows where it is',
    });
  }
  const { type, annotations, data } = found;
  const encoded = [...data].map(([key, value]) => [key, Buffer.from(value.reveal(), 'utf8').toString('base64')]);
  return { name: shown, kind: 'secret', secret: { type, annotations, data: Object.fromEntries(encoded) } };
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new TransshipError('invalid-usage', `${printable(file)} can't be read: ${messageOf(error)}`, {
      hint: 'name a manifest, a config.json, or NAMESPACE/NAME of a Secret with --cluster',
    });
  });
}

/** Nothing where it is no YAML; JSON is YAML. */
function documentsOf(text: string): unknown[] {
  const documents = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' });
  if ('empty' in documents) return [];
  return documents.flatMap((document) => (document.errors.length > 0 ? [] : [document.toJS()]));
}

function secretsIn(document: unknown): Checked[] {
  const object = recordOf(document);
  if (object['kind'] === 'List' && Array.isArray(object['items'])) return object['items'].flatMap(secretsIn);
  if (object['kind'] !== 'Secret') return [];
  const { name, namespace, annotations } = recordOf(object['metadata']);
  const shown = [namespace, name].filter((part) => typeof part === 'string').join('/');
  const plain = Object.entries(textsOf(object['stringData'])).map(([key, value]) => [key, toBase64(value)]);
  const secret = {
    // https://kubernetes.io/docs/concepts/configuration/secret/#secret-types
    type: typeof object['type'] === 'string' ? object['type'] : 'Opaque',
    data: { ...textsOf(object['data']), ...Object.fromEntries(plain) },
    annotations: textsOf(annotations),
  };
  return [{ name: shown === '' ? 'a Secret without a name' : shown, kind: 'secret', secret }];
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textsOf(value: unknown): Record<string, string> {
  const texts = Object.entries(recordOf(value)).flatMap(([key, text]) =>
    typeof text === 'string' ? [[key, text] as const] : [],
  );
  return Object.fromEntries(texts);
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
