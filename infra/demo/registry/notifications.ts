// Tells webhook endpoints what happened, in the event envelope of CNCF distribution: one queue per endpoint, in order, each event tried until it is taken.
// https://distribution.github.io/distribution/about/notifications/
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { NotificationEndpoint } from './options.ts';

const MEDIA_TYPE = 'application/vnd.docker.distribution.events.v1+json';

type EventAction = 'push' | 'pull' | 'mount' | 'delete';

/** What happened, before the request it came with is known. */
export type Announcement = {
  action: EventAction;
  target: {
    repository: string;
    digest?: string;
    mediaType?: string;
    sizeBytes?: number;
    tag?: string;
    fromRepository?: string;
  };
};

/** The request behind an event. */
type EventSource = {
  id: string;
  addr: string;
  host: string;
  method: string;
  useragent: string;
  user: string | undefined;
  /** The registry as the client reached it, for target URLs. */
  origin: string;
  at: Date;
};

export type Notifier = {
  /** Endpoints in force; may be changed at any time. What an endpoint was told before stays in its queue. */
  endpoints: NotificationEndpoint[];
  announce: (announcement: Announcement, source: EventSource) => void;
  /** Resolves when all queues are empty. */
  settled: () => Promise<void>;
  stop: () => void;
};

export function startNotifier(initial: readonly NotificationEndpoint[], instanceId: string): Notifier {
  const stopping = new AbortController();
  const endpoints = [...initial];
  /** The last delivery of each queue. */
  const last = new Map<NotificationEndpoint, Promise<void>>();
  return {
    endpoints,
    announce: (announcement, source) => {
      const body = JSON.stringify({ events: [makeEvent(announcement, source, instanceId)] });
      for (const endpoint of endpoints) {
        if (endpoint.ignoreActions?.includes(announcement.action)) continue;
        const before = last.get(endpoint) ?? Promise.resolve();
        last.set(
          endpoint,
          before.then(() => deliver(endpoint, body, stopping.signal)),
        );
      }
    },
    settled: async () => {
      await Promise.all(last.values());
    },
    stop: () => stopping.abort(),
  };
}

async function deliver(endpoint: NotificationEndpoint, body: string, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    if (await post(endpoint, body, stopping)) return;
    await delay(endpoint.backoffMs ?? 1000, undefined, { signal: stopping, ref: false }).catch(() => {});
  }
}

async function post(endpoint: NotificationEndpoint, body: string, stopping: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(endpoint.timeoutMs ?? 5000)]);
  const headers = { ...endpoint.headers, 'content-type': MEDIA_TYPE };
  try {
    const response = await fetch(endpoint.url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    await response.body?.cancel();
    return response.status >= 200 && response.status < 400;
  } catch {
    return false;
  }
}

function makeEvent({ action, target }: Announcement, source: EventSource, instanceId: string): object {
  const { repository, digest, mediaType, sizeBytes, tag, fromRepository } = target;
  const kind = mediaType === 'application/octet-stream' ? 'blobs' : 'manifests';
  const url = digest === undefined ? undefined : `${source.origin}/v2/${repository}/${kind}/${digest}`;
  return {
    id: randomUUID(),
    timestamp: source.at.toISOString(),
    action,
    target: { mediaType, size: sizeBytes, digest, length: sizeBytes, repository, fromRepository, url, tag },
    request: {
      id: source.id,
      addr: source.addr,
      host: source.host,
      method: source.method,
      useragent: source.useragent,
    },
    actor: source.user === undefined ? {} : { name: source.user },
    source: { addr: new URL(source.origin).host, instanceID: instanceId },
  };
}
