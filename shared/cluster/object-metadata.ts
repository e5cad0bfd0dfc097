// What every object of Kubernetes has: its name, its identity, its version and its marks.
import type { ApiObject } from './cluster.ts';
import { fieldOf, readDate, readObject, readText, readTexts, requireText, unexpected } from './json-fields.ts';

export type ObjectMetadata = {
  name: string;
  /** Absent for what belongs to no namespace. */
  namespace?: string;
  uid: string;
  /** Opaque; another one says that the object was written. */
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** Somebody has asked for its removal. */
  deletedAt?: Date;
};

/** @throws TransshipError invalid-response */
export function readMetadata(object: ApiObject): ObjectMetadata {
  const metadata = readObject(object, 'metadata');
  if (metadata === undefined) throw unexpected('metadata is missing');
  const namespace = readText(metadata, 'namespace');
  const deletedAt = readDate(metadata, 'deletionTimestamp');
  return {
    name: requireText(metadata, 'name'),
    ...(namespace !== undefined && { namespace }),
    uid: requireText(metadata, 'uid'),
    resourceVersion: requireText(metadata, 'resourceVersion'),
    labels: readTexts(metadata, 'labels'),
    annotations: readTexts(metadata, 'annotations'),
    ...(deletedAt !== undefined && { deletedAt }),
  };
}

/** Its place in the order of a list, which is that of the bytes: `namespace/name`, or the name alone. */
export function placeInList(object: ApiObject): string {
  const metadata = readObject(object, 'metadata') ?? {};
  const namespace = fieldOf(metadata, 'namespace');
  const name = requireText(metadata, 'name');
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}/${name}` : name;
}
