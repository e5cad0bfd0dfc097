// Kubernetes Events about an object, for who looks with `kubectl describe`: the same thing stands there once, however often it is told.
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
import { createHash } from 'node:crypto';
import type { Cluster } from './cluster.ts';

export type KubernetesEvent = {
  about: { apiVersion: string; kind: string; namespace: string; name: string; uid?: string };
  type: 'Normal' | 'Warning';
  /** One word in upper camel case, for machines. */
  reason: string;
  /** For people; never a secret. At most 1,024 bytes are kept. */
  message: string;
};

const MOST_LENGTH = 1000;
const HOUR_MS = 3_600_000;

/**
 * Tells it. The name of the Event follows from what it says, and its time is that of the hour: told again within it, nothing is written.
 * @param component who tells it
 * @throws TransshipError as `Cluster.send` does
 */
export async function recordEvent(
  cluster: Cluster,
  { about, type, reason, message }: KubernetesEvent,
  { component, signal }: { component: string; signal?: AbortSignal },
): Promise<void> {
  const said = message.slice(0, MOST_LENGTH);
  const identity = JSON.stringify([component, about.kind, about.name, about.uid, type, reason, said]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const name = `${about.name.slice(0, 200).replace(/[.-]+$/, '')}.${hash}`;
  const at = new Date(Math.floor(cluster.now().getTime() / HOUR_MS) * HOUR_MS).toISOString().replace('.000Z', 'Z');
  await cluster.send({
    method: 'PATCH',
    path: `/api/v1/namespaces/${encodeURIComponent(about.namespace)}/events/${encodeURIComponent(name)}`,
    // nobody else writes an Event of this name
    query: { fieldManager: component, force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: about.namespace, name },
      involvedObject: about,
      type,
      reason,
      message: said,
      source: { component },
      reportingComponent: component,
      reportingInstance: component,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    },
    view: 'metadata',
    ...(signal !== undefined && { signal }),
  });
}
