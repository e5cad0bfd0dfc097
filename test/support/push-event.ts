// A push event as a receiver makes it, with what a test wants to be different.
import type { PushEvent } from '../../shared/events/push-event.ts';

export function pushEvent(given: Partial<PushEvent> = {}): PushEvent {
  return {
    receiverId: 'hub',
    source: 'docker-hub',
    action: 'push',
    object: 'manifest',
    registry: 'docker.io',
    registryHost: 'docker.io',
    repository: 'team/app',
    tag: '1.0',
    digest: null,
    mediaType: null,
    artifactType: null,
    actor: null,
    occurredAt: null,
    eventId: null,
    dedupeKey: null,
    relevant: true,
    reason: null,
    needsResolve: [],
    ...given,
  };
}
