// Makes, changes and removes objects of RBAC by server-side apply, each only where nobody else holds what is written. Nothing is forced.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
import { isTransshipError } from '../errors.ts';
import type { ApiObject, Cluster } from './cluster.ts';
import { rbacHead, rbacPath, type RbacKind } from './rbac-objects.ts';

export type RbacMarks = {
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
};

/** The very object, in the state in which it was seen. */
export type SeenRbac = { namespace: string; name: string; uid: string; resourceVersion: string };

export type WriteOptions = { fieldManager: string; signal?: AbortSignal };

/** No object was ever written in this version: what is there is always another one. */
const NEVER = '1';

/**
 * Makes one, as a POST would; what has its name is left alone, whosever it is. A POST proper would make another owner of the fields than
 * later applies are, and these would be refused by it.
 * @throws TransshipError object-conflict where the name is taken; denied also where it gives more than we hold; else as `Cluster.send`
 */
export function createRbac(
  cluster: Cluster,
  kind: RbacKind,
  { namespace, name }: { namespace: string; name: string },
  content: RbacMarks & Readonly<Record<string, unknown>>,
  options: WriteOptions,
): Promise<ApiObject> {
  return apply(cluster, kind, { namespace, name, resourceVersion: NEVER }, content, options);
}

/**
 * Changes one where it still is as it was seen. What we wrote before and do not write now goes; what others wrote beside it stays.
 * @throws TransshipError object-conflict where it was written meanwhile, or somebody else owns a field (cause FieldManagerConflict); else as `createRbac`
 */
export function updateRbac(
  cluster: Cluster,
  kind: RbacKind,
  { namespace, name, uid, resourceVersion }: SeenRbac,
  content: RbacMarks & Readonly<Record<string, unknown>>,
  options: WriteOptions,
): Promise<ApiObject> {
  return apply(cluster, kind, { namespace, name, uid, resourceVersion }, content, options);
}

/** @throws TransshipError object-conflict where it was written or made anew meanwhile; else as `Cluster.send`, but for not-found */
export async function deleteRbac(
  cluster: Cluster,
  kind: RbacKind,
  { namespace, name, uid, resourceVersion }: SeenRbac,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
  const path = rbacPath(kind, { namespace, name });
  try {
    await cluster.send({ method: 'DELETE', path, body, ...(signal !== undefined && { signal }) });
  } catch (error) {
    if (!isTransshipError(error, 'not-found')) throw error;
  }
}

function apply(
  cluster: Cluster,
  kind: RbacKind,
  metadata: { namespace: string; name: string; uid?: string; resourceVersion: string },
  { labels, annotations, ...content }: RbacMarks & Readonly<Record<string, unknown>>,
  { fieldManager, signal }: WriteOptions,
): Promise<ApiObject> {
  return cluster.send({
    method: 'PATCH',
    path: rbacPath(kind, metadata),
    query: { fieldManager, force: 'false' },
    contentType: 'application/apply-patch+yaml',
    body: { ...rbacHead(kind), metadata: { ...metadata, labels, annotations }, ...content },
    ...(signal !== undefined && { signal }),
  });
}
