// What a report of a new Namespace becomes, whoever sent it: plain data. It is a hint and no order: whoever acts on it looks at the
// cluster first, where the Namespace may not be yet, or not any more.
import { TransshipError } from '../../errors.ts';
import { isRecord } from '../fields.ts';

/** Who told: the senders of requests, and our own watch. */
export type NamespaceEventSource =
  | 'admission'
  | 'knative'
  | 'cloudevents'
  | 'argo'
  | 'audit'
  | 'eks'
  | 'gke'
  | 'aks'
  | 'watch';

export type NamespaceCreated = {
  kind: 'namespace.created';
  /** As the configuration calls it: from the address of the request, never from its body. */
  cluster: string;
  name: string;
  /** Absent: the sender does not know it, or it is not given yet. */
  uid?: string;
  source: NamespaceEventSource;
  observedAt: Date;
};

/** What a sender says of one Namespace. */
export type FoundNamespace = Pick<NamespaceCreated, 'name' | 'uid' | 'source'>;

/** Entries of one request that are read. */
const MAX_ENTRIES = 10_000;
const UID = /^[\w-]{1,64}$/;
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A Namespace by what was said of it. @throws TransshipError invalid-usage for a name that no Namespace has */
export function foundNamespace(source: NamespaceEventSource, name: unknown, uid?: unknown): FoundNamespace {
  if (typeof name !== 'string' || !DNS_LABEL.test(name)) throw malformed('it names no Namespace');
  return { source, name, ...(typeof uid === 'string' && UID.test(uid) ? { uid } : {}) };
}

/**
 * The Namespace behind an object of the API, or a reference to one; undefined for an object of another kind.
 * @throws TransshipError invalid-usage
 */
export function namespaceOfObject(source: NamespaceEventSource, object: unknown): FoundNamespace | undefined {
  if (!isRecord(object)) throw malformed('there is no Kubernetes object in it');
  if (object['kind'] !== 'Namespace' || !['v1', undefined].includes(versionOf(object))) return undefined;
  const { metadata } = object;
  if (isRecord(metadata)) return foundNamespace(source, metadata['name'], metadata['uid']);
  return foundNamespace(source, object['name'], object['uid']);
}

function versionOf({ apiVersion }: Record<string, unknown>): string | undefined {
  return typeof apiVersion === 'string' ? apiVersion : undefined;
}

/** The entries of a list. @throws TransshipError invalid-usage for anything else, and for too many */
export function entriesOf(list: unknown, what: string): unknown[] {
  if (!Array.isArray(list)) throw malformed(`${what} is no list`);
  if (list.length > MAX_ENTRIES) throw malformed(`${what} has more than ${MAX_ENTRIES} entries`);
  return list;
}

/** A body that is none of its sender's. The reason quotes nothing of it. */
export function malformed(reason: string): TransshipError {
  return new TransshipError('invalid-usage', `the body cannot be read: ${reason}`, {
    hint: 'compare the sender with the ones that the documentation lists',
  });
}
