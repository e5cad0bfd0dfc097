// Secrets: read whole or by their marks alone, made, changed in place and removed, each only where it still is as it was seen.
// Nobody's entries but those that are named change.
import { isTransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import type { ApiObject, Cluster } from './cluster.ts';
import { fieldOf, isObject, readText, unexpected } from './json-fields.ts';
import { listPages } from './list-pages.ts';
import { readMetadata } from './object-metadata.ts';

export type SecretPlace = { namespace: string; name: string };
/** The very object, in the state in which it was seen. */
export type SeenSecret = SecretPlace & { uid: string; resourceVersion: string };

/** What a list by marks tells: nothing of the content. */
export type SecretMetadata = SeenSecret & {
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
};

export type WholeSecret = SecretMetadata & {
  type: string;
  isImmutable: boolean;
  /** All of its data, also what is no text. */
  keys: readonly string[];
  /** Decoded, by key. What is no text in UTF-8 is absent. */
  data: ReadonlyMap<string, Secret>;
};

export type NewSecret = SecretPlace & {
  type: string;
  /** Not encoded. */
  data: Readonly<Record<string, Secret>>;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
};

/** Keys that are absent stay as they are; `undefined` removes a key. */
export type SecretUpdate = {
  data?: Readonly<Record<string, Secret | undefined>>;
  labels?: Readonly<Record<string, string | undefined>>;
  annotations?: Readonly<Record<string, string | undefined>>;
};

type Options = { signal?: AbortSignal };

/** No object was ever written in this version: what is there is always another one. */
const NEVER = '1';

/** @throws TransshipError as `Cluster.send` does, but for not-found */
export async function getSecret(
  cluster: Cluster,
  place: SecretPlace,
  options: Options = {},
): Promise<WholeSecret | undefined> {
  try {
    return toWholeSecret(await cluster.send({ method: 'GET', path: pathOf(place), ...options }));
  } catch (error) {
    if (isTransshipError(error, 'not-found')) return undefined;
    throw error;
  }
}

type ListOptions = Options & { labelSelector?: string; fieldSelector?: string; namespace?: string; after?: string };

/** In the order of namespace and name, behind `after` (`namespace/name`); one page at a time. @throws TransshipError as `Cluster.send` does */
export async function* listSecretMetadata(
  cluster: Cluster,
  options: ListOptions = {},
): AsyncGenerator<readonly SecretMetadata[]> {
  const { namespace, ...rest } = options;
  const path = namespace === undefined ? '/api/v1/secrets' : collectionOf(namespace);
  for await (const { items } of listPages(cluster, { path, view: 'metadata', ...rest })) yield items.map(toMetadata);
}

/** The same with all that they hold. @throws TransshipError as `Cluster.send` does */
export async function* listSecrets(
  cluster: Cluster,
  options: ListOptions = {},
): AsyncGenerator<readonly WholeSecret[]> {
  const { namespace, ...rest } = options;
  const path = namespace === undefined ? '/api/v1/secrets' : collectionOf(namespace);
  for await (const { items } of listPages(cluster, { path, ...rest })) yield items.map(toWholeSecret);
}

/**
 * Makes a Secret by server-side apply, which RBAC checks as `create` together with the name. One of that name that is there already is not
 * touched, whosever it is: apply alone would take over what its maker wrote as `stringData`, which has no owner.
 * @param fieldManager who we are to those that share the object
 * @throws TransshipError object-conflict where one is there; else as `Cluster.send`
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export async function createSecret(
  cluster: Cluster,
  secret: NewSecret,
  { fieldManager, ...options }: Options & { fieldManager: string },
): Promise<SeenSecret> {
  const { namespace, name, type, data, labels, annotations } = secret;
  const made = await cluster.send({
    method: 'PATCH',
    path: pathOf(secret),
    query: { fieldManager, force: 'false' },
    contentType: 'application/apply-patch+yaml',
    body: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name, labels, annotations, resourceVersion: NEVER },
      type,
      data: encoded(data),
    },
    view: 'metadata',
    ...options,
  });
  const { uid, resourceVersion } = readMetadata(made);
  return { namespace, name, uid, resourceVersion };
}

/**
 * Changes a Secret where it stands, if it still is as it was seen: one that was removed meanwhile does not come back, one that was written
 * or made anew stays as it is. It keeps its name and uid, by which kubelets know that nothing has to be verified again.
 * @throws TransshipError object-conflict, not-found; else as `Cluster.send`
 */
export async function updateSecret(
  cluster: Cluster,
  { namespace, name, uid, resourceVersion }: SeenSecret,
  { data, labels, annotations }: SecretUpdate,
  { fieldManager, ...options }: Options & { fieldManager: string },
): Promise<SeenSecret> {
  // with uid and version in it, a merge patch is compare-and-set, and it touches no entry that it does not name
  const written = await cluster.send({
    method: 'PATCH',
    path: pathOf({ namespace, name }),
    query: { fieldManager },
    contentType: 'application/merge-patch+json',
    body: {
      metadata: {
        uid,
        resourceVersion,
        ...(labels !== undefined && { labels: withNulls(labels) }),
        ...(annotations !== undefined && { annotations: withNulls(annotations) }),
      },
      ...(data !== undefined && { data: encoded(data) }),
    },
    view: 'metadata',
    ...options,
  });
  return { namespace, name, uid, resourceVersion: readMetadata(written).resourceVersion };
}

/**
 * Removes this very Secret in this very state; one that is gone already is no failure.
 * @throws TransshipError object-conflict where it was written or made anew meanwhile; else as `Cluster.send`
 */
export async function deleteSecret(
  cluster: Cluster,
  { namespace, name, uid, resourceVersion }: SeenSecret,
  options: Options = {},
): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
  try {
    await cluster.send({ method: 'DELETE', path: pathOf({ namespace, name }), body, ...options });
  } catch (error) {
    if (!isTransshipError(error, 'not-found')) throw error;
  }
}

function collectionOf(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
}

function pathOf({ namespace, name }: SecretPlace): string {
  return `${collectionOf(namespace)}/${encodeURIComponent(name)}`;
}

function toMetadata(object: ApiObject): SecretMetadata {
  const { namespace, name, uid, resourceVersion, labels, annotations } = readMetadata(object);
  if (namespace === undefined) throw unexpected('a Secret without a namespace');
  return { namespace, name, uid, resourceVersion, labels, annotations };
}

function toWholeSecret(object: ApiObject): WholeSecret {
  const data = fieldOf(object, 'data');
  return {
    ...toMetadata(object),
    type: readText(object, 'type') ?? 'Opaque',
    isImmutable: fieldOf(object, 'immutable') === true,
    keys: isObject(data) ? Object.keys(data) : [],
    data: new Map(isObject(data) ? Object.entries(data).flatMap(decoded) : []),
  };
}

function decoded([key, value]: [string, unknown]): [string, Secret][] {
  if (typeof value !== 'string') return [];
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'base64'));
    return [[key, new Secret(text)]];
  } catch {
    return [];
  }
}

function encoded(data: Readonly<Record<string, Secret | undefined>>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      value === undefined ? null : Buffer.from(value.reveal(), 'utf8').toString('base64'),
    ]),
  );
}

function withNulls(texts: Readonly<Record<string, string | undefined>>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, value ?? null]));
}
