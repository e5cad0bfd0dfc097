// An object as it is applied to a cluster, with what people should know about it.

export type KubernetesObject = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Readonly<Record<string, string>> };
  [member: string]: unknown;
};

export type Manifest = {
  /** What it is for, for the comment above it. */
  purpose: string;
  object: KubernetesObject;
};

/** Whom the rights are given to: the ServiceAccount of a Pod, or whoever the cluster takes an identity from outside for. */
export type Subject = { serviceAccount: { namespace: string; name: string } } | { user: string } | { group: string };

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export function partOf(instance: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'transship', 'app.kubernetes.io/instance': instance };
}

/** A name for an object of the whole cluster, of what people chose. */
export function objectNameOf(...parts: readonly string[]): string {
  const text = parts
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-');
  return text.replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '').slice(0, 200);
}
